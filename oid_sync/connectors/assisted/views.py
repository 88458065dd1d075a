"""Pages of the records keyed by hand: the list, its workbook, and the sheet of one call."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from core import clock
from core.errors import Conflict
from core.files import XLSX
from core.identity import Identity, actor_of
from core.people import names_of
from core.refusals import attempt
from core.serving import attachment
from oid_sync.connectors.assisted import entries, workbook
from oid_sync.connectors.assisted.fields import fields_of
from oid_sync.connectors.assisted.forms import RefusedForm, check_form, entry_form
from oid_sync.models import CallState, HandEntry, OidCall
from organizations.tenancy import find

PAGE_SIZE = 50
#: Calls in one workbook: the oldest first.
BATCH = 500


@require_safe
def to_key(request: HttpRequest) -> HttpResponse:
    """What waits for a person, the oldest first, and who is at it."""
    actor = actor_of(request)
    page = Paginator(entries.waiting(actor), PAGE_SIZE).get_page(request.GET.get("page"))
    calls = list(page.object_list)
    rows = HandEntry.objects.visible_to(actor).filter(call__in=calls, ended_at=None)
    begun = {row.call_id: row for row in rows}
    names = names_of(row.begun_by for row in begun.values())
    now = clock.now()
    context = {
        "page_obj": page,
        "rows": [
            {
                "call": call, "age": now - call.created_at, "entry": begun.get(call.pk),
                "who": names.get(begun[call.pk].begun_by, "") if call.pk in begun else "",
            }
            for call in calls
        ],
    }  # fmt: skip
    return render(request, "assisted/list.html", context)


@require_safe
def batch(request: HttpRequest) -> HttpResponseBase:
    """The oldest calls as a workbook."""
    actor = actor_of(request)
    data = workbook.write(entries.waiting(actor)[:BATCH])
    return attachment(data, name=f"oid-by-hand-{clock.now():%Y%m%d-%H%M}.xlsx", content_type=XLSX)


@require_http_methods(["GET", "HEAD", "POST"])
def sheet(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """One call field by field, and what a person may do: begin, enter, check, say what OID refused, give up."""
    actor = actor_of(request)
    call = find(OidCall.objects.select_related("certificate__request"), actor, pk)
    forms: dict[str, BaseForm] = {}
    if request.method == "POST":
        act = request.POST.get("act", "")
        answer = _ACTS[act](request, actor, call, forms) if act in _ACTS else None
        if answer is not None:
            return answer
        call.refresh_from_db()
    context = _sheet(actor, call, forms)
    return render(request, "assisted/sheet.html", context, status=422 if forms else 200)


def _sheet(actor: Identity, call: OidCall, forms: dict[str, BaseForm]) -> dict[str, Any]:
    entry = entries.entry_of(call)
    open_here = call.state == CallState.AWAITING_PERSON and actor.has(*entries.KEYING)
    names = names_of([entry.begun_by, entry.keyed_by] if entry else [])
    mine = entry is not None and entry.begun_by == actor.user_id
    context: dict[str, Any] = {
        "call": call, "certificate": call.certificate, "fields": fields_of(call), "entry": entry, "mine": mine,
        "begun_by": names.get(entry.begun_by, "") if entry else "",
        "keyed_by": names.get(entry.keyed_by, "") if entry and entry.keyed_by else "",
        "waits": call.state == CallState.AWAITING_PERSON, "open_here": open_here,
        "left": entry is not None and clock.now() >= entry.begun_at + entries.ABANDONED,
        "may_check": open_here and entry is not None and bool(entry.outcome) and entry.keyed_by != actor.user_id,
    }  # fmt: skip
    if open_here and entry is not None and not entry.outcome and mine:
        context["entry_form"] = forms.get("enter") or entry_form(call, entry)
        context["refused_form"] = forms.get("refused") or RefusedForm()
    if context["may_check"]:
        context["check_form"] = forms.get("check") or check_form(call)
    return context


def _begin(request: HttpRequest, actor: Identity, call: OidCall, forms: dict[str, BaseForm]) -> HttpResponse:
    return _told(request, call, lambda: entries.begin(actor, call.pk, take_over=request.POST.get("over") == "yes"))


def _give_up(request: HttpRequest, actor: Identity, call: OidCall, forms: dict[str, BaseForm]) -> HttpResponse:
    return _told(request, call, lambda: entries.give_up(actor, call.pk))


def _told(request: HttpRequest, call: OidCall, act: Any) -> HttpResponse:
    """An act without a form: what stands against it is said above the sheet."""
    try:
        act()
    except Conflict as error:
        messages.error(request, str(error.message))
    return redirect("oid_sync:assisted:sheet", call.pk)


def _enter(request: HttpRequest, actor: Identity, call: OidCall, forms: dict[str, BaseForm]) -> HttpResponse | None:
    entry = entries.entry_of(call)
    if entry is None:
        return _told(request, call, lambda: entries.enter(actor, call.pk))
    form = entry_form(call, entry, request.POST)
    if form.is_valid():
        values = {name: value for name, value in form.cleaned_data.items() if name != "confirmed"}
        kept = attempt(form, lambda: entries.enter(actor, call.pk, **values))
        if kept is not None:
            return _thanks(request, call, kept)
    forms["enter"] = form
    return None


def _refused(request: HttpRequest, actor: Identity, call: OidCall, forms: dict[str, BaseForm]) -> HttpResponse | None:
    form = RefusedForm(request.POST)
    if form.is_valid():
        kept = attempt(form, lambda: entries.refused(actor, call.pk, form.cleaned_data["reason"]))
        if kept is not None:
            return _thanks(request, call, kept)
    forms["refused"] = form
    return None


def _check(request: HttpRequest, actor: Identity, call: OidCall, forms: dict[str, BaseForm]) -> HttpResponse | None:
    form = check_form(call, request.POST)
    if form.is_valid():
        kept = attempt(form, lambda: entries.check(actor, call.pk, number=form.cleaned_data.get("number", "")))
        if kept is not None:
            return _thanks(request, call, kept)
    forms["check"] = form
    return None


def _thanks(request: HttpRequest, call: OidCall, entry: HandEntry) -> HttpResponse:
    if not entry.is_complete:
        messages.success(request, _("Entered. Another person must check it in OID."))
        return redirect("oid_sync:assisted:sheet", call.pk)
    messages.success(request, _("Entered. The certificate goes on by itself."))
    return redirect("oid_sync:assisted:list")


_ACTS = {"begin": _begin, "give_up": _give_up, "enter": _enter, "refused": _refused, "check": _check}
