"""The banner that tells staff on every page that outage mode is on."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from certificates.domain import coop
from core.identity import NOBODY, Kind


def outage(request: HttpRequest) -> dict[str, Any]:
    """Context of every page: ``declared_outage`` for people of a certifier, asked of the database only where it is shown."""
    actor = getattr(request, "identity", NOBODY)
    if actor.kind is not Kind.STAFF or actor.certifier_id is None:
        return {"declared_outage": None}
    return {"declared_outage": SimpleLazyObject(lambda: coop.open_outage(actor.certifier_id))}
