"""What an importer or exporter lets brokers do, and what a broker holds."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from core.identity import Kind, actor_of
from core.people import names_of
from core.refusals import attempt
from organizations import delegated
from organizations.domain import brokers
from organizations.domain.parties import may_manage, own_party
from organizations.forms import BrokerForm, GrantForm
from organizations.models import Delegation


@require_http_methods(["GET", "HEAD", "POST"])
def delegations(request: HttpRequest) -> HttpResponse:
    """The grants given (importer, exporter) or held (broker)."""
    actor = actor_of(request)
    act = request.POST.get("act", "")
    grant = GrantForm(request.POST if act == "grant" else None, offered=brokers.offered_scopes(actor))
    broker = BrokerForm(request.POST if act == "broker" else None)
    if act == "grant" and grant.is_valid():
        data = grant.cleaned_data
        given = {"scopes": data["scopes"], "valid_until": data["valid_until"]}
        if attempt(grant, lambda: brokers.grant(actor, broker_id=data["broker"].pk, **given)):
            messages.success(request, _("The broker acts for you until that day. It has been told."))
            return redirect("organizations:delegations")
    if act == "broker" and broker.is_valid():
        new = attempt(broker, lambda: brokers.introduce(actor, **broker.cleaned_data))
        if new:
            messages.success(request, _("The broker has been invited. Choose it in the list to delegate to it."))
            return redirect("organizations:delegations")
    rows = Delegation.objects.visible_to(actor).select_related("broker")
    listed = list(rows.order_by(F("revoked_at").desc(nulls_first=True), "-valid_until", "pk")[:200])
    gives = actor.kind in {Kind.IMPORTER, Kind.EXPORTER}
    context = {
        "grant": grant,
        "broker_form": broker,
        # a broker need not know the grantor's people
        "rows": _with_names(listed) if gives else [(row, "") for row in listed],
        "today": delegated.today(),
        "gives": gives,
        "manages": may_manage(actor, own_party(actor)),
    }
    return render(request, "organizations/delegations.html", context)


def _with_names(rows: list[Delegation]) -> list[tuple[Delegation, str]]:
    """The grants, each with the name of whoever gave it."""
    names = names_of(row.granted_by for row in rows)
    return [(row, names.get(row.granted_by, "") if row.granted_by else "") for row in rows]


@require_POST
def delegation_revoke(request: HttpRequest, delegation_id: uuid.UUID) -> HttpResponse:
    """Take a grant back."""
    brokers.revoke(actor_of(request), delegation_id)
    messages.success(request, _("The grant has been revoked."))
    return redirect("organizations:delegations")
