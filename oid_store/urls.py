"""Addresses of the store."""

from django.conf import settings
from django.urls import path
from drf_spectacular.views import SpectacularJSONAPIView

from oid_store.api import views
from oid_store.web.views import LookUpView

urlpatterns = [
    path("", LookUpView.as_view(), name="look-up"),
    path("health", views.HealthView.as_view(), name="health"),
    path("v1/schema", SpectacularJSONAPIView.as_view(), name="schema"),
    path("v1/certificates", views.CertificatesView.as_view(), name="certificates"),
    path("v1/certificates/<str:number>", views.CertificateView.as_view(), name="certificate"),
    path("v1/certificates/<str:number>/actuals", views.ActualsView.as_view(), name="actuals"),
    path("v1/certificates/<str:number>/amend", views.AmendView.as_view(), name="amend"),
    path("v1/certificates/<str:number>/void", views.VoidView.as_view(), name="void"),
    path("v1/calls/<uuid:call_id>", views.CallView.as_view(), name="call"),
    path("v1/operations", views.OperationsView.as_view(), name="operations"),
    path("v1/operations/<str:nop_id>", views.OperationView.as_view(), name="operation"),
]
if settings.FAULTS:
    urlpatterns.append(path("v1/_faults", views.FaultsView.as_view(), name="faults"))

handler404 = "oid_store.api.errors.no_such_address"
handler500 = "oid_store.api.errors.failed"
