"""Requests over HTTP, by the same functions as the pages. A refused call changes nothing."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.pagination import CursorPagination
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request as ApiRequest
from rest_framework.response import Response
from rest_framework.views import APIView

from core.checks import Moment
from core.identity import Identity, actor_of
from core.serializers import validated
from requests_app.domain import checking, documents, drafts, questions, submission
from requests_app.domain.requests import visible
from requests_app.models import Request, RequestState
from requests_app.serializers import (
    AnswerInput,
    DocumentInput,
    DocumentOutput,
    FindingsOutput,
    ListQuery,
    RequestChange,
    RequestInput,
    RequestOutput,
    RequestRow,
    SubmitInput,
)


def _shown(actor: Identity, pk: uuid.UUID) -> dict[str, Any]:
    return dict(RequestOutput(visible(actor, pk)).data)


def _write(actor: Identity, row: Request, given: Mapping[str, Any], expected: int) -> Request:
    """Fields, then the lists, each on the version the one before left."""
    changes = {name: value for name, value in given.items() if name in drafts.FIELDS}
    if changes:
        row = drafts.save(actor, row.pk, changes, expected_version=expected)
        expected = row.version
    for part in drafts.PARTS:
        if part in given:
            row = drafts.replace_rows(actor, row.pk, part, given[part], expected_version=expected)
            expected = row.version
    return row


class RequestPages(CursorPagination):
    """Newest first; stable while requests are added."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "limit"
    ordering = ("-created_at", "-id")


class RequestListView(APIView):
    """The requests of the caller's organisation."""

    pagination_class = RequestPages

    @extend_schema(operation_id="request_list", parameters=[ListQuery], responses=RequestRow(many=True))
    def get(self, request: ApiRequest) -> Response:
        """Newest first, in pages by cursor."""
        given = validated(ListQuery, request.query_params.dict())
        rows = Request.objects.visible_to(actor_of(request)).select_related("client__operation").filter(**given)
        pages = RequestPages()
        found = pages.paginate_queryset(rows, request, view=self)
        return pages.get_paginated_response(RequestRow(found, many=True).data)

    @extend_schema(operation_id="request_create", request=RequestInput, responses={201: RequestOutput})
    def post(self, request: ApiRequest) -> Response:
        """A new draft with what is given; nothing stays of one that is refused."""
        actor, given = actor_of(request), validated(RequestInput, request.data)
        with transaction.atomic():
            row = drafts.start(actor, given.pop("kind"), exporter=given.pop("exporter", ""))
            row = _write(actor, row, given, row.version)
        return Response(_shown(actor, row.pk), status=status.HTTP_201_CREATED)


class RequestDetailView(APIView):
    """One request."""

    @extend_schema(operation_id="request_read", responses=RequestOutput)
    def get(self, request: ApiRequest, pk: uuid.UUID) -> Response:
        """The request with its lists, documents and questions."""
        return Response(_shown(actor_of(request), pk))

    @extend_schema(operation_id="request_change", request=RequestChange, responses=RequestOutput)
    def patch(self, request: ApiRequest, pk: uuid.UUID) -> Response:
        """Change a draft: only what is given."""
        actor = actor_of(request)
        row = visible(actor, pk)
        given = validated(RequestChange, request.data)
        with transaction.atomic():
            _write(actor, row, given, given.pop("expected_version"))
        return Response(_shown(actor, pk))


class RequestDocumentsView(APIView):
    """Documents of a request."""

    parser_classes = (MultiPartParser,)

    @extend_schema(
        operation_id="request_add_document",
        request={"multipart/form-data": DocumentInput},
        responses={201: DocumentOutput},
    )
    def post(self, request: ApiRequest, pk: uuid.UUID) -> Response:
        """Add a document to a draft, or one that the open question names."""
        actor = actor_of(request)
        visible(actor, pk)
        given = validated(DocumentInput, request.data)
        upload = given["file"]
        with transaction.atomic():
            row = documents.add(actor, pk, given["kind"], upload, upload.name or "")
        return Response(DocumentOutput(row).data, status=status.HTTP_201_CREATED)


class RequestSubmitView(APIView):
    """Submitting."""

    @extend_schema(operation_id="request_submit", request=SubmitInput, responses=RequestOutput)
    def post(self, request: ApiRequest, pk: uuid.UUID) -> Response:
        """Check, reserve, put in the queue. Sent again it gives the first result."""
        actor = actor_of(request)
        visible(actor, pk)
        given = validated(SubmitInput, request.data)
        submission.submit(actor, pk, expected_version=given.get("expected_version"))
        return Response(_shown(actor, pk))


class RequestWithdrawView(APIView):
    """Withdrawing."""

    @extend_schema(operation_id="request_withdraw", request=None, responses=RequestOutput)
    def post(self, request: ApiRequest, pk: uuid.UUID) -> Response:
        """Take the request back; what it reserved becomes available. Sent again it changes nothing."""
        actor = actor_of(request)
        with transaction.atomic():
            submission.withdraw(actor, pk)
        return Response(_shown(actor, pk))


class RequestFindingsView(APIView):
    """What the checks find."""

    @extend_schema(operation_id="request_findings", responses=FindingsOutput)
    def get(self, request: ApiRequest, pk: uuid.UUID) -> Response:
        """Of a draft: now. Afterwards: the newest run that was kept."""
        actor = actor_of(request)
        row = visible(actor, pk)
        run = None if row.state == RequestState.DRAFT else row.check_runs.order_by("-run_at").first()
        found = (
            list(run.findings)
            if run is not None
            else [item.as_json() for item in checking.findings(actor, row, Moment.DRAFT) if not item.staff_only]
        )
        ready = not any(item["outcome"] == "fail" and item["mendable"] for item in found)
        version = run.request_version if run is not None else row.version
        return Response({"version": version, "ready": ready, "findings": found})


class RequestAnswerView(APIView):
    """Answering a question."""

    @extend_schema(operation_id="request_answer", request=AnswerInput, responses=RequestOutput)
    def post(self, request: ApiRequest, pk: uuid.UUID) -> Response:
        """Keep the answer and the changes it makes; with ``complete`` the question ends and the clock goes on."""
        actor = actor_of(request)
        visible(actor, pk)
        given = validated(AnswerInput, request.data)
        rows = {part: given[part] for part in drafts.PARTS if part in given}
        with transaction.atomic():
            questions.save_answer(
                actor, pk, given.get("changes") or {}, given["answer"], rows=rows,
                expected_version=given["expected_version"],
            )  # fmt: skip
            if given["complete"]:
                questions.complete(actor, pk)
        return Response(_shown(actor, pk))
