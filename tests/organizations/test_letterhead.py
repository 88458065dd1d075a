"""The letterhead: changed by managers in versions, seen by the certifier's staff alone, the picture drawn anew."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from core.errors import Conflict, InvalidInput, NotPermitted
from core.files import read_file
from core.identity import act_as
from core.models import AuditRow, StoredFile
from organizations.domain import letterheads
from organizations.models import Letterhead
from tests.core.test_pictures import drawn
from tests.support.world import World, make_world

pytestmark = pytest.mark.django_db


def change(world: World, role: str = "manager", version: int = 0, **given: Any) -> Letterhead | None:
    actor = world.who(role)
    with act_as(actor):
        return letterheads.change(actor, **{"accreditation": "", "text": "", "expected_version": version, **given})


def send(world: World, role: str, **given: Any) -> Any:
    browser = world.browser(role)
    return browser.post(reverse("organizations:letterhead"), {"version": 0, "accreditation": "", "text": "", **given})


def test_a_manager_changes_it_and_a_trace_stays(world: World):
    first = change(
        world, accreditation=" Accredited  by USDA ", text="Tel. +51 1\n\n www.invented.example ", picture=drawn()
    )
    assert first is not None and (first.version, first.text) == (1, "Tel. +51 1\nwww.invented.example")
    second = change(world, version=1, accreditation="Accredited by USDA", text="")
    assert second is not None and second.logo_sha256 == first.logo_sha256
    with act_as(world.who("manager")) as manager:
        assert letterheads.in_force(world.certifier.pk).pk == second.pk
        traces = AuditRow.objects.filter(act="letterhead.changed", actor_id=manager.user_id)
        assert [row.after["version"] for row in traces.order_by("at")] == [1, 2]


def test_the_logo_kept_is_the_one_drawn_anew(world: World):
    row = change(world, picture=drawn() + b"trailing junk")
    with act_as(world.loop()):
        stored = StoredFile.objects.get(pk=row.logo_id)
        assert (stored.kind, stored.client_id, stored.sha256) == ("logo", None, row.logo_sha256)
        assert b"trailing junk" not in read_file(stored)
        assert letterheads.logo(world.certifier.pk, row.logo_sha256) == read_file(stored)


def test_the_logo_can_be_taken_away(world: World):
    change(world, picture=drawn())
    assert change(world, version=1, remove_logo=True).logo_sha256 == ""


def test_nothing_changed_is_no_version(world: World):
    assert change(world) is None
    change(world, text="One line")
    assert change(world, version=1, text="One line") is None


@pytest.mark.parametrize("role", ["reviewer", "approver", "auditor", "preparer"])
def test_nobody_but_a_manager_changes_it(world: World, role: str):
    with pytest.raises(NotPermitted):
        change(world, role, text="Other")
    assert send(world, role, text="Other").status_code == 403


def test_two_managers_at_once_the_second_is_told(world: World):
    change(world, text="Mine")
    with pytest.raises(Conflict):
        change(world, text="Yours")
    answer = send(world, "manager", text="Yours")
    assert answer.status_code == 422
    assert "Somebody else has changed the letterhead" in answer.content.decode()


def test_five_lines_do_not_fit(world: World):
    with pytest.raises(InvalidInput) as refused:
        change(world, text="1\n2\n3\n4\n5")
    assert refused.value.field == "text"


def test_a_picture_that_is_none_is_refused_at_its_field(world: World):
    answer = send(world, "manager", text="Kept", logo=SimpleUploadedFile("logo.png", b"<svg/>", "image/png"))
    assert answer.status_code == 422
    assert answer.context["form"].errors["logo"]
    assert "Kept" in answer.content.decode()


def test_the_page_takes_a_picture_and_shows_it(world: World):
    answer = send(world, "manager", logo=SimpleUploadedFile("logo.png", drawn(), "image/png"))
    assert answer.status_code == 302
    assert (
        "data:image/png;base64," in world.browser("auditor").get(reverse("organizations:letterhead")).content.decode()
    )


def test_another_certifier_sees_none_of_it_even_without_a_filter(world: World):
    row = change(world, text="Ours", picture=drawn())
    other = make_world(2)
    assert "Ours" not in other.browser("manager").get(reverse("organizations:letterhead")).content.decode()
    for role in ("manager", "signatory", "importer"):
        with act_as(other.who(role)):
            assert not Letterhead.objects.exists()
    with act_as(other.who("manager")):
        assert letterheads.logo(world.certifier.pk, row.logo_sha256) is None
