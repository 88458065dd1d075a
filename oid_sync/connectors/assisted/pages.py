"""Addresses of the records keyed by hand, and who may open them: staff read; reviewers, approvers and managers act."""

from django.urls import URLPattern, path

from oid_sync.connectors.assisted import views
from organizations.access import STAFF, Audience

urlpatterns: list[URLPattern] = [
    path("", views.to_key, name="list"),
    path("batch.xlsx", views.batch, name="batch"),
    path("<uuid:pk>/", views.sheet, name="sheet"),
]
URL_ROLES: dict[str, Audience] = {"list": STAFF, "batch": STAFF, "sheet": STAFF}
