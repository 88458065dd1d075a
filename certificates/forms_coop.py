"""Forms of outage mode: switching it on, a continuity document's data, the public check of one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from certificates.domain.continuity_data import ASKED
from core.forms import CodeInput, Fieldset, PortalForm


class OutageForm(PortalForm):
    """Outage mode is switched on."""

    coop_code = forms.CharField(
        label=_("COOP code"), max_length=30, widget=CodeInput,
        help_text=_("The continuity-of-operations code given out for this outage. It stands on every continuity document."),
    )  # fmt: skip
    reason = forms.CharField(
        label=_("Reason"), max_length=300, help_text=_("Since when OID is out, and who has said so. It is kept.")
    )


class ContinuityForm(PortalForm):
    """What message set OR1 asks for and the certificate does not state. ``stated``: fields that it does state."""

    intended_use = forms.CharField(
        label=_("Intended use"), max_length=ASKED["intended_use"][0],
        help_text=_("For example: human consumption, further processing, animal feed."),
    )  # fmt: skip
    exporter_address = forms.CharField(label=_("Address"), max_length=ASKED["exporter_address"][0])
    exporter_contact = forms.CharField(
        label=_("Contact"),
        max_length=ASKED["exporter_contact"][0],
        help_text=_("A person, e-mail address or telephone."),
    )
    consignee_address = forms.CharField(label=_("Address"), max_length=ASKED["consignee_address"][0])
    consignee_contact = forms.CharField(label=_("Contact"), max_length=ASKED["consignee_contact"][0])
    consignee_nop_id = forms.CharField(
        label=_("NOP ID"), max_length=ASKED["consignee_nop_id"][0], required=False, widget=CodeInput,
        help_text=_("Ten digits. Leave it blank if it need not be certified."),
    )  # fmt: skip
    issuer_address = forms.CharField(label=_("Address"), max_length=ASKED["issuer_address"][0])
    issuer_contact = forms.CharField(label=_("Contact"), max_length=ASKED["issuer_contact"][0])
    last_handler_name = forms.CharField(label=_("Name"), max_length=ASKED["last_handler_name"][0])
    last_handler_address = forms.CharField(label=_("Address"), max_length=ASKED["last_handler_address"][0])
    last_handler_contact = forms.CharField(label=_("Contact"), max_length=ASKED["last_handler_contact"][0])
    last_handler_certifier = forms.CharField(label=_("Its certifier"), max_length=ASKED["last_handler_certifier"][0])

    fieldsets = (
        Fieldset(_("Goods"), ["intended_use"]),
        Fieldset(_("Exporter"), ["exporter_address", "exporter_contact"]),
        Fieldset(_("Ultimate consignee"), ["consignee_address", "consignee_contact", "consignee_nop_id"]),
        Fieldset(_("Issuer of the certificate"), ["issuer_address", "issuer_contact"]),
        Fieldset(
            _("Last handler"),
            ["last_handler_name", "last_handler_address", "last_handler_contact", "last_handler_certifier"],
        ),
    )

    def __init__(self, *args: Any, stated: set[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in stated:
            self.fields.pop(name, None)


class ContinuityCheckForm(PortalForm):
    """Reference and code of a continuity document, and the PDF where somebody has one in hand."""

    reference = forms.CharField(
        label=_("Reference of the document"), max_length=30, widget=CodeInput,
        help_text=_("It begins with COOP, for example COOP-123-ABCD-EFGH-J."),
    )  # fmt: skip
    code = forms.CharField(
        label=_("Check code"), max_length=20, widget=CodeInput(attrs={"class": "portal-input--short"}),
        help_text=_("Below the QR code on the document."),
    )  # fmt: skip
    file = forms.FileField(
        label=_("The PDF you received"), required=False, allow_empty_file=True,
        help_text=_("We compare its fingerprint with the document that was made. The file is not kept."),
    )  # fmt: skip

    #: Set by the view: the file was larger than any document of ours, and was not read on.
    too_large = False

    def clean(self) -> dict[str, Any]:
        """Refuse a file that is larger than any document of ours."""
        if self.too_large:
            self.add_error("file", _("The file is too large to be a continuity document."))
        return self.cleaned_data
