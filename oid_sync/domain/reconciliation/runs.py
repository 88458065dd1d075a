"""A run: started once at a time, in slices, resumable, finished with the number of drifts."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import time
import uuid
from collections.abc import Callable, Iterable

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from certificates.models import Certificate
from core import audit, clock
from core.errors import NotPermitted
from core.identity import Identity, act_as
from core.wake import wake
from oid_sync.connectors.base import Does
from oid_sync.domain import links, marks
from oid_sync.domain.reconciliation import drifts, ledger_steps, oid_log, oid_step
from oid_sync.domain.reconciliation.drifts import Difference
from oid_sync.domain.reconciliation.oid_log import Failed, Fetched, Log, Paused
from oid_sync.domain.reconciliation.slices import FIRST, Slice, cut, plan_for_slices
from oid_sync.models import DriftKind, OidConnection, ReconciliationRun
from organizations.roles import Role
from pvf.models import Balance
from requests_app.models import Request

STALE = dt.timedelta(minutes=3)
#: A nightly run reads OID's log from where it was read to last, and from its beginning where that was done before this.
FULL_AGAIN = dt.timedelta(days=7)
READ, OID = "read", "oid"


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """One comparison, slice by slice: where a slice ends, what it finds, and the kinds that it alone finds."""

    name: str
    bound: str
    compare: Callable[[Slice], tuple[list[Difference], list[uuid.UUID]]]
    kinds: Iterable[DriftKind]


def _sure(compare: Callable[[Slice], list[Difference]]) -> Callable[[Slice], tuple[list[Difference], list[uuid.UUID]]]:
    """A comparison within the portal leaves nothing unsettled: it sees one moment."""
    return lambda part: (compare(part), [])


STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        Step("balances", ledger_steps.BALANCES_BOUND, _sure(ledger_steps.balances), [DriftKind.BALANCE]),
        Step("requests", ledger_steps.REQUESTS_BOUND, _sure(ledger_steps.requests), [DriftKind.RESERVED]),
        Step(
            "certificates", ledger_steps.CERTIFICATES_BOUND, _sure(ledger_steps.certificates),
            [DriftKind.CERTIFIED, DriftKind.SHIPPED, DriftKind.PARTY_STATUS, DriftKind.RECEIPT],
        ),
        Step(OID, oid_step.BOUND, oid_step.compare, oid_step.KINDS),
    )
}  # fmt: skip
NAMES = ["balances", "requests", "certificates", READ, OID]


class Outcome(enum.Enum):
    """What became of a piece of work at a run."""

    MORE = "there is more to do"
    PAUSED = "OID has asked to wait"
    OVER = "nothing is left for this worker: the run is done, failed, or another worker has it"


def start(actor: Identity, certifier_id: uuid.UUID, *, full: bool = True) -> ReconciliationRun:
    """Start a run, or give the one that is under way. ``full``: read OID's log from its beginning."""
    if not actor.is_staff or not actor.has(Role.MANAGER, Role.APPROVER):
        raise NotPermitted("ROLE", _("Your role does not allow this."))
    run = ReconciliationRun(certifier_id=certifier_id, step=NAMES[0], started_by=actor.user_id, full=full)
    try:
        with transaction.atomic():
            run.save(force_insert=True)
    except IntegrityError:
        return ReconciliationRun.objects.get(certifier_id=certifier_id, state=ReconciliationRun.State.RUNNING)
    audit.record(
        actor, "oid.reconciliation_start", "reconciliation", run.pk, certifier_id=certifier_id, after={"full": full}
    )
    wake("reconciliation", certifier_id, run.pk)
    return run


def start_nightly(actor: Identity, certifier_id: uuid.UUID) -> ReconciliationRun:
    """The nightly run: what changed in OID is read; all of it where that was not done for a week."""
    lately = ReconciliationRun.objects.filter(
        certifier_id=certifier_id, state=ReconciliationRun.State.DONE, full=True,
        started_at__gt=clock.now() - FULL_AGAIN,
    )  # fmt: skip
    return start(actor, certifier_id, full=not lately.exists())


def unattended(certifier_id: uuid.UUID) -> list[uuid.UUID]:
    """Runs that nobody works on any more: started but not picked up, paused, or killed on the way."""
    limit = clock.now() - STALE
    rows = ReconciliationRun.objects.filter(
        certifier_id=certifier_id, state=ReconciliationRun.State.RUNNING, heartbeat_at__lt=limit
    )
    return list(rows.values_list("pk", flat=True))


