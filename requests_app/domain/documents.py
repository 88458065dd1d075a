"""Documents of a request: added, hidden, never overwritten."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.utils.translation import gettext as _

from core import audit, clock
from core.errors import Conflict, InvalidInput
from core.files import keep
from core.identity import Identity
from core.uploads import Source, accept
from organizations.tenancy import find
from requests_app.domain.drafts import touch, writing
from requests_app.domain.requests import locked
from requests_app.models import DocumentKind, Request, RequestDocument, RequestState


def add(actor: Identity, request_id: uuid.UUID, kind: str, data: Source, name: str) -> RequestDocument:
    """Add a document to a draft, or one that an open question names. Raises ``InvalidInput``, ``Conflict``."""
    actor = writing(actor, request_id)
    if kind not in DocumentKind.values:
        raise InvalidInput("DOCUMENT-KIND", _("Choose what kind of document this is."), field="kind")
    paper = accept(data, name=name)
    request = locked(actor, request_id)
    _require_open_for(request, kind)
    if request.documents.filter(removed_at=None).count() >= settings.UPLOAD_MAX_FILES:
        words = {"limit": settings.UPLOAD_MAX_FILES}
        raise InvalidInput("DOCUMENT-COUNT", _("A request holds at most %(limit)s documents.") % words, field="file")
    stored = keep(actor, paper, certifier_id=request.certifier_id, client_id=request.client_id)
    document = RequestDocument(
        certifier_id=request.certifier_id, client_id=request.client_id, request=request, kind=kind, file=stored,
        added_by=actor.user_id,
    )  # fmt: skip
    document.save(force_insert=True)
    _changed(
        actor, request, "request.document_add", {"kind": kind, "sha256": stored.sha256, "name": stored.original_name}
    )
    return document


def remove(actor: Identity, document_id: uuid.UUID) -> RequestDocument:
    """Hide a document of a draft, or one that an open question names; the file stays under its hash."""
    document = find(RequestDocument.objects.select_related("file"), actor, document_id)
    actor = writing(actor, document.request_id)
    request = locked(actor, document.request_id)
    _require_open_for(request, document.kind)
    if document.removed_at is None:
        document.removed_at = clock.now()
        document.save(update_fields=["removed_at"])
        _changed(actor, request, "request.document_remove", {"kind": document.kind, "sha256": document.file.sha256})
    return document


def _require_open_for(request: Request, kind: str) -> None:
    if request.state == RequestState.DRAFT:
        return
    question = request.questions.filter(completed_at=None).first()
    if request.state == RequestState.INFORMATION_REQUESTED and question and kind in question.document_kinds:
        return
    text = _("The request was submitted. Only documents that a question names can still be changed.")
    raise Conflict("REQUEST-STATE", text, field="kind", details={"state": request.state})


def _changed(actor: Identity, request: Request, act: str, what: dict[str, str]) -> None:
    touch(actor, request)
    request.save(update_fields=["version", "changed_by", "changed_at"])
    audit.record(
        actor, act, "request", request.pk, certifier_id=request.certifier_id, client_id=request.client_id, after=what
    )
