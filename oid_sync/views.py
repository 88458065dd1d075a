"""Pages of the link to OID: the desk with what a person must look at, and reconciliation with its drifts."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from certificates.domain import suspension
from certificates.models import Certificate, CertificateState
from core import clock
from core.errors import DomainError, InvalidInput
from core.identity import Identity, actor_of
from core.refusals import let_pages_pass
from oid_sync.domain import desk, links
from oid_sync.domain.reconciliation import drifts, runs
from oid_sync.forms import ConnectionForm
from oid_sync.models import DESK_STATES, CallState, Drift, DriftKind, OidCall, ReconciliationRun
from organizations.roles import Role

PAGE_SIZE = 50


@require_safe
def desk_page(request: HttpRequest) -> HttpResponse:
    """Calls that wait for a person, calls that are on their way, and documents that could not be made."""
    actor = actor_of(request)
    calls = OidCall.objects.visible_to(actor).select_related("certificate__request")
    waiting = calls.filter(state__in=DESK_STATES).order_by("created_at")
    under_way = calls.filter(state__in=[CallState.WAITING, CallState.IN_FLIGHT, CallState.UNKNOWN]).order_by(
        "created_at"
    )
    stuck = (
        Certificate.objects.visible_to(actor)
        .filter(state=CertificateState.AWAITING_DOCUMENT)
        .exclude(document_error="")
    )
    findings = suspension.open_findings(actor)
    context = {
        "party_findings": findings[:PAGE_SIZE],
        "party_findings_more": max(0, findings.count() - PAGE_SIZE),
        "waiting": [_entry(row) for row in waiting[:PAGE_SIZE]],
        "under_way": [_entry(row) for row in under_way[:PAGE_SIZE]],
        "stuck": stuck.order_by("approved_at")[:PAGE_SIZE],
        "connection": links.connection_of(actor.certifier_id) if actor.certifier_id else None,
        "paused_until": links.paused_until(actor.certifier_id) if actor.certifier_id else None,
        "may_act": actor.has(*desk.ACTING),
        "oldest": waiting.values_list("created_at", flat=True).first(),
    }
    return render(request, "oid_sync/desk.html", context)


def _entry(row: OidCall) -> dict[str, Any]:
    return {
        "call": row,
        "certificate": row.certificate,
        "request": row.certificate.request,
        "age": clock.now() - row.created_at,
        "can_go_back": row.operation == "register" and row.state in {CallState.STOPPED, CallState.REJECTED},
    }


@require_http_methods(["GET", "HEAD", "POST"])
def connection(request: HttpRequest) -> HttpResponse:
    """With which key the certifier calls OID; a manager changes it."""
    actor = actor_of(request)
    row = links.connection_of(actor.certifier_id) if actor.certifier_id else None
    form = ConnectionForm(request.POST or None, initial={"time_limit_seconds": row.time_limit_seconds if row else 10})
    if request.method == "POST" and form.is_valid():
        try:
            links.connect(actor, **form.cleaned_data)
        except InvalidInput as error:
            form.add_error(error.field, str(error.message))
        else:
            messages.success(request, _("The connection is saved. Start a reconciliation to try it."))
            return redirect("oid_sync:connection")
    context = {
        "form": form, "connection": row, "address": links.address_of(row), "manages": actor.has(Role.MANAGER),
    }  # fmt: skip
    return render(request, "oid_sync/connection.html", context, status=422 if form.errors else 200)


@require_POST
def resend(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Send a stopped or refused call again."""
    try:
        desk.resend(actor_of(request), pk)
    except DomainError as error:
        let_pages_pass(error)
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("The call is sent again."))
    return redirect("oid_sync:desk")


@require_POST
def back_to_review(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Cancel a registration that OID does not have."""
    try:
        call = desk.back_to_review(actor_of(request), pk, request.POST.get("reason", ""))
    except DomainError as error:
        let_pages_pass(error)
        messages.error(request, str(error.message))
    else:
        if call.state == CallState.CANCELLED:
            messages.success(request, _("The request is in review again."))
        else:
            messages.success(request, _("OID is asked first; if it has no record, the request goes back to review."))
    return redirect("oid_sync:desk")


@require_safe
def reconciliation(request: HttpRequest) -> HttpResponse:
    """The latest runs, the one under way with its progress, and every open drift with both values and its age."""
    actor = actor_of(request)
    rows = Drift.objects.visible_to(actor)
    kind = request.GET.get("kind", "")
    chosen = rows.filter(closed_at=None, **({"kind": kind} if kind in DriftKind.values else {}))
    page = Paginator(chosen.select_related("remedy_run").order_by("first_seen_at", "pk"), PAGE_SIZE)
    shown = page.get_page(request.GET.get("page"))
    counts = drifts.open_by_kind(actor.certifier_id) if actor.certifier_id else {}
    context = {
        **_under_way(actor),
        "runs": ReconciliationRun.objects.visible_to(actor).order_by("-started_at")[:10],
        "page_obj": shown,
        "entries": _drift_entries(actor, shown.object_list),
        "counts": [(code, DriftKind(code).label, count) for code, count in counts.items()],
        "open_total": sum(counts.values()),
        "kind": kind,
        "oldest": drifts.oldest_open(actor.certifier_id) if actor.certifier_id else None,
        "closed": rows.filter(closed_at__isnull=False).select_related("remedy_run").order_by("-closed_at")[:20],
        "may_act": actor.has(*desk.ACTING),
    }
    return render(request, "oid_sync/reconciliation.html", context)


@require_safe
def reconciliation_progress(request: HttpRequest) -> HttpResponse:
    """The progress of the run under way, for the page to refresh; when it has ended, the whole page is read again."""
    under_way = _under_way(actor_of(request))
    if not request.headers.get("HX-Request"):
        return redirect("oid_sync:reconciliation")
    if under_way["running"] is None:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return render(request, "oid_sync/_progress.html", under_way)


def _under_way(actor: Identity) -> dict[str, Any]:
    run = ReconciliationRun.objects.visible_to(actor).filter(state=ReconciliationRun.State.RUNNING).first()
    return {
        "running": run,
        "progress": runs.progress(run) if run else None,
        "paused_until": links.paused_until(run.certifier_id) if run else None,
    }


def _drift_entries(actor: Identity, rows: Iterable[Drift]) -> list[dict[str, Any]]:
    found = list(rows)
    wanted = [row.certificate_id for row in found if row.certificate_id]
    known = (
        Certificate.objects.visible_to(actor).filter(pk__in=wanted).values_list("pk", "number", "request__reference")
    )
    names = {pk: number or reference for pk, number, reference in known}
    now = clock.now()
    return [
        {"drift": row, "name": names.get(row.certificate_id) or row.subject, "linked": row.certificate_id in names,
         "age": now - row.first_seen_at}
        for row in found
    ]  # fmt: skip


@require_POST
def start_reconciliation(request: HttpRequest) -> HttpResponse:
    """Start a run now: of everything, or of what has changed."""
    actor = actor_of(request)
    if actor.certifier_id is not None:
        runs.start(actor, actor.certifier_id, full=request.POST.get("read") != "changes")
        messages.success(request, _("Reconciliation has started."))
    return redirect("oid_sync:reconciliation")