def progress(run: ReconciliationRun) -> int:
    """How far a run is, in per cent of the rows that it expects to compare."""
    if run.state != ReconciliationRun.State.RUNNING:
        return 100
    return min(99, 100 * run.compared // run.total) if run.total else 0


def go_on(certifier_id: uuid.UUID, run_id: uuid.UUID, *, seconds: int | None = None) -> Outcome:
    """Do what is left of a run, piece by piece, for at most ``seconds``."""
    actor = Identity.loop(certifier_id)
    log = Log(actor, certifier_id)
    end = None if seconds is None else time.monotonic() + seconds
    while True:
        outcome = advance(actor, run_id, log)
        if outcome is Outcome.OVER:
            marks.settle_all(certifier_id)
        if outcome is not Outcome.MORE:
            return outcome
        if end is not None and time.monotonic() > end:
            return outcome


def advance(actor: Identity, run_id: uuid.UUID, log: Log) -> Outcome:
    """Do one piece of a run: compare one slice, or read one page of OID's log. Its end is committed with its result."""
    with act_as(actor):
        run = _running(run_id)
        if run is None:
            return Outcome.OVER
        if run.step != READ:
            return _slice(actor, run)
        position = run.position
    answer = log.page(position)
    if isinstance(answer, Paused):
        return Outcome.PAUSED
    with act_as(actor):
        run = _running(run_id)
        if run is None or run.step != READ or run.position != position:
            return Outcome.OVER  # another worker has read this page meanwhile
        return _page(actor, run, answer)


def _running(run_id: uuid.UUID) -> ReconciliationRun | None:
    rows = ReconciliationRun.objects.select_for_update(skip_locked=True)
    return rows.filter(pk=run_id, state=ReconciliationRun.State.RUNNING).first()


def _slice(actor: Identity, run: ReconciliationRun) -> Outcome:
    """Compare the next rows of the run's step and note how far it has come, in one transaction."""
    step = STEPS[run.step]
    run.total = run.total or _expected(run)
    plan_for_slices(ranges=step.name != "balances")
    after = uuid.UUID(run.position) if run.position else FIRST
    part = cut(run, after, step.bound, settings.RECONCILE_SLICE_ROWS)
    found, unsettled = step.compare(part)
    drifts.note(actor, run, found)
    if unsettled:
        drifts.keep(run, step.kinds, unsettled)
    run.compared += part.rows
    run.position = str(part.upto)
    if part.is_last:
        drifts.close_unseen(run, step.kinds)
        return _next(actor, run)
    return _save(run)


def _page(actor: Identity, run: ReconciliationRun, answer: Fetched | Failed) -> Outcome:
    problem = answer.reason if isinstance(answer, Failed) else oid_log.keep(run, answer)
    if problem:
        return _finish(actor, run, problem=problem)
    if run.read_from is not None:
        return _next(actor, run)
    return _save(run)


def _next(actor: Identity, run: ReconciliationRun) -> Outcome:
    place = NAMES.index(run.step) + 1
    if place == len(NAMES):
        return _finish(actor, run)
    run.step, run.position = NAMES[place], ""
    if run.step == READ:
        kind = links.used_by(run.certifier_id)
        if kind is not None and Does.LIST not in kind.does:
            return _finish(actor, run, note="OID's records were not compared: this certifier's connector reads no log.")
        oid_log.begin(run)
    return _save(run)


def _save(run: ReconciliationRun) -> Outcome:
    run.heartbeat_at = clock.now()
    run.save()
    return Outcome.MORE


def _finish(actor: Identity, run: ReconciliationRun, *, problem: str = "", note: str = "") -> Outcome:
    run.state = ReconciliationRun.State.FAILED if problem else ReconciliationRun.State.DONE
    run.note, run.done_at = (problem or note)[:300], clock.now()
    _save(run)
    audit.record(
        actor, "oid.reconciliation_end", "reconciliation", run.pk, certifier_id=run.certifier_id,
        after={
            "state": run.state, "compared": run.compared, "found": run.found, "healed": run.healed, "note": run.note,
        },
    )  # fmt: skip
    return Outcome.OVER


def _expected(run: ReconciliationRun) -> int:
    """Rows that the run will compare: certificates three times, once of them as records of OID where all are read."""
    certifier = {"certifier_id": run.certifier_id}
    linked = OidConnection.objects.filter(**certifier).exclude(list_cursor="").exists()
    times = 2 if linked and not run.full else 3
    certificates = Certificate.objects.filter(**certifier).count()
    rows = Balance.objects.filter(**certifier).count() + Request.objects.filter(**certifier).count()
    return max(1, rows + times * certificates)
