"""A PVF's life as the API takes and gives it: kilograms as text with three places, days as ISO 8601, times in UTC."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.serializers import exact_quantity, kilograms
from core.units import Unit
from organizations.models import Scope
from pvf.domain import basis as volume
from pvf.domain.basis import Conversion, Purchase, VolumeBasis
from pvf.domain.rows import ProposedLine
from pvf.models import PVF, CarryOver, ProcessingReport, PVFDocument, PVFLineTerms, PVFVersion

ZERO = Decimal(0)
#: Names by which the API's document knows these choices (``ENUM_NAME_OVERRIDES``).
PVFState, VersionState, VersionKind = PVF.State, PVFVersion.State, PVFVersion.Kind
EvidenceKind, ReportState = PVFDocument.Kind, ProcessingReport.State


class PurchaseData(serializers.Serializer[Any]):
    """A purchase: kilograms, supplier, the invoice's number, the uploaded document."""

    kg = kilograms()
    supplier_nop_id = serializers.CharField(max_length=10, required=False, allow_blank=True, default="")
    supplier_name = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    reference = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")
    of_input = serializers.BooleanField(required=False, default=False)
    document = serializers.UUIDField(required=False, allow_null=True, default=None)


class ConversionData(serializers.Serializer[Any]):
    """``input_kg`` kg of the input product give ``output_kg`` kg of the line's product."""

    input_product = serializers.CharField(max_length=200)
    input_kg = kilograms()
    output_kg = kilograms()
    input_line = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=1, max_value=9999)


class BasisData(serializers.Serializer[Any]):
    """What supports the volume of a line."""

    opening_kg = kilograms(required=False, default=ZERO)
    production_kg = kilograms(required=False, default=ZERO)
    input_production_kg = kilograms(required=False, default=ZERO)
    purchases = PurchaseData(many=True, required=False, default=list)
    conversion = ConversionData(required=False, allow_null=True, default=None)


def basis_of(given: dict[str, Any] | None) -> VolumeBasis:
    """The basis that was sent."""
    if not given:
        return volume.EMPTY
    conversion = given["conversion"]
    return VolumeBasis(
        given["opening_kg"], given["production_kg"], given["input_production_kg"],
        tuple(Purchase(**row) for row in given["purchases"]), Conversion(**conversion) if conversion else None,
    )  # fmt: skip


class LineData(serializers.Serializer[Any]):
    """A line as proposed."""

    line_number = serializers.IntegerField(min_value=1, max_value=9999)
    product_name = serializers.CharField(max_length=200)
    label_name = serializers.CharField(max_length=200)
    scope = serializers.ChoiceField(choices=Scope.choices)
    hts_codes = serializers.ListField(child=serializers.CharField(max_length=10), allow_empty=False, max_length=100)
    origins = serializers.ListField(child=serializers.CharField(max_length=2), allow_empty=False, max_length=100)
    quantity = exact_quantity()
    unit = serializers.ChoiceField(choices=Unit.choices, default=Unit.KGM)
    volume_basis = serializers.CharField(max_length=10_000, required=False, allow_blank=True, default="")
    basis = BasisData(required=False, allow_null=True, default=None)


def row_of(given: dict[str, Any]) -> ProposedLine:
    """The line that was sent; the domain checks it."""
    values = {**given, "hts_codes": tuple(given["hts_codes"]), "origins": tuple(given["origins"])}
    return ProposedLine(**{**values, "basis": basis_of(given["basis"])})


class ProposalInput(serializers.Serializer[Any]):
    """A whole PVF to propose; staff name the client. With ``draft`` it is kept as a draft and its lines sent one by one."""

    client = serializers.UUIDField(required=False)
    number = serializers.CharField(max_length=40)
    period_start = serializers.DateField()
    period_end = serializers.DateField()
    note = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")
    draft = serializers.BooleanField(required=False, default=False)
    lines = LineData(many=True, required=False, default=list)


class DraftLineInput(LineData):
    """A line of a draft, at the revision that the caller saw."""

    revision = serializers.IntegerField(min_value=0)


class RevisionInput(serializers.Serializer[Any]):
    """The revision of the draft that the caller saw."""

    revision = serializers.IntegerField(min_value=0)


class ReasonInput(serializers.Serializer[Any]):
    """Why."""

    reason = serializers.CharField(max_length=2000)


class OptionalReasonInput(serializers.Serializer[Any]):
    """Why, where there is something to say."""

    reason = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")


class CarriedInput(serializers.Serializer[Any]):
    """What one line of the new year takes over; 0 is a decision too."""

    line = serializers.UUIDField()
    kg = kilograms(min_value=ZERO)


class ApproveInput(serializers.Serializer[Any]):
    """``compared_with``: the version that was in force when the manager compared (``none`` where there was none)."""

    compared_with = serializers.CharField(max_length=36, required=False, allow_blank=True, default="")
    carried = CarriedInput(many=True, required=False, default=list)
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class FilesInput(serializers.Serializer[Any]):
    """Documents of one kind."""

    kind = serializers.ChoiceField(choices=PVFDocument.Kind.choices)
    files = serializers.ListField(child=serializers.FileField(), allow_empty=False, max_length=20)


