"""Thirty-two processes reserve and release kilograms of one PVF line at once, durably, against a bare program.

The portal's leg: each process takes its drafts one by one; a *reserve* is the part of a submit that writes (request locked,
its step with the audit row, the movement), a *release* the same part of a withdrawal. Each is one transaction of the
exporter's signatory, with the identity told to PostgreSQL, as the restricted role, under row policies. The checks of a
submit are not in it: they are measured by ``bench issue``.

The baseline: bare psycopg, one connection a process, writes the same rows in the same transactions: it sets the same
identity, then one statement each for the request, the audit row, the balance and the movement; the balance, on which
everybody waits, comes last there too. It writes as the owner, so it obeys no policy; it takes no lock before it
looks, knows no rule of the ledger and repeats nothing safely. The rows that both wrote are counted and must be equal.

A third leg asks for four times what the line has: whatever is moved beyond what there was counts as oversold.

Legs alternate; the ratio is the median over the rounds. Goals: at least 0.5, and nothing oversold.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import statistics
import sys
import time
import uuid
from collections.abc import Callable
from decimal import Decimal
from multiprocessing.synchronize import Barrier
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from bench._database import clone_of, django_on, fresh_name, owner_on
from core import clock, ids
from core.identity import _SET, Identity, act_as, settings_of
from pvf.domain import ledger
from pvf.models import Bucket, Cause, Holder
from requests_app.domain import requests, service_clock, submission, transitions
from requests_app.models import Request, RequestState
from tests.support import databases
from tests.support.drafts import complete_draft
from tests.support.world import World, make_world

PROCESSES = int(os.environ.get("BENCH_PROCESSES", "32"))
EACH = int(os.environ.get("BENCH_EACH", "40"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
KG = Decimal("1000.000")
LIMIT_SECONDS = 300
SCARCE = 4
"""How many times more the last leg asks for than the line has."""

_COPY = """
INSERT INTO requests_app_request
SELECT (jsonb_populate_record(r, jsonb_build_object('id', gen_random_uuid(), 'reference', 'B-' || n))).*
FROM requests_app_request r, generate_series(1, %s) n WHERE r.id = %s
"""

Leg = Callable[[Barrier, list[uuid.UUID], Any], None]


def prepare(name: str) -> World:
    """A world whose line has room for one reservation of each process, and a draft for every reservation."""
    with django_on(name):
        world = make_world(kg=KG * PROCESSES)
        draft = complete_draft(world, KG)
    with owner_on(name) as owner:
        owner.execute(_COPY, [PROCESSES * EACH - 1, draft.pk])
        owner.commit()
        owner.autocommit = True
        owner.execute("VACUUM ANALYZE")
    return world


def reserve(actor: Identity, pk: uuid.UUID) -> None:
    """What a submit writes, its movement last."""
    with act_as(actor):
        request = requests.locked(actor, pk)
        transitions.apply(
            actor, request, RequestState.SUBMITTED, submitted_by=actor.user_id, submitted_at=clock.now(),
            **service_clock.values(request),
        )  # fmt: skip
        ledger.move(
            actor, request.line_id, Cause.SUBMIT, Bucket.AVAILABLE, Bucket.RESERVED, request.net_kg,
            key=f"submit:{request.pk}", target_holder=(Holder.REQUEST, request.pk),
        )  # fmt: skip


def release(actor: Identity, pk: uuid.UUID) -> None:
    """What a withdrawal writes, its movement last."""
    with act_as(actor):
        request = requests.locked(actor, pk)
        transitions.apply(actor, request, RequestState.WITHDRAWN, decided_at=clock.now())
        submission.release(actor, request, Cause.WITHDRAW)


def portal_leg(gate: Barrier, keys: list[uuid.UUID], given: tuple[str, Identity]) -> None:
    """One process of the portal."""
    name, actor = given
    with django_on(name):
        with act_as(actor):
            Request.objects.filter(pk=keys[0]).exists()
        gate.wait(timeout=60)
        for pk in keys:
            reserve(actor, pk)
            release(actor, pk)


def scarce_leg(gate: Barrier, keys: list[uuid.UUID], given: tuple[str, Identity]) -> None:
    """One process that keeps what it reserved for a moment and is refused where nothing is left."""
    name, actor = given
    with django_on(name):
        gate.wait(timeout=60)
        for pk in keys:
            try:
                reserve(actor, pk)
            except ledger.VolumeExceeded:
                continue
            release(actor, pk)


class Bare:
    """The bare program: the same rows, one statement each."""

    def __init__(self, connection: psycopg.Connection[Any], world: World, actor: Identity) -> None:
        self.connection = connection
        self.world = world
        self.actor = actor
        self.identity = settings_of(actor)

    def act(self, pk: uuid.UUID, cause: str, source: str, target: str) -> None:
        """One transaction: identity, request, audit row, balance, movement."""
        taken = cause == "submit"
        with self.connection.transaction():
            self.connection.execute(_SET, self.identity)
            self._request(pk, taken)
            self._audit(pk, taken)
            self._move(pk, cause, source, target)

    def _request(self, pk: uuid.UUID, taken: bool) -> None:
        now, user = clock.now(), self.actor.user_id
        if taken:
            self.connection.execute(
                "UPDATE requests_app_request SET state = 'submitted', changed_by = %s, changed_at = %s, submitted_by = %s, "
                "submitted_at = %s, clock_due_at = %s, clock_stopped_at = %s, hard_limit_at = %s, decide_by = %s WHERE id = %s",
                [user, now, user, now, None, None, None, None, pk],
            )
        else:
            self.connection.execute(
                "UPDATE requests_app_request SET state = 'withdrawn', changed_by = %s, changed_at = %s, decided_at = %s "
                "WHERE id = %s",
                [user, now, now, pk],
            )

    def _audit(self, pk: uuid.UUID, taken: bool) -> None:
        world, before, after = self.world, ("draft", "submitted"), ("submitted", "withdrawn")
        place = 0 if taken else 1
        self.connection.execute(
            "INSERT INTO core_auditrow (id, certifier_id, client_id, at, actor_kind, actor_id, on_behalf_of, act, "
            "object_type, object_id, before, after, request_id, ip) "
            "VALUES (%s, %s, %s, %s, 'exporter', %s, '', %s, 'request', %s, %s, %s, '', '')",
            [
                ids.new_id(), world.certifier.pk, world.client.pk, clock.now(), self.actor.user_id,
                "request.submit" if taken else "request.withdraw", str(pk),
                Jsonb({"state": before[place], "version": 1}),
                Jsonb({"state": after[place], "version": 1, "reference": "B-0000"}),
            ],
        )  # fmt: skip

    def _move(self, pk: uuid.UUID, cause: str, source: str, target: str) -> None:
        world, line = self.world, self.world.line.pk
        row = self.connection.execute(
            f"UPDATE pvf_balance SET {source} = {source} - %s, {target} = {target} + %s, last_sequence = last_sequence + 1 "
            "WHERE line_id = %s RETURNING last_sequence, available, reserved, certified, shipped",
            [KG, KG, line],
        ).fetchone()
        assert row is not None
        holders = ("", None, "request", pk) if target == "reserved" else ("request", pk, "", None)
        self.connection.execute(
            "INSERT INTO pvf_movement (id, certifier_id, client_id, line_id, sequence, source, target, kg, source_holder, "
            "source_holder_id, target_holder, target_holder_id, cause, reason, idempotency_key, made_by, made_at, "
            "available_after, reserved_after, certified_after, shipped_after) VALUES "
            "(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, '', %s, %s, clock_timestamp(), %s, %s, %s, %s)",
            [
                ids.new_id(), world.certifier.pk, world.client.pk, line, row[0], source, target, KG, *holders, cause,
                f"{cause}:{pk}", self.actor.user_id, *row[1:],
            ],
        )  # fmt: skip


def bare_leg(gate: Barrier, keys: list[uuid.UUID], given: tuple[str, Identity, World]) -> None:
    """One process of the bare program."""
    name, actor, world = given
    with owner_on(name) as connection:
        bare = Bare(connection, world, actor)
        connection.commit()
        gate.wait(timeout=60)
        for pk in keys:
            bare.act(pk, "submit", "available", "reserved")
            bare.act(pk, "withdraw", "reserved", "available")


def race(leg: Leg, shares: list[list[uuid.UUID]], given: Any) -> float:
    """Seconds from the moment when every process stood ready until the last was through."""
    context = multiprocessing.get_context("fork")
    gate = context.Barrier(len(shares) + 1)
    processes = [context.Process(target=leg, args=(gate, share, given)) for share in shares]
    for process in processes:
        process.start()
    gate.wait(timeout=120)
    started = time.perf_counter()
    for process in processes:
        process.join(LIMIT_SECONDS)
    seconds = time.perf_counter() - started
    assert [process.exitcode for process in processes] == [0] * len(processes)
    return seconds


def shares_of(name: str) -> list[list[uuid.UUID]]:
    """The drafts, dealt out to the processes."""
    with owner_on(name) as owner:
        keys = [row[0] for row in owner.execute("SELECT id FROM requests_app_request ORDER BY id")]
    assert len(keys) == PROCESSES * EACH
    return [keys[number::PROCESSES] for number in range(PROCESSES)]


def written(name: str) -> dict[str, int]:
    """How many rows of each kind a leg left behind, the balance's versions counted by its sequence."""
    with owner_on(name) as owner:
        row = owner.execute(
            "SELECT (SELECT count(*) FROM pvf_movement), (SELECT last_sequence FROM pvf_balance), "
            "(SELECT count(*) FROM core_auditrow WHERE act IN ('request.submit', 'request.withdraw')), "
            "(SELECT count(*) FROM core_auditrow), "
            "(SELECT count(*) FROM requests_app_request WHERE state = 'withdrawn' AND decided_at IS NOT NULL)"
        ).fetchone()
    assert row is not None
    names = ("movements", "balance", "audit_of_requests", "audit", "requests")
    return dict(zip(names, map(int, row), strict=True))


