"""Changes for two managers: what waits, what became of the others."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from core import clock
from core.errors import DomainError
from core.identity import Identity, actor_of
from core.refusals import let_pages_pass
from organizations.domain import certifiers, two_managers
from organizations.forms import LABELS
from organizations.models import Membership, User
from organizations.models_changes import GuardedChange
from organizations.roles import Role

NAMES = LABELS | {
    "subject": gettext_lazy("Names"),
    "fingerprint": gettext_lazy("SHA-256 of the certificate"),
    "ends": gettext_lazy("Valid until"),
    "connector": gettext_lazy("Connector"),
    "time_limit_seconds": gettext_lazy("Time limit of a call, in seconds"),
    "switches": gettext_lazy("Switches"),
    "key": gettext_lazy("Key"),
    "issuer": gettext_lazy("Issuer"),
    "client_id": gettext_lazy("Client ID"),
    "client_secret": gettext_lazy("Client secret"),
    "button": gettext_lazy("Name on the button"),
    "required": gettext_lazy("Staff must sign in by it"),
    "second_step": gettext_lazy("Its second step counts"),
    "enabled": gettext_lazy("In use"),
}
VALUES = {
    "True": gettext_lazy("Yes"),
    "False": gettext_lazy("No"),
    "stored": gettext_lazy("the present one"),
    "another": gettext_lazy("another one"),
    "": "–",
}
SHOWN = 50


@require_safe
def guarded_changes(request: HttpRequest) -> HttpResponse:
    """Every change of the certifier that is for two managers, those that wait first."""
    actor = actor_of(request)
    certifier_id = certifiers.own_certifier(actor)
    rows = GuardedChange.objects.visible_to(actor)
    waiting = list(rows.filter(state=GuardedChange.State.WAITING).order_by("proposed_at"))
    ended = list(rows.exclude(state=GuardedChange.State.WAITING).order_by("-decided_at")[:SHOWN])
    people = {user.pk: str(user) for user in User.objects.filter(pk__in=_named(waiting + ended))}
    managers = Membership.objects.filter(
        certifier_id=certifier_id, side=Membership.Side.CERTIFIER, ended_at=None, roles__contains=[Role.MANAGER]
    )
    context = {
        "waiting": [_shown(row, actor, people) for row in waiting],
        "ended": [_shown(row, actor, people) for row in ended],
        "manages": actor.has(Role.MANAGER),
        "alone": managers.values("user").distinct().count() < 2,
    }
    return render(request, "organizations/guarded_changes.html", context)


@require_POST
def guarded_change(request: HttpRequest, change_id: uuid.UUID) -> HttpResponse:
    """Confirm a change, refuse it, or withdraw one's own."""
    actor = actor_of(request)
    confirms = request.POST.get("act") == "confirm"
    try:
        if confirms:
            two_managers.confirm(actor, change_id)
        else:
            two_managers.turn_down(actor, change_id)
    except DomainError as error:
        let_pages_pass(error, show=frozenset({"SECOND-MANAGER"}))
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("The change is in force.") if confirms else _("The change has been dropped."))
    return redirect("organizations:guarded_changes")


def _named(rows: list[GuardedChange]) -> set[uuid.UUID]:
    return {who for row in rows for who in (row.proposed_by, row.decided_by) if who}


def _shown(row: GuardedChange, actor: Identity, people: dict[uuid.UUID, str]) -> dict[str, Any]:
    return {
        "row": row,
        "lines": [
            {"name": NAMES.get(name, name), "before": VALUES.get(before, before), "after": VALUES.get(after, after)}
            for name, before, after in row.summary
        ],
        "proposed_by": people.get(row.proposed_by, ""),
        "decided_by": people.get(row.decided_by, "") if row.decided_by else "",
        "own": row.proposed_by == actor.user_id,
        "too_old": row.expires_at <= clock.now(),
    }
