"""Pages on which a proposal is drafted: begun, its lines with their volume basis, its documents, handed in or taken back."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import audit
from core.errors import DomainError
from core.files import read_file
from core.identity import Identity, Kind, actor_of
from core.refusals import let_pages_pass, refuse
from core.serving import attachment
from core.templatetags.portal_format import kg
from organizations.models import Client
from organizations.tenancy import find
from pvf import page
from pvf.domain import basis as volume
from pvf.domain import documents, drafts, proposals, versions, years
from pvf.forms import RejectForm
from pvf.life_forms import (
    CarryForm,
    EvidenceForm,
    HeadForm,
    LineForm,
    PurchaseRows,
    RevisionForm,
    StartForm,
    basis_rows,
    initial_of,
)
from pvf.models import PVF, PVFDocument, PVFVersion


def _draft(actor: Identity, pk: uuid.UUID) -> PVFVersion:
    return find(page.shown_versions(actor).select_related("pvf", "client__operation"), actor, pk)


@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Begin the draft of a new PVF."""
    actor = actor_of(request)
    form = StartForm(request.POST or None, clients=page.clients_of(actor))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        client_id = actor.client_id if actor.kind is Kind.EXPORTER else given["client"]
        try:
            with transaction.atomic():
                client = find(Client.objects.all(), actor, client_id or "")
                row = drafts.start(
                    actor, client_id=client.pk, number=given["number"], period_start=given["period_start"],
                    period_end=given["period_end"],
                )  # fmt: skip
        except DomainError as error:
            refuse(form, error)
        else:
            return redirect("pvf:draft", row.pk)
    return render(request, "pvf/start.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
def change(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Begin, or go on with, a draft of changes to a PVF."""
    with transaction.atomic():
        row = drafts.of_pvf(actor_of(request), pk)
    return redirect("pvf:draft", row.pk)


@require_safe
def draft(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """A draft: its lines with what they change, its documents, and the button that hands it in."""
    return draft_page(request, pk)


def draft_page(
    request: HttpRequest, pk: uuid.UUID, *, evidence: EvidenceForm | None = None, error: DomainError | None = None
) -> HttpResponse:
    """The page of a draft, with a refusal where there is one."""
    actor = actor_of(request)
    row = _draft(actor, pk)
    if row.state != PVFVersion.State.DRAFT:
        return redirect("pvf:version", row.pk)
    initial = {"period_start": row.pvf.period_start, "period_end": row.pvf.period_end, "note": row.note}
    context = {
        "version": row, "error": error, "evidence_form": evidence or EvidenceForm(),
        "head_form": HeadForm(initial={**initial, "revision": row.revision}),
        "revision_form": RevisionForm(initial={"revision": row.revision}),
        "documents": row.documents.filter(removed_at=None).select_related("file").order_by("added_at"),
        "next_number": drafts.next_number(row), "carries": carry_form(row), **page.comparison(actor, row),
    }  # fmt: skip
    status = error.status if error else 422 if evidence is not None and evidence.errors else 200
    return render(request, "pvf/draft.html", context, status=status)


def carry_form(row: PVFVersion, data: Any = None) -> CarryForm | None:
    """The kilograms that the lines of a new year ask to carry on; None for a draft that carries nothing."""
    rows = row.carry_overs.select_related("line", "from_line__balance").order_by("line__line_number")
    words = _("Line %(line)s (%(available)s available on the old line)")
    found = [
        (
            str(item.line_id),
            words % {"line": item.line.line_number, "available": kg(item.from_line.balance.available)},
            item.asked_kg,
        )
        for item in rows
    ]
    return CarryForm(data, lines=found) if found else None


def _act(request: HttpRequest, pk: uuid.UUID, act: Any) -> HttpResponse | None:
    """Do ``act`` in a transaction; the draft's page with the refusal where there is one."""
    try:
        with transaction.atomic():
            act()
    except DomainError as error:
        let_pages_pass(error)
        return draft_page(request, pk, error=error)
    return None


def _revision(request: HttpRequest) -> int:
    text = request.POST.get("revision", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


@require_POST
def save_head(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Save period and note."""
    actor, form = actor_of(request), HeadForm(request.POST)
    _draft(actor, pk)
    if not form.is_valid():
        error = DomainError("FIELDS", _("Enter the first and the last day as dates."))
        return draft_page(request, pk, error=error)
    given = form.cleaned_data
    refused = _act(request, pk, lambda: drafts.save_head(
        actor, pk, period_start=given["period_start"], period_end=given["period_end"], note=given["note"],
        revision=given["revision"],
    ))  # fmt: skip
    return refused or _saved(request, pk)


@require_POST
def carry(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Save what the lines ask to carry on."""
    actor = actor_of(request)
    row = _draft(actor, pk)
    form = carry_form(row, request.POST)
    if form is None or not form.is_valid():
        error = DomainError("FIELDS", _("Enter kilograms from zero, with at most three decimal places."))
        return draft_page(request, pk, error=error)
    wanted = form.carried()

    def save_all() -> None:
        revision = _revision(request)
        for line_id, kilograms in wanted.items():
            revision = years.ask(actor, pk, uuid.UUID(line_id), kilograms, revision=revision).revision

    return _act(request, pk, save_all) or _saved(request, pk)


def _saved(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    messages.success(request, _("Saved."))
    return redirect("pvf:draft", pk)


@require_http_methods(["GET", "HEAD", "POST"])
def line(request: HttpRequest, pk: uuid.UUID, number: int) -> HttpResponse:
    """One line of a draft with its volume basis and purchases."""
    actor = actor_of(request)
    version = _draft(actor, pk)
    if version.state != PVFVersion.State.DRAFT:
        return redirect("pvf:version", pk)
    saved = version.terms.filter(line__line_number=number).select_related("line").first()
    row = versions.row_of(saved) if saved else None
    initial = {"revision": version.revision, **(initial_of(row) if row else {})}
    form = LineForm(request.POST or None, initial=initial)
    papers = PVFDocument.objects.visible_to(actor).filter(pvf=version.pvf, removed_at=None).select_related("file")
    bought = PurchaseRows(
        request.POST or None, prefix="purchases", initial=basis_rows(row.basis) if row else [],
        form_kwargs={"documents": [(str(item.pk), item.file.original_name) for item in papers]},
    )  # fmt: skip
    if request.method == "POST" and bought.wants_row:
        bought = bought.with_another_row()
        form = LineForm(initial={**initial, **{name: request.POST.get(name) for name in LineForm.base_fields}})
    elif request.method == "POST" and form.is_valid() and bought.is_valid():
        kept = [item for item in bought.forms if item.cleaned_data and not item.cleaned_data.get("DELETE")]
        try:
            with transaction.atomic():
                given = form.row(number, [item.purchase() for item in kept])
                drafts.save_line(actor, pk, given, revision=form.cleaned_data["revision"])
        except DomainError as error:
            refuse(form, error)
        else:
            return _saved(request, pk)
    context = {
        "version": version, "number": number, "form": form, "formset": bought, "saved": saved,
        "sum": page.sum_of(volume.to_json(row.basis), row.authorised_kg) if row else None,
    }  # fmt: skip
    status = 422 if form.errors or (bought.is_bound and any(bought.errors)) else 200
    return render(request, "pvf/draft_line.html", context, status=status)


@require_POST
def remove_line(request: HttpRequest, pk: uuid.UUID, number: int) -> HttpResponse:
    """Take a line out of a draft."""
    actor = actor_of(request)
    _draft(actor, pk)
    refused = _act(request, pk, lambda: drafts.remove_line(actor, pk, number, revision=_revision(request)))
    return refused or _saved(request, pk)


@require_POST
def add_documents(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Add evidence to a draft."""
    actor, form = actor_of(request), EvidenceForm(request.POST, request.FILES)
    _draft(actor, pk)
    if form.is_valid():
        try:
            with transaction.atomic():
                for paper in form.papers():
                    documents.add(actor, pk, paper)
        except DomainError as error:
            refuse(form, error)
        else:
            return _saved(request, pk)
    return draft_page(request, pk, evidence=form)


@require_POST
def remove_document(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Hide a document of a draft."""
    actor = actor_of(request)
    row = find(PVFDocument.objects.exclude(version=None), actor, pk)
    version_id: Any = row.version_id
    _draft(actor, version_id)
    return _act(request, version_id, lambda: documents.remove(actor, pk)) or _saved(request, version_id)


@require_safe
def document(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    """A document as it was uploaded: never opened inside the portal."""
    actor = actor_of(request)
    row = find(PVFDocument.objects.select_related("file"), actor, pk)
    if row.version_id:
        _draft(actor, row.version_id)
    data = read_file(row.file)
    audit.record(
        actor, "pvf.document_read", "pvf", row.pvf_id, certifier_id=row.certifier_id, client_id=row.client_id,
        after={"document": row.pk, "kind": row.kind},
    )  # fmt: skip
    name = row.file.original_name or _("document")
    return attachment(data, name=name, content_type=row.file.content_type)


@require_POST
def propose(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Hand the draft to the certifier's managers."""
    actor = actor_of(request)
    _draft(actor, pk)
    refused = _act(request, pk, lambda: drafts.propose(actor, pk, revision=_revision(request)))
    if refused is None:
        messages.success(request, _("Proposed. A manager of the certifier decides on it."))
    return refused or redirect("pvf:version", pk)


@require_POST
def withdraw(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take a draft or a proposal back."""
    actor = actor_of(request)
    row = _draft(actor, pk)
    form = RejectForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    with transaction.atomic():
        proposals.withdraw(actor, row.pk, reason)
    messages.success(request, _("Taken back."))
    return redirect("pvf:detail", row.pvf_id)


def pvf_of(actor: Identity, pk: uuid.UUID) -> PVF:
    """A PVF that the reader may see."""
    return find(PVF.objects.select_related("client__operation"), actor, pk)
