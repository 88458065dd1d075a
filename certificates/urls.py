"""URLs of this app."""

from django.urls import URLPattern

app_name = "certificates"
urlpatterns: list[URLPattern] = []
