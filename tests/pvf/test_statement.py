"""The statement of account: any line, any past moment; who may read it; as workbook, as PDF, over the API."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import psycopg
import pytest
import time_machine
from django.urls import reverse
from django.utils import translation
from openpyxl import load_workbook
from pypdf import PdfReader

from certificates.domain import statement_files as worker
from certificates.models import Certificate
from core import clock
from core.errors import InvalidInput, NotVisible
from core.identity import act_as
from pvf import statement_views
from pvf.domain import ledger, statement, statement_files, statement_sheet
from pvf.models import Bucket, Cause, Movement, StatementFile
from requests_app.models import Request
from tests.pvf.test_pages_and_access import rivals
from tests.support import ledger_acts as acts
from tests.support.statements import asked
from tests.support.world import World, make_world

pytestmark = pytest.mark.django_db
FORMULA = '=HYPERLINK("http://invented.example","=1+1")'


def a_story(world: World) -> dict[str, str]:
    """Submitted, approved, issued, shipped, the rest closed out with a reason that looks like a formula."""
    request = acts.draft(world, world.line, Decimal("1000.5"), "KGM")
    acts.submit(world, request)
    acts.recommend(world, request)
    certificate = acts.approve(world, request)
    acts.issue(world, certificate)
    acts.ship(world, certificate, Decimal(400), "KGM", "one")
    with act_as(world.who("approver")) as actor:
        ledger.move(
            actor, world.line.pk, Cause.CLOSE_OUT, Bucket.CERTIFIED, Bucket.AVAILABLE, Decimal("600.5"), key="close",
            source_holder=acts.of_certificate(certificate), reason=FORMULA,
        )  # fmt: skip
        return {
            "request": Request.objects.get(pk=request).reference,
            "certificate": Certificate.objects.get(pk=certificate).number or "",
        }


def test_each_movement_stands_with_its_holders_its_reason_and_who_entered_it(world: World) -> None:
    names = a_story(world)
    with act_as(world.who("auditor")) as auditor:
        found = statement.read(auditor, world.line.pk)
    assert [entry.cause for entry in found.entries] == ["authorise", "submit", "approve", "shipment", "close_out"]
    held = [(entry.source_holder, entry.target_holder) for entry in found.entries]
    request, number = names["request"], names["certificate"]
    assert held == [("", ""), ("", request), (request, number), (number, number), (number, "")]
    people = [entry.made_by for entry in found.entries]
    assert people == ["the portal", "Signatory-1", "Approver-1", "Signatory-1", "Approver-1"]
    assert found.entries[-1].reason == FORMULA
    assert [entry.after.available for entry in found.entries] == [50000, *[Decimal("48999.5")] * 3, 49600]
    assert found.closing == statement.Kilograms(Decimal(49600), Decimal(0), Decimal(0), Decimal(400))
    assert found.closing.authorised == 50000 and found.agrees


def test_an_exporter_is_not_told_the_names_of_the_certifiers_people(world: World) -> None:
    a_story(world)
    with act_as(world.who("viewer")) as viewer:
        people = [entry.made_by for entry in statement.read(viewer, world.line.pk).entries]
    assert people == ["the portal", "Signatory-1", "the certifier", "Signatory-1", "the certifier"]


def test_any_past_moment_is_the_sum_of_what_had_moved_until_then(world: World) -> None:
    a_story(world)
    with act_as(world.who("auditor")) as auditor:
        rows = list(Movement.objects.filter(line=world.line).order_by("sequence"))
        for number, row in enumerate(rows):
            at = statement.read(auditor, world.line.pk, until=row.made_at)
            assert at.count == number + 1
            assert at.closing == at.entries[-1].after
            assert at.closing.available == row.available_after
        later = statement.read(auditor, world.line.pk, since=rows[2].made_at)
        assert later.opening.reserved == Decimal("1000.5") and later.count == 3
        before = statement.read(auditor, world.line.pk, until=rows[0].made_at - dt.timedelta(seconds=1))
        assert (before.count, before.closing.authorised) == (0, 0)


def test_a_part_of_the_entries_runs_on_from_what_came_before(world: World) -> None:
    a_story(world)
    with act_as(world.who("auditor")) as auditor:
        whole = statement.read(auditor, world.line.pk)
        part = statement.read(auditor, world.line.pk, until=whole.until, start=2, limit=2)
    assert list(part.entries) == list(whole.entries[2:4])
    assert (part.opening, part.closing, part.count) == (whole.opening, whole.closing, whole.count)


def test_time_runs_forwards_only(world: World) -> None:
    now = clock.now()
    with act_as(world.who("auditor")) as auditor:
        for span in ({"until": now + dt.timedelta(days=1)}, {"since": now, "until": now - dt.timedelta(days=1)}):
            with pytest.raises(InvalidInput) as refused:
                statement.read(auditor, world.line.pk, **span)
            assert refused.value.code == "STATEMENT-TIME"


@pytest.mark.django_db(transaction=True)
def test_a_ledger_that_does_not_add_up_says_so(world: World, owner_connection: psycopg.Connection) -> None:
    a_story(world)
    owner_connection.execute("ALTER TABLE pvf_movement DISABLE TRIGGER USER")
    owner_connection.execute("UPDATE pvf_movement SET reserved_after = 7 WHERE sequence = 2")
    owner_connection.execute("ALTER TABLE pvf_movement ENABLE TRIGGER USER")
    with act_as(world.who("auditor")) as auditor:
        found = statement.read(auditor, world.line.pk)
    assert [entry.agrees for entry in found.entries] == [True, False, True, True, True]
    assert (
        "does not add up"
        in world.browser("auditor").get(reverse("pvf:statement", args=[world.line.pk])).content.decode()
    )


def urls(world: World) -> dict[str, str]:
    return {
        "page": reverse("pvf:statement", args=[world.line.pk]),
        "workbook": reverse("pvf:statement-xlsx", args=[world.line.pk]),
        "api": reverse("api:pvf-line-statement", args=[world.line.pk]),
    }


def test_own_exporter_and_staff_read_others_get_404(world: World) -> None:
    a_story(world)
    for role in ("reviewer", "approver", "manager", "auditor", "preparer", "signatory", "viewer"):
        for name, url in urls(world).items():
            assert world.browser(role).get(url).status_code == 200, (role, name)
    strangers = rivals(world)
    for who, browser in strangers.items():
        for name, url in urls(world).items():
            assert browser.get(url).status_code == 404, (who, name)
        assert browser.post(reverse("pvf:statement-ask", args=[world.line.pk])).status_code == 404, who
    for role in ("importer", "broker"):
        assert {world.browser(role).get(url).status_code for url in urls(world).values()} == {403}
    with act_as(make_world(3).who("manager")) as stranger, pytest.raises(NotVisible):
        statement.read(stranger, world.line.pk)


def test_the_page_asks_the_database_as_often_for_one_movement_as_for_many(world: World) -> None:
    browser, url, counts = world.browser("signatory"), urls(world)["page"], []
    for _turn in range(2):
        a_story_of_requests(world, 3)
        with asked() as statements:
            assert browser.get(url).status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1] > 0


def a_story_of_requests(world: World, number: int) -> None:
    for _request in range(number):
        request = acts.draft(world, world.line, Decimal(10), "KGM")
        acts.submit(world, request)
        acts.withdraw(world, request)


def test_a_day_in_the_certifiers_time_zone_bounds_the_page(world: World) -> None:
    a_story(world)
    browser, url = world.browser("signatory"), urls(world)["page"]
    yesterday = clock.today_in("America/Lima") - dt.timedelta(days=1)
    assert "0 movements" in browser.get(url, {"until": yesterday.isoformat()}).content.decode()
    assert "5 movements" in browser.get(url, {"since": yesterday.isoformat()}).content.decode()
    assert browser.get(url, {"until": "2999-01-01"}).status_code == 422
    assert browser.get(url, {"until": "soon"}).status_code == 422


def test_the_workbook_holds_every_figure_and_no_formula(world: World) -> None:
    names = a_story(world)
    answer = world.browser("viewer").get(urls(world)["workbook"])
    assert f"statement-{world.pvf.number}-1.xlsx" in answer["Content-Disposition"]
    sheet = load_workbook(io.BytesIO(answer.content)).active
    rows = list(sheet.iter_rows())
    texts = {cell.value: cell for row in rows for cell in row if isinstance(cell.value, str)}
    assert {cell.data_type for row in rows for cell in row if cell.value is not None} <= {"s", "n", "d"}
    assert texts[FORMULA].quotePrefix
    last = [cell.value for cell in rows[-2]]
    assert last[:1] + last[5:6] + last[8:9] == [5, names["certificate"], 600.5]
    assert [cell.value for cell in rows[-1]][10:15] == [49600, 0, 0, 400, 50000]


def test_control_characters_do_not_stop_the_workbook(world: World) -> None:
    with act_as(world.who("approver")) as actor:
        ledger.move(
            actor, world.line.pk, Cause.REDUCE, Bucket.AVAILABLE, Bucket.OUTSIDE, Decimal(1), key="x", reason="a\x0bb"
        )
        data = statement_sheet.write(statement.read(actor, world.line.pk))
    assert any(
        cell.value == "a\N{REPLACEMENT CHARACTER}b" for row in load_workbook(io.BytesIO(data)).active for cell in row
    )


def test_the_api_tells_the_same_in_pages(world: World) -> None:
    names = a_story(world)
    browser, url = world.browser("signatory"), urls(world)["api"]
    whole = browser.get(url).json()
    assert (whole["count"], whole["agrees"], len(whole["entries"])) == (5, True, 5)
    assert whole["entries"][1]["target_holder"] == names["request"]
    assert whole["closing"] == {
        "authorised": "50000.000", "available": "49600.000", "reserved": "0.000", "certified": "0.000",
        "shipped": "400.000",
    }  # fmt: skip
    part = browser.get(url, {"start": 3, "limit": 1, "until": whole["until"]}).json()
    assert part["entries"] == whole["entries"][3:4]
    assert browser.get(url, {"until": "2999-01-01T00:00:00Z"}).status_code == 422
    assert browser.get(url, {"start": -1}).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_the_pdf_is_made_by_the_worker_outside_any_transaction_and_forgotten_after_a_day() -> None:
    world = make_world()
    names = a_story(world)
    browser, page = world.browser("viewer"), urls(world)["page"]
    assert browser.post(reverse("pvf:statement-ask", args=[world.line.pk])).status_code == 302
    with act_as(world.who("viewer")) as viewer:
        row = statement_files.of_line(viewer, world.line).get()
        link = reverse("pvf:statement-file", args=[world.line.pk, row.pk])
    assert link not in browser.get(page).content.decode()
    assert browser.get(link).status_code == 409
    with act_as(world.loop()), pytest.raises(RuntimeError):
        worker.make(world.certifier.pk, row.pk)
    assert worker.make(world.certifier.pk, row.pk) is True
    assert worker.make(world.certifier.pk, row.pk) is False
    assert link in browser.get(page).content.decode()
    text = "".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(browser.get(link).content)).pages)
    for words in (names["request"], names["certificate"], "49,600", "the certifier", "closing balance"):
        assert words in text, words
    assert "Approver-1" not in text
    # the certifier's side has files of its own, strangers have none
    assert world.browser("manager").get(link).status_code == 404
    assert {browser.get(link).status_code for browser in rivals(world).values()} == {404}
    with time_machine.travel(clock.now() + dt.timedelta(hours=25), tick=False), act_as(world.loop()):
        assert worker.forget_old(world.certifier.pk) == 1
    assert browser.get(link).status_code == 404


def test_the_same_question_has_one_file_and_a_long_one_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_story(world)
    with act_as(world.who("manager")) as manager:
        until = clock.now()
        first = statement_files.request(manager, world.line.pk, until=until)
        assert statement_files.request(manager, world.line.pk, until=until).pk == first.pk
        monkeypatch.setitem(statement_files.MAX_ENTRIES, StatementFile.Format.PDF, 4)
        with pytest.raises(InvalidInput) as refused:
            statement_files.request(manager, world.line.pk)
        assert refused.value.code == "STATEMENT-LONG"


@pytest.mark.django_db(transaction=True)
def test_a_large_workbook_is_made_by_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world()
    a_story(world)
    monkeypatch.setattr(statement_views, "SHEET_LIMIT", 4)
    browser = world.browser("viewer")
    assert browser.get(urls(world)["workbook"]).status_code == 422
    page = browser.get(urls(world)["page"]).content.decode()
    assert 'value="xlsx"' in page and urls(world)["workbook"] not in page
    assert browser.post(reverse("pvf:statement-ask", args=[world.line.pk]), {"format": "xlsx"}).status_code == 302
    with act_as(world.loop()):
        (key,) = worker.due(world.certifier.pk)
    assert worker.make(world.certifier.pk, key) is True
    answer = browser.get(reverse("pvf:statement-file", args=[world.line.pk, key]))
    assert "xlsx" in answer["Content-Disposition"]
    assert load_workbook(io.BytesIO(answer.content)).active.max_row == 15


@pytest.mark.django_db(transaction=True)
def test_a_statement_whose_makers_die_is_given_up_and_one_that_cannot_be_printed_says_why() -> None:
    world = make_world()
    with act_as(world.who("approver")) as actor, translation.override("es"):
        ledger.move(
            actor, world.line.pk, Cause.REDUCE, Bucket.AVAILABLE, Bucket.OUTSIDE, Decimal(1), key="x", reason="\u202eab"
        )
        row = statement_files.request(actor, world.line.pk)
    assert worker.make(world.certifier.pk, row.pk) is False
    with act_as(world.loop()):
        row.refresh_from_db()
        assert (row.state, row.language, row.error.split(":")[0]) == (StatementFile.State.FAILED, "es", "DOC-GLYPHS")
        StatementFile.objects.update(state=StatementFile.State.WAITING, attempts=3)
        assert worker.due(world.certifier.pk) == [row.pk]
    assert worker.make(world.certifier.pk, row.pk) is False
    with act_as(world.loop()):
        row.refresh_from_db()
        assert (row.state, row.error) == (StatementFile.State.FAILED, "ATTEMPTS")
