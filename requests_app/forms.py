"""Forms of a request. A draft may be saved half-filled: nothing is required before it is submitted.

Each form carries the version that was read, so that a stale one is told what somebody else changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar
from zoneinfo import available_timezones

from django import forms
from django.forms import formset_factory
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from core.forms import (
    CodeInput,
    DateInput,
    Fieldset,
    PortalForm,
    QuantityField,
    RadioTiles,
    RowFormSet,
    SearchableSelect,
)
from core.templatetags.portal_format import hts, kg
from core.units import Unit
from organizations.rules import rules_of
from pvf.domain.lines import OfferedLine
from pvf.models import HtsCode
from requests_app.models import DocumentKind, Question, Request, RequestKind, RequestState, TransportMode

Choices = list[tuple[Any, Any]]
EMPTY: tuple[str, str | Promise] = ("", _("Choose"))


class HomeForm(PortalForm):
    """What to show of one's requests."""

    text = forms.CharField(label=_("Reference, product or importer"), required=False, max_length=80)
    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("All states")), *RequestState.choices])
    mark_optional = False


class StartForm(PortalForm):
    """The one thing that decides what is asked for next."""

    kind = forms.ChoiceField(
        label=_("What is the certificate for?"),
        choices=[
            (RequestKind.SINGLE, _("One shipment")),
            (RequestKind.MULTIPLE, _("Several shipments in a period")),
        ],
        widget=RadioTiles(
            hints={
                RequestKind.SINGLE: _("Transport, containers and invoices are known now."),
                RequestKind.MULTIPLE: _("Transport, containers and invoices come with each shipment."),
            }
        ),
    )

    def __init__(self, *args: Any, exporters: Choices | None = None, **kwargs: Any) -> None:
        """``exporters``: those for whom a broker may begin a draft; None for an exporter's own people."""
        super().__init__(*args, **kwargs)
        if exporters is not None:
            choices = exporters if len(exporters) == 1 else [EMPTY, *exporters]
            self.fields["exporter"] = forms.ChoiceField(label=_("On behalf of"), choices=choices)
            self.order_fields(["exporter", "kind"])


class DraftForm(PortalForm):
    """One task of a draft. Subclasses name the request's fields; the choices come from the exporter's own data."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    mark_optional = False

    def __init__(
        self, *args: Any, request_obj: Request, offered: Sequence[OfferedLine] = (), **kwargs: Any
    ) -> None:  # fmt: skip
        self.request_obj = request_obj
        self.offered = list(offered)
        names = [name for name in self.base_fields if name != "version"]
        stored = {name: getattr(request_obj, name) for name in names if hasattr(request_obj, name)}
        initial = {**stored, "version": request_obj.version, **kwargs.pop("initial", {})}
        super().__init__(*args, initial=initial, **kwargs)
        for name in names:
            self.fields[name].required = False
        self.prepare()

    def prepare(self) -> None:
        """Fill in choices that depend on the exporter."""

    def choose(self, name: str, choices: Choices) -> None:
        """Set the choices of a field; a value that is stored stays choosable."""
        stored = getattr(self.request_obj, name, "")
        known = {str(value) for value, _label in _flat(choices)}
        if stored and str(stored) not in known:
            choices = [*choices, (str(stored), str(stored))]
        field: Any = self.fields[name]
        field.choices = choices

    def changes(self) -> dict[str, Any]:
        """What to save: the request's fields, without the version."""
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}


def _flat(choices: Choices) -> Choices:
    flat: Choices = []
    for value, label in choices:
        flat.extend(label if isinstance(label, list) else [(value, label)])
    return flat


class ProductForm(DraftForm):
    """Which line of the PVF, and what the label says."""

    line_id = forms.ChoiceField(label=_("Product of your PVF"), widget=RadioTiles)
    label_name = forms.CharField(
        label=_("Product name as on the label"),
        max_length=200,
        help_text=_("Exactly as printed; it is compared letter by letter."),
    )
    hts_code = forms.ChoiceField(label=_("HTS code"), help_text=_("The codes that stand on your PVF lines."))
    origin = forms.ChoiceField(label=_("Country of origin"), help_text=_("Where the product was grown."))
    standard = forms.ChoiceField(label=_("Organic standard"))
    harvest_year = forms.IntegerField(
        label=_("Harvest year"), min_value=1990, max_value=2100,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "class": "portal-input--short"}),
    )  # fmt: skip
    fieldsets = (
        Fieldset(_("Product"), ["line_id", "label_name"], _("One certificate covers one product.")),
        Fieldset(_("Classification"), ["hts_code", ("origin", "harvest_year"), "standard"]),
    )

    def prepare(self) -> None:
        lines: Choices = []
        hints: dict[str, str] = {}
        for row in self.offered:
            key = str(row.line.pk)
            lines.append((key, row.terms.product_name))
            words = {
                "label": row.terms.label_name, "kg": kg(row.balance.available), "pvf": row.pvf.number,
                "number": row.line.line_number,
            }  # fmt: skip
            hints[key] = _now("%(kg)s left · label “%(label)s” · %(pvf)s, line %(number)s") % words
        widget: Any = self.fields["line_id"].widget
        widget.hints = hints
        self.choose("line_id", lines)
        wanted = {code for row in self.offered for code in row.terms.hts_codes}
        words_of = dict(HtsCode.objects.filter(pk__in=wanted).values_list("code", "description"))
        groups: Choices = [
            (row.terms.product_name, [(code, _code(code, words_of)) for code in row.terms.hts_codes])
            for row in self.offered
        ]
        self.choose("hts_code", [EMPTY, *groups])
        origins = sorted({origin for row in self.offered for origin in row.terms.origins})
        self.choose("origin", [EMPTY, *((code, code) for code in origins)])
        standards = rules_of(self.request_obj.certifier_id).standards
        self.choose("standard", [EMPTY, *((name, name) for name in standards)])


