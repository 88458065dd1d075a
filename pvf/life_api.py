"""The life of a PVF over HTTP, by the same functions as the pages. A refused call changes nothing."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request as ApiRequest
from rest_framework.response import Response
from rest_framework.views import APIView

from core.errors import InvalidInput
from core.identity import Identity, Kind, actor_of
from core.pagination import Pages
from core.serializers import validated
from organizations.tenancy import find, not_visible
from pvf import life_serializers as shapes
from pvf import page
from pvf.domain import documents, drafts, lines, processing, proposals, top_ups, years
from pvf.domain.basis import Purchase, VolumeBasis
from pvf.models import ProcessingReport, PVFLine

_PAGED = [OpenApiParameter("page", int), OpenApiParameter("limit", int)]


def _papers(given: dict[str, Any]) -> list[documents.Paper]:
    return [documents.Paper(given["kind"], file, file.name or "") for file in given["files"]]


def _shown(actor: Identity, pk: uuid.UUID) -> dict[str, Any]:
    rows = page.shown_versions(actor).select_related("pvf", "top_up").prefetch_related("terms__line", "carry_overs")
    return dict(shapes.VersionOutput(find(rows, actor, pk)).data)


def _seen(actor: Identity, pk: uuid.UUID) -> None:
    """404 for a version that the caller does not see, before anything that was sent is looked at."""
    find(page.shown_versions(actor), actor, pk)


class VersionListView(APIView):
    """Versions of PVFs."""

    pagination_class = Pages

    @extend_schema(
        operation_id="pvf_version_list", parameters=[shapes.VersionQuery, *_PAGED],
        responses=shapes.VersionRow(many=True),
    )  # fmt: skip
    def get(self, request: ApiRequest) -> Response:
        """The newest first; drafts of the caller's own side only."""
        given = validated(shapes.VersionQuery, request.query_params.dict())
        rows = page.shown_versions(actor_of(request)).filter(**given).select_related("pvf")
        pages = Pages()
        found = pages.paginate_queryset(rows.order_by("-proposed_at", "-id"), request, view=self)
        return pages.get_paginated_response(shapes.VersionRow(found, many=True).data)

    @extend_schema(
        operation_id="pvf_propose", request=shapes.ProposalInput, responses={201: shapes.VersionOutput}
    )  # fmt: skip
    def post(self, request: ApiRequest) -> Response:
        """Propose a whole PVF, or begin a draft of it (which starts from the lines in force)."""
        actor, given = actor_of(request), validated(shapes.ProposalInput, request.data)
        client_id = actor.client_id if actor.kind is Kind.EXPORTER else given.get("client")
        if client_id is None:
            raise InvalidInput("PVF-CLIENT", _("Name the exporter."), field="client")
        head = {name: given[name] for name in ("number", "period_start", "period_end")}
        rows = [shapes.row_of(row) for row in given["lines"]]
        with transaction.atomic():
            if given["draft"]:
                row = drafts.start(actor, client_id=client_id, **head)
                for line in rows:
                    row = drafts.save_line(actor, row.pk, line, revision=row.revision)
            else:
                row = proposals.propose(actor, client_id=client_id, rows=rows, note=given["note"], **head)
        return Response(_shown(actor, row.pk), status=status.HTTP_201_CREATED)


class VersionView(APIView):
    """One version."""

    @extend_schema(operation_id="pvf_version_read", responses=shapes.VersionOutput)
    def get(self, request: ApiRequest, pk: uuid.UUID) -> Response:
        """The version with its lines, documents and carry-overs."""
        return Response(_shown(actor_of(request), pk))


class VersionLineView(APIView):
    """A line of a draft."""

    @extend_schema(operation_id="pvf_draft_line", request=shapes.DraftLineInput, responses=shapes.VersionOutput)
    def put(self, request: ApiRequest, pk: uuid.UUID) -> Response:
        """Save a line of a draft, new or in the place of what it said."""
        actor = actor_of(request)
        _seen(actor, pk)
        given = validated(shapes.DraftLineInput, request.data)
        revision = given.pop("revision")
        drafts.save_line(actor, pk, shapes.row_of(given), revision=revision)
        return Response(_shown(actor, pk))


class VersionLineRemoveView(APIView):
    """Leaving a line out of a draft."""

    @extend_schema(
        operation_id="pvf_draft_line_remove", request=shapes.RevisionInput, responses=shapes.VersionOutput
    )  # fmt: skip
    def post(self, request: ApiRequest, pk: uuid.UUID, number: int) -> Response:
        """Take the line out."""
        actor = actor_of(request)
        _seen(actor, pk)
        drafts.remove_line(actor, pk, number, revision=validated(shapes.RevisionInput, request.data)["revision"])
        return Response(_shown(actor, pk))


