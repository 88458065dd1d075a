"""Pages of what happens after the issue: amend down, void, replace, total, receipt, overages."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable, Mapping

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from certificates.domain import (
    actuals,
    amending,
    behalf,
    oid_marks,
    overages,
    receipts,
    replacing,
    shipments,
    versions,
    voiding,
)
from certificates.domain.changes import DECIDING
from certificates.forms_life import AmendForm, OidSeenForm, ReceiptForm, SettleForm, TotalForm, VoidForm
from certificates.models import Certificate, OverageReport, Shipment
from core.errors import DomainError
from core.identity import Identity, actor_of
from core.refusals import let_pages_pass, refuse
from organizations.tenancy import find

PAGE_SIZE = 25


def done(form: BaseForm, act: Callable[[], object]) -> int:
    """Do ``act`` with a valid form; a refusal is shown at its field. 0 when it is done, else the status of the page."""
    if not form.is_valid():
        return 422
    try:
        with transaction.atomic():
            act()
    except DomainError as error:
        refuse(form, error)
        return error.status
    return 0


@dataclasses.dataclass(frozen=True)
class _Page:
    """A page with one form about a certificate: its words, where it leads once the act is done, what else it shows."""

    certificate: Certificate
    title: str
    button: str
    thanks: str
    then: str
    more: Mapping[str, object] = dataclasses.field(default_factory=dict)


def _detail(pk: uuid.UUID) -> str:
    return reverse("certificates:detail", args=[pk])


def _answer(request: HttpRequest, page: _Page, form: BaseForm, act: Callable[[], object]) -> HttpResponse:
    """Show the form; sent, do ``act`` and lead on, or show it again with what was refused."""
    status = 200
    if request.method == "POST":
        status = done(form, act)
        if not status:
            messages.success(request, page.thanks)
            return redirect(page.then)
    certificate = page.certificate
    context = {
        "certificate": certificate, "form": form, "title": page.title, "button": page.button, **page.more,
        "rest_kg": certificate.net_kg - certificate.shipped_kg,
    }  # fmt: skip
    return render(request, "certificates/act.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def amend(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Lower the certified weight, amend the transport."""
    actor = actor_of(request)
    certificate = find(Certificate.objects.all(), actor, pk)
    seen = {
        "net_kg": certificate.net_kg, "expected_kg": certificate.net_kg,
        "expected_amendments": certificate.amendments.count(),
    }  # fmt: skip
    form = AmendForm(request.POST or None, initial=seen, content=versions.content_of(certificate))
    page = _Page(
        certificate, _("Amend the certificate"), _("Amend"),
        _("The certificate is amended: a new version of its document is being made, and OID is told."), _detail(pk),
        {"explain": _("Product, HTS code, parties and period change only by a replacement.")},
    )  # fmt: skip
    return _answer(request, page, form, lambda: _amend(actor, pk, form))


def _amend(actor: Identity, pk: uuid.UUID, form: AmendForm) -> None:
    given = form.cleaned_data
    amending.amend(
        actor, pk, form.asked(), reason=given["reason"], expected_kg=given["expected_kg"],
        expected_amendments=given["expected_amendments"],
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def void(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Void a certificate."""
    actor = actor_of(request)
    certificate = find(Certificate.objects.all(), actor, pk)
    form = VoidForm(request.POST or None)
    rest = certificate.net_kg - certificate.shipped_kg
    explain = _("%(rest)s kg go back to the product's line; %(shipped)s kg that have shipped stay shipped.")
    page = _Page(
        certificate, _("Void the certificate"), _("Void"), _("The certificate is void; OID is told."), _detail(pk),
        {"explain": explain % {"rest": f"{rest:,.3f}", "shipped": f"{certificate.shipped_kg:,.3f}"}},
    )  # fmt: skip
    return _answer(request, page, form, lambda: voiding.void(actor, pk, **form.cleaned_data))


@require_http_methods(["GET", "HEAD", "POST"])
def oid_seen(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Say what OID shows of a certificate, where nobody but people reads OID."""
    actor = actor_of(request)
    certificate = find(Certificate.objects.all(), actor, pk)
    form = OidSeenForm(request.POST or None)
    explain = _(
        "For certifiers whose records people key. Whoever relies on the certificate is told, and so is the public check. "
        "The portal changes nothing else: to give its kilograms back, void it."
    )
    page = _Page(
        certificate, _("What OID shows"), _("Put on record"), _("It is on record; everybody concerned has been told."),
        _detail(pk), {"explain": explain},
    )  # fmt: skip
    return _answer(request, page, form, lambda: oid_marks.note_seen(actor, pk, **form.cleaned_data))


@require_http_methods(["GET", "HEAD", "POST"])
def total(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Declare that nothing more leaves under a certificate."""
    actor = actor_of(request)
    certificate = find(Certificate.objects.all(), actor, pk)
    form = TotalForm(request.POST or None)
    page = _Page(
        certificate, _("Declare the total"), _("Declare"), _("The total is declared; OID is told."), _detail(pk),
        {"acts_for": shipments.reporting(actor, certificate).on_behalf_of},
    )  # fmt: skip
    return _answer(request, page, form, lambda: actuals.declare_total(actor, pk, **form.cleaned_data))


@require_POST
def replace(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """A draft that is to replace the certificate, with its content."""
    try:
        draft = replacing.start(actor_of(request), pk)
    except DomainError as error:
        let_pages_pass(error)
        messages.error(request, str(error.message))
        return redirect("certificates:detail", pk=pk)
    messages.success(request, _("Change what is wrong and submit. The certificate takes no shipments meanwhile."))
    return redirect("requests:detail", pk=draft.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def receipt(request: HttpRequest, pk: uuid.UUID, shipment_id: uuid.UUID) -> HttpResponse:
    """The importer confirms a shipment, with its own weight."""
    actor = actor_of(request)
    shipment = find(Shipment.objects.select_related("certificate"), actor, shipment_id, certificate_id=pk)
    form = ReceiptForm(request.POST or None, initial={"unit": shipment.entered_unit})
    page = _Page(
        shipment.certificate,
        _("Confirm the receipt"),
        _("Confirm"),
        _("Thank you: the receipt is confirmed."),
        _detail(pk),
        {"shipment": shipment, "acts_for": behalf.acts_for(actor, shipment.certificate)},
    )
    return _answer(request, page, form, lambda: receipts.confirm(actor, shipment_id, **form.cleaned_data))


@require_safe
def overage_list(request: HttpRequest) -> HttpResponse:
    """Overages that wait for a decision, oldest first, then those that were settled."""
    actor = actor_of(request)
    rows = OverageReport.objects.visible_to(actor).select_related("certificate").order_by("settled_at", "reported_at")
    context = {
        "page_obj": Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page")),
        "may_settle": actor.is_staff and actor.has(*DECIDING),
    }
    return render(request, "certificates/overages.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def settle(request: HttpRequest, overage_id: uuid.UUID) -> HttpResponse:
    """Write down what becomes of an overage."""
    actor = actor_of(request)
    row = find(OverageReport.objects.select_related("certificate"), actor, overage_id)
    form = SettleForm(request.POST or None)
    page = _Page(
        row.certificate,
        _("Settle an overage"),
        _("Settle"),
        _("The overage is settled; the exporter is told."),
        reverse("certificates:overages"),
        {"overage": row},
    )
    return _answer(request, page, form, lambda: overages.settle(actor, overage_id, **form.cleaned_data))
