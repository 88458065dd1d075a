"""Pages and API of a PVF's life: who opens them, what they say, that each act works from the browser alone."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from django.urls import reverse

from core import clock
from core.identity import act_as
from pvf.domain import versions, workbook
from pvf.domain.basis import Conversion, VolumeBasis
from pvf.models import Movement, PVFDocument, PVFLine, PVFVersion
from tests.pvf.support import a_row, approved, buckets, handed_in, next_year, proposed, reported, topped_up
from tests.support.drafts import PAPER
from tests.support.world import World, make_client, make_exporter_people, make_world, sign_in

pytestmark = pytest.mark.django_db
CHERRIES = VolumeBasis(conversion=Conversion("Cherries", Decimal(5), Decimal(1), 1))


def a_file() -> SimpleUploadedFile:
    return SimpleUploadedFile("invoice.pdf", PAPER)


def evidence() -> dict[str, Any]:
    return {"kind": "purchase", "files": [a_file()]}


def with_output(world: World) -> PVFLine:
    approved(world, proposed(world, a_row("50000"), a_row("0", 2, basis=CHERRIES)))
    with act_as(world.loop()):
        return PVFLine.objects.get(pvf=world.pvf, line_number=2)


def purchases(*rows: dict[str, Any]) -> dict[str, Any]:
    """The management form and rows of the purchases."""
    values: dict[str, Any] = {"purchases-TOTAL_FORMS": len(rows), "purchases-INITIAL_FORMS": 0}
    for number, row in enumerate(rows):
        values |= {f"purchases-{number}-{name}": value for name, value in row.items()}
    return values


def line_form(revision: int, **changes: Any) -> dict[str, Any]:
    return {
        "revision": revision, "product_name": "Green coffee", "label_name": "Organic green coffee", "scope": "Handling",
        "hts_codes": "0901.11.0015", "origins": "pe", "quantity": "351.9", "unit": "KGM", "opening_kg": "100",
        "input_product": "Cherries", "ratio_input": "5", "ratio_output": "1", "input_production_kg": "1000", **changes,
    }  # fmt: skip


def test_a_proposal_is_made_from_the_first_page_to_the_manager_s_yes(world: World) -> None:
    browser = world.browser("preparer")
    answer = browser.post(reverse("pvf:change", args=[world.pvf.pk]))
    assert answer.status_code == 302
    draft_url = answer["Location"]
    pk = draft_url.rstrip("/").rsplit("/", 1)[1]
    answer = browser.post(reverse("pvf:draft-documents", args=[pk]), evidence())
    assert answer.status_code == 302
    with act_as(world.loop()):
        paper = PVFDocument.objects.get()
        revision = PVFVersion.objects.get(pk=pk).revision
    line_url = reverse("pvf:draft-line", args=[pk, 2])
    bought = {"kg": "51.9", "supplier_nop_id": "1010000022", "supplier_name": "Farm", "document": str(paper.pk)}
    # the button for another row keeps what was typed
    kept = browser.post(line_url, {**line_form(revision), **purchases(bought), "purchases-add-row": "1"})
    assert kept.status_code == 200 and b'value="Cherries"' in kept.content and b"purchases-1-kg" in kept.content
    assert browser.post(line_url, {**line_form(revision), **purchases(bought)}).status_code == 302
    shown = browser.get(line_url).content.decode()
    assert "351.900\N{NO-BREAK SPACE}kg" in shown and "200\N{NO-BREAK SPACE}kg" in shown
    page = browser.get(draft_url).content.decode()
    assert "differs from what the basis supports" not in page
    assert browser.post(reverse("pvf:draft-propose", args=[pk]), {"revision": revision}).status_code == 409
    assert browser.post(reverse("pvf:draft-propose", args=[pk]), {"revision": revision + 1}).status_code == 302
    manager = world.browser("manager")
    review = manager.get(reverse("pvf:version", args=[pk])).content.decode()
    assert "From the input product by conversion" in review and "invoice.pdf" in review
    assert "After approval" in review
    assert manager.get(reverse("pvf:document", args=[paper.pk])).content == PAPER
    assert manager.post(reverse("pvf:approve", args=[pk])).status_code == 302
    with act_as(world.loop()):
        line = PVFLine.objects.get(pvf=world.pvf, line_number=2)
    assert buckets(world, line)[0] == Decimal("351.9")


def test_errors_of_a_line_stand_at_their_fields_and_nothing_is_lost(world: World) -> None:
    browser = world.browser("preparer")
    pk = browser.post(reverse("pvf:change", args=[world.pvf.pk]))["Location"].rstrip("/").rsplit("/", 1)[1]
    url = reverse("pvf:draft-line", args=[pk, 2])
    for change, words in (
        ({"hts_codes": "0901"}, "An HTS code has ten digits"), ({"origins": "XX"}, "two letters"),
        ({"ratio_input": ""}, "above zero"), ({"revision": 7}, "changed meanwhile"), ({"quantity": "much"}, "Enter a number"),
    ):  # fmt: skip
        answer = browser.post(url, {**line_form(1), **change, **purchases()})
        assert answer.status_code == 422 and words in answer.content.decode(), change
        assert b"Organic green coffee" in answer.content


def test_a_basis_that_does_not_add_up_warns_the_reviewer(world: World) -> None:
    version = proposed(world, a_row("60000", basis=VolumeBasis(opening_kg=Decimal(59000))))
    for role in ("reviewer", "manager", "signatory"):
        page = world.browser(role).get(reverse("pvf:version", args=[version.pk])).content.decode()
        assert "+1,000\N{NO-BREAK SPACE}kg" in page and "differs from what the basis supports" in page


def test_a_new_pvf_is_begun_by_the_exporter_or_by_staff_for_a_client(world: World) -> None:
    given = {"number": "FIRST", "period_start": "2041-01-01", "period_end": "2041-12-31"}
    assert world.browser("preparer").post(reverse("pvf:start"), given).status_code == 302
    staff = world.browser("reviewer")
    assert staff.post(reverse("pvf:start"), given).status_code == 422
    assert staff.post(reverse("pvf:start"), {**given, "client": str(world.client.pk), "number": "B"}).status_code == 302
    backwards = {**given, "number": "C", "period_end": "2040-01-01"}
    assert world.browser("preparer").post(reverse("pvf:start"), backwards).status_code == 422


def test_a_draft_is_its_own_side_s_until_it_is_proposed(world: World) -> None:
    draft = next_year(world)
    url, download = reverse("pvf:draft", args=[draft.pk]), reverse("pvf:export", args=[draft.pk])
    assert world.browser("preparer").get(url).status_code == 200
    staff = world.browser("manager")
    assert staff.get(url).status_code == 404 and staff.get(download).status_code == 404
    assert staff.get(reverse("api:pvf-version", args=[draft.pk])).status_code == 404
    handed_in(world, draft)
    assert staff.get(reverse("pvf:version", args=[draft.pk])).status_code == 200


def test_the_next_year_from_the_browser(world: World) -> None:
    browser, start = world.browser("preparer"), world.pvf.period_end + dt.timedelta(days=1)
    given = {"number": "NEXT", "period_start": start.isoformat(), "period_end": (start + dt.timedelta(300)).isoformat()}
    answer = browser.post(reverse("pvf:next-year", args=[world.pvf.pk]), given)
    pk = answer["Location"].rstrip("/").rsplit("/", 1)[1]
    with act_as(world.loop()):
        version = PVFVersion.objects.get(pk=pk)
        line_id = version.carry_overs.get().line_id
    ask = {"revision": version.revision, f"carry-{line_id}": "700"}
    assert browser.post(reverse("pvf:draft-carry", args=[pk]), ask).status_code == 302
    assert browser.post(reverse("pvf:draft-propose", args=[pk]), {"revision": version.revision + 1}).status_code == 302
    manager, url = world.browser("manager"), reverse("pvf:approve", args=[pk])
    assert b'value="700"' in manager.get(reverse("pvf:version", args=[pk])).content
    assert manager.post(url, {f"carry-{line_id}": "600"}).status_code == 422
    assert manager.post(url, {f"carry-{line_id}": "600", "reason": "Stock", "compared_with": "none"}).status_code == 302
    assert buckets(world)[0] == 49400


def test_a_top_up_from_the_browser(world: World) -> None:
    browser, url = world.browser("signatory"), reverse("pvf:top-up", args=[world.line.pk])
    given = {
        "quantity": "0.5", "unit": "TNE", "reason": "Bought in May", "bought_kg": "500", "supplier_nop_id": "1010000022",
    }  # fmt: skip
    assert browser.get(url).status_code == 200
    assert browser.post(url, given).status_code == 422  # no evidence
    answer = browser.post(url, {**given, **evidence()})
    assert answer.status_code == 302
    manager = world.browser("manager")
    assert "50,500" in manager.get(answer["Location"]).content.decode()
    pk = answer["Location"].rstrip("/").rsplit("/", 1)[1]
    assert manager.post(reverse("pvf:approve", args=[pk])).status_code == 302
    assert buckets(world)[0] == 50500


def test_processing_from_the_browser(world: World) -> None:
    output = with_output(world)
    browser = world.browser("preparer")
    given = {
        "input_line": str(world.line.pk), "output_line": str(output.pk), "quantity": "1000.001", "unit": "KGM",
        "ratio_input": "3", "ratio_output": "1", "processed_on": clock.now().date() - dt.timedelta(days=1),
        "reason": "Wet mill",
    }  # fmt: skip
    answer = browser.post(reverse("pvf:process", args=[world.pvf.pk]), {**given, **evidence()})
    assert answer.status_code == 302
    manager = world.browser("manager")
    page = manager.get(answer["Location"]).content.decode()
    assert "333.334" in page and "The PVF states another conversion" in page
    pk = answer["Location"].rstrip("/").rsplit("/", 1)[1]
    assert browser.post(reverse("pvf:report-approve", args=[pk])).status_code == 403
    assert manager.post(reverse("pvf:report-reject", args=[pk]), {"reason": " "}).status_code == 422
    assert manager.post(reverse("pvf:report-approve", args=[pk])).status_code == 302
    assert manager.post(reverse("pvf:report-approve", args=[pk])).status_code == 302
    assert buckets(world, output)[0] == Decimal("333.334")
    assert browser.post(reverse("pvf:report-withdraw", args=[pk])).status_code == 409


def test_what_stands_is_exported_and_imported_again_without_change(world: World) -> None:
    figures = VolumeBasis(opening_kg=Decimal("0.001"), conversion=CHERRIES.conversion)
    version = approved(
        world, proposed(world, a_row("19250.125", label_name="=Odd & <name>"), a_row("7.5", 2, basis=figures))
    )
    browser = world.browser("viewer")
    data = browser.get(reverse("pvf:export", args=[version.pk])).content
    parsed = workbook.read_pvf(data)
    assert parsed.errors == [] and parsed.number == world.pvf.number
    answer = world.browser("preparer").post(reverse("pvf:import"), {"file": SimpleUploadedFile("a.xlsx", data)})
    assert answer.status_code == 302
    with act_as(world.loop()):
        moved = Movement.objects.count()
        again = PVFVersion.objects.get(pvf=world.pvf, state="proposed")
        assert versions.rows_of(again) == versions.rows_of(version) == parsed.rows
    approved(world, again)
    with act_as(world.loop()):
        assert Movement.objects.count() == moved


def strangers(world: World) -> dict[str, Browser]:
    rival = make_client(world.certifier, "1010000099", "Rival Cooperative")
    browser = Browser()
    sign_in(browser, make_exporter_people(rival, "rival")["signatory"])
    other = make_world(2)
    return {"rival": browser, "manager 2": other.browser("manager"), "signatory 2": other.browser("signatory")}


def test_every_page_and_route_answers_404_to_strangers_and_403_without_the_role(world: World) -> None:
    output = with_output(world)
    report, version, draft = reported(world, output), topped_up(world), next_year(world)
    with act_as(world.loop()):
        paper = PVFDocument.objects.filter(report=report).get()
        mine = PVFDocument.objects.filter(version=version).get()
    one = {"pk": draft.pk, "number": 1}
    gets = {
        "pvf:draft": [draft.pk], "pvf:draft-line": [draft.pk, 1], "pvf:document": [paper.pk], "pvf:export": [version.pk],
        "pvf:top-up": [world.line.pk], "pvf:process": [world.pvf.pk], "pvf:next-year": [world.pvf.pk],
        "pvf:report": [report.pk], "api:pvf-version": [version.pk], "api:pvf-report": [report.pk],
        "api:pvf-line-terms": [world.line.pk],
    }  # fmt: skip
    posts: dict[str, Any] = {
        "pvf:change": [world.pvf.pk], "pvf:draft-head": [draft.pk], "pvf:draft-carry": [draft.pk],
        "pvf:draft-line-remove": list(one.values()), "pvf:draft-documents": [draft.pk], "pvf:draft-propose": [draft.pk],
        "pvf:document-remove": [mine.pk], "pvf:withdraw": [version.pk], "pvf:report-withdraw": [report.pk],
        "api:pvf-top-up": [world.line.pk], "api:pvf-draft-line-remove": list(one.values()),
        "api:pvf-draft-carry": [draft.pk], "api:pvf-documents": [version.pk], "api:pvf-draft-propose": [draft.pk],
        "api:pvf-withdraw": [version.pk], "api:pvf-report-withdraw": [report.pk],
    }  # fmt: skip
    managers: dict[str, Any] = {
        "pvf:report-approve": [report.pk], "pvf:report-reject": [report.pk], "api:pvf-approve": [version.pk],
        "api:pvf-reject": [version.pk], "api:pvf-report-approve": [report.pk], "api:pvf-report-reject": [report.pk],
    }  # fmt: skip
    for who, browser in strangers(world).items():
        for name, args in gets.items():
            assert browser.get(reverse(name, args=args)).status_code == 404, (who, name)
        for name, args in posts.items():
            assert browser.post(reverse(name, args=args)).status_code == 404, (who, name)
        for name, args in managers.items():
            expected = 404 if who.startswith("manager") else 403
            assert browser.post(reverse(name, args=args), {"reason": "no"}).status_code == expected, (who, name)
        for name in ("api:pvf-version-list", "api:pvf-report-list"):
            found = {row["id"] for row in browser.get(reverse(name)).json()["results"]}
            assert not found & {str(version.pk), str(draft.pk), str(report.pk)}, (who, name)
    viewer = world.browser("viewer")
    for name, args in {**posts, **managers}.items():
        assert viewer.post(reverse(name, args=args)).status_code == 403, name
    assert buckets(world) == (50000, 50000)


def test_the_same_acts_over_the_api(world: World) -> None:
    browser, manager = world.browser("preparer"), world.browser("manager")
    json = "application/json"
    line = {
        "line_number": 2, "product_name": "Roasted", "label_name": "Organic roasted coffee", "scope": "Handling",
        "hts_codes": ["0901210055"], "origins": ["PE"], "quantity": "0",
        "basis": {"opening_kg": "10.5", "conversion": {
            "input_product": "Green coffee", "input_kg": "6", "output_kg": "5", "input_line": 1}},
    }  # fmt: skip
    start = {
        "number": world.pvf.number, "period_start": world.pvf.period_start.isoformat(),
        "period_end": world.pvf.period_end.isoformat(), "draft": True, "lines": [line],
    }  # fmt: skip
    made = browser.post(reverse("api:pvf-version-list"), start, content_type=json)
    assert made.status_code == 201, made.content
    pk, revision = made.json()["id"], made.json()["revision"]
    assert [row["line_number"] for row in made.json()["lines"]] == [1, 2]
    assert made.json()["lines"][1]["basis_kg"] == "10.500"
    floating = {**line, "quantity": 0.5, "revision": revision}
    assert browser.put(reverse("api:pvf-draft-line", args=[pk]), floating, content_type=json).status_code == 400
    sent = browser.post(reverse("api:pvf-draft-propose", args=[pk]), {"revision": revision}, content_type=json)
    assert sent.json()["state"] == "proposed"
    assert manager.post(reverse("api:pvf-approve", args=[pk]), {}, content_type=json).json()["state"] == "approved"
    top_up = {"quantity": "500", "reason": "Bought", "bought_kg": "500", "supplier_name": "Farm", **evidence()}
    answer = browser.post(reverse("api:pvf-top-up", args=[world.line.pk]), top_up)
    assert (answer.status_code, answer.json()["top_up_kg"]) == (201, "500.000")
    assert len(answer.json()["documents"]) == 1
    url = reverse("api:pvf-approve", args=[answer.json()["id"]])
    stale = manager.post(url, {"compared_with": "none"}, content_type=json)
    assert (stale.status_code, stale.json()["errors"][0]["code"]) == (409, "PVF-CHANGED")
    assert manager.post(url, {"compared_with": pk}, content_type=json).status_code == 200
    terms = browser.get(reverse("api:pvf-line-terms", args=[world.line.pk]), {"at": clock.now().isoformat()}).json()
    assert terms["authorised_kg"] == "50500.000"


def test_processing_and_the_next_year_over_the_api(world: World) -> None:
    browser, manager, json = world.browser("preparer"), world.browser("manager"), "application/json"
    output = with_output(world)
    report = {
        "input_line": str(world.line.pk), "output_line": str(output.pk), "quantity": "600", "ratio_input": "6",
        "ratio_output": "5", "processed_on": clock.now().date().isoformat(), "reason": "Roastery", **evidence(),
    }  # fmt: skip
    made = browser.post(reverse("api:pvf-report-list"), {**report, "processed_on": str(world.pvf.period_start)})
    assert (made.status_code, made.json()["output_kg"]) == (201, "500.000")
    done = manager.post(reverse("api:pvf-report-approve", args=[made.json()["id"]]))
    assert done.json()["state"] == "approved"
    assert buckets(world, output)[0] == 500
    nxt = world.pvf.period_end + dt.timedelta(days=1)
    year = {"number": "N", "period_start": nxt.isoformat(), "period_end": (nxt + dt.timedelta(days=9)).isoformat()}
    opened = browser.post(reverse("api:pvf-next-year", args=[world.pvf.pk]), year, content_type=json).json()
    assert [row["asked_kg"] for row in opened["carry_overs"]] == ["49400.000", "0.000"]
    ask = {"line": opened["carry_overs"][0]["line"], "kg": "5", "revision": opened["revision"]}
    asked = browser.post(reverse("api:pvf-draft-carry", args=[opened["id"]]), ask, content_type=json)
    assert asked.json()["carry_overs"][0]["asked_kg"] == "5.000"
