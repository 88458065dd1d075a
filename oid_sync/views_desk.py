"""Pages of the sync desk: every call under way or waiting for a person, one call with its exchanges, and the acts."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from certificates.domain import documents, suspension
from certificates.models import Certificate, OidMark
from core import clock
from core.errors import DomainError
from core.identity import Identity, actor_of
from core.refusals import let_pages_pass
from oid_sync.connectors import registry
from oid_sync.domain import desk, links
from oid_sync.models import DESK_STATES, CallState, Circuit, OidCall, OidExchange, Operation
from organizations.tenancy import find

PAGE_SIZE = 50
#: Exchanges of one call that its page shows, the latest first.
EXCHANGES = 20


@require_safe
def desk_page(request: HttpRequest) -> HttpResponse:
    """Calls that wait for a person or are under way, of one state or all; documents that could not be made; marks."""
    actor = actor_of(request)
    state = request.GET.get("state", "")
    state = state if state in desk.SHOWN_STATES else ""
    page = Paginator(desk.shown(actor, state), PAGE_SIZE).get_page(request.GET.get("page"))
    entries = [_entry(actor, row) for row in page.object_list]
    counts = desk.counts(actor)
    stuck = Certificate.objects.visible_to(actor).filter(documents.WAITS).exclude(document_error="")
    findings = suspension.open_findings(actor)
    marks = OidMark.objects.visible_to(actor).filter(closed_at=None).select_related("certificate")
    since_desk, since_way = desk.oldest(actor)
    context = {
        **_rests(actor),
        "party_findings": _part(request, findings, "parties"),
        "marks": _part(request, marks.order_by("found_at", "pk"), "marks"),
        "waiting": [entry for entry in entries if entry["call"].state in DESK_STATES],
        "under_way": [entry for entry in entries if entry["call"].state not in DESK_STATES],
        "page_obj": page,
        "state": state,
        "counts": [(code, CallState(code).label, count) for code, count in counts.items()],
        "desk_total": sum(counts[code] for code in DESK_STATES),
        "way_total": sum(count for code, count in counts.items() if code not in DESK_STATES),
        "stuck": _part(request, stuck.order_by("approved_at", "pk"), "documents"),
        "may_act": actor.has(*desk.ACTING),
        "oldest_desk": since_desk,
        "oldest_way": since_way,
    }
    return render(request, "oid_sync/desk.html", context)


def _part(request: HttpRequest, rows: Any, param: str) -> Any:
    """The page of one of the desk's lists that the address asks for; each list has a parameter of its own."""
    return Paginator(rows, PAGE_SIZE).get_page(request.GET.get(param))


def _rests(actor: Identity) -> dict[str, Any]:
    """Why calls rest, where they do: no connection, OID's own wish, or failure after failure."""
    row = links.connection_of(actor.certifier_id) if actor.certifier_id else None
    now = clock.now()
    paused = row.paused_until if row and row.paused_until and row.paused_until > now else None
    broken = row if row and row.circuit != Circuit.CLOSED else None
    kind = registry.kinds().get(row.connector) if row else None
    return {"connection": row, "paused_until": paused, "broken": broken, "kind": kind}


def _entry(actor: Identity, row: OidCall) -> dict[str, Any]:
    kind = registry.kinds().get(row.connector)
    by_hand = row.state == CallState.AWAITING_PERSON and kind is not None
    registering = row.operation == Operation.REGISTER
    acts = actor.has(*desk.ACTING) and row.state in DESK_STATES
    return {
        "call": row,
        "certificate": row.certificate,
        "request": row.certificate.request,
        "person_page": kind.call_page if by_hand and kind is not None else "",
        "can_resend": acts and row.state in desk.SENDABLE,
        "can_go_back": acts and registering,
        "can_settle": acts and not registering and row.state in desk.SENDABLE,
    }


@require_safe
def call_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """One call: how it stands, what is asked of OID, and every exchange word for word, secrets struck out."""
    actor = actor_of(request)
    row = find(OidCall.objects.select_related("certificate__request"), actor, pk)
    kind = registry.kinds().get(row.connector)
    context = {
        "entry": _entry(actor, row),
        "connector": kind.label if kind else row.connector,
        "payload": json.dumps(row.payload, ensure_ascii=False, indent=2),
        "answer": json.dumps(row.answer, ensure_ascii=False, indent=2) if row.answer else "",
        "exchanges": OidExchange.objects.visible_to(actor).filter(call=row).order_by("-at")[:EXCHANGES],
    }
    return render(request, "oid_sync/call.html", context)


def _act(request: HttpRequest, act: Callable[[], OidCall], said: Callable[[OidCall], str]) -> HttpResponse:
    """Do an act on a call; what stands against it is said above the desk."""
    try:
        with transaction.atomic():
            call = act()
    except DomainError as error:
        let_pages_pass(error)
        messages.error(request, str(error.message))
    else:
        messages.success(request, said(call))
    return redirect("oid_sync:desk")


@require_POST
def resend(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Send a stopped, refused or failed call again."""
    return _act(request, lambda: desk.resend(actor_of(request), pk), lambda call: _("The call is sent again."))


@require_POST
def settle(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """End a call about a record that a person has settled elsewhere."""
    reason = request.POST.get("reason", "")
    act: Callable[[], OidCall] = lambda: desk.settle(actor_of(request), pk, reason)  # noqa: E731
    return _act(request, act, lambda call: _("The call is settled; later ones go on."))


@require_POST
def back_to_review(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Cancel a registration that OID does not have."""

    def said(call: OidCall) -> str:
        if call.state == CallState.CANCELLED:
            return _("The request is in review again.")
        return _("OID is asked first; if it has no record, the request goes back to review.")

    reason = request.POST.get("reason", "")
    return _act(request, lambda: desk.back_to_review(actor_of(request), pk, reason), said)
