"""The volume ledger: what may move, what never may, and that the sum of the movements is the balance."""

from __future__ import annotations

import itertools
import uuid
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import psycopg
import pytest
from django.db import DatabaseError, connection, connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.sql import SQL, Identifier

from core.errors import Conflict, DomainError, InvalidInput, NotPermitted, NotVisible
from core.identity import Identity, act_as
from pvf.domain import ledger
from pvf.models import Balance, Bucket, Cause, Holder, Movement
from tests.support.world import World, make_client, make_exporter_people, make_line, make_world

pytestmark = pytest.mark.django_db

A, R, C, S = Bucket.AVAILABLE, Bucket.RESERVED, Bucket.CERTIFIED, Bucket.SHIPPED
OUT = Bucket.OUTSIDE
ALLOWED = {
    (Cause.AUTHORISE, OUT, A), (Cause.TOP_UP, OUT, A), (Cause.REDUCE, A, OUT), (Cause.SUBMIT, A, R),
    (Cause.QUANTITY_CHANGED, A, R), (Cause.QUANTITY_CHANGED, R, A), (Cause.WITHDRAW, R, A), (Cause.REJECT, R, A),
    (Cause.LAPSE, R, A), (Cause.APPROVE, R, C), (Cause.BACK_TO_REVIEW, C, R), (Cause.SHIPMENT, C, S),
    (Cause.SHIPMENT_CORRECTED, S, C), (Cause.CLOSE_OUT, C, A), (Cause.AMEND_DOWN, C, A), (Cause.VOID, C, A),
    (Cause.REPLACE, C, C), (Cause.REPLACE, C, A), (Cause.PROCESS, A, OUT), (Cause.PROCESS, OUT, A), (Cause.CARRY_OVER, A, OUT),
    (Cause.CARRY_OVER, OUT, A),
}  # fmt: skip
EXPORTERS = {
    Cause.SUBMIT, Cause.QUANTITY_CHANGED, Cause.WITHDRAW, Cause.SHIPMENT, Cause.SHIPMENT_CORRECTED,
}  # fmt: skip
HOLDER = (Holder.REQUEST, uuid.UUID(int=7))


def move(
    actor: Identity, line: uuid.UUID, cause: Cause, source: Bucket, target: Bucket, kg: str | Decimal, key: str = ""
):
    return ledger.move(
        actor, line, cause, source, target, Decimal(kg), key=key or f"test:{uuid.uuid4()}",
        source_holder=HOLDER if source in {R, C, S} else None, target_holder=HOLDER if target in {R, C, S} else None,
    )  # fmt: skip


def fill(world: World) -> None:
    """100 kg in each bucket that has a balance, 49,700 left available."""
    actor = world.loop()
    move(actor, world.line.pk, Cause.SUBMIT, A, R, "300")
    move(actor, world.line.pk, Cause.APPROVE, R, C, "200")
    move(actor, world.line.pk, Cause.SHIPMENT, C, S, "100")


def test_every_movement_is_allowed_or_refused_as_the_table_says(world: World) -> None:
    with act_as(world.loop()) as actor:
        fill(world)
        for cause, source, target in itertools.product(Cause, Bucket, Bucket):
            if (cause, source, target) in ALLOWED:
                assert move(actor, world.line.pk, cause, source, target, "1").repeated is False
            else:
                with pytest.raises(InvalidInput) as refused:
                    move(actor, world.line.pk, cause, source, target, "1")
                assert refused.value.code == "MOVE-UNKNOWN", (cause, source, target)


def test_an_exporter_moves_kilograms_for_its_own_reasons_only(world: World) -> None:
    with act_as(world.loop()):
        fill(world)
    with act_as(world.who("signatory")) as actor:
        for cause, source, target in sorted(ALLOWED):
            if cause in EXPORTERS:
                move(actor, world.line.pk, cause, source, target, "1")
            else:
                with pytest.raises(NotPermitted):
                    move(actor, world.line.pk, cause, source, target, "1")


