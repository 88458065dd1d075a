"""Routes of this floor in the API, version 1 (namespace ``api``)."""

from django.urls import URLPattern, path

from certificates import api, api_check, api_coop, api_files, api_life

urlpatterns: list[URLPattern] = [
    path("certificates/", api.CertificateListView.as_view(), name="certificate-list"),
    path("certificates/check/", api_check.CertificateCheckView.as_view(), name="certificate-check"),
    path("certificates/check/continuity/", api_coop.ContinuityCheckView.as_view(), name="certificate-check-continuity"),
    path("outage/", api_coop.OutageView.as_view(), name="outage"),
    path("certificates/<uuid:pk>/", api.CertificateDetailView.as_view(), name="certificate-detail"),
    path("certificates/<uuid:pk>/pdf/", api.CertificatePdfView.as_view(), name="certificate-pdf"),
    path(
        "certificates/<uuid:pk>/pdf/<str:sha256>/",
        api_coop.CertificateVersionPdfView.as_view(),
        name="certificate-version-pdf",
    ),
    path(
        "certificates/<uuid:pk>/continuity/",
        api_coop.CertificateContinuityView.as_view(),
        name="certificate-continuity",
    ),
    path(
        "certificates/<uuid:pk>/continuity/pdf/",
        api_coop.CertificateContinuityPdfView.as_view(),
        name="certificate-continuity-pdf",
    ),
    path("certificates/<uuid:pk>/shipments/", api.CertificateShipmentsView.as_view(), name="certificate-shipments"),
    path("certificates/<uuid:pk>/amend/", api_life.CertificateAmendView.as_view(), name="certificate-amend"),
    path("certificates/<uuid:pk>/void/", api_life.CertificateVoidView.as_view(), name="certificate-void"),
    path("certificates/<uuid:pk>/total/", api_life.CertificateTotalView.as_view(), name="certificate-total"),
    path("certificates/<uuid:pk>/replace/", api_life.CertificateReplaceView.as_view(), name="certificate-replace"),
    path("certificates/<uuid:pk>/overages/", api_life.CertificateOveragesView.as_view(), name="certificate-overages"),
    path("certificate-bundles/", api_files.BundleListView.as_view(), name="bundle-list"),
    path("certificate-bundles/<uuid:pk>/", api_files.BundleView.as_view(), name="bundle-detail"),
    path("certificate-bundles/<uuid:pk>/file/", api_files.BundleFileView.as_view(), name="bundle-file"),
    path("requests/<uuid:pk>/preview/", api_files.PreviewView.as_view(), name="request-preview"),
    path(
        "requests/<uuid:pk>/preview/<uuid:preview_id>/file/", api_files.PreviewFileView.as_view(), name="preview-file"
    ),
    path("overages/<uuid:pk>/settle/", api_life.OverageSettleView.as_view(), name="overage-settle"),
    path("shipments/<uuid:pk>/receipt/", api_life.ShipmentReceiptView.as_view(), name="shipment-receipt"),
    path("shipments/<uuid:pk>/correct/", api_life.ShipmentCorrectView.as_view(), name="shipment-correct"),
]
