"""The form of the public check."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms import CodeInput, PortalForm


class CheckForm(PortalForm):
    """Number and code of a certificate, and the PDF where somebody has one in hand."""

    number = forms.CharField(
        label=_("Certificate number"), max_length=60, widget=CodeInput,
        help_text=_("21 characters, for example 123-1230000000-000001. A draft has no number."),
    )  # fmt: skip
    code = forms.CharField(
        label=_("Check code"), max_length=40, widget=CodeInput(attrs={"class": "portal-input--short"}),
        help_text=_("Beside the QR code on the certificate."),
    )  # fmt: skip
    file = forms.FileField(
        label=_("The PDF you received"), required=False, allow_empty_file=True,
        help_text=_("We compare its fingerprint with the document that was issued. The file is not kept."),
    )  # fmt: skip
    #: Set by the view: the file was larger than any document of ours, and was not read on.
    too_large = False

    def clean(self) -> dict[str, Any]:
        """Refuse a file that is larger than any document of ours."""
        if self.too_large:
            self.add_error("file", _("The file is too large to be a certificate."))
        return self.cleaned_data