class VersionCarryView(APIView):
    """What a line of a new year's draft asks to carry over."""

    class Input(shapes.CarriedInput, shapes.RevisionInput):
        """Line, kilograms, revision."""

    @extend_schema(operation_id="pvf_draft_carry_over", request=Input, responses=shapes.VersionOutput)
    def post(self, request: ApiRequest, pk: uuid.UUID) -> Response:
        """Change what one line asks for."""
        actor = actor_of(request)
        _seen(actor, pk)
        given = validated(self.Input, request.data)
        years.ask(actor, pk, given["line"], given["kg"], revision=given["revision"])
        return Response(_shown(actor, pk))


class VersionDocumentsView(APIView):
    """Evidence of a draft or a waiting proposal."""

    parser_classes = (MultiPartParser,)

    @extend_schema(
        operation_id="pvf_add_documents",
        request={"multipart/form-data": shapes.FilesInput},
        responses={201: shapes.VersionOutput},
    )
    def post(self, request: ApiRequest, pk: uuid.UUID) -> Response:
        """Add documents."""
        actor = actor_of(request)
        _seen(actor, pk)
        papers = _papers(validated(shapes.FilesInput, request.data))
        with transaction.atomic():
            for paper in papers:
                documents.add(actor, pk, paper)
        return Response(_shown(actor, pk), status=status.HTTP_201_CREATED)


class VersionProposeView(APIView):
    """Handing a draft in."""

    @extend_schema(operation_id="pvf_draft_propose", request=shapes.RevisionInput, responses=shapes.VersionOutput)
    def post(self, request: ApiRequest, pk: uuid.UUID) -> Response:
        """Hand the draft to the managers. Sent again it gives the first result."""
        actor = actor_of(request)
        _seen(actor, pk)
        drafts.propose(actor, pk, revision=validated(shapes.RevisionInput, request.data)["revision"])
        return Response(_shown(actor, pk))


class VersionWithdrawView(APIView):
    """Taking a draft or a proposal back."""

    @extend_schema(operation_id="pvf_withdraw", request=shapes.OptionalReasonInput, responses=shapes.VersionOutput)
    def post(self, request: ApiRequest, pk: uuid.UUID) -> Response:
        """Take it back."""
        actor = actor_of(request)
        _seen(actor, pk)
        proposals.withdraw(actor, pk, validated(shapes.OptionalReasonInput, request.data)["reason"])
        return Response(_shown(actor, pk))


class VersionApproveView(APIView):
    """A manager's yes."""

    @extend_schema(operation_id="pvf_approve", request=shapes.ApproveInput, responses=shapes.VersionOutput)
    def post(self, request: ApiRequest, pk: uuid.UUID) -> Response:
        """Put the version in force and move the kilograms. Sent again it gives the first result."""
        actor = actor_of(request)
        _seen(actor, pk)
        given = validated(shapes.ApproveInput, request.data)
        proposals.approve(
            actor, pk, compared_with=given["compared_with"], carried=shapes.decided(given["carried"]),
            reason=given["reason"],
        )  # fmt: skip
        return Response(_shown(actor, pk))


class VersionRejectView(APIView):
    """A manager's no."""

    @extend_schema(operation_id="pvf_reject", request=shapes.ReasonInput, responses=shapes.VersionOutput)
    def post(self, request: ApiRequest, pk: uuid.UUID) -> Response:
        """Refuse the version with a reason."""
        actor = actor_of(request)
        _seen(actor, pk)
        proposals.reject(actor, pk, validated(shapes.ReasonInput, request.data)["reason"])
        return Response(_shown(actor, pk))


class LineTermsView(APIView):
    """What a line said."""

    @extend_schema(operation_id="pvf_line_terms", parameters=[shapes.AtQuery], responses=shapes.TermsRow)
    def get(self, request: ApiRequest, pk: uuid.UUID) -> Response:
        """What the line said at a moment: the one version then in force. 404 where none named it."""
        line = find(PVFLine.objects.all(), actor_of(request), pk)
        terms = lines.terms_at(line.pk, validated(shapes.AtQuery, request.query_params.dict())["at"])
        if terms is None:
            raise not_visible()
        return Response(shapes.TermsRow(terms).data)


