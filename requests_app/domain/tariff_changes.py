"""Open requests that a newer edition of the tariff touches."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from pvf.domain.hts_edition import Concerned, Touched, looks_for_codes, touched
from requests_app.models import OPEN_STATES, Request, RequestState


@looks_for_codes
def open_requests(certifier_id: uuid.UUID, certifier: str, concerned: Concerned) -> Iterable[Touched]:
    """Drafts and requests that wait for a decision, by reference."""
    rows = Request.objects.filter(
        certifier_id=certifier_id, state__in=[RequestState.DRAFT, *OPEN_STATES], hts_code__in=list(concerned)
    )
    for reference, code in rows.order_by("reference").values_list("reference", "hts_code"):
        yield touched(certifier, "request", reference, [code], concerned)