def _code(code: str, words: Mapping[str, str]) -> str:
    text = words.get(code, "")
    short = text if len(text) <= 70 else text[:69] + "\N{HORIZONTAL ELLIPSIS}"
    return f"{hts(code)} {short}".strip()


class QuantityForm(DraftForm):
    """How much: net decides, gross is compared."""

    entered_quantity = QuantityField(label=_("Net quantity"), min_value=Decimal("0.001"))
    entered_unit = forms.ChoiceField(label=_("Unit"), choices=Unit.choices)
    gross_kg = QuantityField(label=_("Gross weight (kg)"), min_value=Decimal("0.001"))
    packages_kind = forms.CharField(
        label=_("Kind of packages"), max_length=60, help_text=_("Such as bags, cartons, drums.")
    )
    packages_number = forms.IntegerField(
        label=_("Number of packages"), min_value=0, max_value=2_000_000_000,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "class": "portal-input--short"}),
    )  # fmt: skip
    fieldsets = (
        Fieldset(_("Weight"), [("entered_quantity", "entered_unit"), "gross_kg"]),
        Fieldset(_("Packages"), [("packages_kind", "packages_number")]),
    )


class PartiesForm(DraftForm):
    """Who imports, who receives, who handled last."""

    importer_nop_id = forms.CharField(
        label=_("Importer's NOP ID"), max_length=14, widget=CodeInput,
        help_text=_("Ten digits, as in the Organic Integrity Database. The importer is looked up when you save."),
    )  # fmt: skip
    importer_contact_email = forms.EmailField(label=_("Importer's contact e-mail"))
    recipient_name = forms.CharField(label=_("Recipient in the USA"), max_length=200)
    recipient_nop_id = forms.CharField(label=_("Recipient's NOP ID"), max_length=14, widget=CodeInput)
    consignee_name = forms.CharField(label=_("Ultimate consignee"), max_length=200)
    consignee_address = forms.CharField(label=_("Consignee's address"), max_length=300)
    destination_city = forms.CharField(label=_("Destination city"), max_length=100)
    destination_state = forms.CharField(
        label=_("Destination state"),
        max_length=2,
        help_text=_("Two letters, such as CA."),
        widget=forms.TextInput(attrs={"class": "portal-input--short"}),
    )
    last_handler_nop_id = forms.CharField(
        label=_("Final handler's NOP ID"), max_length=14, widget=CodeInput,
        help_text=_("Who last handled the product before export, where it was not you."),
    )  # fmt: skip
    fieldsets = (
        Fieldset(_("Importer of record"), ["importer_nop_id", "importer_contact_email"]),
        Fieldset(
            _("Recipient and consignee"),
            [
                "recipient_name", "recipient_nop_id", "consignee_name", "consignee_address",
                ("destination_city", "destination_state"),
            ],
        ),
        Fieldset(_("Before export"), ["last_handler_nop_id"]),
    )  # fmt: skip


class TransportForm(DraftForm):
    """How and when the goods leave."""

    transport_mode = forms.ChoiceField(label=_("Transport"), choices=[EMPTY, *TransportMode.choices])
    port_of_lading = forms.CharField(label=_("Port of lading"), max_length=100)
    port_time_zone = forms.ChoiceField(
        label=_("Port's time zone"),
        widget=SearchableSelect,
        help_text=_("A day of departure ends by the port's clock."),
    )
    vessel = forms.CharField(label=_("Vessel or flight"), max_length=100)
    bill_of_lading = forms.CharField(
        label=_("Bill of lading or air waybill"),
        max_length=60,
        widget=CodeInput,
        help_text=_("Leave it out where it is not made yet."),
    )
    departure_date = forms.DateField(label=_("Planned departure"), widget=DateInput)
    fieldsets = (
        Fieldset(_("Departure"), ["transport_mode", ("port_of_lading", "port_time_zone"), "departure_date"]),
        Fieldset(_("Vessel and papers"), ["vessel", "bill_of_lading"]),
    )

    def prepare(self) -> None:
        zones = sorted(
            zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/"))
        )
        self.choose("port_time_zone", [EMPTY, *((zone, zone.replace("_", " ")) for zone in zones)])


