"""Forms of the link to OID."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms import PortalForm
from oid_sync.domain.links import TIME_LIMITS


class ConnectionForm(PortalForm):
    """The certifier's key at OID, and how long a call may take."""

    key = forms.CharField(
        label=_("Key"), max_length=500, required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("As OID gave it. It is stored encrypted and never shown again. Leave it blank to keep the present one."),
    )  # fmt: skip
    time_limit_seconds = forms.IntegerField(
        label=_("Time limit of a call, in seconds"), min_value=TIME_LIMITS[0], max_value=TIME_LIMITS[1],
        help_text=_("A call without an answer by then counts as unknown, and OID is asked before it is sent again."),
    )  # fmt: skip
