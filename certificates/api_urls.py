"""Routes of this floor in the API, version 1 (namespace ``api``)."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
