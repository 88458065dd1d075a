"""Outage mode, continuity documents and versions of documents over HTTP, by the same functions as the pages."""

from __future__ import annotations

import uuid
from typing import Any

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from certificates.api import AnyType
from certificates.domain import continuity, continuity_check, coop, downloads
from certificates.domain.continuity_data import ASKED
from certificates.domain.public_check import Via
from certificates.models import CertificateState, ContinuityDocument, Outage
from certificates.views import pdf_answer
from core.errors import NotVisible
from core.identity import actor_of
from core.serializers import kilograms, validated


class OutageSerializer(serializers.ModelSerializer[Outage]):
    """A declared outage of OID; ``ended_at`` is null while it lasts."""

    class Meta:
        model = Outage
        fields = ("id", "coop_code", "reason", "started_at", "ended_at")


class OutageInput(serializers.Serializer[Any]):
    """Switches outage mode on."""

    coop_code = serializers.CharField(max_length=30)
    reason = serializers.CharField(max_length=300)


class OutageView(APIView):
    """Outage mode of the caller's certifier."""

    @extend_schema(operation_id="outages", responses=OutageSerializer(many=True))
    def get(self, request: Request) -> Response:
        """The last outages, the newest first."""
        return Response(OutageSerializer(coop.outages_of(actor_of(request))[:50], many=True).data)

    @extend_schema(operation_id="outage_start", request=OutageInput, responses={201: OutageSerializer})
    def post(self, request: Request) -> Response:
        """Switch outage mode on (managers)."""
        row = coop.start(actor_of(request), **validated(OutageInput, request.data))
        return Response(OutageSerializer(row).data, status=201)

    @extend_schema(operation_id="outage_end", request=None, responses={204: None})
    def delete(self, request: Request) -> Response:
        """Switch outage mode off (managers); off already, nothing changes."""
        coop.end(actor_of(request))
        return Response(status=204)


class ContinuitySerializer(serializers.ModelSerializer[ContinuityDocument]):
    """A continuity document. ``sha256`` and ``made_at`` are empty until it is signed; ``error`` says why it was not."""

    class Meta:
        model = ContinuityDocument
        fields = (
            "id", "certificate", "reference", "coop_code", "asked_at", "made_at", "sha256", "error", "unregistered_because",
            "data",
        )  # fmt: skip


class ContinuityInput(serializers.Serializer[Any]):
    """What message set OR1 asks for; what the certificate itself states is not taken from here."""

    intended_use = serializers.CharField(max_length=ASKED["intended_use"][0])

    def get_fields(self) -> dict[str, Any]:
        """The rest of the fields, by their own lengths; which are needed depends on the certificate."""
        rest = {
            name: serializers.CharField(max_length=length, required=False, default="", allow_blank=True)
            for name, (length, _required) in ASKED.items()
            if name != "intended_use"
        }
        return {**super().get_fields(), **rest}


class CertificateContinuityView(APIView):
    """The continuity document of a certificate."""

    @extend_schema(
        operation_id="certificate_ask_continuity", request=ContinuityInput, responses={202: ContinuitySerializer}
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Have it made (approvers, in a declared outage). Asked again, the same one."""
        row = continuity.ask(actor_of(request), pk, **validated(ContinuityInput, request.data))
        return Response(ContinuitySerializer(row).data, status=202)


class CertificateContinuityPdfView(APIView):
    """The signed continuity document."""

    content_negotiation_class = AnyType

    @extend_schema(operation_id="certificate_continuity_pdf", responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: uuid.UUID) -> HttpResponseBase:
        return pdf_answer(continuity.download(actor_of(request), pk))


class CertificateVersionPdfView(APIView):
    """One version of a certificate's document, by its SHA-256."""

    content_negotiation_class = AnyType

    @extend_schema(operation_id="certificate_version_pdf", responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: uuid.UUID, sha256: str) -> HttpResponseBase:
        return pdf_answer(downloads.download(actor_of(request), pk, sha256))


class ContinuityCheckQuery(serializers.Serializer[Any]):
    """Reference and check code as they stand on the continuity document."""

    reference = serializers.CharField(max_length=30)
    code = serializers.CharField(max_length=20)


class ContinuityCheckAnswer(serializers.Serializer[Any]):
    """What the public sees of a continuity document. ``number``: the regular certificate's, empty until there is one."""

    reference = serializers.CharField()
    coop_code = serializers.CharField()
    state = serializers.ChoiceField(choices=CertificateState.choices)
    number = serializers.CharField()
    product = serializers.CharField(source="data.snapshot.product.label_name")
    hts_code = serializers.CharField(source="data.snapshot.hts.code")
    net_kg = kilograms()
    certifier = serializers.CharField(source="data.snapshot.certifier.name")
    exporter = serializers.CharField(source="data.snapshot.exporter.name")
    importer = serializers.CharField(source="data.snapshot.importer.name")
    start_date = serializers.DateField(source="data.snapshot.period.start")
    end_date = serializers.DateField(source="data.snapshot.period.end")
    made_at = serializers.DateTimeField()
    flagged_because = serializers.CharField()
    document_sha256 = serializers.CharField(source="sha256")
    key_fingerprint = serializers.CharField()


class ContinuityCheckView(APIView):
    """The public check of a continuity document: open to everybody, limited per caller and for all together."""

    @extend_schema(
        operation_id="certificate_check_continuity", parameters=[ContinuityCheckQuery], responses=ContinuityCheckAnswer,
        auth=[],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """As the QR code asks. Programs rather POST: a code in an address ends up in the logs of whoever is between."""
        return _continuity_answer(request, request.query_params.dict())

    @extend_schema(
        operation_id="certificate_check_continuity_body", request=ContinuityCheckQuery, responses=ContinuityCheckAnswer,
        auth=[],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """The same with the code in the body."""
        return _continuity_answer(request, request.data)


def _continuity_answer(request: Request, asked: Any) -> Response:
    given = ContinuityCheckQuery(data=asked)
    given.is_valid(raise_exception=True)
    answer = continuity_check.ask(actor_of(request), **given.validated_data, via=Via.API)
    if answer is None:
        raise NotVisible("NOT-FOUND", "No continuity document has this reference with this code.")
    return Response(ContinuityCheckAnswer(answer).data, headers={"Cache-Control": "no-store"})
