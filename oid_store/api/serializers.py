"""The form of what callers send. Rules about the content are in ``domain.validation``."""

import re
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from oid_store.domain import actuals
from oid_store.domain.canonical import payload_sha256
from oid_store.domain.faults import OPERATIONS
from oid_store.domain.types import ActualsRequest, AmendRequest, CallRequest, Lot, Registration, VoidRequest
from oid_store.models import FaultKind

_KG = re.compile(r"-?\d{1,11}\.\d{3}", re.ASCII)


@extend_schema_field({"type": "string", "pattern": r"^-?\d{1,11}\.\d{3}$", "examples": ["18000.000"]})
class KilogramsField(serializers.Field[Decimal, str, str, Any]):
    """Kilograms as a string with exactly three places; a JSON number is refused, it may have lost a gram on the way."""

    default_error_messages = {"kilograms": 'send kilograms as a string with three places, for example "18000.000"'}

    def to_internal_value(self, data: Any) -> Decimal:
        """The weight, or a form error."""
        if not isinstance(data, str) or not _KG.fullmatch(data):
            self.fail("kilograms")
        return Decimal(data)

    def to_representation(self, value: Decimal) -> str:
        """Three places."""
        return f"{value:.3f}"


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields that it does not know: a misspelt field must not be lost in silence."""

    def to_internal_value(self, data: Any) -> Any:
        """As usual, after the names are checked."""
        if isinstance(data, dict):
            unknown = {name: ["unknown"] for name in data if name not in self.fields}
            if unknown:
                raise serializers.ValidationError(unknown, code="unknown_field")
        return super().to_internal_value(data)


def _text(longest: int, *, required: bool = True) -> serializers.CharField:
    return serializers.CharField(max_length=longest, required=required, allow_blank=not required)


def _nop_id() -> serializers.RegexField:
    return serializers.RegexField(r"\A\d{10}\Z", error_messages={"invalid": "a NOP ID has ten digits"})


class ExporterSerializer(StrictSerializer):
    """The exporter."""

    nop_id = _nop_id()
    name = _text(250)
    address = _text(500, required=False)


class ImporterSerializer(StrictSerializer):
    """The importer of record."""

    nop_id = _nop_id()
    name = _text(250)


class FinalHandlerSerializer(StrictSerializer):
    """The last handler before export."""

    nop_id = _nop_id()


class DestinationSerializer(StrictSerializer):
    """Where the goods go in the United States."""

    city = _text(100)
    state = _text(2)


class LotSerializer(StrictSerializer):
    """A lot and its net weight; null where it was not declared."""

    lot = _text(100)
    kg = KilogramsField(allow_null=True)


class TransportSerializer(StrictSerializer):
    """How the goods travel; all optional."""

    mode = _text(20, required=False)
    vessel = _text(100, required=False)
    voyage = _text(50, required=False)
    port_of_lading = _text(100, required=False)
    port_of_entry = _text(100, required=False)
    bill_of_lading = _text(100, required=False)
    containers = serializers.ListField(child=_text(20), required=False, max_length=500)
    seals = serializers.ListField(child=_text(40), required=False, max_length=500)
    invoices = serializers.ListField(child=_text(60), required=False, max_length=500)


def _lots(validated: list[dict[str, Any]]) -> tuple[Lot, ...]:
    return tuple(Lot(each["lot"], each["kg"]) for each in validated)


class RegistrationSerializer(StrictSerializer):
    """A certificate to register."""

    reference = serializers.UUIDField()
    certifier_code = serializers.RegexField(
        r"\A\d{3}\Z", error_messages={"invalid": "a certifier code has three digits"}
    )
    exporter = ExporterSerializer()
    importer = ImporterSerializer()
    final_handler = FinalHandlerSerializer(required=False, allow_null=True)
    consignee = _text(500)
    destination = DestinationSerializer()
    origin = _text(10)
    product_label = _text(300)
    hts = _text(20)
    standard = _text(20)
    net_weight_kg = KilogramsField()
    lots = serializers.ListField(child=LotSerializer(), required=False, max_length=2000)
    start_date = serializers.DateField()
    end_date = serializers.DateField()
    departure_date = serializers.DateField(required=False, allow_null=True)
    transport = TransportSerializer(required=False, allow_null=True)
    replaces = _text(21, required=False)
    snapshot_sha256 = serializers.RegexField(
        r"\A[0-9a-f]{64}\Z", error_messages={"invalid": "a SHA-256 is 64 hexadecimal digits in lower case"}
    )

    def registration(self) -> Registration:
        """The registration, once valid."""
        data = self.validated_data
        return Registration(
            reference=data["reference"],
            certifier_code=data["certifier_code"],
            exporter_nop_id=data["exporter"]["nop_id"],
            exporter_name=data["exporter"]["name"],
            exporter_address=data["exporter"].get("address", ""),
            importer_nop_id=data["importer"]["nop_id"],
            importer_name=data["importer"]["name"],
            final_handler_nop_id=(data.get("final_handler") or {}).get("nop_id", ""),
            consignee=data["consignee"],
            destination_city=data["destination"]["city"],
            destination_state=data["destination"]["state"],
            origin=data["origin"],
            product_label=data["product_label"],
            hts=data["hts"],
            standard=data["standard"],
            net_weight_kg=data["net_weight_kg"],
            lots=_lots(data.get("lots", [])),
            start_date=data["start_date"],
            end_date=data["end_date"],
            departure_date=data.get("departure_date"),
            transport=dict(data.get("transport") or {}),
            replaces=data.get("replaces", ""),
            snapshot_sha256=data["snapshot_sha256"],
            payload_sha256=payload_sha256(data),
        )


class CallSerializer(StrictSerializer):
    """Base of the calls about a registered certificate: each carries the caller's UUID of the call."""

    call_id = serializers.UUIDField(help_text="Made by the caller; a repeat gets the first answer again.")

    def call_request(self) -> CallRequest:
        """The call, once valid."""
        raise NotImplementedError

    @property
    def payload_sha256(self) -> str:
        """Hash of everything sent."""
        return payload_sha256(self.validated_data)