class PeriodForm(DraftForm):
    """The days between which the certificate serves."""

    start_date = forms.DateField(label=_("First day"), widget=DateInput)
    end_date = forms.DateField(label=_("Last day"), widget=DateInput)
    fieldsets = (Fieldset(_("Period of the certificate"), [("start_date", "end_date")], _("Both days count.")),)


class VersionForm(PortalForm):
    """An act on one version of a request, without anything to fill in."""

    version = forms.IntegerField(widget=forms.HiddenInput)


class LotForm(PortalForm):
    """A lot."""

    lot = forms.CharField(label=_("Lot number"), max_length=60, widget=CodeInput)
    kg = QuantityField(label=_("Net kg of this lot"), min_value=Decimal("0.001"))
    declared_kg = QuantityField(label=_("Whole lot (kg)"), min_value=Decimal("0.001"), required=False)


class ContainerForm(PortalForm):
    """A container or vehicle."""

    number = forms.CharField(label=_("Container number"), max_length=20, widget=CodeInput)
    seal = forms.CharField(label=_("Seal number"), max_length=40, required=False, widget=CodeInput)


class InvoiceForm(PortalForm):
    """A supplier's invoice."""

    number = forms.CharField(label=_("Invoice number"), max_length=60, widget=CodeInput)
    supplier_nop_id = forms.CharField(label=_("Supplier's NOP ID"), max_length=10, required=False, widget=CodeInput)
    kg = QuantityField(label=_("Kilograms on the invoice"), min_value=Decimal("0.001"), required=False)
    invoice_date = forms.DateField(label=_("Invoice date"), widget=DateInput, required=False)


class LotRows(RowFormSet):
    """Lots; they have to add up to the net weight."""

    row_label = _("Lot")
    add_label = _("Add a lot")


class ContainerRows(RowFormSet):
    """Containers."""

    row_label = _("Container")
    add_label = _("Add a container")


class InvoiceRows(RowFormSet):
    """Suppliers' invoices."""

    row_label = _("Invoice")
    add_label = _("Add an invoice")


ROWS: dict[str, Any] = {
    part: formset_factory(form, formset=rows, extra=0, max_num=200, validate_max=True, can_delete=True)
    for part, form, rows in (
        ("lots", LotForm, LotRows),
        ("containers", ContainerForm, ContainerRows),
        ("invoices", InvoiceForm, InvoiceRows),
    )
}


class DocumentForm(PortalForm):
    """A document to add."""

    kind = forms.ChoiceField(label=_("Kind of document"))
    file = forms.FileField(label=_("File"), help_text=_("PDF, JPEG, PNG or XLSX, up to 20 MB."))

    def __init__(self, *args: Any, kinds: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["kind"]
        field.choices = [EMPTY, *((k, v) for k, v in DocumentKind.choices if not kinds or k in kinds)]


class SubmitForm(VersionForm):
    """The signatory's word."""

    declared = forms.BooleanField(
        label=_("I declare that what this request says is true and complete."),
        error_messages={"required": _("Tick the declaration before you submit.")},
    )


#: The form that knows how a field of a request is asked for.
_FORM_OF: dict[str, type[DraftForm]] = {
    name: form
    for form in (ProductForm, QuantityForm, PartiesForm, TransportForm, PeriodForm)
    for name in form.base_fields
    if name != "version"
}


class AnswerForm(DraftForm):
    """The answer to a question, with the fields that the question names and no others."""

    answer = forms.CharField(label=_("Your answer"), widget=forms.Textarea(attrs={"rows": 4}), max_length=5000)
    not_fields: ClassVar[frozenset[str]] = frozenset({"version", "answer"})

    def __init__(self, *args: Any, question: Question, **kwargs: Any) -> None:
        self.question = question
        super().__init__(*args, initial={"answer": question.answer}, **kwargs)

    def prepare(self) -> None:
        self.fields["answer"].required = True
        kinds: dict[type[DraftForm], DraftForm] = {}
        for name in self.question.fields:
            kind = _FORM_OF.get(name)
            if kind is None:
                continue
            if kind not in kinds:
                kinds[kind] = kind(request_obj=self.request_obj, offered=self.offered)
            self.fields[name] = kinds[kind].fields[name]
            self.initial[name] = kinds[kind].initial.get(name)
        if "entered_quantity" in self.fields and "entered_unit" not in self.fields:
            self.fields["entered_quantity"].help_text = self.request_obj.get_entered_unit_display()
