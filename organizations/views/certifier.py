"""The certifier's own pages: clients, the directory, importers, settings."""

from __future__ import annotations

import uuid
from itertools import zip_longest

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from core import pictures, scanning
from core.identity import actor_of
from core.refusals import attempt
from organizations.domain import certifiers, clients, importers, letterheads, two_managers
from organizations.domain.directory.listing import with_days
from organizations.domain.parties import client_party
from organizations.forms import (
    LABELS,
    ClientForm,
    ConfirmImporterForm,
    InviteForm,
    LetterheadForm,
    NewClientForm,
    SettingsForm,
)
from organizations.models import CertifierSettings, Client, Operation, OperationStatus, User
from organizations.models_changes import GuardedChange
from organizations.roles import Role
from organizations.rules import rules_of
from organizations.tenancy import find
from organizations.views.people import handle_invite, people_of
from organizations.views.shared import page_of

CLIENT_ORDERS = {"name": "operation__name", "nop_id": "operation__nop_id", "own_status": "own_status"}
SEARCH_LIMIT = 100


def _search(text: str, prefix: str = "") -> Q:
    """Operations by NOP ID (from its start) or by any part of a name, town or country code."""
    words = text.strip()[:SEARCH_LIMIT]
    if words.isdigit():
        return Q(**{f"{prefix}nop_id__startswith": words})
    result = Q()
    for word in words.split():
        result &= (
            Q(**{f"{prefix}name__icontains": word})
            | Q(**{f"{prefix}other_names__icontains": word})
            | Q(**{f"{prefix}city__icontains": word})
            | Q(**{f"{prefix}country__iexact": word})
        )
    return result