class TopUpInput(FilesInput):
    """More of one line; the purchase or the harvest that supports it."""

    quantity = exact_quantity()
    unit = serializers.ChoiceField(choices=Unit.choices, default=Unit.KGM)
    reason = serializers.CharField(max_length=2000)
    bought_kg = kilograms(required=False, default=ZERO)
    supplier_nop_id = serializers.CharField(max_length=10, required=False, allow_blank=True, default="")
    supplier_name = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    reference = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")
    harvested_kg = kilograms(required=False, default=ZERO)


class ProcessingInput(FilesInput):
    """What was processed: ``ratio_input`` kg of the input line's product gave ``ratio_output`` kg of the output line's."""

    input_line = serializers.UUIDField()
    output_line = serializers.UUIDField()
    quantity = exact_quantity()
    unit = serializers.ChoiceField(choices=Unit.choices, default=Unit.KGM)
    ratio_input = kilograms()
    ratio_output = kilograms()
    processed_on = serializers.DateField()
    reason = serializers.CharField(max_length=2000)


class NextYearInput(serializers.Serializer[Any]):
    """Number and period of the new year's PVF."""

    number = serializers.CharField(max_length=40)
    period_start = serializers.DateField()
    period_end = serializers.DateField()


class DocumentRow(serializers.ModelSerializer[PVFDocument]):
    """A document by its name and hash."""

    name = serializers.CharField(source="file.original_name")
    sha256 = serializers.CharField(source="file.sha256")

    class Meta:
        model = PVFDocument
        fields = ("id", "kind", "name", "sha256", "added_at")


class TermsRow(serializers.ModelSerializer[PVFLineTerms]):
    """What a line says in a version, and the sum of its basis (kg) beside what is authorised."""

    line = serializers.UUIDField(source="line_id")
    line_number = serializers.IntegerField(source="line.line_number")
    basis = serializers.SerializerMethodField()
    basis_kg = serializers.SerializerMethodField()

    class Meta:
        model = PVFLineTerms
        fields = (
            "line", "line_number", "product_name", "label_name", "scope", "hts_codes", "origins", "authorised_kg",
            "entered_quantity", "entered_unit", "volume_basis", "basis", "basis_kg",
        )  # fmt: skip

    @extend_schema_field(BasisData)
    def get_basis(self, row: PVFLineTerms) -> dict[str, Any]:
        """The figures; an empty object where none are given."""
        return dict(BasisData(volume.from_json(row.basis)).data)

    @extend_schema_field(serializers.DecimalField(max_digits=15, decimal_places=3))
    def get_basis_kg(self, row: PVFLineTerms) -> str:
        """What the figures add up to."""
        return f"{volume.from_json(row.basis).total:.3f}"


class CarryRow(serializers.ModelSerializer[CarryOver]):
    """What a line asks to carry over, and what was decided."""

    line = serializers.UUIDField(source="line_id")
    from_line = serializers.UUIDField(source="from_line_id")

    class Meta:
        model = CarryOver
        fields = ("line", "from_line", "asked_kg", "decided_kg", "reason", "decided_at")


class VersionRow(serializers.ModelSerializer[PVFVersion]):
    """A version of a PVF."""

    pvf = serializers.UUIDField(source="pvf_id")
    pvf_number = serializers.CharField(source="pvf.number")

    class Meta:
        model = PVFVersion
        fields = (
            "id", "pvf", "pvf_number", "number", "kind", "state", "revision", "note", "proposed_at", "decided_at",
            "decision_reason", "in_force_from", "in_force_until",
        )  # fmt: skip


class VersionOutput(VersionRow):
    """A version with its lines, documents and carry-overs; a top-up that waits has the line it adds to."""

    lines = TermsRow(many=True, source="terms")
    documents = serializers.SerializerMethodField()
    carry_overs = CarryRow(many=True)
    top_up_line = serializers.UUIDField(source="top_up.line_id", default=None, allow_null=True)
    top_up_kg = serializers.DecimalField(
        source="top_up.kg", max_digits=14, decimal_places=3, default=None, allow_null=True
    )

    class Meta(VersionRow.Meta):
        fields = (*VersionRow.Meta.fields, "lines", "documents", "carry_overs", "top_up_line", "top_up_kg")

    @extend_schema_field(DocumentRow(many=True))
    def get_documents(self, row: PVFVersion) -> list[dict[str, Any]]:
        """The evidence that is there."""
        return list(DocumentRow(row.documents.filter(removed_at=None).select_related("file"), many=True).data)


class ReportOutput(serializers.ModelSerializer[ProcessingReport]):
    """A processing report: input × ratio_output ÷ ratio_input = output, rounded once."""

    pvf = serializers.UUIDField(source="pvf_id")
    input_line = serializers.UUIDField(source="input_line_id")
    output_line = serializers.UUIDField(source="output_line_id")

    class Meta:
        model = ProcessingReport
        fields = (
            "id", "pvf", "input_line", "output_line", "entered_quantity", "entered_unit", "input_kg", "ratio_input",
            "ratio_output", "output_kg", "processed_on", "reason", "state", "reported_at", "decided_at",
            "decision_reason",
        )  # fmt: skip


class VersionQuery(serializers.Serializer[Any]):
    """Which versions."""

    pvf = serializers.UUIDField(required=False)
    state = serializers.ChoiceField(choices=PVFVersion.State.choices, required=False)


class AtQuery(serializers.Serializer[Any]):
    """The moment."""

    at = serializers.DateTimeField()


def decided(rows: Sequence[dict[str, Any]]) -> dict[uuid.UUID, Decimal]:
    """Kilograms by line."""
    return {row["line"]: row["kg"] for row in rows}
