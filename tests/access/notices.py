"""Every topic of a notification, told by the act that tells it: what stands in the mail, and where its link leads."""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from django.db import transaction
from django.test import Client as Browser
from django.test import override_settings

from certificates.domain import actuals, amending, closing, coop, delays, documents, oid_marks, replacing, suspension
from certificates.models import Certificate, OidMark
from certificates.models.continuity import Unregistered
from core import clock, scanning
from core.identity import NOBODY, Identity, act_as, assume
from core.models import Notification
from organizations import delegated
from organizations.domain import brokers
from organizations.models import OperationStatus
from pvf.domain import proposals
from requests_app.domain import documents as papers
from requests_app.domain import questions
from tests.access.bodies import body_of
from tests.access.cases import Case, address, sent
from tests.access.people import Person
from tests.access.scene import Holdings, Scene
from tests.access.table import TABLE, Row
from tests.support.certificates import oid_has_amendments
from tests.support.drafts import PAPER
from tests.support.two_managers import agree
from tests.support.world import set_status

TEXTS = Path(__file__).resolve().parents[2] / "templates" / "notifications"
#: Every topic that has a text of its own.
TOPICS = frozenset(path.stem for path in TEXTS.glob("[!_]*.txt"))

#: Told while the scene is made.
IN_SCENE = frozenset({
    "certificate.continuity", "certificate.invited", "certificate.issued", "change.proposed", "coop.started",
    "delegation.granted", "pvf.processing_reported", "pvf.proposed", "request.correction",
    "request.question", "request.submitted", "review.approved", "review.recommended", "support.opened",
    "certificate.overage",
})  # fmt: skip
#: Topic -> the address that is posted to, and by whom.
BY_PAGE: dict[str, tuple[str, str]] = {
    "certificate.amended": ("certificates:amend", "approver"),
    "certificate.overage_settled": ("certificates:settle", "approver"),
    "certificate.receipt_differs": ("certificates:receipt", "importer"),
    "certificate.voided": ("certificates:void", "approver"),
    "client.status": ("organizations:client", "manager"),
    "coop.ended": ("certificates:outage", "manager"),
    "delegation.changed": ("organizations:delegations", "signatory"),
    "delegation.revoked": ("organizations:delegation_revoke", "signatory"),
    "importer.code": ("organizations:claim", "alone"),
    "people.invited": ("organizations:people", "manager"),
    "pvf.approved": ("pvf:approve", "manager"),
    "pvf.processing_approved": ("pvf:report-approve", "manager"),
    "pvf.processing_rejected": ("pvf:report-reject", "manager"),
    "pvf.rejected": ("pvf:reject", "manager"),
    "request.answered": ("requests:answer", "signatory"),
    "request.correction_accepted": ("requests:correction_accept", "signatory"),
    "request.correction_declined": ("requests:correction_decline", "signatory"),
    "request.withdrawn": ("requests:withdraw", "signatory"),
    "review.approved": ("review:approve", "approver"),
    "review.rejected": ("review:reject", "approver"),
    "support.ended": ("organizations:support_end", "manager"),
}
#: Topics for the certifier's people alone that loops tell: what they are about and which roles, as the code says it.
TO_STAFF: dict[str, tuple[str, tuple[str, ...], Callable[[Holdings], uuid.UUID | None]]] = {
    "audit.head": ("audit_head", ("auditor", "manager"), lambda has: uuid.uuid4()),
    "certificate.abandoned": ("request", ("reviewer", "approver"), lambda has: has.in_review.pk),
    "certificate.document_stuck": ("stuck_documents", ("approver", "manager"), lambda has: None),
    "certificate.key_ends": ("signing_key", ("manager",), lambda has: uuid.uuid4()),
    "oid.by_hand": ("oid_call", ("reviewer", "approver", "manager"), lambda has: None),
    "oid.circuit_closed": ("oid_call", ("manager", "approver", "reviewer"), lambda has: None),
    "oid.circuit_open": ("oid_call", ("manager", "approver", "reviewer"), lambda has: None),
    "oid.desk": ("certificate", ("manager", "approver"), lambda has: has.certificate.pk),
    "sign_in.break_glass": ("membership", ("manager",), lambda has: has.world.members["reviewer"].pk),
    "oid.drift_digest": ("reconciliation", ("manager",), lambda has: None),
}


def _later(days: int) -> Any:
    """The calendar, so many days on."""
    return mock.patch.object(clock, "today_in", return_value=clock.now().date() + dt.timedelta(days=days))


def _lapsed(has: Holdings) -> None:
    with _later(60), act_as(has.world.who("reviewer")) as reviewer:
        questions.lapse(reviewer, has.asked.pk)


def _withdrawn(has: Holdings) -> None:
    with act_as(has.world.who("preparer")) as preparer:
        proposals.withdraw(preparer, has.pvf_proposed.pk, "A mistake.")


def _reminded(has: Holdings) -> None:
    with act_as(has.world.loop()) as loop:
        assert actuals.remind(loop, has.certificate.pk, 14)


def _closed(has: Holdings) -> None:
    with _later(200), act_as(has.world.loop()) as loop:
        assert closing.close(loop, has.certificate.pk)


def _replaced(has: Holdings) -> None:
    with act_as(has.world.loop()) as loop:
        new, old = (Certificate.objects.get(pk=row.pk) for row in (has.waiting, has.certificate))
        new.number = "101-1010000011-000099"
        replacing.take_effect(loop, new, old)