class LineTopUpView(APIView):
    """Topping up a line."""

    parser_classes = (MultiPartParser,)

    @extend_schema(
        operation_id="pvf_top_up",
        request={"multipart/form-data": shapes.TopUpInput},
        responses={201: shapes.VersionOutput},
    )
    def post(self, request: ApiRequest, pk: uuid.UUID) -> Response:
        """Propose more of one line with its evidence."""
        actor = actor_of(request)
        find(PVFLine.objects.all(), actor, pk)
        given = validated(shapes.TopUpInput, request.data)
        bought = (
            (Purchase(given["bought_kg"], given["supplier_nop_id"], given["supplier_name"], given["reference"]),)
            if given["bought_kg"]
            else ()
        )
        basis = VolumeBasis(production_kg=given["harvested_kg"], purchases=bought)
        more = top_ups.More(given["quantity"], given["unit"], given["reason"], basis)
        row = top_ups.propose(actor, pk, more, _papers(given))
        return Response(_shown(actor, row.pk), status=status.HTTP_201_CREATED)


class NextYearView(APIView):
    """Opening the next certification year."""

    @extend_schema(
        operation_id="pvf_next_year", request=shapes.NextYearInput, responses={201: shapes.VersionOutput}
    )  # fmt: skip
    def post(self, request: ApiRequest, pk: uuid.UUID) -> Response:
        """A draft with the lines of this PVF, each asking to carry over what is available."""
        actor = actor_of(request)
        row = years.open_draft(actor, pk, **validated(shapes.NextYearInput, request.data))
        return Response(_shown(actor, row.pk), status=status.HTTP_201_CREATED)


class ReportListView(APIView):
    """Processing reports."""

    pagination_class = Pages
    parser_classes = (MultiPartParser,)

    @extend_schema(
        operation_id="pvf_processing_list", parameters=_PAGED, responses=shapes.ReportOutput(many=True)
    )  # fmt: skip
    def get(self, request: ApiRequest) -> Response:
        """The newest first."""
        rows = ProcessingReport.objects.visible_to(actor_of(request)).order_by("-reported_at", "-id")
        pages = Pages()
        found = pages.paginate_queryset(rows, request, view=self)
        return pages.get_paginated_response(shapes.ReportOutput(found, many=True).data)

    @extend_schema(
        operation_id="pvf_processing_report",
        request={"multipart/form-data": shapes.ProcessingInput},
        responses={201: shapes.ReportOutput},
    )
    def post(self, request: ApiRequest) -> Response:
        """Report processing with its evidence; nothing moves before a manager approves."""
        actor, given = actor_of(request), validated(shapes.ProcessingInput, request.data)
        papers = _papers(given)
        done = processing.Processed(**{name: given[name] for name in processing.Processed.__dataclass_fields__})
        row = processing.report(actor, given["input_line"], given["output_line"], done, papers)
        return Response(shapes.ReportOutput(row).data, status=status.HTTP_201_CREATED)


class ReportView(APIView):
    """One processing report."""

    @extend_schema(operation_id="pvf_processing_read", responses=shapes.ReportOutput)
    def get(self, request: ApiRequest, pk: uuid.UUID) -> Response:
        """The report."""
        return Response(shapes.ReportOutput(find(ProcessingReport.objects.all(), actor_of(request), pk)).data)


class ReportApproveView(APIView):
    """A manager's yes."""

    @extend_schema(operation_id="pvf_processing_approve", request=None, responses=shapes.ReportOutput)
    def post(self, request: ApiRequest, pk: uuid.UUID) -> Response:
        """Move the kilograms of both lines. Sent again it gives the first result."""
        return Response(shapes.ReportOutput(processing.approve(actor_of(request), pk)).data)


class ReportRejectView(APIView):
    """A manager's no."""

    @extend_schema(operation_id="pvf_processing_reject", request=shapes.ReasonInput, responses=shapes.ReportOutput)
    def post(self, request: ApiRequest, pk: uuid.UUID) -> Response:
        """Refuse the report with a reason."""
        actor = actor_of(request)
        find(ProcessingReport.objects.all(), actor, pk)
        given = validated(shapes.ReasonInput, request.data)
        return Response(shapes.ReportOutput(processing.reject(actor, pk, given["reason"])).data)


class ReportWithdrawView(APIView):
    """Taking a report back."""

    @extend_schema(operation_id="pvf_processing_withdraw", request=None, responses=shapes.ReportOutput)
    def post(self, request: ApiRequest, pk: uuid.UUID) -> Response:
        """Take it back before it is decided."""
        return Response(shapes.ReportOutput(processing.withdraw(actor_of(request), pk)).data)
