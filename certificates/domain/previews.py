"""What the certificate of an undecided request would look like: made by the documents worker, kept for an hour."""

from __future__ import annotations

import datetime as dt
import io
import uuid
from typing import IO, Any

import structlog
from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from certificates.document.errors import DocumentError
from certificates.document.preview import render_preview
from certificates.document.snapshot import Snapshot, snapshot_sha256
from certificates.domain import letterheads, made_files, snapshots
from certificates.models import Preview
from core import clock
from core.checks import Moment
from core.errors import Conflict
from core.identity import Identity, Kind, act_as
from core.wake import wake
from organizations.tenancy import TenantQuerySet, find
from requests_app.domain.facts import fresh, gather
from requests_app.domain.requests import visible
from requests_app.models import OPEN_STATES, Request, RequestState

log = structlog.get_logger(__name__)


def may_ask(actor: Identity, request: Request) -> bool:
    """Whether the actor may have a preview of the request: not yet decided, and for the certifier's side submitted."""
    if request.state == RequestState.DRAFT:
        return actor.kind is Kind.EXPORTER
    return request.state in OPEN_STATES and (actor.is_staff or actor.kind is Kind.EXPORTER)


def ask(actor: Identity, request_id: uuid.UUID | str) -> Preview:
    """Ask for a preview of the request as it stands; while one of the same content is there, that one.

    Raises ``NotVisible``, ``Conflict`` PREVIEW-STATE.
    """
    request = visible(actor, request_id)
    if not may_ask(actor, request):
        text = _("A preview is made of a request that is not decided yet; staff see it from its submission on.")
        raise Conflict("PREVIEW-STATE", text, details={"state": request.state})
    snapshot = _snapshot(request)
    content = snapshot_sha256(snapshot)
    rows = of_request(actor, request).filter(content_sha256=content)
    first = rows.exclude(state=Preview.State.FAILED).first()
    if first is not None:
        return first
    now = clock.now()
    row = Preview(
        certifier_id=request.certifier_id, client_id=request.client_id, request=request, snapshot=snapshot,
        content_sha256=content, wanted_by=actor.user_id, wanted_at=now,
        expires_at=now + dt.timedelta(minutes=settings.PREVIEW_MINUTES),
    )  # fmt: skip
    row.save(force_insert=True)
    wake("previews", request.certifier_id, row.pk)
    return row


def _snapshot(request: Request) -> Snapshot:
    """What a certificate would say if the request were approved as it stands: the same function an approval takes it by."""
    return snapshots.unfinished(gather(fresh(request.pk), Moment.REVIEW))


def of_request(actor: Identity, request: Request) -> TenantQuerySet[Preview]:
    """The previews of a request that are still kept, the newest first."""
    rows = Preview.objects.visible_to(actor).filter(request=request, expires_at__gt=clock.now())
    return rows.order_by("-wanted_at", "-pk")


def newest(actor: Identity, request: Request) -> tuple[Preview | None, bool]:
    """The newest preview, and whether the request has changed since (its preview shows the earlier content)."""
    row = of_request(actor, request).first()
    if row is None or not may_ask(actor, request):
        return None, False
    return row, row.content_sha256 != snapshot_sha256(_snapshot(request))


def content(actor: Identity, request_id: uuid.UUID | str, preview_id: uuid.UUID | str) -> tuple[Preview, IO[bytes]]:
    """A preview's bytes. Raises ``NotVisible``, ``Conflict`` FILE-WAITING, FILE-FAILED, PREVIEW-STATE."""
    request = visible(actor, request_id)
    if not may_ask(actor, request):
        raise Conflict("PREVIEW-STATE", _("The request is decided: there is no preview of it any more."))
    row = find(of_request(actor, request), actor, preview_id)
    return row, made_files.open_file(row)


def file_name(row: Preview) -> str:
    """The name to save it under."""
    return f"preview-{row.snapshot['request_reference']}.pdf"


def why(row: Preview) -> str:
    """Why a preview was not made, for the page."""
    if row.error == "DOC-GLYPHS":
        found = "; ".join(f"{code} ({path})" for code, path in row.details.get("characters", {}).items())
        text = _("Some characters cannot be printed, and the certificate could not be made either: %(found)s.")
        return text % {"found": found}
    text = _("The preview could not be made (%(code)s). Tell the operator of the portal, or ask again.")
    return text % {"code": row.error}


def make(certifier_id: uuid.UUID, row_id: uuid.UUID) -> bool:
    """Make one preview; False where there was nothing to do or it failed."""
    if connection.in_atomic_block:
        raise RuntimeError("a preview is never made inside a transaction")
    loop = Identity.loop(certifier_id)
    with act_as(loop):
        row = made_files.take(Preview, row_id)
    if row is None:
        return False
    try:
        pdf = render_preview(row.snapshot, logo=letterheads.logo_for(certifier_id, row.snapshot))
    except DocumentError as error:
        log.warning("preview_failed", preview=str(row_id), reason=str(error))
        with act_as(loop):
            made_files.fail(row, error.code, _plain(error.details))
        return False
    kept = made_files.keep(row, io.BytesIO(pdf))
    with act_as(loop):
        return made_files.finish(row, kept)


def _plain(details: dict[str, Any]) -> dict[str, Any]:
    """The details that may be shown: of characters where they stand, of nothing else."""
    return {"characters": details["characters"]} if "characters" in details else {}


def due(certifier_id: uuid.UUID) -> list[uuid.UUID]:
    """Previews that wait; the loop's own identity is set."""
    return made_files.due(Preview, certifier_id)


def forget_old(certifier_id: uuid.UUID) -> int:
    """Delete the previews of a certifier whose time is over: bytes first, then the row. Returns how many."""
    loop = Identity.loop(certifier_id)
    with act_as(loop):
        rows = made_files.expired(Preview, certifier_id)
    for row in rows:
        made_files.forget(row)
    with act_as(loop):
        return Preview.objects.filter(pk__in=[row.pk for row in rows]).delete()[0]