def oversold(name: str) -> int:
    """Movements after which, summed up from nothing, a bucket is below zero or the buckets are not what was authorised."""
    with owner_on(name) as owner:
        row = owner.execute(
            "WITH m AS (SELECT sequence, sum(CASE WHEN target = 'available' THEN kg ELSE 0 END "
            "  - CASE WHEN source = 'available' THEN kg ELSE 0 END) OVER w AS available, "
            " sum(CASE WHEN target = 'reserved' THEN kg ELSE 0 END "
            "  - CASE WHEN source = 'reserved' THEN kg ELSE 0 END) OVER w AS reserved, "
            " available_after, reserved_after FROM pvf_movement WINDOW w AS (PARTITION BY line_id ORDER BY sequence)) "
            "SELECT count(*) FILTER (WHERE available < 0 OR reserved < 0 OR available <> available_after "
            " OR reserved <> reserved_after) + (SELECT count(*) FROM pvf_balance WHERE available < 0 OR reserved <> 0) FROM m"
        ).fetchone()
    assert row is not None
    return int(row[0])


def scarcity(source: str, actor: Identity, world: World, used: list[str]) -> tuple[int, int]:
    """Oversold movements and refusals where the processes want four times what there is."""
    name = clone_of(source, "scarce")
    used.append(name)
    with owner_on(name) as owner:
        taken = KG * PROCESSES * (SCARCE - 1) / SCARCE
        owner.execute("SELECT set_config('portal.kind', 'loop', true)")
        owner.execute("SELECT set_config('portal.certifier_id', %s, true)", [str(world.certifier.pk)])
        owner.execute(
            "SELECT pvf_move(gen_random_uuid(), %s, 'available', 'outside', %s, '', NULL, '', NULL, 'reduce', '', 'x', NULL)",
            [world.line.pk, taken],
        )
        owner.commit()
    race(scarce_leg, [share[: max(EACH // 4, 1)] for share in shares_of(name)], (name, actor))
    with owner_on(name) as owner:
        row = owner.execute("SELECT count(*) FROM pvf_movement WHERE cause = 'submit'").fetchone()
    assert row is not None
    return oversold(name), PROCESSES * max(EACH // 4, 1) - int(row[0])


def require_durable(name: str) -> None:
    """Both legs commit to disk."""
    with owner_on(name) as owner:
        for setting in ("fsync", "synchronous_commit"):
            row = owner.execute("SELECT current_setting(%s)", [setting]).fetchone()
            assert row == ("on",), f"{setting} is {row}: commits are not durable here"


def main() -> int:
    """Print the rounds' figures, then one line of JSON."""
    source = databases.clone(fresh_name("source"))
    used = [source]
    ratios, ours, theirs, too_much = [], [], [], 0
    pairs = PROCESSES * EACH
    try:
        require_durable(source)
        world = prepare(source)
        actor = world.who("signatory")
        for number in range(ROUNDS):
            names = clone_of(source, "portal"), clone_of(source, "bare")
            used += names
            shares = shares_of(names[0])
            legs = [(portal_leg, (names[0], actor)), (bare_leg, (names[1], actor, world))]
            seconds = {leg.__name__: race(leg, shares, given) for leg, given in (legs if number % 2 else legs[::-1])}
            counts = [written(name) for name in names]
            assert counts[0] == counts[1], counts
            assert counts[0]["movements"] == 2 * pairs + 1
            too_much += oversold(names[0])
            ours.append(pairs / seconds["portal_leg"])
            theirs.append(pairs / seconds["bare_leg"])
            ratios.append(ours[-1] / theirs[-1])
            print(f"portal {ours[-1]:.1f}/s, bare psycopg {theirs[-1]:.1f}/s, ratio {ratios[-1]:.3f}")
        more, refused = scarcity(source, actor, world, used)
        assert refused, "the last leg was to be refused something"
    finally:
        for name in used:
            databases.drop(name)
    result = {
        "bench": "hot_line",
        "ratio": round(statistics.median(ratios), 3),
        "oversold": too_much + more,
        "portal_pairs_per_second": round(statistics.median(ours), 1),
        "baseline": "bare psycopg, same rows, same transactions, one connection a process",
        "baseline_pairs_per_second": round(statistics.median(theirs), 1),
        "processes": PROCESSES,
        "pairs": pairs,
        "refused_when_scarce": refused,
        "rounds": ROUNDS,
    }
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
