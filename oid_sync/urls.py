"""URLs of this app."""

from django.urls import URLPattern

app_name = "oid_sync"
urlpatterns: list[URLPattern] = []
