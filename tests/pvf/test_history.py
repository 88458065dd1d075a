"""What has happened to a PVF, on its page: to each side in its own words, and to nobody else."""

from __future__ import annotations

import pytest
from django.urls import reverse

from core.identity import act_as
from organizations.identity import identity_of
from pvf import page
from pvf.domain import drafts, proposals
from pvf.models import PVF
from tests.pvf.support import a_row, proposed
from tests.support.world import World, make_client, make_exporter_people, make_world

pytestmark = pytest.mark.django_db


def _told(world: World, role: str, pvf: PVF) -> list[tuple[str, str]]:
    with act_as(world.who(role)):
        row = PVF.objects.select_related("client__operation", "client__certifier").get(pk=pvf.pk)
        return [(str(event["what"]), event["who"]) for event in page.events_of(row)]


def test_each_side_reads_who_did_what_and_knows_the_others_people_by_their_side(world: World) -> None:
    version = proposed(world, a_row("500"))
    with act_as(world.who("manager")) as manager:
        proposals.reject(manager, version.pk, reason="The lot list is missing.")
    pvf = version.pvf
    person, manager_name = world.members["preparer"].user.name, world.members["manager"].user.name
    assert _told(world, "signatory", pvf) == [("Version rejected", world.certifier.name), ("Version proposed", person)]
    assert _told(world, "reviewer", pvf)[0] == ("Version rejected", manager_name)
    text = world.browser("viewer").get(reverse("pvf:detail", args=[pvf.pk])).content.decode()
    assert "Version rejected" in text
    assert manager_name not in text


def test_a_draft_is_its_own_sides_business(world: World) -> None:
    with act_as(world.who("preparer")) as preparer:
        pvf = world.pvf
        draft = drafts.start(
            preparer, client_id=world.client.pk, number=pvf.number, period_start=pvf.period_start,
            period_end=pvf.period_end,
        )  # fmt: skip
    assert draft.pvf_id == pvf.pk
    assert draft.state == "draft"
    assert _told(world, "manager", world.pvf) == _told(world, "signatory", world.pvf)
    assert not any("raft" in what for what, _who in _told(world, "signatory", world.pvf))


def test_strangers_read_nothing_of_it(world: World) -> None:
    version = proposed(world, a_row("500"))
    row = PVF(pk=version.pvf_id, client=world.client)
    with act_as(world.who("signatory")):
        assert page.events_of(row)
    other = make_world(2)
    rival = make_exporter_people(make_client(world.certifier, "1010000099", "Rival Cooperative"), "rival")["signatory"]
    for stranger in (other.who("manager"), other.who("signatory"), world.who("importer"), identity_of(rival)):
        with act_as(stranger):
            assert page.events_of(row) == [], stranger
