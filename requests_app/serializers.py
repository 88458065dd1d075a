"""Requests as the API takes and gives them: kilograms as text with three places, days as ISO 8601, times in UTC."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.serializers import exact_quantity, kilograms
from core.units import Unit
from requests_app.models import (
    DocumentKind,
    Question,
    Request,
    RequestContainer,
    RequestDocument,
    RequestInvoice,
    RequestKind,
    RequestLot,
    RequestState,
    TransportMode,
)


def _text(length: int) -> serializers.CharField:
    return serializers.CharField(max_length=length, required=False, allow_blank=True)


def _day() -> serializers.DateField:
    return serializers.DateField(required=False, allow_null=True)


class LotSerializer(serializers.ModelSerializer[RequestLot]):
    """A lot: its part of the net weight, and the whole lot's declared weight."""

    kg = kilograms()
    declared_kg = kilograms(required=False, allow_null=True)

    class Meta:
        model = RequestLot
        fields = ("lot", "kg", "declared_kg")


class ContainerSerializer(serializers.ModelSerializer[RequestContainer]):
    """A container or vehicle with its seal."""

    class Meta:
        model = RequestContainer
        fields = ("number", "seal")


class InvoiceSerializer(serializers.ModelSerializer[RequestInvoice]):
    """A supplier's invoice."""

    kg = kilograms(required=False, allow_null=True)

    class Meta:
        model = RequestInvoice
        fields = ("number", "supplier_nop_id", "kg", "invoice_date")


class PartsInput(serializers.Serializer[Any]):
    """The three lists; one that is given takes the place of the one there."""

    lots = LotSerializer(many=True, required=False, max_length=200)
    containers = ContainerSerializer(many=True, required=False, max_length=200)
    invoices = InvoiceSerializer(many=True, required=False, max_length=200)


class FieldsInput(serializers.Serializer[Any]):
    """The fields of a request. All may be left out: a draft is filled in step by step."""

    line_id = serializers.UUIDField(required=False, allow_null=True)
    label_name = _text(200)
    hts_code = _text(14)
    origin = _text(2)
    standard = _text(20)
    harvest_year = serializers.IntegerField(required=False, allow_null=True, min_value=1900, max_value=2200)
    entered_quantity = exact_quantity(required=False, allow_null=True)
    entered_unit = serializers.ChoiceField(choices=Unit.choices, required=False)
    gross_kg = kilograms(required=False, allow_null=True)
    packages_kind = _text(60)
    packages_number = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=2_000_000_000)
    importer_nop_id = _text(14)
    importer_contact_email = serializers.EmailField(required=False, allow_blank=True)
    recipient_name = _text(200)
    recipient_nop_id = _text(14)
    consignee_name = _text(200)
    consignee_address = _text(300)
    destination_city = _text(100)
    destination_state = _text(2)
    last_handler_nop_id = _text(14)
    transport_mode = serializers.ChoiceField(choices=TransportMode.choices, required=False, allow_blank=True)
    port_of_lading = _text(100)
    port_time_zone = _text(40)
    vessel = _text(100)
    bill_of_lading = _text(60)
    departure_date = _day()
    start_date = _day()
    end_date = _day()


class RequestInput(PartsInput, FieldsInput):
    """A new draft, all at once or in part."""

    kind = serializers.ChoiceField(choices=RequestKind.choices, default=RequestKind.SINGLE)
    exporter = serializers.CharField(
        max_length=36, required=False, help_text="NOP ID for whom a broker prepares the draft; others leave it out."
    )


class RequestChange(PartsInput, FieldsInput):
    """Changes of a draft; ``expected_version`` is the version that was read."""

    kind = serializers.ChoiceField(choices=RequestKind.choices, required=False)
    expected_version = serializers.IntegerField(min_value=1)


class SubmitInput(serializers.Serializer[Any]):
    """Submitting: ``expected_version`` refuses a draft that somebody has changed since it was read."""

    expected_version = serializers.IntegerField(min_value=1, required=False)


class AnswerInput(PartsInput):
    """An answer to the open question. ``changes``: only fields that the question names. ``complete`` ends the question."""

    answer = serializers.CharField(max_length=5000)
    changes = FieldsInput(required=False)
    complete = serializers.BooleanField(default=False)
    expected_version = serializers.IntegerField(min_value=1)


