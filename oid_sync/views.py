"""Pages of the link to OID: the connection, and reconciliation with its drifts; the desk is in ``views_desk``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from certificates.models import Certificate
from core import clock
from core.identity import Identity, actor_of
from core.refusals import attempt
from oid_sync.connectors import registry
from oid_sync.domain import desk, links
from oid_sync.domain.reconciliation import drifts, runs
from oid_sync.forms import ConnectionForm
from oid_sync.models import Drift, DriftKind, ReconciliationRun
from organizations.domain import two_managers
from organizations.models_changes import GuardedChange
from organizations.roles import Role

PAGE_SIZE = 50


@require_http_methods(["GET", "HEAD", "POST"])
def connection(request: HttpRequest) -> HttpResponse:
    """By which connector and with which key the certifier reaches OID; a manager changes it. ``?by=`` shows another one."""
    actor = actor_of(request)
    row = links.connection_of(actor.certifier_id) if actor.certifier_id else None
    kinds = registry.kinds()
    asked = request.POST.get("connector") or request.GET.get("by") or (row.connector if row else "")
    kind = kinds.get(asked) or next(iter(kinds.values()))
    form = ConnectionForm(request.POST or None, kind=kind, connection=row)
    if request.method == "POST" and form.is_valid():
        kept = attempt(form, lambda: links.connect(actor, connector=kind.name, **form.given()))
        if kept is not None:
            if isinstance(kept, GuardedChange):
                messages.warning(request, _("The change waits for a second manager."))
            else:
                messages.success(request, _("The connection is saved."))
            return redirect("oid_sync:connection")
    context = {
        "form": form, "connection": row, "address": links.address_of(row), "manages": actor.has(Role.MANAGER),
        "waiting_change": two_managers.waiting(actor.certifier_id, GuardedChange.Kind.CONNECTION),
        "kinds": kinds.values(), "kind": kind, "used": kinds.get(row.connector) if row else None,
    }  # fmt: skip
    return render(request, "oid_sync/connection.html", context, status=422 if form.errors else 200)


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
