"""API routes of this app."""

from django.urls import URLPattern, path

from review import api

urlpatterns: list[URLPattern] = [
    path("review/queue/", api.QueueView.as_view(), name="review-queue"),
    path("review/requests/<uuid:pk>/claim/", api.ClaimView.as_view(), name="review-claim"),
    path("review/requests/<uuid:pk>/recommend/", api.RecommendView.as_view(), name="review-recommend"),
    path("review/requests/<uuid:pk>/approve/", api.ApproveView.as_view(), name="review-approve"),
    path("review/requests/<uuid:pk>/reject/", api.RejectView.as_view(), name="review-reject"),
    path("review/requests/<uuid:pk>/ask/", api.AskView.as_view(), name="review-ask"),
]
