"""URLs of this app."""

from django.urls import URLPattern, path

from certificates import views, views_check, views_coop, views_copy, views_files, views_life

app_name = "certificates"
urlpatterns: list[URLPattern] = [
    path("", views.certificate_list, name="list"),
    path("inbox/", views.inbox, name="inbox"),
    path("check/", views_check.check, name="check"),
    path("bundles/", views_files.bundle_page, name="bundles"),
    path("bundles/<uuid:bundle_id>/", views_files.bundle_file, name="bundle-file"),
    path("previews/<uuid:pk>/", views_files.preview_page, name="preview"),
    path("previews/<uuid:pk>/<uuid:preview_id>/", views_files.preview_file, name="preview-file"),
    path("check/continuity/", views_coop.check_continuity, name="check-continuity"),
    path("outage/", views_coop.outage, name="outage"),
    path("documents/", views.stuck, name="stuck"),
    path("signing/", views.signing_keys, name="signing"),
    path("<uuid:pk>/", views.detail, name="detail"),
    path("<uuid:pk>/pdf/", views.pdf, name="pdf"),
    path("<uuid:pk>/reading-copy/", views_copy.reading_copy, name="reading-copy"),
    path("<uuid:pk>/reading-copy/<uuid:copy_id>/", views_copy.reading_copy_file, name="reading-copy-file"),
    path("<uuid:pk>/pdf/<str:sha256>/", views_coop.version_pdf, name="version-pdf"),
    path("<uuid:pk>/continuity/", views_coop.ask_continuity, name="continuity"),
    path("<uuid:pk>/continuity/pdf/", views_coop.continuity_pdf, name="continuity-pdf"),
    path("<uuid:pk>/document/", views.retry_document, name="retry-document"),
    path("<uuid:pk>/shipments/", views.report_shipment, name="shipments"),
    path("overages/", views_life.overage_list, name="overages"),
    path("overages/<uuid:overage_id>/", views_life.settle, name="settle"),
    path("<uuid:pk>/amend/", views_life.amend, name="amend"),
    path("<uuid:pk>/void/", views_life.void, name="void"),
    path("<uuid:pk>/oid-shows/", views_life.oid_seen, name="oid-seen"),
    path("<uuid:pk>/total/", views_life.total, name="total"),
    path("<uuid:pk>/replace/", views_life.replace, name="replace"),
    path("<uuid:pk>/shipments/<uuid:shipment_id>/receipt/", views_life.receipt, name="receipt"),
    path("<uuid:pk>/shipments/<uuid:shipment_id>/correct/", views.correct_shipment, name="correct-shipment"),
]
