"""A PVF's life seen by strangers, and decided by several managers at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections

from core.errors import NotVisible
from core.identity import act_as
from pvf.domain import documents, drafts, ledger, processing, proposals, top_ups
from pvf.domain.basis import Conversion, VolumeBasis
from pvf.domain.top_ups import More
from pvf.models import Balance, PVFLine
from tests.pvf.support import PAPERS, a_row, an_output, approved, next_year, proposed, reported, topped_up
from tests.support.world import World, make_client, make_exporter_people, make_world

pytestmark = pytest.mark.django_db


def rival_of(world: World) -> World:
    """The same certifier's other exporter, as a world that shares everything else."""
    rival = make_client(world.certifier, "1010000099", "Rival Cooperative")
    members = make_exporter_people(rival, "rival")
    return World(**{**vars(world), "members": {**world.members, **members}})


def test_strangers_find_nothing_of_a_pvf_s_life(world: World) -> None:
    output = an_output(world)
    report, version, draft = reported(world, output), topped_up(world), next_year(world)
    strangers = [(rival_of(world), "signatory"), (make_world(2), "manager"), (make_world(3), "signatory")]
    more = More(Decimal(1), "KGM", "Bought")
    for other, role in strangers:
        with act_as(other.who(role)) as actor:
            for act in (
                lambda: top_ups.propose(actor, world.line.pk, more, PAPERS),
                lambda: drafts.of_pvf(actor, world.pvf.pk),
                lambda: drafts.save_line(actor, draft.pk, a_row(), revision=1),
                lambda: drafts.propose(actor, draft.pk, revision=1),
                lambda: documents.add(actor, version.pk, PAPERS[0]),
                lambda: proposals.withdraw(actor, version.pk),
                lambda: processing.withdraw(actor, report.pk),
            ):
                with pytest.raises(NotVisible):
                    act()
    with act_as(strangers[1][0].who("manager")) as actor:
        for act in (
            lambda: proposals.approve(actor, version.pk),
            lambda: processing.approve(actor, report.pk),
            lambda: processing.reject(actor, report.pk, "no"),
        ):
            with pytest.raises(NotVisible):
                act()


@pytest.mark.django_db(transaction=True)
def test_reports_approved_at_once_never_take_more_than_the_input_has() -> None:
    world = make_world(kg="1000")
    fed = VolumeBasis(conversion=Conversion("Cherries", Decimal(5), Decimal(1), 1))
    approved(world, proposed(world, a_row("1000"), a_row("0", 2, basis=fed)))
    with act_as(world.loop()):
        output = PVFLine.objects.get(pvf=world.pvf, line_number=2)
    reports = [reported(world, output, "300") for _ in range(5)]
    manager = world.who("manager")

    def decide(pk: Any) -> str:
        try:
            with act_as(manager):
                processing.approve(manager, pk)
            return "moved"
        except ledger.VolumeExceeded:
            return "VOL-1"
        finally:
            connections.close_all()

    with ThreadPoolExecutor(5) as pool:
        results = list(pool.map(decide, [row.pk for row in reports]))
    assert (results.count("moved"), results.count("VOL-1")) == (3, 2)
    with act_as(world.loop()):
        assert Balance.objects.get(pk=world.line.pk).available == 100
        assert Balance.objects.get(pk=output.pk).available == 180


@pytest.mark.django_db(transaction=True)
def test_the_same_approval_sent_many_times_at_once_moves_once() -> None:
    world = make_world(kg="1000")
    version = topped_up(world, "500")
    other = proposed(world, a_row("900"))
    manager = world.who("manager")

    def decide(pk: Any) -> str:
        try:
            with act_as(manager):
                return str(proposals.approve(manager, pk).state)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(decide, [version.pk, version.pk, version.pk, other.pk, other.pk])) <= {
            "approved",
            "superseded",
        }
    with act_as(world.loop()):
        # whichever came first: the top-up adds 500 to what was in force, the other says 900
        assert Balance.objects.get(pk=world.line.pk).available in {900, 1400}
        assert world.pvf.versions.filter(state="approved").count() == 1
