"""The audit trail as the certifier's people read it: who did what, on what, when; and where its chain stands."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_safe

from core import audit, audit_seal
from core.identity import Identity, actor_of
from core.models import AuditHead, AuditRow, AuditSealing
from organizations.domain import certifiers
from organizations.models import Membership, User
from organizations.views.shared import page_of

HEADS = 14


@require_safe
def trail(request: HttpRequest) -> HttpResponse:
    """Every act of the certifier, newest first; by person, kind of act, object and days."""
    actor = actor_of(request)
    certifier_id = certifiers.own_certifier(actor)
    asked = {name: request.GET.get(name, "").strip()[:64] for name in ("act", "who", "object", "first", "last")}
    page = page_of(request, _chosen(certifier_id, asked).order_by("-at", "-pk"))
    rows = list(page.object_list)
    people = _people(actor, [row.actor_id for row in rows if row.actor_id])
    chain = audit_seal.chain_of(certifier_id)
    context = {
        "page": page,
        "entries": [_entry(row, people) for row in rows],
        "asked": asked,
        "staff": _staff(certifier_id),
        "head": AuditSealing.objects.filter(pk=chain).first(),
        "heads": AuditHead.objects.filter(chain=chain).order_by("-day")[:HEADS],
    }
    return render(request, "organizations/audit.html", context)


def _chosen(certifier_id: uuid.UUID, asked: dict[str, str]) -> QuerySet[AuditRow]:
    rows = AuditRow.objects.filter(certifier_id=certifier_id)
    if asked["act"]:
        rows = rows.filter(act=asked["act"])
    if asked["object"]:
        rows = rows.filter(object_id=asked["object"])
    try:
        rows = rows.filter(actor_id=uuid.UUID(asked["who"])) if asked["who"] else rows
        first, last = (parse_date(asked[name]) for name in ("first", "last"))
    except ValueError:
        return rows.none()
    if first:
        rows = rows.filter(at__gte=dt.datetime.combine(first, dt.time(), dt.UTC))
    if last:
        rows = rows.filter(at__lt=dt.datetime.combine(last + dt.timedelta(days=1), dt.time(), dt.UTC))
    return rows


def _staff(certifier_id: uuid.UUID) -> list[tuple[str, str]]:
    rows = Membership.objects.filter(certifier_id=certifier_id, side=Membership.Side.CERTIFIER).select_related("user")
    return sorted({(str(row.user_id), str(row.user)) for row in rows}, key=lambda one: one[1])


def _people(actor: Identity, ids: list[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Names of those whose membership the actor may see; the others are shown by kind alone."""
    seen = Membership.objects.visible_to(actor).filter(user_id__in=ids).values("user_id")
    return {user.pk: str(user) for user in User.objects.filter(pk__in=seen)}


def _entry(row: AuditRow, people: dict[uuid.UUID, str]) -> dict[str, Any]:
    changes = []
    before, after = audit.values_of(row, "before"), audit.values_of(row, "after")
    for name in sorted(before.keys() | after.keys()):
        changes.append({"name": name, "before": _shown(before.get(name)), "after": _shown(after.get(name))})
    return {"row": row, "who": people.get(row.actor_id, "") if row.actor_id else "", "changes": changes}


def _shown(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False)
