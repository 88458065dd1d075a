"""Routes of this floor in the API, version 1 (namespace ``api``)."""

from django.urls import URLPattern, path

from oid_sync.api import LatestReconciliation

urlpatterns: list[URLPattern] = [
    path("reconciliation/latest/", LatestReconciliation.as_view(), name="reconciliation-latest"),
]
