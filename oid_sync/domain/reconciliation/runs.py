"""A run: started once at a time, in slices, resumable, finished with the number of drifts."""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from collections.abc import Callable, Iterator

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from certificates.models import Certificate
from core import audit, clock
from core.errors import DomainError, NotPermitted
from core.identity import Identity, act_as
from core.wake import wake
from oid_sync.connectors.base import Page
from oid_sync.domain import links
from oid_sync.domain.reconciliation import drifts, ledger_steps, oid_step
from oid_sync.domain.reconciliation.drifts import Difference
from oid_sync.models import ReconciliationRun
from organizations.roles import Role
from pvf.domain import ledger
from pvf.models import Balance
from requests_app.models import Request

SLICE = 200
STALE = dt.timedelta(minutes=3)
Compare = Callable[[uuid.UUID, list[uuid.UUID]], Iterator[Difference]]


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """One comparison over the rows of a table, in the order of their keys."""

    name: str
    rows: type[models.Model]
    compare: Compare


STEPS: tuple[Step, ...] = (
    Step("balances", Balance, ledger_steps.balances),
    Step("requests", Request, ledger_steps.requests),
    Step("certificates", Certificate, ledger_steps.certificates),
    Step("parties", Certificate, ledger_steps.parties),
)
NAMES = [step.name for step in STEPS] + ["oid"]


def start(actor: Identity, certifier_id: uuid.UUID) -> ReconciliationRun:
    """Start a run, or give the one that is under way."""
    if not actor.is_staff or not actor.has(Role.MANAGER, Role.APPROVER):
        raise NotPermitted("ROLE", _("Your role does not allow this."))
    run = ReconciliationRun(certifier_id=certifier_id, step=NAMES[0], started_by=actor.user_id)
    try:
        with transaction.atomic():
            run.save(force_insert=True)
    except IntegrityError:
        return ReconciliationRun.objects.get(certifier_id=certifier_id, state=ReconciliationRun.State.RUNNING)
    audit.record(actor, "oid.reconciliation_start", "reconciliation", run.pk, certifier_id=certifier_id)
    wake("reconciliation", certifier_id, run.pk)
    return run


def unattended(certifier_id: uuid.UUID) -> list[uuid.UUID]:
    """Runs that nobody works on any more: started but not picked up, or killed on the way."""
    limit = clock.now() - STALE
    rows = ReconciliationRun.objects.filter(
        certifier_id=certifier_id, state=ReconciliationRun.State.RUNNING, heartbeat_at__lt=limit
    )
    return list(rows.values_list("pk", flat=True))


def progress(run: ReconciliationRun) -> int:
    """How far a run is, in per cent of its steps."""
    if run.state != ReconciliationRun.State.RUNNING:
        return 100
    return 100 * NAMES.index(run.step) // len(NAMES) if run.step in NAMES else 0


def go_on(certifier_id: uuid.UUID, run_id: uuid.UUID) -> bool:
    """Do what is left of a run, slice by slice; False where it is not running."""
    actor = Identity.loop(certifier_id)
    while True:
        with act_as(actor):
            run = _running(run_id)
            if run is None:
                return False
            at_oid = run.step == "oid"
            if not at_oid:
                _slice(run)
        if at_oid:
            return _compare_with_oid(actor, run_id)


def _running(run_id: uuid.UUID) -> ReconciliationRun | None:
    rows = ReconciliationRun.objects.select_for_update(skip_locked=True)
    return rows.filter(pk=run_id, state=ReconciliationRun.State.RUNNING).first()


def _slice(run: ReconciliationRun) -> None:
    """Compare the next rows of the run's step and note how far it has come, in one transaction."""
    step = next(item for item in STEPS if item.name == run.step)
    rows = step.rows._default_manager.filter(certifier_id=run.certifier_id)
    if run.position:
        rows = rows.filter(pk__gt=uuid.UUID(run.position))
    keys = list(rows.order_by("pk").values_list("pk", flat=True)[:SLICE])
    found = list(step.compare(run.certifier_id, keys))
    if found:
        # an act that was committing meanwhile looks like a difference: look again once its lines are locked
        ledger.lock_balances({item.line_id for item in found if item.line_id})
        found = list(step.compare(run.certifier_id, keys))
    for difference in found:
        drifts.note(run, difference)
    run.compared += len(keys)
    if len(keys) < SLICE:
        run.step, run.position = NAMES[NAMES.index(step.name) + 1], ""
    else:
        run.position = str(keys[-1])
    run.heartbeat_at = clock.now()
    run.save()


def _compare_with_oid(actor: Identity, run_id: uuid.UUID) -> bool:
    """The last step: every record of OID's log. It is short, so that a killed run does it again from its beginning."""
    certifier_id = actor.certifier_id
    if certifier_id is None:
        raise ValueError("a run belongs to a certifier")
    try:
        with act_as(actor):
            connector = links.connector_of(certifier_id)
    except DomainError as error:
        return _finish(actor, run_id, problem=str(error.message))
    seen: set[str] = set()
    cursor, restarts = "", 0
    while True:
        page = connector.list_since(cursor)
        if not isinstance(page, Page):
            return _finish(actor, run_id, problem=page.reason)
        if page.start_again:
            restarts += 1
            if restarts > 2:
                return _finish(actor, run_id, problem="OID's log began anew again and again")
            cursor, seen = "", set()
            continue
        with act_as(actor):
            run = _running(run_id)
            if run is None:
                return False
            seen |= oid_step.compare_page(actor, run, page)
            run.heartbeat_at = clock.now()
            run.save()
        if not page.has_more:
            return _finish(actor, run_id, seen=seen)
        cursor = page.cursor


def _finish(actor: Identity, run_id: uuid.UUID, *, seen: set[str] | None = None, problem: str = "") -> bool:
    with act_as(actor):
        run = _running(run_id)
        if run is None:
            return False
        if seen is not None:
            for difference in oid_step.missing(run.certifier_id, seen):
                drifts.note(run, difference)
            drifts.close_unseen(run)
        run.state = ReconciliationRun.State.FAILED if problem else ReconciliationRun.State.DONE
        run.note, run.done_at, run.heartbeat_at = problem[:300], clock.now(), clock.now()
        run.save()
        audit.record(
            actor, "oid.reconciliation_end", "reconciliation", run.pk, certifier_id=run.certifier_id,
            after={"state": run.state, "compared": run.compared, "found": run.found, "healed": run.healed},
        )  # fmt: skip
    return not problem
