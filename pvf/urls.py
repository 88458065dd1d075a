"""URLs of this app."""

from django.urls import URLPattern

app_name = "pvf"
urlpatterns: list[URLPattern] = []
