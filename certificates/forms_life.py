"""Forms of what happens after the issue: amend down, void, total, receipt, settling an overage."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from certificates.domain.amending import Asked
from certificates.models import OidMark
from core.forms import DateInput, Fieldset, PortalForm, QuantityField
from core.units import Unit
from requests_app.models import TransportMode


class AmendForm(PortalForm):
    """A lower weight, other transport. ``content``: how the certificate reads today; the hidden fields say what was seen."""

    net_kg = QuantityField(
        label=_("Certified weight (kg)"), min_value=Decimal("0.001"), help_text=_("It only goes down.")
    )
    lots = forms.CharField(
        label=_("Lots"), max_length=8000, required=False, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One a line: the lot, a space, its kilograms. Weights only go down; leave a lot out if none of it goes."),
    )  # fmt: skip
    transport_mode = forms.ChoiceField(label=_("Transport"), choices=TransportMode.choices, required=False)
    port_of_lading = forms.CharField(label=_("Port of lading"), max_length=100, required=False)
    vessel = forms.CharField(label=_("Vessel or flight"), max_length=100, required=False)
    bill_of_lading = forms.CharField(label=_("Bill of lading or air waybill"), max_length=60, required=False)
    departure_date = forms.DateField(label=_("Departure"), widget=DateInput, required=False)
    containers = forms.CharField(
        label=_("Containers"), max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One a line: the container, a space, its seal if there is one."),
    )  # fmt: skip
    reason = forms.CharField(label=_("Reason"), max_length=300, help_text=_("Exporter and importer read it."))
    expected_kg = forms.DecimalField(widget=forms.HiddenInput)
    expected_amendments = forms.IntegerField(widget=forms.HiddenInput, required=False)
    fieldsets = (
        Fieldset(_("Goods"), ["net_kg", "lots"]),
        Fieldset(
            _("Transport"),
            [("transport_mode", "departure_date"), "port_of_lading", "vessel", "bill_of_lading", "containers"],
        ),
        Fieldset(_("Why"), ["reason"]),
    )

    def __init__(self, *args: Any, content: Mapping[str, Any], **kwargs: Any) -> None:
        transport = content["transport"]
        lots = content["lots"]
        initial = {
            "lots": "\n".join(f"{row['lot']} {row['kg']}" for row in lots), "transport_mode": transport["mode"],
            "containers": "\n".join(f"{row['number']} {row['seal']}".strip() for row in content["containers"]),
            **{name: transport[name] for name in ("port_of_lading", "vessel", "bill_of_lading", "departure_date")},
        }  # fmt: skip
        super().__init__(*args, **{**kwargs, "initial": {**initial, **kwargs.get("initial", {})}})
        if not lots or not all(row["kg"] for row in lots):
            del self.fields["lots"]
        if content["kind"] != "single":
            for name in (
                "transport_mode",
                "port_of_lading",
                "vessel",
                "bill_of_lading",
                "departure_date",
                "containers",
            ):
                del self.fields[name]

    def clean_lots(self) -> list[dict[str, Any]]:
        """Lots with their kilograms."""
        return read_lots(self.cleaned_data["lots"])

    def clean_containers(self) -> list[dict[str, str]]:
        """Containers with their seals."""
        lines = [line.split(maxsplit=1) for line in self.cleaned_data["containers"].splitlines() if line.strip()]
        return [{"number": line[0], "seal": line[1] if len(line) > 1 else ""} for line in lines]

    def asked(self) -> Asked:
        """What is to read differently; a field that was not sent at all stays as it is."""
        given = {name: value for name, value in self.cleaned_data.items() if self.add_prefix(name) in self.data}
        names = ("net_kg", "lots", "port_of_lading", "vessel", "bill_of_lading", "departure_date", "containers")
        values = {name: given[name] for name in names if name in given}
        return Asked(mode=given.get("transport_mode"), **values)


class VoidForm(PortalForm):
    """Why a certificate is voided."""

    reason = forms.CharField(label=_("Reason"), max_length=300, help_text=_("Exporter and importer read it."))


class OidSeenForm(PortalForm):
    """What somebody saw of a certificate in OID itself."""

    kind = forms.ChoiceField(
        label=_("OID shows it"), widget=forms.RadioSelect, initial="issued",
        choices=[
            ("issued", _("as it was issued")),
            (OidMark.Kind.VOID, _("as void")),
            (OidMark.Kind.REPLACED, _("as replaced")),
            (OidMark.Kind.MISSING, _("not any more")),
        ],
    )  # fmt: skip
    reason = forms.CharField(
        label=_("Where and when it was seen"), max_length=300, help_text=_("It is kept in the audit trail."),
    )  # fmt: skip

    def clean_kind(self) -> str:
        """The kind of mark; "" where there is none."""
        kind = str(self.cleaned_data["kind"])
        return "" if kind == "issued" else kind


class TotalForm(PortalForm):
    """Nothing more leaves under the certificate."""

    ending_inventory_kg = QuantityField(
        label=_("Ending inventory (kg)"), required=False, min_value=Decimal(0),
        help_text=_("What you have left of the certified goods. Leave it blank if you keep none apart."),
    )  # fmt: skip


class ReceiptForm(PortalForm):
    """What arrived, as the importer weighed it."""

    quantity = QuantityField(label=_("Net quantity received"), min_value=Decimal(0))
    unit = forms.ChoiceField(label=_("Unit"), choices=Unit.choices)
    received_on = forms.DateField(label=_("Received on"), widget=DateInput)
    note = forms.CharField(label=_("Note"), max_length=300, required=False)


class SettleForm(PortalForm):
    """What becomes of an overage."""

    settlement = forms.CharField(
        label=_("Decision"), max_length=300,
        help_text=_("For example: covered by another request; noncompliance opened; weight was a mistake."),
    )  # fmt: skip


def read_lots(text: str) -> list[dict[str, Any]]:
    """Lots as typed, one a line: number, space, kilograms. Raises ``ValidationError`` naming the line."""
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        lot, _space, kg = line.strip().rpartition(" ")
        try:
            if not lot or not re.fullmatch(r"\d+(\.\d{1,3})?", kg):
                raise InvalidOperation
            rows.append({"lot": lot.strip(), "kg": Decimal(kg)})
        except InvalidOperation:
            words = {"line": number, "text": line.strip()[:60]}
            text_ = _(
                "Line %(line)s, “%(text)s”: write the lot, a space, and its kilograms, for example VS-26-014 1250.5."
            )
            raise forms.ValidationError(text_ % words) from None
    return rows
