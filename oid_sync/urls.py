"""URLs of the link to OID."""

from django.urls import URLPattern, path

from oid_sync import views

app_name = "oid_sync"
urlpatterns: list[URLPattern] = [
    path("", views.desk_page, name="desk"),
    path("calls/<uuid:pk>/resend/", views.resend, name="resend"),
    path("calls/<uuid:pk>/back-to-review/", views.back_to_review, name="back_to_review"),
    path("connection/", views.connection, name="connection"),
    path("reconciliation/", views.reconciliation, name="reconciliation"),
    path("reconciliation/progress/", views.reconciliation_progress, name="reconciliation_progress"),
    path("reconciliation/start/", views.start_reconciliation, name="start_reconciliation"),
]
