"""URLs of review. Each act has a name of its own, so that each has its roles."""

from django.urls import URLPattern, path

from review import views

app_name = "review"
urlpatterns: list[URLPattern] = [
    path("", views.queue_page, name="queue"),
    path("<uuid:pk>/", views.request_page, name="request"),
    path("<uuid:pk>/documents/<uuid:document_id>/", views.document, name="document"),
    *(path(f"<uuid:pk>/{act}/", views.act_page, {"act": act}, name=act) for act in views.ACTS),
]
