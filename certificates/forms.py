"""Forms of this floor: a shipment, its correction, a signing key."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from certificates.forms_life import read_lots
from core.forms import DateInput, Fieldset, PortalForm, QuantityField
from core.units import Unit


class ShipmentForm(PortalForm):
    """One shipment. ``key`` is made with the empty form, so that sending it twice reports once."""

    quantity = QuantityField(label=_("Net quantity that left"), min_value=Decimal("0.001"))
    unit = forms.ChoiceField(label=_("Unit"), choices=Unit.choices)
    departure_date = forms.DateField(
        label=_("Departure"), widget=DateInput, help_text=_("The day the goods left the port or border.")
    )
    transport_document = forms.CharField(label=_("Bill of lading or air waybill"), max_length=60, required=False)
    containers = forms.CharField(
        label=_("Containers"), required=False, max_length=1000, help_text=_("Numbers, with commas between them.")
    )
    lots = forms.CharField(
        label=_("Lots"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One a line: the lot, a space, its kilograms."),
    )  # fmt: skip
    invoices = forms.CharField(
        label=_("Invoices"), required=False, max_length=1000, help_text=_("Numbers, with commas between them.")
    )
    document = forms.FileField(
        label=_("Bill of lading or air waybill, as a file"), required=False, help_text=_("PDF, PNG or JPEG.")
    )
    entry_number = forms.CharField(
        label=_("ACE entry number"), max_length=20, required=False, help_text=_("If the customs broker has given it.")
    )
    key = forms.UUIDField(widget=forms.HiddenInput)
    fieldsets = (
        Fieldset(_("Goods"), [("quantity", "unit"), "departure_date", "lots"]),
        Fieldset(_("Transport"), ["transport_document", "document", "containers", "invoices", "entry_number", "key"]),
    )

    def clean_containers(self) -> list[str]:
        """Container numbers, one by one."""
        return [part for part in re.split(r"[\s,;]+", self.cleaned_data["containers"]) if part]

    def clean_lots(self) -> list[dict[str, Any]]:
        """Lots with their kilograms."""
        return read_lots(self.cleaned_data["lots"])

    def clean_invoices(self) -> list[str]:
        """Invoice numbers, one by one."""
        return [part.strip() for part in re.split(r"[,;\n]+", self.cleaned_data["invoices"]) if part.strip()]

    def clean_document(self) -> tuple[str, UploadedFile] | None:
        """Name and file of the document."""
        file: UploadedFile | None = self.cleaned_data["document"]
        return None if file is None else (file.name or "document", file)


class CorrectionForm(PortalForm):
    """Why a reported shipment is taken back."""

    reason = forms.CharField(label=_("What was wrong"), max_length=300)


class SigningKeyForm(PortalForm):
    """A certifier's new signing key."""

    file = forms.FileField(
        label=_("PKCS#12 file"), help_text=_("The .p12 or .pfx file with the key, its certificate and the chain."),
        widget=forms.FileInput(attrs={"accept": ".p12,.pfx"}),
    )  # fmt: skip
    password = forms.CharField(
        label=_("Password of the file"), max_length=200, strip=False, required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("Used once to open the file. The key is then stored encrypted."),
    )  # fmt: skip

    def clean_file(self) -> Any:
        """Refuse what cannot be a key: a PKCS#12 file has a few kilobytes."""
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > 64 * 1024:
            raise forms.ValidationError(_("The file is too large to be a key: choose a .p12 or .pfx file."))
        return file
