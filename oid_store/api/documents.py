"""Answers as the OpenAPI document describes them. The bodies themselves are made in ``domain``."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from oid_store.api.serializers import (
    DestinationSerializer,
    ExporterSerializer,
    FinalHandlerSerializer,
    ImporterSerializer,
    KilogramsField,
    LotSerializer,
    TransportSerializer,
)
from oid_store.domain.codes import Code
from oid_store.models import CallKind, CallOutcome, ChangeKind, OperationStatus

Document = serializers.Serializer[Any]
CODES = [member.value.code for member in Code]


class FindingDocument(Document):
    """One coded remark."""

    code = serializers.ChoiceField(choices=CODES)
    message = serializers.CharField()
    field = serializers.CharField(help_text="Dotted path of the field, empty for the whole call.")


class RefusalDocument(FindingDocument):
    """Every answer from 400 up: the first finding, and all of them under ``errors``."""

    def get_fields(self) -> dict[str, Any]:
        """``errors`` is a name that serializers use themselves, so the field is added here."""
        return {**super().get_fields(), "errors": FindingDocument(many=True)}


class ShipmentDocument(Document):
    """One shipment reported."""

    shipment_ref = serializers.CharField()
    shipped_on = serializers.DateField()
    net_weight_kg = KilogramsField()
    entry_number = serializers.CharField(allow_blank=True)
    reported_at = serializers.DateTimeField()


class ActualsDocument(Document):
    """What was reported under a record."""

    total_kg = KilogramsField()
    declared_total_kg = KilogramsField(allow_null=True)
    shipments = ShipmentDocument(many=True)


class VoidDocument(Document):
    """Why, by whom (``certifier`` or ``NOP``) and when a record was voided."""

    reason = serializers.CharField()
    by = serializers.CharField()
    at = serializers.DateTimeField()


class RecordDocument(Document):
    """A registered certificate."""

    number = serializers.RegexField(r"^\d{3}-\d{10}-\d{6}$")
    reference = serializers.UUIDField()
    certifier_code = serializers.CharField()
    status = serializers.ChoiceField(choices=["live", "expired", "void", "replaced"])
    version = serializers.IntegerField()
    registered_at = serializers.DateTimeField()
    changed_at = serializers.DateTimeField()
    exporter = ExporterSerializer()
    importer = ImporterSerializer()
    final_handler = FinalHandlerSerializer(allow_null=True)
    consignee = serializers.CharField()
    destination = DestinationSerializer()
    origin = serializers.CharField()
    product_label = serializers.CharField()
    hts = serializers.CharField()
    standard = serializers.CharField()
    net_weight_kg = KilogramsField()
    lots = LotSerializer(many=True)
    transport = TransportSerializer()
    start_date = serializers.DateField()
    end_date = serializers.DateField()
    departure_date = serializers.DateField(allow_null=True)
    snapshot_sha256 = serializers.CharField()
    actuals = ActualsDocument()
    replaces = serializers.CharField(allow_null=True)
    replaced_by = serializers.CharField(allow_null=True)
    void = VoidDocument(allow_null=True)
    warnings = FindingDocument(many=True)


class ChangeDocument(Document):
    """A change: its place in the log, its kind, when, by which call and by whom."""

    position = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=ChangeKind.values)
    at = serializers.DateTimeField()
    call_id = serializers.UUIDField(allow_null=True)
    by = serializers.CharField()


class ChangedRecordDocument(Document):
    """A change and the record as it is now."""

    change = ChangeDocument()
    record = RecordDocument()


class ChangesDocument(Document):
    """A page of changes. ``next_cursor`` is always given: go on from it, now or later."""

    results = ChangedRecordDocument(many=True)
    next_cursor = serializers.CharField()
    has_more = serializers.BooleanField()


class CallAnswerDocument(Document):
    """Answer of an applied call."""

    call_id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=CallKind.values)
    number = serializers.CharField()
    outcome = serializers.ChoiceField(choices=CallOutcome.values)
    at = serializers.DateTimeField()
    record = RecordDocument()


class CallDocument(Document):
    """What became of a call: its outcome, and the status and body of its first answer."""

    call_id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=CallKind.values)
    number = serializers.CharField()
    outcome = serializers.ChoiceField(choices=CallOutcome.values)
    at = serializers.DateTimeField()
    status = serializers.IntegerField()
    answer = serializers.JSONField()


class ContactDocument(Document):
    """A contact person."""

    first_name = serializers.CharField(allow_blank=True)
    last_name = serializers.CharField(allow_blank=True)


class AddressDocument(Document):
    """A postal address."""

    line1 = serializers.CharField(allow_blank=True)
    line2 = serializers.CharField(allow_blank=True)
    city = serializers.CharField(allow_blank=True)
    state = serializers.CharField(allow_blank=True)
    postal_code = serializers.CharField(allow_blank=True)
    country = serializers.CharField()


class OperationDocument(Document):
    """An operation of the directory."""

    nop_id = serializers.CharField()
    name = serializers.CharField()
    other_names = serializers.CharField(allow_blank=True)
    status = serializers.ChoiceField(choices=OperationStatus.values)
    status_date = serializers.DateField(allow_null=True)
    certifier_code = serializers.CharField()
    certifier_name = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    contact = ContactDocument()
    phone = serializers.CharField(allow_blank=True)
    email = serializers.CharField(allow_blank=True)
    url = serializers.CharField(allow_blank=True)
    address = AddressDocument()
    items = serializers.ListField(child=serializers.JSONField())
    updated_at = serializers.DateTimeField()


class OperationsDocument(Document):
    """A page of operations; ``next_cursor`` is null at the end."""

    results = OperationDocument(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class HealthDocument(Document):
    """Health of the server."""

    status = serializers.ChoiceField(choices=["ok", "failing"])
    database = serializers.BooleanField()
    maintenance = serializers.BooleanField()
    maintenance_until = serializers.DateTimeField(allow_null=True)
    faults = serializers.BooleanField()


class FaultRuleDocument(Document):
    """A fault rule as kept; ``next`` counts down, ``hits`` up."""

    id = serializers.IntegerField()
    kind = serializers.CharField()
    operation = serializers.CharField()
    certifier_code = serializers.CharField(allow_blank=True)
    probability = serializers.FloatField(allow_null=True)
    params = serializers.DictField()
    hits = serializers.IntegerField()

    def get_fields(self) -> dict[str, Any]:
        """``next`` is a word of Python's, so the field is added here."""
        return {**super().get_fields(), "next": serializers.IntegerField(allow_null=True)}


class FaultRulesDocument(Document):
    """All fault rules."""

    results = FaultRuleDocument(many=True)


class ClearedDocument(Document):
    """How many rules were cleared."""

    cleared = serializers.IntegerField()


LIMIT = OpenApiParameter("limit", int, description="1 to 500; default 100.")
REFUSED = dict.fromkeys((400, 401, 404, 422, 429, 500, 503), RefusalDocument)
