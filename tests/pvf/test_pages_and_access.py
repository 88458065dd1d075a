"""Pages and API of PVFs: who sees what, import with its errors, a manager's decision."""

from __future__ import annotations

import io
import uuid
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from django.urls import reverse
from openpyxl import load_workbook

from core.identity import act_as
from organizations.models import Membership
from pvf.domain import hts_table, proposals, workbook_out
from pvf.domain.rows import ProposedLine
from pvf.models import PVF, Balance, HtsEdition, PVFVersion
from tests.support.world import PLATFORM, World, make_client, make_exporter_people, make_world, sign_in

pytestmark = pytest.mark.django_db


def a_row(quantity: str = "60000", number: int = 1) -> ProposedLine:
    return ProposedLine(
        line_number=number, product_name="Green coffee, arabica", label_name="Organic green coffee", scope="Handling",
        hts_codes=("0901110015",), origins=("PE",), quantity=Decimal(quantity),
    )  # fmt: skip


def a_version(world: World, quantity: str = "60000") -> PVFVersion:
    with act_as(world.who("manager")) as actor:
        return proposals.propose(
            actor, client_id=world.client.pk, number=world.pvf.number, period_start=world.pvf.period_start,
            period_end=world.pvf.period_end, rows=[a_row(quantity)],
        )  # fmt: skip


def a_sheet(quantity: str = "60000", **head: object) -> SimpleUploadedFile:
    values = {"number": "PVF-NEW", "period_start": "2031-01-01", "period_end": "2031-12-31", **head}
    data = workbook_out.write_pvf(values, [a_row(quantity)])  # type: ignore[arg-type]
    return SimpleUploadedFile("pvf.xlsx", data)


def pages_of(world: World, version: PVFVersion) -> dict[str, str]:
    return {
        "detail": reverse("pvf:detail", args=[world.pvf.pk]),
        "line": reverse("pvf:line", args=[world.line.pk]),
        "version": reverse("pvf:version", args=[version.pk]),
        "balance": reverse("api:pvf-line-balance", args=[world.line.pk]),
    }


def rivals(world: World) -> dict[str, Browser]:
    """Another exporter of the same certifier, and every side of another certifier."""
    other = make_world(2)
    rival = make_client(world.certifier, "1010000099", "Rival Cooperative")
    people: dict[str, Membership] = make_exporter_people(rival, "rival")
    browser = Browser()
    sign_in(browser, people["signatory"])
    return {"rival": browser, "manager 2": other.browser("manager"), "signatory 2": other.browser("signatory")}


def test_staff_and_the_exporter_itself_open_every_page(world: World) -> None:
    version = a_version(world)
    for role in ("reviewer", "approver", "manager", "auditor", "preparer", "signatory", "viewer"):
        browser = world.browser(role)
        for name, url in {**pages_of(world, version), "list": reverse("pvf:list")}.items():
            assert browser.get(url).status_code == 200, (role, name)


def test_another_client_and_another_certifier_get_404_everywhere(world: World) -> None:
    version = a_version(world)
    for who, browser in rivals(world).items():
        for name, url in pages_of(world, version).items():
            assert browser.get(url).status_code == 404, (who, name)


def test_lists_show_nothing_of_another_client_or_certifier(world: World) -> None:
    a_version(world)
    for who, browser in rivals(world).items():
        assert world.client.operation.name not in browser.get(reverse("pvf:list")).content.decode(), who
        found = browser.get(reverse("api:pvf-list")).json()["results"]
        assert str(world.pvf.pk) not in {row["id"] for row in found}, who
        found = browser.get(reverse("api:pvf-line-list")).json()["results"]
        assert str(world.line.pk) not in {row["id"] for row in found}, who


def test_importers_and_brokers_are_refused(world: World) -> None:
    urls = [*pages_of(world, a_version(world)).values(), reverse("pvf:list"), reverse("api:pvf-list")]
    for role in ("importer", "broker"):
        assert {world.browser(role).get(url).status_code for url in urls} == {403}, role


@pytest.mark.parametrize("role", ["reviewer", "approver", "auditor", "preparer", "signatory", "viewer"])
def test_only_a_manager_decides(world: World, role: str) -> None:
    version = a_version(world)
    browser = world.browser(role)
    assert browser.post(reverse("pvf:approve", args=[version.pk])).status_code == 403
    assert browser.post(reverse("pvf:reject", args=[version.pk]), {"reason": "no"}).status_code == 403


def test_a_manager_of_another_certifier_cannot_decide(world: World) -> None:
    version = a_version(world)
    stranger = make_world(2).browser("manager")
    assert stranger.post(reverse("pvf:approve", args=[version.pk])).status_code == 404
    assert stranger.post(reverse("pvf:reject", args=[version.pk]), {"reason": "no"}).status_code == 404


