"""Routes of this floor in the API, version 1 (namespace ``api``)."""

from django.urls import URLPattern, path

from requests_app import api

urlpatterns: list[URLPattern] = [
    path("requests/", api.RequestListView.as_view(), name="request-list"),
    path("requests/<uuid:pk>/", api.RequestDetailView.as_view(), name="request-detail"),
    path("requests/<uuid:pk>/documents/", api.RequestDocumentsView.as_view(), name="request-documents"),
    path("requests/<uuid:pk>/submit/", api.RequestSubmitView.as_view(), name="request-submit"),
    path("requests/<uuid:pk>/withdraw/", api.RequestWithdrawView.as_view(), name="request-withdraw"),
    path("requests/<uuid:pk>/findings/", api.RequestFindingsView.as_view(), name="request-findings"),
    path("requests/<uuid:pk>/answer/", api.RequestAnswerView.as_view(), name="request-answer"),
]