class ActualsSerializer(CallSerializer):
    """Actual net weight: of a shipment, a correction of it, or the declared total."""

    kind = serializers.ChoiceField(choices=actuals.KINDS, default=actuals.SHIPMENT)
    shipment_ref = _text(64, required=False)
    shipped_on = serializers.DateField(required=False, allow_null=True)
    net_weight_kg = KilogramsField()
    entry_number = _text(30, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A shipment has a reference of the caller's and a date, a correction a reference."""
        needed = {actuals.SHIPMENT: ("shipment_ref", "shipped_on"), actuals.CORRECTION: ("shipment_ref",)}
        missing = [name for name in needed.get(attrs["kind"], ()) if not attrs.get(name)]
        if missing:
            raise serializers.ValidationError({name: ["required"] for name in missing}, code="required")
        return attrs

    def call_request(self) -> ActualsRequest:
        """The report."""
        data = self.validated_data
        return ActualsRequest(
            kind=data["kind"],
            net_weight_kg=data["net_weight_kg"],
            shipment_ref=data.get("shipment_ref", ""),
            shipped_on=data.get("shipped_on"),
            entry_number=data.get("entry_number", ""),
        )


class AmendSerializer(CallSerializer):
    """An amendment: lower weight, lots, transport details."""

    net_weight_kg = KilogramsField(required=False)
    lots = serializers.ListField(child=LotSerializer(), required=False, max_length=2000)
    transport = TransportSerializer(required=False)
    departure_date = serializers.DateField(required=False)

    def call_request(self) -> AmendRequest:
        """The amendment."""
        data = self.validated_data
        return AmendRequest(
            net_weight_kg=data.get("net_weight_kg"),
            lots=_lots(data["lots"]) if "lots" in data else None,
            transport=dict(data["transport"]) if "transport" in data else None,
            departure_date=data.get("departure_date"),
        )


class VoidSerializer(CallSerializer):
    """A void and its reason."""

    reason = _text(1000)

    def call_request(self) -> VoidRequest:
        """The void."""
        return VoidRequest(self.validated_data["reason"])


class FaultSerializer(StrictSerializer):
    """A fault rule: with ``probability``, or for the ``next`` n calls (1 when neither is given)."""

    kind = serializers.ChoiceField(choices=FaultKind.values)
    operation = serializers.ChoiceField(choices=("*", *OPERATIONS), default="*")
    certifier_code = serializers.RegexField(r"\A\d{3}\Z", required=False)
    probability = serializers.FloatField(required=False, min_value=0, max_value=1)
    params = serializers.DictField(required=False)

    def get_fields(self) -> dict[str, Any]:
        """``next`` is a word of Python's, so the field is added here."""
        return {
            **super().get_fields(),
            "next": serializers.IntegerField(required=False, min_value=1, max_value=1_000_000),
        }
