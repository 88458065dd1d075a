"""Forms of the link to OID."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms import PortalForm
from oid_sync.connectors.base import ConnectorKind
from oid_sync.domain.links import TIME_LIMITS
from oid_sync.models import OidConnection


class ConnectionForm(PortalForm):
    """What one connector needs: the key at OID and how long a call may take where it calls, and its switches."""

    key = forms.CharField(
        label=_("Key"), max_length=500, required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("As OID gave it. It is stored encrypted and never shown again. Leave it blank to keep the present one."),
    )  # fmt: skip
    time_limit_seconds = forms.IntegerField(
        label=_("Time limit of a call, in seconds"), min_value=TIME_LIMITS[0], max_value=TIME_LIMITS[1],
        help_text=_("A call without an answer by then counts as unknown, and OID is asked before it is sent again."),
    )  # fmt: skip

    def __init__(self, *args: Any, kind: ConnectorKind, connection: OidConnection | None, **kwargs: Any) -> None:
        options = connection.options if connection else {}
        initial = {f"switch_{name}": options.get(name, False) for name in kind.switches}
        initial["time_limit_seconds"] = connection.time_limit_seconds if connection else 10
        super().__init__(*args, initial=initial, **kwargs)
        self.kind = kind
        if not kind.needs_key:
            del self.fields["key"]
        if not kind.needs_address:
            del self.fields["time_limit_seconds"]
        for name, (label, text) in kind.switches.items():
            self.fields[f"switch_{name}"] = forms.BooleanField(label=label, help_text=text, required=False)

    def given(self) -> dict[str, Any]:
        """What was typed, as ``links.connect`` takes it; call it on a valid form."""
        switches = [name for name in self.kind.switches if self.cleaned_data[f"switch_{name}"]]
        plain = {name: value for name, value in self.cleaned_data.items() if not name.startswith("switch_")}
        return {**plain, "switches": switches}
