"""From an approved request to a certificate without a number: one transaction, the approver's."""

from __future__ import annotations

from django.utils.translation import gettext as _

from certificates.document import fonts
from certificates.document.errors import FontsMissing, SnapshotError
from certificates.document.snapshot import Snapshot, snapshot_sha256, texts_of
from certificates.domain import marks, replacing, snapshots
from certificates.models import Certificate
from core import audit, clock, ids, rows
from core.errors import InvalidInput
from core.identity import Identity
from core.wake import wake
from pvf.domain import ledger
from pvf.models import Bucket, Cause, Holder, PVFLineTerms
from requests_app.domain.facts import RequestFacts


def certify(actor: Identity, facts: RequestFacts, terms: PVFLineTerms) -> Certificate:
    """The certificate of a request that is being approved: its kilograms reserved→certified, its snapshot frozen.

    The request of ``facts`` is locked and its checks have passed. Raises ``InvalidInput`` SNAPSHOT where a field is missing,
    ``VolumeExceeded`` where the ledger disagrees.
    """
    request = facts.request
    if request.importer_id is None or request.line_id is None or request.net_kg is None:
        raise InvalidInput("SNAPSHOT", _("The request lacks its importer, product or weight."))
    if request.start_date is None or request.end_date is None:
        raise InvalidInput("SNAPSHOT", _("The request lacks its period."), field="start_date")
    certificate_id, at = ids.new_id(), clock.now()
    try:
        snapshot = snapshots.take(facts, terms, reference=certificate_id, at=at, by=actor.user_id)
    except SnapshotError as error:
        raise InvalidInput("SNAPSHOT", error.message, details=error.details) from error
    _refuse_unprintable(snapshot)
    certificate = Certificate(
        id=certificate_id, certifier_id=request.certifier_id, client_id=request.client_id,
        importer_id=request.importer_id, request=request, line_id=request.line_id, snapshot=snapshot,
        snapshot_sha256=snapshot_sha256(snapshot), net_kg=request.net_kg, start_date=request.start_date,
        end_date=request.end_date, departure_date=request.departure_date, check_code=ids.readable_code(),
        approved_by=actor.user_id, approved_at=at, replaces_id=request.replaces_certificate_id,
    )  # fmt: skip
    rows.insert(certificate)
    marks.keep(certificate)
    replacing.note_approved(certificate.replaces_id, at)
    # what the replaced certificate's rest covers follows when this one is issued
    kilograms = request.net_kg - request.covered_kg
    if kilograms > 0:
        ledger.move(
            actor, request.line_id, Cause.APPROVE, Bucket.RESERVED, Bucket.CERTIFIED, kilograms,
            key=f"approve:{certificate.pk}", source_holder=(Holder.REQUEST, request.pk),
            target_holder=(Holder.CERTIFICATE, certificate.pk),
        )  # fmt: skip
    audit.record(
        actor, "certificate.approve", "certificate", certificate.pk, certifier_id=request.certifier_id,
        client_id=request.client_id,
        after={"request": request.pk, "net_kg": request.net_kg, "snapshot_sha256": certificate.snapshot_sha256},
    )  # fmt: skip
    wake("registration", request.certifier_id, certificate.pk)
    return certificate


def _refuse_unprintable(snapshot: Snapshot) -> None:
    """TXT-1 has looked at all but what this act adds: the approver's own name. Nothing is approved that cannot be printed."""
    try:
        missing = fonts.missing_glyphs(texts_of(snapshot))
    except FontsMissing:
        return  # said by TXT-1; the document waits until they are there
    if missing:
        characters = ", ".join(fonts.named_character(each) for found in missing.values() for each in found)
        text = _("Characters that no font of the certificate has: %(places)s. Write them differently.")
        raise InvalidInput("TXT-1", text % {"places": characters}, details={"places": sorted(missing)})
