"""Review over HTTP: the queue and the acts, by the same functions as the pages."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request as ApiRequest
from rest_framework.response import Response
from rest_framework.views import APIView

from core.identity import actor_of
from core.pagination import Pages
from core.serializers import validated
from requests_app.domain import questions
from requests_app.models import DocumentKind, Question, Request, RequestState
from review.domain import claims, decisions, queue, recommendations
from review.models import Decision, Recommendation, RejectionReason


class QueueRow(serializers.ModelSerializer[Request]):
    """A request as the queue shows it. ``net_kg`` in kilograms with three places; times in UTC."""

    client = serializers.CharField(source="client.operation.name")
    importer = serializers.CharField(source="importer.name", default=None)

    class Meta:
        model = Request
        fields = (
            "id", "reference", "state", "version", "client", "importer", "label_name", "hts_code", "net_kg",
            "departure_date", "start_date", "end_date", "submitted_at", "decide_by", "clock_stopped_at", "claimed_by",
        )  # fmt: skip


class QueueQuery(serializers.Serializer[Any]):
    """What to show; everything may be left out."""

    state = serializers.ChoiceField(choices=RequestState.choices, required=False)
    client = serializers.UUIDField(required=False)
    claim = serializers.ChoiceField(choices=queue.CLAIMS, required=False)
    overdue = serializers.BooleanField(required=False, default=False)
    text = serializers.CharField(required=False, max_length=80)
    sort = serializers.RegexField("^-?(" + "|".join(queue.SORTS) + ")$", required=False)


class QueueView(APIView):
    """The open requests, the one whose safe decision time ends first on top."""

    pagination_class = Pages

    @extend_schema(
        operation_id="review_queue",
        parameters=[QueueQuery, OpenApiParameter("page", int), OpenApiParameter("limit", int)],
        responses=QueueRow(many=True),
    )
    def get(self, request: ApiRequest) -> Response:
        given = QueueQuery(data=request.query_params.dict())
        given.is_valid(raise_exception=True)
        values = given.validated_data
        wanted = queue.QueueFilter(
            states=(values["state"],) if "state" in values else (),
            client_id=values.get("client"),
            claim=values.get("claim", ""),
            overdue=values["overdue"],
            text=values.get("text", ""),
            sort=values.get("sort", "decide_by"),
        )
        pages = Pages()
        found = pages.paginate_queryset(queue.rows(actor_of(request), wanted), request, view=self)
        return pages.get_paginated_response(QueueRow(found, many=True).data)


class ClaimView(APIView):
    """Claim a request."""

    @extend_schema(operation_id="review_claim", request=None, responses=QueueRow)
    def post(self, request: ApiRequest, pk: uuid.UUID) -> Response:
        return Response(QueueRow(claims.claim(actor_of(request), pk)).data)


class VersionedInput(serializers.Serializer[Any]):
    """Every act names the version of the request that was read."""

    expected_version = serializers.IntegerField(min_value=1)
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=2000)


class RecommendInput(VersionedInput):
    """A recommendation."""

    approve = serializers.BooleanField()


class RecommendationOutput(serializers.ModelSerializer[Recommendation]):
    """A recommendation as recorded."""

    class Meta:
        model = Recommendation
        fields = ("id", "request", "request_version", "approve", "note", "made_by", "made_at")


class RecommendView(APIView):
    """Recommend approval or rejection."""

    @extend_schema(operation_id="review_recommend", request=RecommendInput, responses=RecommendationOutput)
    def post(self, request: ApiRequest, pk: uuid.UUID) -> Response:
        given = validated(RecommendInput, request.data)
        return Response(RecommendationOutput(recommendations.recommend(actor_of(request), pk, **given)).data)


class DecisionOutput(serializers.ModelSerializer[Decision]):
    """A decision with what it was founded on."""

    class Meta:
        model = Decision
        fields = (
            "id", "request", "request_version", "approved", "reason", "note", "findings", "line_sha256",
            "certificate_id", "recommended_by", "decided_by", "decided_at",
        )  # fmt: skip


class ApproveView(APIView):
    """Approve: all checks again on locked rows; a second call gives the first decision."""

    @extend_schema(operation_id="review_approve", request=VersionedInput, responses=DecisionOutput)
    def post(self, request: ApiRequest, pk: uuid.UUID) -> Response:
        return Response(
            DecisionOutput(decisions.approve(actor_of(request), pk, **validated(VersionedInput, request.data))).data
        )


class RejectInput(VersionedInput):
    """A rejection with a reason of the catalogue."""

    reason = serializers.ChoiceField(choices=RejectionReason.choices)


class RejectView(APIView):
    """Reject: the kilograms become available again."""

    @extend_schema(operation_id="review_reject", request=RejectInput, responses=DecisionOutput)
    def post(self, request: ApiRequest, pk: uuid.UUID) -> Response:
        return Response(
            DecisionOutput(decisions.reject(actor_of(request), pk, **validated(RejectInput, request.data))).data
        )


class AskInput(serializers.Serializer[Any]):
    """A question: its text, and the fields and documents it is about."""

    expected_version = serializers.IntegerField(min_value=1)
    text = serializers.CharField(max_length=4000)
    fields_asked = serializers.ListField(child=serializers.CharField(max_length=40), required=False, default=list)
    document_kinds = serializers.ListField(
        child=serializers.ChoiceField(choices=DocumentKind.choices), required=False, default=list
    )


class QuestionOutput(serializers.ModelSerializer[Question]):
    """A question as asked."""

    fields_asked = serializers.ListField(source="fields", child=serializers.CharField())

    class Meta:
        model = Question
        fields = ("id", "request", "text", "fields_asked", "document_kinds", "asked_at", "deadline", "completed_at")


class AskView(APIView):
    """Ask the exporter; the clock stops until the answer is complete."""

    @extend_schema(operation_id="review_ask", request=AskInput, responses=QuestionOutput)
    def post(self, request: ApiRequest, pk: uuid.UUID) -> Response:
        given = validated(AskInput, request.data)
        question = questions.ask(
            actor_of(request), pk, text=given["text"], fields=given["fields_asked"],
            document_kinds=given["document_kinds"], expected_version=given["expected_version"],
        )  # fmt: skip
        return Response(QuestionOutput(question).data)
