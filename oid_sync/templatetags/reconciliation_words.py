"""Words for what reconciliation finds, in pages and mails."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext_lazy as _

from oid_sync.models import DriftKind

register = template.Library()

#: Steps of a run as people read them.
STEPS = {
    "balances": _("balances and movements"),
    "requests": _("reserved volume and open requests"),
    "certificates": _("certified and shipped volume, certificates and their parties"),
    "read": _("reading OID's records"),
    "oid": _("certificates and OID's records"),
}


@register.filter
def drift_kind(code: str) -> str:
    """What differs from what, in words; an unknown code as it is."""
    return str(DriftKind(code).label) if code in DriftKind.values else code


@register.filter
def step_words(code: str) -> str:
    """A step of a run in words."""
    return str(STEPS.get(code, code))