def test_strangers_find_no_such_line(world: World) -> None:
    rival = make_client(world.certifier, "1010000099", "Rival Cooperative")
    members = make_exporter_people(rival, "rival")
    other = make_world(2)
    rival_world = World(**{**vars(world), "members": {**world.members, **members}})
    for actor in (rival_world.who("signatory"), other.who("manager"), other.loop(), world.who("importer")):
        with act_as(actor), pytest.raises(NotVisible):
            move(actor, world.line.pk, Cause.SUBMIT, A, R, "1")


def test_more_than_there_is_is_refused_with_the_arithmetic(world: World) -> None:
    with act_as(world.who("signatory")) as actor:
        with pytest.raises(ledger.VolumeExceeded) as refused:
            move(actor, world.line.pk, Cause.SUBMIT, A, R, "50000.001")
        assert refused.value.code == "VOL-1"
        assert refused.value.details == {
            "source": "available", "asked_kg": "50000.001", "there_kg": "50000.000", "over_kg": "0.001",
        }  # fmt: skip
        # the transaction goes on: the refusal undid only itself
        assert move(actor, world.line.pk, Cause.SUBMIT, A, R, "50000").available == 0


@pytest.mark.parametrize("kg", ["0", "-1", "0.0004"])
def test_nothing_and_less_than_nothing_do_not_move(world: World, kg: str) -> None:
    with act_as(world.who("signatory")) as actor, pytest.raises(DomainError):
        move(actor, world.line.pk, Cause.SUBMIT, A, R, kg)


def test_held_kilograms_name_their_holder(world: World) -> None:
    with act_as(world.loop()) as actor, pytest.raises(InvalidInput):
        ledger.move(actor, world.line.pk, Cause.SUBMIT, A, R, Decimal(1), key="no-holder")


def test_the_same_key_again_gives_the_first_result(world: World) -> None:
    with act_as(world.who("signatory")) as actor:
        first = move(actor, world.line.pk, Cause.SUBMIT, A, R, "10", key="once")
        move(actor, world.line.pk, Cause.SUBMIT, A, R, "5")
        again = move(actor, world.line.pk, Cause.SUBMIT, A, R, "10", key="once")
        assert (again.movement_id, again.repeated, again.available) == (first.movement_id, True, first.available)
        assert Balance.objects.get(pk=world.line.pk).reserved == 15


def test_the_same_key_with_other_figures_is_a_conflict(world: World) -> None:
    with act_as(world.who("signatory")) as actor:
        move(actor, world.line.pk, Cause.SUBMIT, A, R, "10", key="once")
        with pytest.raises(Conflict) as refused:
            move(actor, world.line.pk, Cause.SUBMIT, A, R, "11", key="once")
        assert refused.value.code == "MOVE-REPEATED"


def test_what_a_request_holds_reserved_is_what_went_in_less_what_went_out(world: World) -> None:
    with act_as(world.loop()) as actor:
        move(actor, world.line.pk, Cause.SUBMIT, A, R, "10")
        move(actor, world.line.pk, Cause.QUANTITY_CHANGED, R, A, "3.5")
        assert ledger.reserved_by(HOLDER[1]) == Decimal("6.500")
        assert ledger.reserved_by(uuid.uuid4()) == 0


@pytest.mark.parametrize("column", ["available", "reserved", "certified", "shipped", "last_sequence", "certifier_id"])
def test_the_portals_role_cannot_update_a_balance(world: World, column: str) -> None:
    with act_as(world.loop()), pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        connection.cursor().execute(SQL("UPDATE pvf_balance SET {0} = {0}").format(Identifier(column)))


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO pvf_movement SELECT * FROM pvf_movement",
        "UPDATE pvf_movement SET kg = 1",
        "DELETE FROM pvf_movement",
        "DELETE FROM pvf_balance",
        "INSERT INTO pvf_balance SELECT * FROM pvf_balance",
        "TRUNCATE pvf_movement",
    ],
)
def test_the_portals_role_cannot_write_the_ledger_but_through_its_function(world: World, statement: str) -> None:
    with act_as(world.loop()), pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        connection.cursor().execute(statement)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("bucket", ["available", "reserved", "certified", "shipped"])
