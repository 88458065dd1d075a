"""Routes of the API, version 1: each floor brings its own."""

from django.urls import URLPattern, URLResolver, path
from drf_spectacular.views import SpectacularAPIView

import certificates.api_urls
import oid_sync.api_urls
import organizations.api_urls
import pvf.api_urls
import requests_app.api_urls
import review.api_urls
from certportal.api.docs import docs

app_name = "api"
urlpatterns: list[URLPattern | URLResolver] = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", docs, name="docs"),
    *organizations.api_urls.urlpatterns,
    *pvf.api_urls.urlpatterns,
    *requests_app.api_urls.urlpatterns,
    *review.api_urls.urlpatterns,
    *certificates.api_urls.urlpatterns,
    *oid_sync.api_urls.urlpatterns,
]
