"""Certificates over HTTP, by the same functions as the pages."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import generics, serializers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.pagination import CursorPagination
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from certificates.domain import documents, downloads, shipments
from certificates.models import Certificate, CertificateDocument, Shipment
from certificates.views import pdf_answer, search
from core.identity import actor_of
from core.serializers import exact_quantity, kilograms, validated
from core.units import Unit
from organizations.tenancy import find


class DocumentVersion(serializers.ModelSerializer[CertificateDocument]):
    """One version of a certificate's document; its bytes are at ``/certificates/{id}/pdf/{sha256}/``."""

    class Meta:
        model = CertificateDocument
        fields = ("version", "sha256", "made_at")


class CertificateSerializer(serializers.ModelSerializer[Certificate]):
    """A certificate. Weights in kilograms with three places, times in UTC. ``number`` is null until OID has given it.

    ``check_url`` and ``document_sha256`` are null until the document is released. ``data`` is the immutable content.
    """

    rest_kg = serializers.SerializerMethodField()
    check_url = serializers.SerializerMethodField()
    document_sha256 = serializers.SerializerMethodField()
    document_versions = serializers.SerializerMethodField()
    request = serializers.UUIDField(source="request_id", read_only=True)
    data = serializers.JSONField(source="snapshot", read_only=True)

    class Meta:
        model = Certificate
        fields = (
            "id", "number", "state", "request", "net_kg", "shipped_kg", "rest_kg", "total_declared_at", "ending_inventory_kg",
            "start_date", "end_date",
            "approved_at", "registered_at", "issued_at", "check_url", "document_sha256", "document_versions", "snapshot_sha256",
            "flagged_because", "data",
        )  # fmt: skip

    def get_rest_kg(self, certificate: Certificate) -> str:
        """Certified and not shipped."""
        return f"{certificate.net_kg - certificate.shipped_kg:.3f}"

    def get_check_url(self, certificate: Certificate) -> str | None:
        """The address in the QR code."""
        return documents.check_url(certificate) if certificate.number and certificate.issued_at else None

    def get_document_sha256(self, certificate: Certificate) -> str | None:
        """SHA-256 of the current document."""
        hashes = {row.version: row.sha256 for row in certificate.documents.all()}
        return hashes[max(hashes)] if hashes else None

    @extend_schema_field(DocumentVersion(many=True))
    def get_document_versions(self, certificate: Certificate) -> list[dict[str, Any]]:
        """Every version of the document, the first one first; the last one counts."""
        rows = sorted(certificate.documents.all(), key=lambda row: row.version)
        return [dict(DocumentVersion(row).data) for row in rows]


class ByApproval(CursorPagination):
    """Pages of certificates, newest approval first."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "limit"
    ordering = ("-approved_at", "-id")


class CertificateListView(generics.ListAPIView[Certificate]):
    """The certificates that the caller's membership sees; ``state`` and ``text`` (number, product) narrow them."""

    serializer_class = CertificateSerializer
    pagination_class = ByApproval
    queryset = Certificate.objects.none()

    def get_queryset(self) -> Any:
        given = self.request.query_params
        rows = search(actor_of(self.request), given.get("state", ""), given.get("text", "").strip()[:80])
        return rows.prefetch_related("documents")


class CertificateDetailView(APIView):
    """One certificate."""

    @extend_schema(operation_id="certificate_detail", responses=CertificateSerializer)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        rows = Certificate.objects.prefetch_related("documents")
        return Response(CertificateSerializer(find(rows, actor_of(request), pk)).data)


class AnyType(BaseContentNegotiation):
    """The document is a PDF whatever the caller would accept; errors are JSON."""

    def select_parser(self, request: Request, parsers: Sequence[BaseParser]) -> BaseParser:
        return parsers[0]

    def select_renderer(
        self, request: Request, renderers: Sequence[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type


class CertificatePdfView(APIView):
    """The signed document."""

    content_negotiation_class = AnyType

    @extend_schema(operation_id="certificate_pdf", responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: uuid.UUID) -> HttpResponseBase:
        return pdf_answer(downloads.download(actor_of(request), pk))


class ShipmentSerializer(serializers.ModelSerializer[Shipment]):
    """A reported shipment. ``corrected_at`` is set where it was taken back."""

    class Meta:
        model = Shipment
        fields = (
            "id", "sequence", "entered_quantity", "entered_unit", "net_kg", "departure_date", "transport_document",
            "containers", "lots", "invoices", "entry_number", "findings", "reported_at", "corrected_at", "correction_reason",
        )  # fmt: skip


class LotInput(serializers.Serializer[Any]):
    """What left of one lot."""

    lot = serializers.CharField(max_length=60)
    kg = kilograms()


class ShipmentInput(serializers.Serializer[Any]):
    """What left. ``key``: the caller's own; sending it again reports nothing new and returns the first result."""

    quantity = exact_quantity()
    unit = serializers.ChoiceField(choices=Unit.choices, default=Unit.KGM)
    departure_date = serializers.DateField()
    transport_document = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)
    containers = serializers.ListField(
        child=serializers.CharField(max_length=20), required=False, default=list, max_length=100
    )
    lots = LotInput(many=True, required=False, default=list, max_length=200)
    invoices = serializers.ListField(
        child=serializers.CharField(max_length=60), required=False, default=list, max_length=100
    )
    entry_number = serializers.CharField(max_length=20, required=False, default="", allow_blank=True)
    key = serializers.CharField(max_length=80)


class CertificateShipmentsView(APIView):
    """Shipments against a certificate."""

    @extend_schema(operation_id="certificate_shipments", responses=ShipmentSerializer(many=True))
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        actor = actor_of(request)
        certificate = find(Certificate.objects.all(), actor, pk)
        rows = Shipment.objects.visible_to(actor).filter(certificate=certificate).order_by("sequence")
        return Response(ShipmentSerializer(rows, many=True).data)

    @extend_schema(
        operation_id="certificate_report_shipment", request=ShipmentInput, responses={201: ShipmentSerializer}
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        shipment = shipments.report(actor_of(request), pk, **validated(ShipmentInput, request.data))
        return Response(ShipmentSerializer(shipment).data, status=201)
