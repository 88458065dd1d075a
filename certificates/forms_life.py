"""Forms of what happens after the issue: amend down, void, total, receipt, settling an overage."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms import DateInput, PortalForm, QuantityField
from core.units import Unit


class AmendForm(PortalForm):
    """A lower certified weight. ``expected_kg`` is what the person saw."""

    net_kg = QuantityField(label=_("New certified weight (kg)"), min_value=Decimal("0.001"))
    reason = forms.CharField(label=_("Reason"), max_length=300, help_text=_("Exporter and importer read it."))
    expected_kg = forms.DecimalField(widget=forms.HiddenInput)


class VoidForm(PortalForm):
    """Why a certificate is voided."""

    reason = forms.CharField(label=_("Reason"), max_length=300, help_text=_("Exporter and importer read it."))


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