def _second_version(has: Holdings) -> None:
    with act_as(has.world.who("approver")) as approver:
        amending.amend(approver, has.certificate.pk, amending.Asked(vessel="MV Later"), reason="Another vessel.")
    oid_has_amendments(has.world, has.certificate)
    with act_as(has.world.loop()) as loop:
        job = documents._take(loop, has.certificate.pk)
        assert job is not None
        assert documents._record(loop, job, PAPER + b"second")


def _flagged(has: Holdings) -> None:
    set_status(has.world.client.operation_id, OperationStatus.SUSPENDED)
    assert suspension.settle_all(has.world.certifier.pk)


def _cleared(has: Holdings) -> None:
    _flagged(has)
    set_status(has.world.client.operation_id, OperationStatus.CERTIFIED)
    assert suspension.settle_all(has.world.certifier.pk)


def _marked(has: Holdings) -> None:
    with act_as(has.world.loop()) as loop:
        assert oid_marks.settle(loop, {has.certificate.pk: [oid_marks.Seen(OidMark.Kind.MISSING)]})


def _unmarked(has: Holdings) -> None:
    _marked(has)
    with act_as(has.world.loop()) as loop:
        assert oid_marks.settle(loop, {has.certificate.pk: []})


def _delayed(has: Holdings) -> None:
    with act_as(has.world.loop()):
        assert delays.begin(has.world.certifier.pk, clock.now())


def _unregistered(has: Holdings) -> None:
    assert has.under_continuity is not None
    with act_as(has.world.loop()) as loop:
        coop.leave_unregistered(loop, has.under_continuity.pk, Unregistered.DEPARTED)


def _confirmed(has: Holdings) -> None:
    assert agree(dataclasses.replace(has.world, members=dict(has.world.members))) == 1


def _ending(has: Holdings) -> None:
    with mock.patch.object(delegated, "today", return_value=has.delegation.valid_until - dt.timedelta(days=3)):
        assert brokers.warn_of_the_end(has.world.certifier.pk)


def _infected(has: Holdings) -> None:
    with override_settings(CLAMD="127.0.0.1:1"), act_as(has.world.who("signatory")) as signatory:
        row = papers.add(signatory, has.draft.pk, "packing_list", PAPER, f"{has.mark}.pdf")
    with act_as(has.world.loop()) as loop:
        assert scanning._record(loop, row.file_id, "Invented.Virus")


#: Topic -> the act of a loop, or of a person by another way than a page, that tells it.
BY_LOOP: dict[str, Callable[[Holdings], None]] = {
    "certificate.actuals_due": _reminded,
    "certificate.cleared": _cleared,
    "certificate.closed": _closed,
    "certificate.delayed": _delayed,
    "certificate.document_version": _second_version,
    "certificate.flagged": _flagged,
    "certificate.oid_cleared": _unmarked,
    "certificate.oid_marked": _marked,
    "certificate.replaced": _replaced,
    "certificate.unregistered": _unregistered,
    "change.decided": _confirmed,
    "delegation.ends": _ending,
    "file.infected": _infected,
    "pvf.withdrawn": _withdrawn,
    "request.lapsed": _lapsed,
}
_ROWS: dict[str, Row] = {row.name: row for row in TABLE}


def _posted(scene: Scene, people: Mapping[str, Person], browsers: Mapping[str, Browser], name: str, who: str) -> None:
    case = Case(_ROWS[name], people[who], "POST", 302)
    data, kind = sent(body_of(case, scene))
    answer: Any = browsers[who].generic("POST", address(case.row, scene), data, kind)
    assert answer.status_code in {200, 302}, (name, who, answer.status_code)
    assume(NOBODY)


def _told(has: Holdings) -> list[Notification]:
    """What the own certifier's loop finds to tell, and what belongs to no certifier."""
    found: list[Notification] = []
    for loop in (has.world.loop(), Identity.loop()):
        with act_as(loop):
            found += Notification.objects.filter(certifier_id=loop.certifier_id)
    return found


@contextmanager
def told(
    scene: Scene, topic: str, people: Mapping[str, Person], browsers: Mapping[str, Browser]
) -> Iterator[list[Notification]]:
    """The notifications of a topic about what the own exporter has; the act that told them is undone afterwards."""
    with transaction.atomic():
        before = set() if topic in IN_SCENE - set(BY_PAGE) else {row.pk for row in _told(scene.own)}
        if topic in BY_PAGE:
            _posted(scene, people, browsers, *BY_PAGE[topic])
        elif topic in BY_LOOP:
            BY_LOOP[topic](scene.own)
        yield [row for row in _told(scene.own) if row.pk not in before and row.topic == topic and _is_own(row, scene)]
        transaction.set_rollback(True)
    assume(NOBODY)


def _is_own(row: Notification, scene: Scene) -> bool:
    """Not the rival's: it has the same certifier."""
    text = f"{row.object_id} {row.audience_id} {row.context}"
    return not any(word in text for word in scene.rival.words())


def of_staff(scene: Scene, topic: str) -> Notification:
    """A notification of one of :data:`TO_STAFF`, as it would be told."""
    kind, roles, key = TO_STAFF[topic]
    return Notification(
        topic=topic, audience="certifier", audience_id=scene.own.world.certifier.pk, object_type=kind,
        object_id=key(scene.own), certifier_id=scene.own.world.certifier.pk, audience_roles=list(roles),
    )  # fmt: skip
