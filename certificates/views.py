"""Pages of certificates: lists, one certificate, its PDF, its shipments, documents given up, signing keys."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import parse_etags
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from certificates import page
from certificates.document.errors import NoSigningKey
from certificates.domain import behalf, continuity, documents, downloads, overages, reading_copies, shipments, signing
from certificates.forms import CorrectionForm, ShipmentForm, SigningKeyForm
from certificates.models import Certificate, CertificateState, OverageReport, Shipment, SigningKey
from core import clock
from core.errors import DomainError
from core.files import PDF
from core.identity import Identity, Kind, actor_of
from core.refusals import at_field, refuse
from core.serving import attachment
from organizations.domain import two_managers
from organizations.models_changes import GuardedChange
from organizations.roles import Role
from organizations.tenancy import TenantQuerySet, find

PAGE_SIZE = 25
SORTS = {"approved": "-approved_at", "end": "end_date", "number": "number"}


def search(actor: Identity, state: str, text: str) -> TenantQuerySet[Certificate]:
    """Certificates that the actor sees, in a state and with a number or label name containing ``text``."""
    rows = Certificate.objects.visible_to(actor)
    if state in CertificateState.values:
        rows = rows.filter(state=state)
    if text:
        rows = rows.filter(number__icontains=text) | rows.filter(snapshot__product__label_name__icontains=text)
    return rows


@require_safe
def certificate_list(request: HttpRequest) -> HttpResponse:
    """Certificates of the certifier, or of the exporter."""
    return _list(request, "certificates/list.html")


@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """Certificates released to an importer, a broker by grant, or an invited contact."""
    return _list(request, "certificates/inbox.html")


def _list(request: HttpRequest, template: str) -> HttpResponse:
    actor = actor_of(request)
    state, text = request.GET.get("state", ""), request.GET.get("text", "").strip()[:80]
    order = SORTS.get(request.GET.get("sort", ""), "-approved_at")
    rows = search(actor, state, text).order_by(order, "-id")
    shown = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    names = behalf.for_each(actor, shown.object_list)
    for row in shown.object_list:
        row.acts_for = names.get(row.pk, "")
    context: dict[str, Any] = {
        "page_obj": shown,
        "by_grant": actor.kind is Kind.BROKER,
        "states": CertificateState.choices,
        "state": state,
        "text": text,
        "filtered": bool(state or text),
        "stuck": documents.failed(actor).count() if actor.is_staff else 0,
        "overages": OverageReport.objects.visible_to(actor).filter(settled_at=None).count(),
    }
    return render(request, template, context)


@require_safe
def detail(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """One certificate."""
    actor = actor_of(request)
    certificate = find(Certificate.objects.select_related("replaces"), actor, pk)
    behalf.reading(actor, [certificate])
    context = page.context_of(actor, certificate)
    context["may_report"] = context["takes_shipments"] and shipments.may_report(actor, certificate)
    replaceable = context["takes_shipments"] and certificate.state == CertificateState.ISSUED
    context["may_replace"] = replaceable and actor.has(Role.PREPARER, Role.SIGNATORY)
    context["is_staff"] = actor.is_staff
    context["copies"] = reading_copies.of_document(actor, context["document"])
    context["home"] = "certificates:list" if actor.certifier_id else "certificates:inbox"
    return render(request, "certificates/detail.html", context)


@require_safe
def pdf(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    """The signed document: to be saved, never opened inside the portal. Its ETag is its SHA-256."""
    actor = actor_of(request)
    known = parse_etags(request.headers.get("If-None-Match", ""))
    if known:
        etag = f'"{downloads.current_document(actor, pk).sha256}"'
        if etag in known:
            return HttpResponseNotModified(headers={"ETag": etag})
    return pdf_answer(downloads.download(actor, pk))


def pdf_answer(download: downloads.Download | continuity.Download) -> HttpResponseBase:
    """The answer that carries a document."""
    return attachment(
        download.data, name=download.name, content_type=PDF, etag=download.sha256, cache="private, no-cache"
    )


@require_http_methods(["GET", "HEAD", "POST"])
def report_shipment(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Report a shipment; refused, the form comes back with the arithmetic, and offers to report an overage instead."""
    actor = actor_of(request)
    certificate = find(Certificate.objects.all(), actor, pk)
    form = ShipmentForm(request.POST or None, request.FILES or None, initial={"key": uuid.uuid4(), "unit": "KGM"})
    status, over = 200, False
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                messages.success(request, _report(actor, pk, form, overage="overage" in request.POST))
                return redirect("certificates:detail", pk=pk)
            except DomainError as error:
                over = isinstance(error, shipments.AboveTheRest) and actor.kind is not Kind.BROKER
                at_field(form, error)
                status = error.status
    rest = certificate.net_kg - certificate.shipped_kg
    context = {
        "form": form, "certificate": certificate, "rest_kg": rest, "over": over,
        "acts_for": shipments.reporting(actor, certificate).on_behalf_of,
    }  # fmt: skip
    return render(request, "certificates/shipment.html", context, status=status)


