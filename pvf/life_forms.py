"""Forms of a PVF's life: drafting lines with their volume basis, topping up, processing, a new year."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.forms import formset_factory
from django.utils.translation import gettext_lazy

from core.forms import CodeInput, DateInput, Fieldset, PortalForm, QuantityField, RowFormSet, SearchableSelect
from core.units import Unit
from organizations.models import Scope
from pvf.domain import basis as volume
from pvf.domain.basis import Conversion, Purchase, VolumeBasis
from pvf.domain.documents import Paper
from pvf.domain.processing import Processed
from pvf.domain.rows import ProposedLine
from pvf.domain.top_ups import More
from pvf.models import PVFDocument

ZERO = Decimal(0)
EMPTY = ("", "")


def _codes(text: str) -> tuple[str, ...]:
    return tuple(re.sub(r"[.\s]", "", part) for part in re.split(r"[,;\n]+", text) if part.strip())


class ManyFiles(forms.FileInput):
    """Several files at once."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """A list of files; the domain judges them."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        """The uploads. Raises ``ValidationError`` for none where some are needed."""
        files = [super(FilesField, self).clean(item, initial) for item in (data or [None])]
        return [file for file in files if file]


class EvidenceForm(PortalForm):
    """Documents of one kind."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind of document"), choices=[EMPTY, *PVFDocument.Kind.choices])
    files = FilesField(label=gettext_lazy("Files"), help_text=gettext_lazy("PDF, JPEG, PNG or XLSX, up to 20 MB each."))

    def papers(self) -> list[Paper]:
        """The files with their kind."""
        return [Paper(self.cleaned_data["kind"], file, file.name or "") for file in self.cleaned_data["files"]]