@require_http_methods(["GET", "HEAD", "POST"])
def client_list(request: HttpRequest) -> HttpResponse:
    """The certifier's exporters; a manager adds one."""
    actor = actor_of(request)
    form = NewClientForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = attempt(form, lambda: clients.add(actor, **form.cleaned_data))
        if made:
            messages.success(request, _("The client has been added. Invite its people now."))
            return redirect("organizations:client", made.pk)
    asked = request.GET.get("sort", "name")
    order = CLIENT_ORDERS.get(asked.removeprefix("-"), "operation__name")
    rows = (
        Client.objects.visible_to(actor)
        .select_related("operation")
        .filter(_search(request.GET.get("q", ""), "operation__"))
    )
    page = page_of(request, rows.order_by(f"-{order}" if asked.startswith("-") else order, "pk"))
    context = {"form": form, "page": page, "q": request.GET.get("q", ""), "manages": actor.has(Role.MANAGER)}
    return render(request, "organizations/clients.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def client(request: HttpRequest, client_id: uuid.UUID) -> HttpResponse:
    """One client: its standing in the certifier's records, its people."""
    actor = actor_of(request)
    row = find(Client.objects.select_related("operation"), actor, client_id)
    fields = {name: getattr(row, name) for name in clients.CHANGEABLE}
    party = client_party(actor, client_id)
    form = ClientForm(initial=fields)
    invite, sent = (None, False)
    if request.POST.get("act") == "invite":
        invite, sent = handle_invite(request, party)
    elif request.method == "POST":
        form = ClientForm(request.POST, initial=fields)
        sent = (
            form.is_valid() and attempt(form, lambda: clients.change(actor, client_id, form.cleaned_data)) is not None
        )
        if sent:
            messages.success(request, _("The client has been saved."))
    if sent:
        return redirect("organizations:client", client_id)
    with_days([row.operation])
    context = {"form": form, "row": row, "invite": invite or InviteForm(side=party.side), **people_of(request, party)}
    return render(request, "organizations/client.html", context)


@require_safe
def directory(request: HttpRequest) -> HttpResponse:
    """Search in OID's directory of operations, as last read."""
    q, status = request.GET.get("q", ""), request.GET.get("status", "")
    rows = Operation.objects.filter(_search(q))
    if status in OperationStatus.values:
        rows = rows.filter(status=status)
    page = page_of(request, rows.order_by("name", "pk"))
    page.object_list = with_days(page.object_list)
    context = {
        "page": page,
        "q": q,
        "status": status,
        "statuses": OperationStatus,
    }
    return render(request, "organizations/directory.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def importer_confirm(request: HttpRequest) -> HttpResponse:
    """A manager confirms that a person acts for an importer."""
    actor = actor_of(request)
    form = ConfirmImporterForm(request.POST or None, initial={"nop_id": request.GET.get("nop_id", "")})
    if request.method == "POST" and form.is_valid():
        made = attempt(form, lambda: importers.confirm(actor, **form.cleaned_data))
        if made:
            messages.success(request, _("%(email)s has been invited.") % {"email": made.email})
            return redirect("organizations:importer_confirm")
    return render(request, "organizations/importer_confirm.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
def settings_page(request: HttpRequest) -> HttpResponse:
    """The certifier's rules, with the versions before."""
    actor = actor_of(request)
    version = certifiers.settings_version(actor)
    certifier_id = certifiers.own_certifier(actor)
    rules = rules_of(certifier_id)
    form = SettingsForm(request.POST or None, rules=rules, version=version)
    if request.method == "POST" and form.is_valid():
        seen = form.cleaned_data["version"]
        changed = attempt(form, lambda: certifiers.change_settings(actor, form.changes(), expected_version=seen))
        if changed:
            if changed.row or not changed.proposed:
                text = _("The settings are in force.") if changed.row else _("Nothing has changed.")
                messages.success(request, text)
            if changed.proposed:
                messages.warning(request, _("What is for two managers waits for the second one."))
            return redirect("organizations:settings")
    context = {
        "form": form,
        "version": version,
        "versions": _versions(certifier_id),
        "reads_trail": actor.has(Role.MANAGER, Role.AUDITOR),
        "waiting_change": two_managers.waiting(certifier_id, GuardedChange.Kind.RULES),
        "manages": actor.has(Role.MANAGER),
        "scanned": scanning.is_configured(),
        "scanned_since": scanning.oldest_waiting(certifier_id),
    }
    return render(request, "organizations/settings.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def letterhead_page(request: HttpRequest) -> HttpResponse:
    """What stands at the head of the certifier's certificates; a manager changes it for those approved from now on."""
    actor = actor_of(request)
    present = letterheads.in_force(certifiers.own_certifier(actor))
    initial = {name: getattr(present, name, "") for name in ("accreditation", "text")}
    form = LetterheadForm(
        request.POST or None, request.FILES or None, initial=initial | {"version": present.version if present else 0}
    )
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        upload = given["logo"]
        made = attempt(form, lambda: (letterheads.change(
            actor, accreditation=given["accreditation"], text=given["text"], remove_logo=given["remove_logo"],
            picture=upload.read(pictures.MAX_BYTES + 1) if upload else None, expected_version=given["version"],
        ), True))  # fmt: skip
        if made:
            changed = made[0] is not None
            messages.success(request, _("The letterhead is in force.") if changed else _("Nothing has changed."))
            return redirect("organizations:letterhead")
    context = {
        "form": form, "row": present, "manages": actor.has(Role.MANAGER),
        "logo": letterheads.picture_uri(present) if present else "",
    }  # fmt: skip
    return render(request, "organizations/letterhead.html", context, status=422 if form.errors else 200)


def _versions(certifier_id: uuid.UUID) -> list[dict[str, object]]:
    """The last versions, newest first: when, by whom, what changed against the one before."""
    rows = list(CertifierSettings.objects.filter(certifier_id=certifier_id).order_by("-version")[:21])
    people = {
        user.pk: str(user) for user in User.objects.filter(pk__in=[row.created_by for row in rows if row.created_by])
    }
    result = []
    for row, older in zip_longest(rows, rows[1:]):
        before = older.values if older else {}
        names = [LABELS[name] for name, value in row.values.items() if name in LABELS and before.get(name) != value]
        who = people.get(row.created_by, "") if row.created_by else ""
        result.append({"version": row.version, "at": row.created_at, "who": who, "changed": names if older else []})
    return result[:20]
