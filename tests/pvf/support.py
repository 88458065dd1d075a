"""Acts on PVFs that several test files need."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from core import clock
from core.identity import act_as
from pvf.domain import drafts, ledger, processing, proposals, top_ups, years
from pvf.domain.basis import Conversion, VolumeBasis
from pvf.domain.documents import Paper
from pvf.domain.processing import Processed
from pvf.domain.rows import ProposedLine
from pvf.domain.top_ups import More
from pvf.models import Balance, Bucket, Cause, Holder, ProcessingReport, PVFLine, PVFVersion
from tests.support.drafts import PAPER
from tests.support.world import World, a_uuid

PAPERS = [Paper("purchase", PAPER, "invoice.pdf")]


def a_row(quantity: str = "60000", number: int = 1, **changes: Any) -> ProposedLine:
    values: dict[str, Any] = {
        "line_number": number, "product_name": "Green coffee, arabica", "label_name": "Organic green coffee",
        "scope": "Handling", "hts_codes": ("0901110015",), "origins": ("PE",), "quantity": Decimal(quantity), **changes,
    }  # fmt: skip
    return ProposedLine(**values)


def proposed(world: World, *rows: ProposedLine, role: str = "preparer", **fields: Any) -> PVFVersion:
    values = {"number": world.pvf.number, "period_start": world.pvf.period_start, "period_end": world.pvf.period_end}
    with act_as(world.who(role)) as actor:
        return proposals.propose(actor, client_id=world.client.pk, rows=rows, **{**values, **fields})


def approved(world: World, version: PVFVersion, **how: Any) -> PVFVersion:
    with act_as(world.who("manager")) as actor:
        return proposals.approve(actor, version.pk, **how)


def reserve(world: World, kg: str, line: Any = None) -> None:
    with act_as(world.who("signatory")) as actor:
        ledger.move(
            actor, (line or world.line).pk, Cause.SUBMIT, Bucket.AVAILABLE, Bucket.RESERVED, Decimal(kg),
            key=f"test:{a_uuid()}", target_holder=(Holder.REQUEST, a_uuid()),
        )  # fmt: skip


def topped_up(world: World, quantity: str = "500", unit: str = "KGM", **more: Any) -> PVFVersion:
    with act_as(world.who("preparer")) as actor:
        return top_ups.propose(actor, world.line.pk, More(Decimal(quantity), unit, "Bought in May", **more), PAPERS)


def reported(
    world: World, output_line: Any, kg: str = "1000", ratio: tuple[str, str] = ("5", "1"), role: str = "preparer"
) -> ProcessingReport:  # fmt: skip
    done = Processed(
        Decimal(kg),
        "KGM",
        Decimal(ratio[0]),
        Decimal(ratio[1]),
        clock.now().date() - dt.timedelta(days=1),
        "Wet mill",
    )
    with act_as(world.who(role)) as actor:
        return processing.report(actor, world.line.pk, output_line.pk, done, PAPERS)


def next_year(world: World, role: str = "preparer") -> PVFVersion:
    start = world.pvf.period_end + dt.timedelta(days=1)
    with act_as(world.who(role)) as actor:
        return years.open_draft(
            actor, world.pvf.pk, number="NEXT", period_start=start, period_end=start + dt.timedelta(days=364)
        )


def handed_in(world: World, draft: PVFVersion, role: str = "preparer") -> PVFVersion:
    with act_as(world.who(role)) as actor:
        fresh = PVFVersion.objects.get(pk=draft.pk)
        return drafts.propose(actor, draft.pk, revision=fresh.revision)


def buckets(world: World, line: Any = None) -> tuple[Decimal, Decimal]:
    """Available, and everything authorised in the ledger."""
    with act_as(world.loop()):
        row = Balance.objects.get(pk=(line or world.line).pk)
        return row.available, row.available + row.reserved + row.certified + row.shipped


def an_output(world: World, kg: str = "0") -> PVFLine:
    fed = VolumeBasis(conversion=Conversion("Cherries", Decimal(5), Decimal(1), 1))
    approved(world, proposed(world, a_row("50000"), a_row(kg, 2, basis=fed)))
    with act_as(world.loop()):
        return PVFLine.objects.get(pvf=world.pvf, line_number=2)
