"""A ledger under random acts of several people, compared after each act with kilograms counted in plain Python.

The lines: two of the world's exporter, for requests and certificates, and two of its rival at the same certifier, for
processing. Rules act through :mod:`tests.support.ledger_acts`; what must come of it is told by
:mod:`tests.support.kilograms`. A refusal is expected exactly where the plain count says so, and must leave nothing behind.
"""

from __future__ import annotations

import os
import uuid
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from certificates.domain.shipments import AboveTheRest
from core.errors import Conflict, DomainError, InvalidInput, NotPermitted, NotVisible
from core.identity import act_as
from pvf.domain import ledger
from pvf.models import Balance, Bucket, Cause, Movement
from tests.support import ledger_acts as acts
from tests.support.kilograms import POUND, Line, TooMuch, to_gram
from tests.support.ledger_stage import START, Cert, Req, Ship, Stage, check_line

PICK = st.integers(0, 10**6)
QUANTITY = st.decimals("0.01", "250", places=3, allow_nan=False, allow_infinity=False)
UNIT = st.sampled_from(["KGM", "KGM", "LBR"])


def in_kg(quantity: Decimal, unit: str) -> Decimal:
    """The plain count's own conversion."""
    return to_gram(quantity * (POUND if unit == "LBR" else 1))


