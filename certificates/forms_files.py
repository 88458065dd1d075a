"""The form that chooses many documents."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from certificates.models import RELEASED_STATES
from core.forms import DateInput, Fieldset, PortalForm


class BundleForm(PortalForm):
    """Which certificates come into one ZIP; nothing given means all of them."""

    since = forms.DateField(label=_("Issued from"), widget=DateInput, required=False)
    until = forms.DateField(
        label=_("Issued until"), widget=DateInput, required=False, help_text=_("Both days included, by UTC.")
    )
    state = forms.ChoiceField(
        label=_("State"), required=False,
        choices=[("", _("All")), *((state.value, state.label) for state in RELEASED_STATES)],
    )  # fmt: skip
    exporter = forms.CharField(
        label=_("Exporter"), max_length=80, required=False, help_text=_("Part of the name, or the NOP ID.")
    )
    importer = forms.CharField(
        label=_("Importer"), max_length=80, required=False, help_text=_("Part of the name, or the NOP ID.")
    )
    all_versions = forms.BooleanField(label=_("Earlier versions of amended documents too"), required=False)
    fieldsets = (
        Fieldset(_("Which certificates"), [("since", "until"), "state", ("exporter", "importer"), "all_versions"]),
    )
    mark_optional = False
