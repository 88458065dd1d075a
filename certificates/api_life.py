"""What happens after the issue, over HTTP, by the same functions as the pages."""

from __future__ import annotations

import dataclasses
import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from certificates.api import CertificateSerializer, ShipmentSerializer
from certificates.domain import actuals, amending, overages, receipts, replacing, shipments, voiding
from certificates.models import OverageReport, Receipt
from core.identity import actor_of
from core.serializers import exact_quantity, kilograms, validated
from core.units import Unit
from requests_app.models import TransportMode


class AmendLotInput(serializers.Serializer[Any]):
    """What is left of one certified lot; ``kg`` null where the lot's weight was not declared."""

    lot = serializers.CharField(max_length=60)
    kg = kilograms(allow_null=True)


class AmendContainerInput(serializers.Serializer[Any]):
    """A container and its seal."""

    number = serializers.CharField(max_length=20)
    seal = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)


class AmendInput(serializers.Serializer[Any]):
    """What is to read differently; what is left out stays. Weights only go down.

    ``expected_kg``, ``expected_amendments``: weight and number of amendments that the caller has seen; others now are a
    conflict.
    """

    net_kg = kilograms(required=False)
    lots = AmendLotInput(many=True, required=False, max_length=200)
    transport_mode = serializers.ChoiceField(choices=TransportMode.choices, required=False, source="mode")
    port_of_lading = serializers.CharField(max_length=100, required=False)
    vessel = serializers.CharField(max_length=100, required=False)
    bill_of_lading = serializers.CharField(max_length=60, required=False)
    departure_date = serializers.DateField(required=False)
    containers = AmendContainerInput(many=True, required=False, max_length=100)
    reason = serializers.CharField(max_length=300)
    expected_kg = kilograms(required=False)
    expected_amendments = serializers.IntegerField(required=False, min_value=0)


class CertificateReasonInput(serializers.Serializer[Any]):
    """Why."""

    reason = serializers.CharField(max_length=300)


class TotalInput(serializers.Serializer[Any]):
    """What the exporter has left of the certified goods, if it is kept apart."""

    ending_inventory_kg = kilograms(min_value=0, required=False, allow_null=True)


class ReceiptInput(serializers.Serializer[Any]):
    """What arrived, as the importer weighed it."""

    quantity = exact_quantity()
    unit = serializers.ChoiceField(choices=Unit.choices, default=Unit.KGM)
    received_on = serializers.DateField()
    note = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class ReceiptSerializer(serializers.ModelSerializer[Receipt]):
    """The importer's confirmation of a shipment."""

    class Meta:
        model = Receipt
        fields = (
            "id",
            "shipment",
            "entered_quantity",
            "entered_unit",
            "received_kg",
            "received_on",
            "note",
            "confirmed_at",
        )


class OverageInput(serializers.Serializer[Any]):
    """More left than the certificate has. ``key``: the caller's own; sending it again gives the first report."""

    quantity = exact_quantity()
    unit = serializers.ChoiceField(choices=Unit.choices, default=Unit.KGM)
    departure_date = serializers.DateField()
    transport_document = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)
    note = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)
    key = serializers.CharField(max_length=80)


class OverageSerializer(serializers.ModelSerializer[OverageReport]):
    """A reported overage and what became of it."""

    class Meta:
        model = OverageReport
        fields = (
            "id", "certificate", "entered_quantity", "entered_unit", "shipped_kg", "rest_kg", "over_kg",
            "departure_date", "transport_document", "note", "reported_at", "settled_at", "settlement",
        )  # fmt: skip


class SettleInput(serializers.Serializer[Any]):
    """What becomes of an overage."""

    settlement = serializers.CharField(max_length=300)


class ReplacementSerializer(serializers.Serializer[Any]):
    """The draft that is to replace a certificate."""

    id = serializers.UUIDField()
    reference = serializers.CharField()


AMENDABLE = tuple(field.name for field in dataclasses.fields(amending.Asked))


class CertificateAmendView(APIView):
    """Amend an issued certificate: its weight downwards, its lots, its transport."""

    @extend_schema(operation_id="certificate_amend", request=AmendInput, responses=CertificateSerializer)
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        given = validated(AmendInput, request.data)
        asked = amending.Asked(**{name: given.pop(name) for name in AMENDABLE if name in given})
        row = amending.amend(actor_of(request), pk, asked, **given)
        return Response(CertificateSerializer(row).data)


class CertificateVoidView(APIView):
    """Void an issued certificate."""

    @extend_schema(operation_id="certificate_void", request=CertificateReasonInput, responses=CertificateSerializer)
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        row = voiding.void(actor_of(request), pk, **validated(CertificateReasonInput, request.data))
        return Response(CertificateSerializer(row).data)


class CertificateTotalView(APIView):
    """Declare that nothing more leaves under a certificate."""

    @extend_schema(operation_id="certificate_total", request=TotalInput, responses=CertificateSerializer)
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        row = actuals.declare_total(actor_of(request), pk, **validated(TotalInput, request.data))
        return Response(CertificateSerializer(row).data)


class CertificateReplaceView(APIView):
    """Start a draft that is to replace an issued certificate."""

    @extend_schema(operation_id="certificate_replace", request=None, responses={201: ReplacementSerializer})
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        draft = replacing.start(actor_of(request), pk)
        return Response(ReplacementSerializer(draft).data, status=201)


class CertificateOveragesView(APIView):
    """Report that more left than the certificate has."""

    @extend_schema(operation_id="certificate_report_overage", request=OverageInput, responses={201: OverageSerializer})
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        row = overages.report(actor_of(request), pk, **validated(OverageInput, request.data))
        return Response(OverageSerializer(row).data, status=201)


class OverageSettleView(APIView):
    """Write down what becomes of an overage."""

    @extend_schema(operation_id="overage_settle", request=SettleInput, responses=OverageSerializer)
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        row = overages.settle(actor_of(request), pk, **validated(SettleInput, request.data))
        return Response(OverageSerializer(row).data)


class ShipmentReceiptView(APIView):
    """The importer confirms that a shipment arrived."""

    @extend_schema(operation_id="shipment_receipt", request=ReceiptInput, responses={201: ReceiptSerializer})
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        row = receipts.confirm(actor_of(request), pk, **validated(ReceiptInput, request.data))
        return Response(ReceiptSerializer(row).data, status=201)


class ShipmentCorrectView(APIView):
    """Take a mistaken shipment back; the right one is then reported anew."""

    @extend_schema(operation_id="shipment_correct", request=CertificateReasonInput, responses=ShipmentSerializer)
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        row = shipments.correct(actor_of(request), pk, **validated(CertificateReasonInput, request.data))
        return Response(ShipmentSerializer(row).data)
