"""Routes of this floor in the API, version 1 (namespace ``api``)."""

from django.urls import URLPattern, path

from certificates import api

urlpatterns: list[URLPattern] = [
    path("certificates/", api.CertificateListView.as_view(), name="certificate-list"),
    path("certificates/check/", api.CertificateCheckView.as_view(), name="certificate-check"),
    path("certificates/<uuid:pk>/", api.CertificateDetailView.as_view(), name="certificate-detail"),
    path("certificates/<uuid:pk>/pdf/", api.CertificatePdfView.as_view(), name="certificate-pdf"),
    path("certificates/<uuid:pk>/shipments/", api.CertificateShipmentsView.as_view(), name="certificate-shipments"),
]