class StartForm(PortalForm):
    """A PVF to begin: whose, its number and its period."""

    client = forms.ChoiceField(label=gettext_lazy("Exporter"), widget=SearchableSelect)
    number = forms.CharField(label=gettext_lazy("PVF number"), max_length=40, widget=CodeInput)
    period_start = forms.DateField(label=gettext_lazy("First day"), widget=DateInput)
    period_end = forms.DateField(label=gettext_lazy("Last day"), widget=DateInput)
    fieldsets = (Fieldset(gettext_lazy("Certification year"), ["client", "number", ("period_start", "period_end")]),)

    def __init__(self, *args: Any, clients: Sequence[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if clients:
            self.fields["client"].choices = [EMPTY, *clients]  # type: ignore[attr-defined]
        else:
            del self.fields["client"]


class RevisionForm(PortalForm):
    """An act on one revision of a draft."""

    revision = forms.IntegerField(widget=forms.HiddenInput)


class HeadForm(RevisionForm):
    """Period and note of a draft."""

    period_start = forms.DateField(label=gettext_lazy("First day"), widget=DateInput)
    period_end = forms.DateField(label=gettext_lazy("Last day"), widget=DateInput)
    note = forms.CharField(
        label=gettext_lazy("Note to the manager"), required=False, max_length=2000, widget=forms.Textarea({"rows": 3})
    )
    fieldsets = (Fieldset(gettext_lazy("Certification year"), [("period_start", "period_end")]),)


def _kg_field(label: Any, **kwargs: Any) -> QuantityField:
    return QuantityField(label=label, required=False, min_value=ZERO, **kwargs)


class LineForm(RevisionForm):
    """One line with its volume basis; purchases come in :data:`PurchaseRows` beside it."""

    product_name = forms.CharField(label=gettext_lazy("Product"), max_length=200)
    label_name = forms.CharField(
        label=gettext_lazy("Name on the label"), max_length=200,
        help_text=gettext_lazy("Exactly as on the label: requests are compared with it letter by letter."),
    )  # fmt: skip
    scope = forms.ChoiceField(label=gettext_lazy("Scope"), choices=[EMPTY, *Scope.choices])
    hts_codes = forms.CharField(
        label=gettext_lazy("HTS codes"), max_length=1000, widget=CodeInput,
        help_text=gettext_lazy("Ten digits each, with or without dots; several separated by commas."),
    )  # fmt: skip
    origins = forms.CharField(
        label=gettext_lazy("Countries of origin"), max_length=200, widget=CodeInput,
        help_text=gettext_lazy("Two letters each, such as PE; several separated by commas."),
    )  # fmt: skip
    quantity = QuantityField(label=gettext_lazy("Volume to authorise"), min_value=ZERO, max_digits=18, decimal_places=6)
    unit = forms.ChoiceField(label=gettext_lazy("Unit"), choices=Unit.choices, initial=Unit.KGM)
    opening_kg = _kg_field(gettext_lazy("Opening inventory (kg)"))
    production_kg = _kg_field(gettext_lazy("Expected production (kg)"))
    input_product = forms.CharField(label=gettext_lazy("Made from"), required=False, max_length=200)
    input_line = forms.IntegerField(
        label=gettext_lazy("Line of this PVF that holds it"), required=False, min_value=1, max_value=9999
    )
    ratio_input = _kg_field(gettext_lazy("Input (kg)"))
    ratio_output = _kg_field(gettext_lazy("gives output (kg)"))
    input_production_kg = _kg_field(gettext_lazy("Expected production of the input (kg)"))
    volume_basis = forms.CharField(
        label=gettext_lazy("Explanation"), required=False, max_length=10_000, widget=forms.Textarea({"rows": 3})
    )
    fieldsets = (
        Fieldset(gettext_lazy("Product"), ["product_name", "label_name", "scope", ("hts_codes", "origins")]),
        Fieldset(gettext_lazy("Volume"), [("quantity", "unit")]),
        Fieldset(gettext_lazy("Volume basis"), [("opening_kg", "production_kg"), "volume_basis"]),
        Fieldset(
            gettext_lazy("Conversion"),
            [("input_product", "input_line"), ("ratio_input", "ratio_output"), "input_production_kg"],
            gettext_lazy(
                "Only where the product is made from another one: 5 kg of cherries give 1 kg of green coffee."
            ),
        ),
    )

    def row(self, line_number: int, purchases: Sequence[Purchase]) -> ProposedLine:
        """The line as typed; the domain checks it."""
        given = self.cleaned_data
        parts = (given["input_product"], given["ratio_input"], given["ratio_output"], given["input_line"])
        conversion = None
        if any(parts):
            conversion = Conversion(parts[0], parts[1] or ZERO, parts[2] or ZERO, parts[3])
        return ProposedLine(
            line_number, given["product_name"], given["label_name"], given["scope"], _codes(given["hts_codes"]),
            tuple(code.upper() for code in _codes(given["origins"])), given["quantity"], given["unit"],
            given["volume_basis"],
            VolumeBasis(
                given["opening_kg"] or ZERO, given["production_kg"] or ZERO, given["input_production_kg"] or ZERO,
                tuple(purchases), conversion,
            ),
        )  # fmt: skip


def initial_of(row: ProposedLine) -> dict[str, Any]:
    """What a line's form shows of what was saved."""
    conversion = row.basis.conversion
    return {
        "product_name": row.product_name, "label_name": row.label_name, "scope": row.scope,
        "hts_codes": ", ".join(row.hts_codes), "origins": ", ".join(row.origins), "quantity": row.quantity,
        "unit": row.unit, "volume_basis": row.volume_basis, "opening_kg": row.basis.opening_kg or None,
        "production_kg": row.basis.production_kg or None, "input_production_kg": row.basis.input_production_kg or None,
        **({} if conversion is None else {
            "input_product": conversion.input_product, "input_line": conversion.input_line,
            "ratio_input": conversion.input_kg, "ratio_output": conversion.output_kg,
        }),
    }  # fmt: skip


class PurchaseForm(PortalForm):
    """One purchase of the volume basis."""

    kg = QuantityField(label=gettext_lazy("Bought (kg)"), min_value=Decimal("0.001"))
    supplier_nop_id = forms.CharField(
        label=gettext_lazy("Supplier's NOP ID"), max_length=10, required=False, widget=CodeInput
    )
    supplier_name = forms.CharField(label=gettext_lazy("Supplier"), max_length=200, required=False)
    reference = forms.CharField(label=gettext_lazy("Document number"), max_length=60, required=False)
    document = forms.ChoiceField(label=gettext_lazy("Document"), required=False)
    of_input = forms.BooleanField(label=gettext_lazy("Of the input product"), required=False)

    def __init__(self, *args: Any, documents: Sequence[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["document"].choices = [EMPTY, *documents]  # type: ignore[attr-defined]

    def purchase(self) -> Purchase:
        """The purchase as typed."""
        given = self.cleaned_data
        return Purchase(
            given["kg"], given["supplier_nop_id"], given["supplier_name"], given["reference"], given["of_input"],
            PVFDocument._meta.pk.to_python(given["document"] or None),
        )  # fmt: skip


class PurchaseFormSet(RowFormSet):
    """Purchases that support the volume."""

    row_label = gettext_lazy("Purchase")
    add_label = gettext_lazy("Add a purchase")


PurchaseRows: Any = formset_factory(
    PurchaseForm, formset=PurchaseFormSet, extra=0, max_num=500, validate_max=True, can_delete=True
)


class TopUpForm(EvidenceForm):
    """More of one line, with the purchase or harvest that supports it."""

    quantity = QuantityField(label=gettext_lazy("Volume to add"), max_digits=18, decimal_places=6)
    unit = forms.ChoiceField(label=gettext_lazy("Unit"), choices=Unit.choices, initial=Unit.KGM)
    bought_kg = _kg_field(gettext_lazy("Bought (kg)"))
    supplier_nop_id = forms.CharField(
        label=gettext_lazy("Supplier's NOP ID"), max_length=10, required=False, widget=CodeInput
    )
    supplier_name = forms.CharField(label=gettext_lazy("Supplier"), max_length=200, required=False)
    reference = forms.CharField(label=gettext_lazy("Document number"), max_length=60, required=False)
    harvested_kg = _kg_field(gettext_lazy("Harvested (kg)"))
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=2000, widget=forms.Textarea({"rows": 3}))
    fieldsets = (
        Fieldset(gettext_lazy("Volume"), [("quantity", "unit"), "reason"]),
        Fieldset(
            gettext_lazy("Volume basis"),
            [("bought_kg", "reference"), ("supplier_nop_id", "supplier_name"), "harvested_kg"],
        ),
        Fieldset(gettext_lazy("Evidence"), ["kind", "files"]),
    )

    def more(self) -> More:
        """The addition as typed."""
        given = self.cleaned_data
        bought = given["bought_kg"]
        purchases = (
            (Purchase(bought, given["supplier_nop_id"], given["supplier_name"], given["reference"]),) if bought else ()
        )
        basis = VolumeBasis(production_kg=given["harvested_kg"] or ZERO, purchases=purchases)
        return More(given["quantity"], given["unit"], given["reason"], basis)


class ProcessingForm(EvidenceForm):
    """What was processed into what, by which ratio, with its record."""

    input_line = forms.ChoiceField(label=gettext_lazy("Processed"))
    output_line = forms.ChoiceField(label=gettext_lazy("Into"))
    quantity = QuantityField(label=gettext_lazy("Quantity of the input"), max_digits=18, decimal_places=6)
    unit = forms.ChoiceField(label=gettext_lazy("Unit"), choices=Unit.choices, initial=Unit.KGM)
    ratio_input = QuantityField(label=gettext_lazy("Input (kg)"), min_value=Decimal("0.001"))
    ratio_output = QuantityField(label=gettext_lazy("gives output (kg)"), min_value=Decimal("0.001"))
    processed_on = forms.DateField(label=gettext_lazy("Day of processing"), widget=DateInput)
    reason = forms.CharField(
        label=gettext_lazy("What was processed, and where"), max_length=2000, widget=forms.Textarea({"rows": 3})
    )
    fieldsets = (
        Fieldset(gettext_lazy("Lines"), [("input_line", "output_line")]),
        Fieldset(
            gettext_lazy("Volume"), [("quantity", "unit"), ("ratio_input", "ratio_output"), "processed_on", "reason"]
        ),
        Fieldset(gettext_lazy("Evidence"), ["kind", "files"]),
    )

    def __init__(self, *args: Any, lines: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("input_line", "output_line"):
            self.fields[name].choices = [EMPTY, *lines]  # type: ignore[attr-defined]

    def processed(self) -> Processed:
        """The report as typed."""
        given = self.cleaned_data
        return Processed(**{name: given[name] for name in Processed.__dataclass_fields__})


class CarryForm(PortalForm):
    """Kilograms for each line of a new year; ``lines``: (id, label, kilograms asked)."""

    def __init__(self, *args: Any, lines: Sequence[tuple[str, str, Decimal]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for pk, label, asked in lines:
            self.fields[f"carry-{pk}"] = QuantityField(label=label, min_value=ZERO, initial=asked)

    def carried(self) -> dict[str, Decimal]:
        """Kilograms by the id of the line."""
        return {
            name.removeprefix("carry-"): kg for name, kg in self.cleaned_data.items() if name.startswith("carry-")
        }  # fmt: skip


class ApproveForm(CarryForm):
    """A manager's decision, on what was compared; carried kilograms need a reason."""

    compared_with = forms.CharField(widget=forms.HiddenInput, max_length=36, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if kwargs.get("lines"):
            self.fields["reason"] = forms.CharField(label=gettext_lazy("Reason for the carry-over"), max_length=300)


def basis_rows(basis: VolumeBasis) -> list[dict[str, Any]]:
    """The purchases as the initial rows of their forms."""
    return [
        {"kg": row.kg, "supplier_nop_id": row.supplier_nop_id, "supplier_name": row.supplier_name,
         "reference": row.reference, "document": str(row.document or ""), "of_input": row.of_input}
        for row in basis.purchases
    ]  # fmt: skip


STEPS = {
    "opening": gettext_lazy("Opening inventory"), "production": gettext_lazy("Expected production"),
    "purchases": gettext_lazy("Purchases"), "converted": gettext_lazy("From the input product by conversion"),
}  # fmt: skip


def sum_of(content: dict[str, Any], authorised: Decimal) -> dict[str, Any]:
    """A basis as a sum that people can follow, beside what it is to support."""
    basis = volume.from_json(content)
    total = basis.total
    return {
        "steps": [{"label": STEPS[step.code], "kg": step.kg, "input_kg": step.input_kg} for step in basis.steps()],
        "total": total, "conversion": basis.conversion, "purchases": basis.purchases, "stated": basis.is_stated,
        "difference": authorised - total, "fits": total == authorised,
    }  # fmt: skip