def _report(actor: Identity, pk: uuid.UUID, form: ShipmentForm, *, overage: bool) -> str:
    """Report what the form says, as a shipment or as an overage; returns the words that confirm it."""
    given = {**form.cleaned_data, "key": str(form.cleaned_data["key"])}
    if overage:
        names = ("quantity", "unit", "departure_date", "transport_document", "key")
        row = overages.report(actor, pk, **{name: given[name] for name in names})
        return _("The certifier is told that %(kg)s kg too many have left.") % {"kg": f"{row.over_kg:,.3f}"}
    shipment = shipments.report(actor, pk, **given)
    return _("Shipment of %(kg)s kg reported.") % {"kg": f"{shipment.net_kg:,.3f}"}


@require_http_methods(["GET", "HEAD", "POST"])
def correct_shipment(request: HttpRequest, pk: uuid.UUID, shipment_id: uuid.UUID) -> HttpResponse:
    """Take a mistaken shipment back; the right one is then reported anew."""
    actor = actor_of(request)
    shipment = find(Shipment.objects.select_related("certificate"), actor, shipment_id, certificate_id=pk)
    form = CorrectionForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                shipments.correct(actor, shipment_id, reason=form.cleaned_data["reason"])
            except DomainError as error:
                at_field(form, error)
                status = error.status
            else:
                messages.success(request, _("The shipment was taken back. Report the right one now."))
                return redirect("certificates:shipments", pk=pk)
    acts_for = shipments.reporting(actor, shipment.certificate).on_behalf_of
    context = {"form": form, "shipment": shipment, "certificate": shipment.certificate, "acts_for": acts_for}
    return render(request, "certificates/correct.html", context, status=status)


@require_safe
def stuck(request: HttpRequest) -> HttpResponse:
    """Documents that were given up, with the reason, and how it stands with the key that signs them."""
    actor = actor_of(request)
    rows = Paginator(documents.failed(actor), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "certificates/stuck.html", {"page_obj": rows, "key": signing.state(actor)})


@require_http_methods(["GET", "HEAD", "POST"])
def signing_keys(request: HttpRequest) -> HttpResponse:
    """The certifier's signing keys; a manager installs the next one."""
    actor = actor_of(request)
    form = SigningKeyForm(request.POST or None, request.FILES or None)
    made = _install(actor, form) if request.method == "POST" and form.is_valid() else None
    if isinstance(made, GuardedChange):
        messages.warning(request, _("The key waits for a second manager. Until then the present one signs."))
        return redirect("certificates:signing")
    if made is not None:
        again = documents.retry_unsigned(actor)
        messages.success(request, _("The key signs from now on."))
        if again:
            words = {"count": again}
            text = ngettext("%(count)s document is tried again.", "%(count)s documents are tried again.", again)
            messages.success(request, text % words)
        return redirect("certificates:signing")
    context = {
        "form": form,
        "keys": signing.keys_of(actor),
        "key": signing.state(actor),
        "manages": actor.has(Role.MANAGER),
        "waiting_change": two_managers.waiting(actor.certifier_id, GuardedChange.Kind.SIGNING_KEY),
        "now": clock.now(),
    }
    return render(request, "certificates/signing.html", context, status=422 if form.errors else 200)


def _install(actor: Identity, form: SigningKeyForm) -> SigningKey | GuardedChange | None:
    """Install or propose the form's key; a refusal is shown at its field. The reason is the library's own, in English."""
    given = form.cleaned_data
    if actor.certifier_id is None:
        return None
    try:
        return signing.install(actor, actor.certifier_id, given["file"].read(), given["password"].encode())
    except NoSigningKey as error:
        form.add_error("file", _("This key cannot be used: %(why)s.") % {"why": error.why})
    except DomainError as error:
        refuse(form, error)
    return None


@require_POST
def retry_document(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Try a given-up document again."""
    documents.retry(actor_of(request), pk)
    messages.success(request, _("The document is being made again."))
    return redirect("certificates:detail", pk=pk)