class LedgerMachine(RuleBasedStateMachine):
    """See the module."""

    stage: Stage
    seen: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.world = self.stage.world
        self.savepoint = transaction.savepoint()
        self.lines = [Line() for _ in self.stage.lines]
        for line in self.lines:
            line.move("authorise", "outside", "available", START, None)
        self.open: list[Req] = []
        self.certificates: list[Cert] = []
        self.shipments: list[Ship] = []
        self.again: Callable[[], object] | None = None
        self.serial = 0

    def teardown(self) -> None:
        """Every example begins with the lines as they were."""
        self.seen.update(entry.cause for line in self.lines for entry in line.entries)
        transaction.set_rollback(False)
        transaction.savepoint_rollback(self.savepoint)

    # --- what rules are made of ---

    def who(self, role: str) -> uuid.UUID | None:
        """Who is to stand in the ledger."""
        return self.world.who(role).user_id

    def key(self, name: str) -> str:
        """A key that no movement has."""
        self.serial += 1
        return f"{name}:{self.serial}"

    def attempt(
        self, act: Callable[[], Any], refusal: type[DomainError] | tuple[type[DomainError], ...], line: Line, *moved: Any,
        **how: Any,
    ) -> Any:  # fmt: skip
        """Do ``act``; the plain count moves the same, and where it cannot, the act must be refused. None: it was."""
        self.again = None
        try:
            line.move(*moved, **how)
        except TooMuch:
            with pytest.raises(refusal):
                act()
            return None
        result = act()
        self.again = act
        return result if result is not None else True

    @initialize(
        begun=st.lists(
            st.tuples(st.integers(0, 1), st.decimals("20", "140", places=3), st.integers(0, 4)), min_size=2, max_size=4
        )
    )
    def begin(self, begun: list[tuple[int, Decimal, int]]) -> None:
        """Some requests are on their way already: submitted, certified, issued, partly shipped, shipped by mistake."""
        for index, quantity, stage in begun:
            before = len(self.open)
            self.submit(index, quantity, "KGM")
            if len(self.open) == before or not stage:
                continue
            self.approve(len(self.open) - 1)
            if stage == 1:
                continue
            cert = self.certificates[-1]
            acts.issue(self.world, cert.pk)
            cert.issued = True
            for _shipment in range(stage - 2):
                issued = [one for one in self.certificates if one.issued]
                self.ship(issued.index(cert), to_gram(quantity / 3), "KGM")

    # --- authorisation ---

    @rule(index=st.integers(0, 1), change=st.decimals("-300", "300", places=3, allow_nan=False))
    def authorise_another_quantity(self, index: int, change: Decimal) -> None:
        """A new version tops up a line, or reduces it: never below what is used."""
        line, self.again = self.lines[index], None
        wanted = max(line.authorised + change, Decimal("0.001"))
        change = wanted - line.authorised
        quantities = {
            self.stage.lines[number]: (wanted if number == index else self.lines[number].authorised, "KGM")
            for number in (0, 1)
        }
        if wanted < line.used:
            with pytest.raises(InvalidInput) as refused:
                acts.authorise(self.world, quantities)
            assert refused.value.code == "PVF-USED"
            return
        version = acts.authorise(self.world, quantities)
        self.again = lambda: acts.approve_version(self.world, version)
        if change > 0:
            line.move("top_up", "outside", "available", change, self.who("manager"))
        elif change < 0:
            line.move("reduce", "available", "outside", -change, self.who("manager"))

    @rule(kg=QUANTITY, tenths=st.integers(1, 15))
    def process(self, kg: Decimal, tenths: int) -> None:
        """Kilograms of the rival's first line become kilograms of its second."""
        (raw, made), key = self.lines[2:], self.key("process")
        into, out_of = self.stage.lines[3].pk, self.stage.lines[2].pk
        result = to_gram(kg * tenths / 10)
        if not result:
            return
        causes, by = acts.Causes(self.stage.rival.who("manager")), self.stage.rival.who("manager").user_id
        done = self.attempt(
            lambda: causes.process(into, out_of, kg, result, key), ledger.VolumeExceeded, raw, "process", "available",
            "outside", kg, by,
        )  # fmt: skip
        if done:
            made.move("process", "outside", "available", result, by)

    # --- requests ---

    @rule(index=st.integers(0, 1), quantity=QUANTITY, unit=UNIT)
    def submit(self, index: int, quantity: Decimal, unit: str) -> None:
        """A request reserves its kilograms, or is told by VOL-1 that they are not there."""
        pk = acts.draft(self.world, self.stage.lines[index], quantity, unit)
        req = Req(pk, index, in_kg(quantity, unit), unit)
        done = self.attempt(
            lambda: acts.submit(self.world, pk), DomainError, self.lines[index], "submit", "available", "reserved", req.kg,
            self.who("signatory"), target_holder=("request", pk),
        )  # fmt: skip
        if done:
            self.open.append(req)

    @precondition(lambda self: self.open)
    @rule(pick=PICK, quantity=QUANTITY)
    def change_quantity(self, pick: int, quantity: Decimal) -> None:
        """Asked about its quantity, an exporter names another: the difference moves at once, or is refused."""
        req = self.open[pick % len(self.open)]
        line, kg, holder = self.lines[req.line], in_kg(quantity, req.unit), ("request", req.pk)
        acts.ask_for_quantity(self.world, req.pk)
        more = kg - req.kg
        if more == 0:
            acts.answer(self.world, req.pk, quantity)
        elif self.attempt(
            lambda: acts.answer(self.world, req.pk, quantity), ledger.VolumeExceeded, line, "quantity_changed",
            *(("available", "reserved") if more > 0 else ("reserved", "available")), abs(more), self.who("preparer"),
            **{"target_holder" if more > 0 else "source_holder": holder},
        ):  # fmt: skip
            req.kg = kg
        else:
            acts.answer(self.world, req.pk, None)
        acts.complete_answer(self.world, req.pk)
        self.again = lambda: acts.complete_answer(self.world, req.pk)

    @precondition(lambda self: self.open)
    @rule(pick=PICK, by_exporter=st.booleans())
    def withdraw_or_reject(self, pick: int, by_exporter: bool) -> None:
        """What was reserved becomes available, whoever ends the request."""
        req = self.open.pop(pick % len(self.open))
        if not by_exporter:
            acts.claim(self.world, req.pk)
        act = acts.withdraw if by_exporter else acts.reject
        self.attempt(
            lambda: act(self.world, req.pk), DomainError, self.lines[req.line], "withdraw" if by_exporter else "reject",
            "reserved", "available", req.kg, self.who("signatory" if by_exporter else "approver"),
            source_holder=("request", req.pk),
        )  # fmt: skip

    @precondition(lambda self: self.open)
    @rule(pick=PICK)
    def approve(self, pick: int) -> None:
        """What was reserved is certified, and the certificate holds it."""
        req = self.open.pop(pick % len(self.open))
        acts.recommend(self.world, req.pk)
        pk = acts.approve(self.world, req.pk)
        self.lines[req.line].move(
            "approve", "reserved", "certified", req.kg, self.who("approver"), source_holder=("request", req.pk),
            target_holder=("certificate", pk),
        )  # fmt: skip
        self.certificates.append(Cert(pk, req.line, req.kg, req))
        self.again = lambda: acts.approve(self.world, req.pk)

    # --- certificates ---

    def _pick(self, pick: int, **wanted: object) -> Cert | None:
        found = [one for one in self.certificates if all(getattr(one, name) == is_ for name, is_ in wanted.items())]
        return found[pick % len(found)] if found else None

    @precondition(lambda self: self._pick(0, issued=False))
    @rule(pick=PICK, number=st.booleans())
    def number_or_back_to_review(self, pick: int, number: bool) -> None:
        """OID gives a number; or has none, and the kilograms are the request's again."""
        cert = self._pick(pick, issued=False)
        assert cert is not None
        if number:
            acts.issue(self.world, cert.pk)
            cert.issued = True
            return
        assert cert.request is not None
        self.certificates.remove(cert)
        self.open.append(cert.request)
        self.attempt(
            lambda: acts.back_to_review(self.world, cert.pk), DomainError, self.lines[cert.line], "back_to_review",
            "certified", "reserved", cert.kg, self.who("reviewer"), source_holder=("certificate", cert.pk),
            target_holder=("request", cert.request.pk),
        )  # fmt: skip

    @precondition(lambda self: self._pick(0, issued=True, own=False))
    @rule(pick=PICK, quantity=QUANTITY, unit=UNIT)
    def ship(self, pick: int, quantity: Decimal, unit: str) -> None:
        """Goods leave against a certificate, never more than it has left."""
        cert, key, self.again = self._pick(pick, issued=True, own=False), self.key("ship"), None
        assert cert is not None
        kg, holder = in_kg(quantity, unit), ("certificate", cert.pk)
        if kg > cert.kg:
            with pytest.raises(AboveTheRest):
                acts.ship(self.world, cert.pk, quantity, unit, key)
            return
        pk = self.attempt(
            lambda: acts.ship(self.world, cert.pk, quantity, unit, key), DomainError, self.lines[cert.line], "shipment",
            "certified", "shipped", kg, self.who("signatory"), source_holder=holder, target_holder=holder,
        )  # fmt: skip
        cert.kg -= kg
        self.shipments.append(Ship(pk, cert, kg))

    @precondition(lambda self: self.shipments)
    @rule(pick=PICK)
    def correct(self, pick: int) -> None:
        """A shipment that was none goes back to its certificate."""
        ship = self.shipments.pop(pick % len(self.shipments))
        holder = ("certificate", ship.certificate.pk)
        self.attempt(
            lambda: acts.correct(self.world, ship.pk), DomainError, self.lines[ship.certificate.line],
            "shipment_corrected", "shipped", "certified", ship.kg, self.who("signatory"), source_holder=holder,
            target_holder=holder,
        )  # fmt: skip
        ship.certificate.kg += ship.kg

    @precondition(lambda self: self._pick(0, issued=True, own=False))
    @rule(pick=PICK, cause=st.sampled_from(["close_out", "void"]))
    def end_a_certificate(self, pick: int, cause: str) -> None:
        """The unshipped rest goes back to the line, whoever ends the certificate."""
        cert = self._pick(pick, issued=True, own=False)
        assert cert is not None
        kg = cert.kg
        self._ended(cert)
        act = acts.close_out if cause == "close_out" else acts.void
        by = self.stage.world.loop().user_id if cause == "close_out" else self.who("approver")
        if not kg:
            act(self.world, cert.pk)
            return
        self.attempt(
            lambda: act(self.world, cert.pk), DomainError, self.lines[cert.line], cause, "certified", "available", kg, by,
            source_holder=("certificate", cert.pk),
        )  # fmt: skip

    def _ended(self, cert: Cert) -> None:
        """Nothing leaves under it any more, and nothing that left is taken back."""
        cert.own, cert.kg, self.again = True, Decimal(0), None
        self.shipments = [ship for ship in self.shipments if ship.certificate is not cert]

    @precondition(lambda self: self._pick(0, issued=True, own=False))
    @rule(pick=PICK, part=st.integers(1, 100))
    def amend_down(self, pick: int, part: int) -> None:
        """A part of the rest goes back; to nothing a certificate is not amended but voided."""
        cert, self.again = self._pick(pick, issued=True, own=False), None
        assert cert is not None
        kg = to_gram(cert.kg * part / 100)
        wanted = acts.certified_kg(self.world, cert.pk) - kg
        if not kg:
            return
        if not wanted:
            with pytest.raises(InvalidInput):
                acts.amend_down(self.world, cert.pk, wanted)
            return
        self.attempt(
            lambda: acts.amend_down(self.world, cert.pk, wanted), DomainError, self.lines[cert.line], "amend_down",
            "certified", "available", kg, self.who("approver"), source_holder=("certificate", cert.pk),
        )  # fmt: skip
        cert.kg -= kg

    @precondition(lambda self: self._pick(0, issued=True, own=False))
    @rule(pick=PICK, quantity=QUANTITY)
    def replace(self, pick: int, quantity: Decimal) -> None:
        """Asked for, approved and issued: the old rest counts for the new weight, only what goes beyond it is reserved."""
        old = self._pick(pick, issued=True, own=False)
        assert old is not None
        line, kg = self.lines[old.line], to_gram(quantity)
        covered = min(kg, old.kg)
        request = acts.ask_for_replacement(self.world, old.pk, quantity)
        holder, self.again = ("request", request), None
        if kg > covered:
            asked = self.attempt(
                lambda: acts.submit(self.world, request), DomainError, line, "submit", "available", "reserved",
                kg - covered, self.who("signatory"), target_holder=holder,
            )  # fmt: skip
            if not asked:
                return
        else:
            acts.submit(self.world, request)
        acts.recommend(self.world, request)
        pk = acts.approve(self.world, request)
        new, now = ("certificate", pk), ("certificate", old.pk)
        if kg > covered:
            line.move(
                "approve", "reserved", "certified", kg - covered, self.who("approver"), source_holder=holder,
                target_holder=new,
            )  # fmt: skip
        acts.take_effect(self.world, pk)
        if covered:
            line.move("replace", "certified", "certified", covered, None, source_holder=now, target_holder=new)
        if old.kg > covered:
            line.move("replace", "certified", "available", old.kg - covered, None, source_holder=now)
        self._ended(old)
        self.certificates.append(Cert(pk, old.line, kg, None, issued=True))

    # --- what must be refused, or change nothing ---

    @precondition(lambda self: self.again)
    @rule()
    def do_it_again(self) -> None:
        """The same act a second time gives the first result and moves nothing."""
        assert self.again is not None
        self.again()

    @rule(index=st.integers(0, 1), bucket=st.sampled_from(["available", "certified"]), kg=QUANTITY)
    def what_must_be_refused(self, index: int, bucket: str, kg: Decimal) -> None:
        """Too much of a bucket, a stranger's line, a key with other figures: each is refused and moves nothing."""
        self.again = None
        self.ask_too_much(index, bucket, kg)
        for who in ("rival", "other", "importer", "exporter"):
            self.strangers_move_nothing(index, who)
        self.use_a_key_twice(index, kg)

    def ask_too_much(self, index: int, bucket: str, over: Decimal) -> None:
        """The ledger itself refuses to give more than a bucket holds, and says how much too much it was."""
        there = self.lines[index].heaps[bucket]
        cause, target = (Cause.REDUCE, Bucket.OUTSIDE) if bucket == "available" else (Cause.CLOSE_OUT, Bucket.AVAILABLE)
        holder = None if bucket == "available" else acts.of_certificate(uuid.uuid4())
        with act_as(self.world.who("approver")) as actor, pytest.raises(ledger.VolumeExceeded) as refused:
            ledger.move(
                actor, self.stage.lines[index].pk, cause, Bucket(bucket), target, there + over, key=self.key("over"),
                source_holder=holder,
            )  # fmt: skip
        assert Decimal(refused.value.details["over_kg"]) == over

    def strangers_move_nothing(self, index: int, who: str) -> None:
        """Another exporter, another certifier and an importer find no such line; the exporter has no say in a void."""
        actor = {
            "rival": self.stage.rival.who("signatory"), "other": self.stage.other.who("manager"),
            "importer": self.world.who("importer"), "exporter": self.world.who("signatory"),
        }[who]  # fmt: skip
        holder = acts.of_certificate(uuid.uuid4())
        cause, source, target = (
            (Cause.VOID, Bucket.CERTIFIED, Bucket.AVAILABLE)
            if who == "exporter"
            else (Cause.SUBMIT, Bucket.AVAILABLE, Bucket.RESERVED)
        )
        with act_as(actor), pytest.raises(NotPermitted if who == "exporter" else NotVisible):
            ledger.move(
                actor, self.stage.lines[index].pk, cause, source, target, Decimal(1), key=self.key("stranger"),
                source_holder=holder if who == "exporter" else None,
                target_holder=None if who == "exporter" else holder,
            )  # fmt: skip

    def use_a_key_twice(self, index: int, other: Decimal) -> None:
        """A key that was used is refused with other figures."""
        with act_as(self.world.loop()) as loop:
            first = Movement.objects.filter(line_id=self.stage.lines[index].pk).order_by("sequence")[0]
            kg = first.kg + other
            with pytest.raises(Conflict):
                ledger.move(
                    loop, first.line_id, Cause(first.cause), Bucket(first.source), Bucket(first.target), kg,
                    key=first.idempotency_key,
                )  # fmt: skip

    # --- after each act ---

    @invariant()
    def the_ledger_is_as_counted(self) -> None:
        """Buckets, sums, the story of every line: cause, holders, who, and what was left after each movement."""
        with act_as(self.world.loop()):
            keys = [line.pk for line in self.stage.lines]
            balances = {row.line_id: row for row in Balance.objects.filter(line_id__in=keys)}
            stories: dict[uuid.UUID, list[Movement]] = {key: [] for key in keys}
            for row in Movement.objects.filter(line_id__in=keys).order_by("line_id", "sequence"):
                stories[row.line_id].append(row)
            for key, line in zip(keys, self.lines, strict=True):
                check_line(line, balances[key], stories[key])
            for req in self.open:
                assert (
                    ledger.reserved_by(req.pk) == req.kg == self.lines[req.line].holds("reserved", ("request", req.pk))
                )


def run_machine(examples: int, steps: int) -> Counter[str]:
    """Let the machine run inside the test's own transaction. Returns how often each cause moved kilograms."""
    machine = type("Machine", (LedgerMachine,), {"stage": Stage.set_up(), "seen": Counter()})
    # a seeded fault is only to be found: the smallest example of it is for nobody
    sown = bool(os.environ.get("PORTAL_SEEDED_FAULT"))
    phases = [Phase.generate] if sown else [Phase.generate, Phase.shrink]
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples * 4 if sown else examples, stateful_step_count=steps, deadline=None, phases=phases,
            database=None, suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
    return machine.seen