def test_the_database_itself_refuses_a_negative_bucket(
    world: World, owner_connection: psycopg.Connection, bucket: str
) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        owner_connection.execute(SQL("UPDATE pvf_balance SET {} = -0.001").format(Identifier(bucket)))


@pytest.mark.django_db(transaction=True)
def test_even_the_owner_cannot_change_or_delete_a_movement(world: World, owner_connection: psycopg.Connection) -> None:
    for statement in ("UPDATE pvf_movement SET kg = 1", "DELETE FROM pvf_movement"):
        with pytest.raises(psycopg.Error):
            owner_connection.execute(statement)  # type: ignore[arg-type]
    assert owner_connection.execute("SELECT count(*) FROM pvf_movement").fetchone() == (1,)


STEPS = st.lists(
    st.tuples(st.sampled_from(sorted(ALLOWED)), st.decimals("0.001", "60", places=3, allow_nan=False)), max_size=25
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_the_balance_is_the_sum_of_the_movements_whatever_happens(
    world: World, steps: list[tuple[tuple[Cause, Bucket, Bucket], Decimal]]
) -> None:
    with act_as(world.loop()) as actor:
        line = make_line(world.client, "100", pvf=world.pvf).line_id
        expected = {A: Decimal(100), R: Decimal(0), C: Decimal(0), S: Decimal(0)}
        for (cause, source, target), kg in steps:
            try:
                move(actor, line, cause, source, target, kg)
            except ledger.VolumeExceeded:
                # refused exactly where the bucket holds less
                assert source != OUT and expected[source] < kg
                continue
            for bucket, sign in ((source, -1), (target, 1)):
                if bucket != OUT:
                    expected[bucket] += sign * kg
            assert min(expected.values()) >= 0
        row = Balance.objects.get(pk=line)
        found = list(Movement.objects.filter(line_id=line).order_by("sequence"))
        for bucket, kg in expected.items():
            into = sum((m.kg for m in found if m.target == bucket), Decimal(0))
            out = sum((m.kg for m in found if m.source == bucket), Decimal(0))
            assert getattr(row, bucket) == kg == into - out == getattr(found[-1], f"{bucket}_after")
        assert [m.sequence for m in found] == list(range(1, len(found) + 1))
        assert row.last_sequence == len(found)


@pytest.mark.django_db(transaction=True)
def test_movements_at_once_never_take_more_than_there_is() -> None:
    world = make_world(kg="1000")
    actor = world.who("signatory")

    def take(number: int) -> str:
        try:
            with act_as(actor):
                move(actor, world.line.pk, Cause.SUBMIT, A, R, "100", key=f"take:{number}")
            return "moved"
        except ledger.VolumeExceeded:
            return "VOL-1"
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(take, range(30)))
    assert (results.count("moved"), results.count("VOL-1")) == (10, 20)
    with act_as(world.loop()):
        row = Balance.objects.get(pk=world.line.pk)
        assert (row.available, row.reserved, row.last_sequence) == (0, 1000, 11)


@pytest.mark.django_db(transaction=True)
def test_the_same_movement_sent_many_times_at_once_is_made_once() -> None:
    world = make_world(kg="1000")
    actor = world.who("signatory")

    def send(_number: int) -> tuple[uuid.UUID, bool]:
        try:
            with act_as(actor):
                moved = move(actor, world.line.pk, Cause.SUBMIT, A, R, "100", key="submit:one")
            return moved.movement_id, moved.repeated
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(send, range(12)))
    assert len({pk for pk, _repeated in results}) == 1
    assert sorted(repeated for _pk, repeated in results) == [False, *[True] * 11]
    with act_as(world.loop()):
        assert Balance.objects.get(pk=world.line.pk).reserved == 100
