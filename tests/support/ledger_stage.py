"""What the ledger's random acts act on, and how one line of the ledger is compared with its plain count."""

from __future__ import annotations

import dataclasses
import uuid
from decimal import Decimal

from pvf.models import Balance, Movement, PVFLine
from tests.support.kilograms import BUCKETS, Line
from tests.support.world import World, make_client, make_exporter_people, make_line, make_world

START = Decimal(500)


@dataclasses.dataclass
class Req:
    """A request that holds kilograms."""

    pk: uuid.UUID
    line: int
    kg: Decimal
    unit: str


@dataclasses.dataclass
class Cert:
    """A certificate and what it still holds certified; ``own``: by the ledger alone, no row of a certificate behind it."""

    pk: uuid.UUID
    line: int
    kg: Decimal
    request: Req | None
    issued: bool = False
    own: bool = False


@dataclasses.dataclass
class Ship:
    """A shipment."""

    pk: uuid.UUID
    certificate: Cert
    kg: Decimal


@dataclasses.dataclass(frozen=True)
class Stage:
    """What all examples of one test act on."""

    world: World
    rival: World
    other: World
    lines: tuple[PVFLine, ...]

    @classmethod
    def set_up(cls) -> Stage:
        """A world with two lines, a rival exporter with two lines, and a stranger of another certifier."""
        world = make_world(kg=START)
        second = make_line(world.client, START, pvf=world.pvf).line
        client = make_client(world.certifier, "1010000099", "Rival Cooperative")
        raw = make_line(client, START).line
        made = make_line(client, START, pvf=raw.pvf).line
        members = {**world.members, **make_exporter_people(client, "rival")}
        rival = dataclasses.replace(world, client=client, line=raw, pvf=raw.pvf, members=members)
        return cls(world, rival, make_world(2), (world.line, second, raw, made))


def check_line(line: Line, balance: Balance, story: list[Movement]) -> None:
    """One line of the ledger against its plain count."""
    heaps = {bucket: getattr(balance, bucket) for bucket in BUCKETS}
    assert min(heaps.values()) >= 0
    assert sum(heaps.values()) == line.authorised
    for bucket, kg in heaps.items():
        into = sum((row.kg for row in story if row.target == bucket), Decimal(0))
        out = sum((row.kg for row in story if row.source == bucket), Decimal(0))
        assert kg == into - out == line.heaps[bucket], bucket
    assert [row.sequence for row in story] == list(range(1, balance.last_sequence + 1))
    assert len({row.idempotency_key for row in story}) == len(story)
    assert len(story) == len(line.entries), [row.cause for row in story]
    for row, entry in zip(story, line.entries, strict=True):
        assert (row.cause, row.source, row.target, row.kg) == (entry.cause, entry.source, entry.target, entry.kg)
        assert (row.source_holder, row.source_holder_id) == (entry.source_holder or ("", None))
        assert (row.target_holder, row.target_holder_id) == (entry.target_holder or ("", None))
        assert row.made_by == entry.made_by
        assert tuple(getattr(row, f"{bucket}_after") for bucket in BUCKETS) == entry.after
