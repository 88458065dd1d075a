"""A page with every component in every state, for developers and for the accessibility tests. Not routed in production."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.checks import Finding, Outcome
from core.forms import (
    CodeInput,
    DateInput,
    Fieldset,
    NumberText,
    PortalForm,
    QuantityField,
    RadioTiles,
    RowFormSet,
    SearchableSelect,
)
from core.templatetags._states import STATES


class SampleForm(PortalForm):
    """One field of each kind."""

    product = forms.CharField(label=_("Product name as on the label"), help_text=_("Exactly as printed."))
    importer = forms.ChoiceField(
        label=_("Importer of record"),
        choices=[("", _("Choose")), ("1", "Blue Harbor Roasters, Seattle"), ("2", "Sierra Fruit Company, Fresno")],
        widget=SearchableSelect,
    )
    nop_id = forms.CharField(label=_("NOP ID"), widget=CodeInput, max_length=10, help_text=_("Ten digits."))
    quantity = QuantityField(label=_("Net quantity"), min_value=Decimal("0.001"))
    unit = forms.ChoiceField(label=_("Unit"), choices=[("KGM", "kg"), ("LBR", "lb")])
    starts = forms.DateField(label=_("First day"), widget=DateInput)
    ends = forms.DateField(label=_("Last day"), widget=DateInput, required=False)
    kind = forms.ChoiceField(
        label=_("What is it for?"),
        choices=[("one", _("One shipment")), ("several", _("Several shipments in a period"))],
        widget=RadioTiles(
            hints={
                "one": _("Transport, containers and invoice are known now."),
                "several": _("Transport is given with each shipment."),
            }
        ),
    )
    modes = forms.MultipleChoiceField(
        label=_("Documents to follow"),
        choices=[("bl", _("Bill of lading")), ("inv", _("Invoice"))],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    document = forms.FileField(label=_("Supplier certificate"), required=False, help_text=_("PDF, up to 20 MB."))
    remarks = forms.CharField(label=_("Note to the reviewer"), widget=forms.Textarea, required=False)
    plain = forms.CharField(label=_("Password"), widget=forms.PasswordInput, required=False)
    declared = forms.BooleanField(label=_("I declare that this is true and complete."))

    fieldsets = (
        Fieldset(_("Goods"), ["product", ("quantity", "unit")], _("One certificate covers one product.")),
        Fieldset(_("Parties and period"), ["importer", "nop_id", ("starts", "ends"), "kind"]),
    )


class LotForm(PortalForm):
    """A row of a formset."""

    lot = forms.CharField(label=_("Lot number"), widget=CodeInput)
    kilograms = forms.DecimalField(label=_("Weight in kg"), widget=NumberText, required=False)


class LotFormSet(RowFormSet):
    """Lots of a request."""

    row_label = _("Lot")
    add_label = _("Add a lot")


def _findings() -> list[Finding | dict[str, Any]]:
    volume = {
        "asked_kg": "21000.000",
        "available_kg": "19250.000",
        "already_reserved_kg": "0.000",
        "over_kg": "1750.000",
    }
    name = [["equal", "Organic green coffee, "], ["delete", "washed"], ["insert", "natural"], ["equal", " arabica"]]
    return [
        Finding("VOL-1", Outcome.FAIL, "21,000 kg asked; 19,250 kg available.", volume, "quantity", False),
        Finding("PVF-2", Outcome.FAIL, "The product name differs from the label name.", {"difference": name}),
        Finding(
            "HTS-3",
            Outcome.WARN,
            "Organic codes exist under the same first eight digits.",
            {"codes": ["0901110015", "0901110025"]},
        ),
        Finding("DUP-2", Outcome.WARN, "Seen elsewhere within 60 days.", {}, staff_only=True),
        Finding(
            "EXP-1",
            Outcome.PASS,
            "The exporter is Certified.",
            {"directory": "Certified", "directory_date": "2026-01-05"},
        ),
        Finding("QTY-1", Outcome.PASS, "Net is not above gross.", {"net_kg": "19250", "gross_kg": "19500.5"}),
        Finding("CTR-1", Outcome.NOT_APPLICABLE, "No sea container is given."),
    ]


def _events(now: dt.datetime) -> list[dict[str, Any]]:
    return [
        {"when": now, "what": "Approved", "who": "Ana Approver", "tone": "good", "icon": "check"},
        {
            "when": now - dt.timedelta(hours=5),
            "what": "Answer complete",
            "who": "Pedro Preparer",
            "tone": "info",
            "icon": "chat",
        },
        {
            "when": now - dt.timedelta(days=1),
            "what": "Information requested",
            "who": "Rita Reviewer",
            "detail": "Which vessel carries the container?",
            "tone": "wait",
            "icon": "help",
        },
        {
            "when": now - dt.timedelta(days=2),
            "what": "Submitted",
            "who": "Sam Signatory",
            "on_behalf_of": "Cafetal Andino",
        },
    ]


STEPS = [
    {"name": _("Product and quantity"), "state": "complete", "url": "#a", "hint": "Green coffee, 19,250 kg"},
    {"name": _("Parties"), "state": "in_progress", "url": "#b"},
    {"name": _("Lots"), "state": "not_started", "url": "#c"},
    {"name": _("Documents"), "state": "attention", "url": "#d", "hint": _("The invoice is missing.")},
    {"name": _("Submit"), "state": "blocked", "url": ""},
]

COMPARE = [
    {
        "label": _("Product name"),
        "left": "Organic green coffee, natural",
        "right": "Organic green coffee, washed",
        "segments": [("equal", "Organic green coffee, "), ("delete", "natural"), ("insert", "washed")],
    },
    {"label": _("HTS code"), "left": "0901.11.00.15", "right": "0901.11.00.15"},
    {"label": _("Origin"), "left": "Peru", "right": "Peru, Bolivia", "same": True, "note": _("allowed")},
    {"label": _("Net weight"), "left": "21,000 kg", "right": "19,250 kg"},
]


def _queue(now: dt.datetime) -> list[dict[str, Any]]:
    rows = []
    for number, (state, hours) in enumerate(
        [("submitted", -3), ("in_review", 5), ("information_requested", 30), ("submitted", 72), ("submitted", 160)]
    ):
        rows.append(
            {
                "reference": f"R-2026-{1041 + number:05d}",
                "exporter": ["Cafetal Andino S.A.C.", "Bananera del Guayas", "Aguacates Uruapan"][number % 3],
                "product": ["Organic green coffee", "Organic bananas", "Organic avocados"][number % 3],
                "kg": Decimal("19250.5") * (number + 1),
                "state": state,
                "deadline": now + dt.timedelta(hours=hours),
                "mine": number == 1,
                "flag": number == 3,
            }
        )
    return rows


def styleguide(request: HttpRequest) -> HttpResponse:
    """Render all components; `?empty` shows empty states, a POST shows the form's errors."""
    now = timezone.now()
    form = SampleForm(request.POST or None, request.FILES or None)
    lots_class = forms.formset_factory(LotForm, formset=LotFormSet, extra=1, max_num=10, can_delete=True)
    lots: Any = lots_class(request.POST or None, prefix="lots")
    if request.method == "POST" and lots.wants_row:
        form, lots = SampleForm(), lots.with_another_row()
    if "messages" in request.GET:
        messages.success(request, _("The draft was saved."))
        messages.warning(request, _("The directory is older than 35 days."))
        messages.error(request, _("The request was changed by someone else."))
        messages.info(request, _("A reviewer is working on this request."))
    balance = {"available": "19250", "reserved": "8000", "certified": "12750.5", "shipped": "10000"}
    context = {
        "form": form,
        "lots": lots,
        "findings": _findings(),
        "events": _events(now),
        "steps": STEPS,
        "compare_rows": COMPARE,
        "balance": balance,
        "queue": _queue(now),
        "page": Paginator(range(1, 181), 20).get_page(request.GET.get("page")),
        "states": {kind: list(states) for kind, states in STATES.items()},
        "summary": [
            (_("Exporter"), "Cafetal Andino S.A.C."),
            (_("Importer"), "Blue Harbor Roasters", "#importer"),
            (_("Port of lading"), ""),
        ],
        "now": now,
        "clocks": [now + dt.timedelta(days=4), now + dt.timedelta(hours=6), now - dt.timedelta(hours=3)],
    }
    return render(request, "components/styleguide.html", context)
