"""URLs of the link to OID; each connector with pages of its own has them below ``by/<its name>/``."""

from importlib import import_module

from django.urls import URLPattern, URLResolver, include, path

from oid_sync import views, views_desk
from oid_sync.connectors import registry

app_name = "oid_sync"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", views_desk.desk_page, name="desk"),
    path("calls/<uuid:pk>/", views_desk.call_page, name="call"),
    path("calls/<uuid:pk>/resend/", views_desk.resend, name="resend"),
    path("calls/<uuid:pk>/back-to-review/", views_desk.back_to_review, name="back_to_review"),
    path("calls/<uuid:pk>/settle/", views_desk.settle, name="settle"),
    path("connection/", views.connection, name="connection"),
    path("reconciliation/", views.reconciliation, name="reconciliation"),
    path("reconciliation/progress/", views.reconciliation_progress, name="reconciliation_progress"),
    path("reconciliation/start/", views.start_reconciliation, name="start_reconciliation"),
    *(
        path(f"by/{kind.name}/", include((import_module(kind.pages).urlpatterns, kind.name)))
        for kind in registry.kinds().values()
        if kind.pages
    ),
]