class DocumentInput(serializers.Serializer[Any]):
    """A document to add: PDF, PNG, JPEG or XLSX by its content."""

    kind = serializers.ChoiceField(choices=DocumentKind.choices)
    file = serializers.FileField()


class DocumentOutput(serializers.ModelSerializer[RequestDocument]):
    """A document of a request."""

    name = serializers.CharField(source="file.original_name")
    content_type = serializers.CharField(source="file.content_type")
    size = serializers.IntegerField(source="file.size")
    sha256 = serializers.CharField(source="file.sha256")

    class Meta:
        model = RequestDocument
        fields = ("id", "kind", "name", "content_type", "size", "sha256", "added_at")


class QuestionSerializer(serializers.ModelSerializer[Question]):
    """A reviewer's question and its answer."""

    # DRF's own attribute is called "fields": the column goes out under another name
    fields_asked = serializers.ListField(source="fields", child=serializers.CharField(), read_only=True)

    class Meta:
        model = Question
        fields = ("id", "text", "fields_asked", "document_kinds", "asked_at", "deadline", "answer", "completed_at")


class RequestRow(serializers.ModelSerializer[Request]):
    """A request in a list."""

    line_id = serializers.UUIDField(allow_null=True)
    net_kg = kilograms(allow_null=True)
    exporter_nop_id = serializers.CharField(source="client.operation.nop_id")
    exporter_name = serializers.CharField(source="client.operation.name")

    class Meta:
        model = Request
        fields = (
            "id", "reference", "exporter_nop_id", "exporter_name",
            "kind", "state", "version", "line_id", "label_name", "hts_code", "net_kg",
            "importer_nop_id", "departure_date", "start_date", "end_date", "created_at", "submitted_at", "decided_at",
        )  # fmt: skip


class RequestOutput(serializers.ModelSerializer[Request]):
    """A request with everything in it."""

    line_id = serializers.UUIDField(allow_null=True)
    exporter_nop_id = serializers.CharField(source="client.operation.nop_id")
    exporter_name = serializers.CharField(source="client.operation.name")
    importer_name = serializers.CharField(source="importer.name", default="")
    net_kg = kilograms(allow_null=True)
    gross_kg = kilograms(allow_null=True)
    lots = LotSerializer(many=True)
    containers = ContainerSerializer(many=True)
    invoices = InvoiceSerializer(many=True)
    questions = QuestionSerializer(many=True)
    documents = serializers.SerializerMethodField()

    class Meta:
        model = Request
        fields = (
            *RequestRow.Meta.fields, "origin", "standard", "harvest_year", "entered_quantity", "entered_unit",
            "gross_kg", "packages_kind", "packages_number", "importer_name", "importer_contact_email",
            "recipient_name", "recipient_nop_id", "consignee_name", "consignee_address", "destination_city",
            "destination_state", "last_handler_nop_id", "transport_mode", "port_of_lading", "port_time_zone",
            "vessel", "bill_of_lading", "copied_from_id", "decide_by", "question_deadline", "lots", "containers",
            "invoices", "documents", "questions",
        )  # fmt: skip

    @extend_schema_field(DocumentOutput(many=True))
    def get_documents(self, request: Request) -> Any:
        """Documents that were not removed."""
        rows = request.documents.filter(removed_at=None).select_related("file").order_by("added_at")
        return DocumentOutput(rows, many=True).data


class FindingOutput(serializers.Serializer[Any]):
    """A check's finding with what it compared."""

    code = serializers.CharField()
    outcome = serializers.CharField(help_text="pass, warn, fail or not_applicable")
    message = serializers.CharField()
    compared = serializers.DictField()
    field = serializers.CharField()
    mendable = serializers.BooleanField()
    overridable = serializers.BooleanField()
    rule_version = serializers.IntegerField()


class FindingsOutput(serializers.Serializer[Any]):
    """The findings over one version of the request."""

    version = serializers.IntegerField()
    ready = serializers.BooleanField(help_text="No failure is left that the exporter can mend.")
    findings = FindingOutput(many=True)


class ListQuery(serializers.Serializer[Any]):
    """What to list; everything may be left out."""

    state = serializers.ChoiceField(choices=RequestState.choices, required=False)
