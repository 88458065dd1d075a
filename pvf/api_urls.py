"""Routes of this floor in the API, version 1 (namespace ``api``)."""

from django.urls import URLPattern, path

from pvf import api, statement_api

urlpatterns: list[URLPattern] = [
    path("pvfs/", api.PVFListView.as_view(), name="pvf-list"),
    path("pvf-lines/", api.PVFLineListView.as_view(), name="pvf-line-list"),
    path("pvf-lines/<uuid:pk>/balance/", api.PVFLineBalanceView.as_view(), name="pvf-line-balance"),
    path("pvf-lines/<uuid:pk>/statement/", statement_api.StatementView.as_view(), name="pvf-line-statement"),
]
