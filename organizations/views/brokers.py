"""What an importer or exporter delegates to brokers, and what a broker holds."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from core import clock
from core.identity import Kind, actor_of
from core.refusals import attempt
from organizations.domain import brokers
from organizations.domain.parties import may_manage, own_party
from organizations.forms import BrokerForm, GrantForm
from organizations.models import Delegation


@require_http_methods(["GET", "HEAD", "POST"])
def delegations(request: HttpRequest) -> HttpResponse:
    """The grants given (importer, exporter) or held (broker)."""
    actor = actor_of(request)
    act = request.POST.get("act", "")
    grant = GrantForm(request.POST if act == "grant" else None)
    broker = BrokerForm(request.POST if act == "broker" else None)
    if act == "grant" and grant.is_valid():
        data = grant.cleaned_data
        made = attempt(
            grant, lambda: brokers.grant(actor, broker_id=data["broker"].pk, valid_until=data["valid_until"])
        )
        if made:
            messages.success(request, _("The broker sees your certificates until that day."))
            return redirect("organizations:delegations")
    if act == "broker" and broker.is_valid():
        new = attempt(broker, lambda: brokers.introduce(actor, **broker.cleaned_data))
        if new:
            messages.success(request, _("The broker has been invited. Choose it in the list to delegate to it."))
            return redirect("organizations:delegations")
    rows = Delegation.objects.visible_to(actor).select_related("broker", "operation", "client__operation")
    context = {
        "grant": grant,
        "broker_form": broker,
        "rows": rows.order_by("revoked_at", "-valid_until", "pk")[:200],
        "today": clock.now().date(),
        "gives": actor.kind in {Kind.IMPORTER, Kind.EXPORTER},
        "manages": may_manage(actor, own_party(actor)),
    }
    return render(request, "organizations/delegations.html", context)


@require_POST
def delegation_revoke(request: HttpRequest, delegation_id: uuid.UUID) -> HttpResponse:
    """Take a grant back."""
    brokers.revoke(actor_of(request), delegation_id)
    messages.success(request, _("The grant has been revoked."))
    return redirect("organizations:delegations")