def test_a_manager_approves_and_the_kilograms_have_moved(world: World) -> None:
    version = a_version(world)
    browser = world.browser("manager")
    assert b"10,000" in browser.get(reverse("pvf:version", args=[version.pk])).content
    assert browser.post(reverse("pvf:approve", args=[version.pk])).status_code == 302
    balance = browser.get(reverse("api:pvf-line-balance", args=[world.line.pk])).json()
    assert (balance["available"], balance["authorised"]) == ("60000.000", "60000.000")


def test_rejecting_needs_a_reason(world: World) -> None:
    version = a_version(world)
    browser = world.browser("manager")
    assert browser.post(reverse("pvf:reject", args=[version.pk]), {"reason": " "}).status_code == 422
    assert browser.post(reverse("pvf:reject", args=[version.pk]), {"reason": "Harvest?"}).status_code == 302
    with act_as(world.who("manager")):
        assert PVFVersion.objects.get(pk=version.pk).state == "rejected"


@pytest.mark.parametrize("role", ["preparer", "signatory", "reviewer", "manager"])
def test_a_sound_workbook_becomes_a_proposal(world: World, role: str) -> None:
    given = {"file": a_sheet(), "client": str(world.client.pk)}
    answer = world.browser(role).post(reverse("pvf:import"), given)
    assert answer.status_code == 302
    with act_as(world.who("manager")):
        pvf = PVF.objects.get(number="PVF-NEW")
        assert (pvf.state, pvf.client_id) == ("draft", world.client.pk)
        assert not Balance.objects.filter(line__pvf=pvf).exists()


def test_a_workbook_with_an_error_leaves_nothing_behind(world: World) -> None:
    answer = world.browser("preparer").post(reverse("pvf:import"), {"file": a_sheet(quantity="-5")})
    assert answer.status_code == 422
    assert "Enter a quantity above zero." in answer.content.decode()
    with act_as(world.who("manager")):
        assert not PVF.objects.filter(number="PVF-NEW").exists()


def test_staff_cannot_import_for_a_client_of_another_certifier(world: World) -> None:
    stranger = make_world(2).client
    answer = world.browser("manager").post(reverse("pvf:import"), {"file": a_sheet(), "client": str(stranger.pk)})
    assert answer.status_code == 422


@pytest.mark.parametrize("role", ["viewer", "auditor", "approver", "importer"])
def test_who_may_not_propose_is_refused_the_import(world: World, role: str) -> None:
    assert world.browser(role).get(reverse("pvf:import")).status_code == 403
    assert world.browser(role).get(reverse("pvf:template")).status_code == 403


def test_a_file_that_is_no_workbook_is_refused_at_its_field(world: World) -> None:
    answer = world.browser("preparer").post(
        reverse("pvf:import"), {"file": SimpleUploadedFile("a.xlsx", b"PK nothing")}
    )
    assert answer.status_code == 422
    assert "save it again as XLSX" in answer.content.decode()


def test_the_empty_workbook_has_every_sheet(world: World) -> None:
    answer = world.browser("preparer").get(reverse("pvf:template"))
    assert load_workbook(io.BytesIO(answer.content)).sheetnames == ["PVF", "Lines", "Purchases"]


def test_a_manager_enters_the_first_day_of_an_edition_and_others_do_not(world: World) -> None:
    with act_as(PLATFORM):
        HtsEdition.objects.create(name="2025 rev 15", position=hts_table.position_of("2025 rev 15"))
        HtsEdition.objects.create(name="2025 rev 16", position=hts_table.position_of("2025 rev 16"))
    url, given = reverse("pvf:edition-save"), {"edition": "2025 rev 16", "first_day": "2025-07-01"}
    assert world.browser("reviewer").post(url, given).status_code == 403
    assert world.browser("preparer").get(reverse("pvf:editions")).status_code == 403
    manager = world.browser("manager")
    assert manager.post(url, given).status_code == 302
    assert str(HtsEdition.objects.get(pk="2025 rev 16").first_day) == "2025-07-01"
    # an earlier edition cannot begin after a later one
    assert manager.post(url, {"edition": "2025 rev 15", "first_day": "2025-08-01"}).status_code == 422
    assert HtsEdition.objects.get(pk="2025 rev 15").first_day is None


def test_an_unknown_line_is_404(world: World) -> None:
    assert world.browser("manager").get(reverse("api:pvf-line-balance", args=[uuid.uuid4()])).status_code == 404


def test_lines_are_filtered_by_pvf_and_day(world: World) -> None:
    browser, url = world.browser("signatory"), reverse("api:pvf-line-list")
    assert len(browser.get(url, {"on": world.pvf.period_start.isoformat()}).json()["results"]) == 1
    assert browser.get(url, {"on": "1999-01-01"}).json()["results"] == []
    assert browser.get(url, {"pvf": str(uuid.uuid4())}).json()["results"] == []
    assert browser.get(url, {"on": "yesterday"}).status_code == 400
