"""What stands in the addresses: for each kind of row of the table its ids, and who finds it."""

from __future__ import annotations

from typing import Any

from core.clock import now
from tests.access.people import GRANTED, GUEST, NAMED, NARROW, OWN_EXPORTER, OWN_STAFF, PLATFORM
from tests.access.scene import Holdings, Scene

OWN = frozenset({OWN_STAFF, OWN_EXPORTER})
STAFF_ALONE, EXPORTER_ALONE = frozenset({OWN_STAFF}), frozenset({OWN_EXPORTER})
#: Who finds a certificate that was released.
RELEASED = OWN | {NAMED, GRANTED, NARROW, GUEST}
#: A draft is the exporter's own, and its broker's where the grant says so.
DRAFTERS = EXPORTER_ALONE | {GRANTED}

#: Kind of row -> the relations that find it. Everybody else is told that it is not there (404).
FINDS: dict[str, frozenset[str]] = {
    "certificate": RELEASED, "shipment of certificate": RELEASED, "shipment": RELEASED,
    "reading copy of certificate": RELEASED, "document version": RELEASED,
    # the guest was invited to another one
    "continuity": RELEASED - {GUEST},
    "certificate without number": OWN, "overage": OWN, "overage by pk": OWN,
    "own bundle": frozenset(), "own bundle by pk": frozenset(), "own key": frozenset(),
    "own passkey": frozenset(), "own session": frozenset(),
    "draft": DRAFTERS, "draft document": DRAFTERS, "draft task": DRAFTERS,
    "submitted": OWN, "recommended": OWN, "asked": OWN, "in review": OWN, "correction": OWN, "document": OWN,
    "preview": OWN,
    "pvf": OWN, "line": OWN, "statement": EXPORTER_ALONE, "proposal": OWN, "pvf draft": EXPORTER_ALONE,
    "pvf draft line": EXPORTER_ALONE, "pvf draft document": EXPORTER_ALONE, "pvf document": OWN, "report": OWN,
    "exporter's person": OWN, "exporter's invitation": OWN, "staff person": STAFF_ALONE,
    "grant": OWN | {GRANTED}, "client": STAFF_ALONE, "call": STAFF_ALONE, "refused call": STAFF_ALONE,
    "guarded change": STAFF_ALONE,
    "support session": STAFF_ALONE | {PLATFORM}, "another operator's session": frozenset(),
}  # fmt: skip


def places(scene: Scene, of: Holdings | None = None) -> dict[str, dict[str, Any]]:
    """Keyword arguments of the addresses, by kind of row: the own exporter's, or those of ``of``. Long because a table."""
    has = of or scene.own
    pk = {"pk": has.certificate.pk}
    continuity = has.under_continuity or has.certificate
    return {
        "certificate": pk,
        "shipment of certificate": {**pk, "shipment_id": has.shipment.pk},
        "shipment": {"pk": has.shipment.pk},
        "reading copy of certificate": {**pk, "copy_id": has.copy.pk},
        "document version": {**pk, "sha256": has.document_sha256},
        "continuity": {"pk": continuity.pk},
        "certificate without number": {"pk": has.waiting.pk},
        "overage": {"overage_id": has.overage.pk},
        "overage by pk": {"pk": has.overage.pk},
        "own bundle": {"bundle_id": has.bundle.pk},
        "own bundle by pk": {"pk": has.bundle.pk},
        "own key": {"token_id": has.token.pk},
        "own passkey": {"pk": scene.passkey.pk},
        "own session": {"session_id": scene.session.pk},
        "draft": {"pk": has.draft.pk},
        "draft document": {"pk": has.draft.pk, "document_id": has.draft_document.pk},
        "draft task": {"pk": has.draft.pk, "task": "parties"},
        "submitted": {"pk": has.submitted.pk},
        "recommended": {"pk": has.recommended.pk},
        "asked": {"pk": has.asked.pk},
        "in review": {"pk": has.in_review.pk},
        "correction": {"pk": has.in_review.pk, "correction_id": has.correction.pk},
        "document": {"pk": has.recommended.pk, "document_id": has.document.pk},
        "preview": {"pk": has.submitted.pk, "preview_id": has.preview.pk},
        "pvf": {"pk": has.world.pvf.pk},
        "line": {"pk": has.world.line.pk},
        "statement": {"pk": has.world.line.pk, "file_id": has.statement.pk},
        "proposal": {"pk": has.pvf_proposed.pk},
        "pvf draft": {"pk": has.pvf_draft.pk},
        "pvf draft line": {"pk": has.pvf_draft.pk, "number": 1},
        "pvf draft document": {"pk": has.pvf_draft_document.pk},
        "pvf document": {"pk": has.pvf_document.pk},
        "report": {"pk": has.report.pk},
        "way in": {"slug": has.world.certifier.slug},
        "exporter's person": {"membership_id": has.world.members["viewer"].pk},
        "staff person": {"membership_id": has.world.members["reviewer"].pk},
        "exporter's invitation": {"invitation_id": has.invitation.pk},
        "grant": {"delegation_id": has.delegation.pk},
        "client": {"client_id": has.world.client.pk},
        "call": {"pk": has.call.pk},
        "refused call": {"pk": has.refused_call.pk},
        "guarded change": {"change_id": scene.guarded.pk},
        "support session": {"session_id": scene.support.pk},
        "another operator's session": {"session_id": scene.support.pk},
        "invitation link": {"token": has.invitation_link},
        "directory reading": {"import_id": scene.reading.pk},
        "confirmation": {"key": "gone"},
        "reset": {"uidb36": "1", "key": "gone"},
        "": {},
    }  # fmt: skip


def query(scene: Scene, name: str) -> str:
    """What follows the question mark where an address needs it."""
    number, code = scene.own.certificate.number, scene.own.certificate.check_code
    document = scene.own.continuity_document
    assert document is not None
    return {
        "api:certificate-check": f"?number={number}&code={code}",
        "api:certificate-check-continuity": f"?reference={document.reference}&code={document.check_code}",
        "api:pvf-line-terms": f"?at={now():%Y-%m-%dT%H:%M:%SZ}",
    }.get(name, "")
