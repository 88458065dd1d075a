"""The exporter's pages through the middleware, as a browser without JavaScript sees them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from core import clock
from core.identity import act_as
from organizations.roles import Role
from pvf.models import Balance
from requests_app.domain import corrections, questions, submission
from requests_app.models import Request, RequestState
from review.domain import claims
from tests.support.drafts import PAPER, complete_draft
from tests.support.world import GREEN_COFFEE, World

pytestmark = pytest.mark.django_db


def url(name: str, request: Request, **more: Any) -> str:
    return reverse(f"requests:{name}", kwargs={"pk": request.pk, **more})


def fresh(world: World, request: Request) -> Request:
    with act_as(world.loop()):
        return Request.objects.get(pk=request.pk)


def in_review(world: World, kg: str = "1000") -> Request:
    draft = complete_draft(world, kg)
    with act_as(world.who("signatory")) as actor:
        submission.submit(actor, draft.pk)
    with act_as(world.who("reviewer")) as actor:
        claims.claim(actor, draft.pk)
    return fresh(world, draft)


def asked(world: World, fields: list[str], kinds: list[str]) -> Request:
    request = in_review(world)
    with act_as(world.who("reviewer")) as actor:
        questions.ask(
            actor, request.pk, text="How much exactly?", fields=fields, document_kinds=kinds,
            expected_version=request.version,
        )  # fmt: skip
    return fresh(world, request)


def rows_data(part: str, rows: list[dict[str, Any]], initial: int = 0) -> dict[str, Any]:
    data: dict[str, Any] = {f"{part}-TOTAL_FORMS": len(rows), f"{part}-INITIAL_FORMS": initial}
    for number, row in enumerate(rows):
        data |= {f"{part}-{number}-{name}": value for name, value in row.items()}
    return data


def test_a_draft_is_filled_in_task_by_task_and_submitted(world: World):
    browser, today = world.browser("signatory"), clock.now().date()
    answer = browser.post(reverse("requests:new"), {"kind": "single"})
    assert answer.status_code == 302
    with act_as(world.loop()):
        draft = Request.objects.get()
    assert answer["Location"] == url("task_list", draft)
    nop_id = world.importer.nop_id
    tasks: dict[str, dict[str, Any]] = {
        "product": {
            "line_id": str(world.line.pk), "label_name": world.terms.label_name, "hts_code": GREEN_COFFEE,
            "origin": "PE", "standard": "USDA-NOP",
        },
        "quantity": {"entered_quantity": "2,000", "entered_unit": "LBR", "gross_kg": "950.5"},
        "parties": {
            "importer_nop_id": nop_id, "recipient_name": world.importer.name, "recipient_nop_id": nop_id,
            "consignee_name": world.importer.name,
        },
        "transport": {
            "transport_mode": "sea", "port_of_lading": "Callao", "port_time_zone": "America/Lima",
            "departure_date": str(today + dt.timedelta(days=20)),
        },
        "period": {
            "start_date": str(today + dt.timedelta(days=2)), "end_date": str(today + dt.timedelta(days=90)),
        },
        "rows": {
            **rows_data("lots", [{"lot": "L-1", "kg": "907.1850"}]), **rows_data("containers", [{"number": ""}]),
            **rows_data("invoices", [{"number": "INV-1", "kg": "907.1850"}]),
        },
    }  # fmt: skip
    for task, data in tasks.items():
        page = url("task", draft, task=task)
        assert browser.get(page).status_code == 200
        answer = browser.post(page, data | {"version": fresh(world, draft).version})
        assert answer.status_code == 302, answer.content.decode()
        assert answer["Location"] == url("task_list", draft)
    upload = SimpleUploadedFile("invoice.pdf", PAPER, "application/pdf")
    assert browser.post(url("document_add", draft), {"kind": "commercial_invoice", "file": upload}).status_code == 302
    assert "907.185" in browser.get(url("task_list", draft)).content.decode()
    page = browser.get(url("review_submit", draft))
    assert "To mend before you submit" not in page.content.decode(), page.content.decode()
    answer = browser.post(url("review_submit", draft), {"version": fresh(world, draft).version, "declared": "on"})
    assert answer.status_code == 302, answer.content.decode()
    done = fresh(world, draft)
    assert (done.state, done.net_kg) == (RequestState.SUBMITTED, Decimal("907.185"))
    with act_as(world.loop()):
        assert Balance.objects.get(line=world.line).reserved == Decimal("907.185")
    assert browser.get(url("task_list", draft)).status_code == 302


def test_every_page_of_a_fresh_and_of_a_complete_draft_opens(world: World):
    browser = world.browser("preparer")
    browser.post(reverse("requests:new"), {"kind": "multiple"})
    with act_as(world.loop()):
        empty = Request.objects.get()
    assert browser.get(url("task", empty, task="transport")).status_code == 404
    for draft in (empty, complete_draft(world, lot="L-1")):
        names = [
            url("task", draft, task=name) for name in ("product", "quantity", "parties", "rows", "period", "documents")
        ]
        for page in [url("task_list", draft), url("review_submit", draft), url("detail", draft), *names]:
            assert browser.get(page).status_code == 200, page
    assert browser.get(reverse("requests:home")).status_code == 200


def test_a_stale_form_tells_who_changed_it_and_keeps_what_was_typed(world: World):
    draft = complete_draft(world)
    page = url("task", draft, task="quantity")
    old = {"version": draft.version, "entered_unit": "KGM", "gross_kg": "3000"}
    assert world.browser("preparer").post(page, old | {"entered_quantity": "1500"}).status_code == 302
    browser = world.browser("signatory")
    answer = browser.post(page, old | {"entered_quantity": "1777"})
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Preparer-1" in text
    assert 'value="1777"' in text
    assert fresh(world, draft).net_kg == Decimal(1500)
    again = old | {"version": fresh(world, draft).version, "entered_quantity": "1777"}
    assert browser.post(page, again).status_code == 302
    assert fresh(world, draft).net_kg == Decimal(1777)


def test_a_quantity_that_can_be_read_in_two_ways_is_refused_and_kept(world: World):
    draft = complete_draft(world)
    data = {"version": draft.version, "entered_quantity": "20.000", "entered_unit": "KGM"}
    answer = world.browser("preparer").post(url("task", draft, task="quantity"), data)
    assert answer.status_code == 422
    assert 'value="20.000"' in answer.content.decode()
    assert fresh(world, draft).net_kg == Decimal(1000)


def test_the_add_button_gives_a_row_without_javascript_and_loses_nothing(world: World):
    draft = complete_draft(world)
    data = {
        "version": draft.version, "lots-add-row": "1", **rows_data("lots", [{"lot": "KEEP-ME", "kg": "1"}]),
        **rows_data("containers", []), **rows_data("invoices", []),
    }  # fmt: skip
    text = world.browser("preparer").post(url("task", draft, task="rows"), data).content.decode()
    assert "KEEP-ME" in text
    assert 'name="lots-1-lot"' in text


def test_a_lot_twice_is_refused_and_nothing_of_the_page_is_saved(world: World):
    draft = complete_draft(world)
    data = {
        "version": draft.version, **rows_data("lots", [{"lot": "L", "kg": "1"}, {"lot": "L", "kg": "2"}]),
        **rows_data("containers", [{"number": "MSKU1234565"}]), **rows_data("invoices", []),
    }  # fmt: skip
    answer = world.browser("preparer").post(url("task", draft, task="rows"), data)
    assert answer.status_code == 422
    assert "stands in two rows" in answer.content.decode()
    with act_as(world.loop()):
        assert draft.lots.count() + draft.containers.count() == 0


def test_the_deficiency_list_leads_to_the_task_that_mends_each(world: World):
    draft = complete_draft(world, label_name="Organic coffee", end_date=None)
    text = world.browser("signatory").get(url("review_submit", draft)).content.decode()
    assert "To mend before you submit" in text
    assert url("task", draft, task="product") in text
    assert url("task", draft, task="period") in text
    answer = world.browser("signatory").post(url("review_submit", draft), {"version": draft.version, "declared": "on"})
    assert answer.status_code == 422
    assert fresh(world, draft).state == RequestState.DRAFT


def test_more_than_is_left_is_refused_with_the_arithmetic(world: World):
    draft = complete_draft(world, "60000")
    answer = world.browser("signatory").post(url("review_submit", draft), {"version": draft.version, "declared": "on"})
    assert answer.status_code == 422
    assert "50,000" in answer.content.decode()
    assert fresh(world, draft).state == RequestState.DRAFT


def test_a_preparer_drafts_but_does_not_submit_and_a_viewer_only_reads(world: World):
    draft = complete_draft(world)
    preparer, viewer = world.browser("preparer"), world.browser("viewer")
    data = {"version": draft.version, "declared": "on"}
    assert preparer.post(url("review_submit", draft), data).status_code == 403
    assert "Submit the request" not in preparer.get(url("review_submit", draft)).content.decode()
    assert viewer.get(url("detail", draft)).status_code == 200
    assert viewer.get(url("task_list", draft)).status_code == 302
    assert viewer.get(url("task", draft, task="product")).status_code == 403
    assert "Withdraw" not in viewer.get(url("detail", draft)).content.decode()


def test_a_document_comes_back_as_an_attachment_that_is_not_sniffed(world: World):
    draft = complete_draft(world)
    with act_as(world.loop()):
        document = draft.documents.get()
    answer = world.browser("viewer").get(url("document", draft, document_id=document.pk))
    assert answer.content == PAPER
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    browser = world.browser("preparer")
    assert browser.post(url("document_remove", draft, document_id=document.pk)).status_code == 302
    text = browser.get(url("task", draft, task="documents")).content.decode()
    assert "No document was added." in text


def test_a_file_that_is_not_what_it_claims_is_refused_at_the_field(world: World):
    draft = complete_draft(world)
    upload = SimpleUploadedFile("page.pdf", b"<script>alert(1)</script>", "application/pdf")
    answer = world.browser("preparer").post(url("document_add", draft), {"kind": "label", "file": upload})
    assert answer.status_code == 422
    with act_as(world.loop()):
        assert draft.documents.count() == 1


def test_an_answer_changes_only_what_the_question_names_and_ends_when_it_is_complete(world: World):
    request = asked(world, ["entered_quantity", "lots"], ["label"])
    browser = world.browser("preparer")
    text = browser.get(url("detail", request)).content.decode()
    assert 'name="entered_quantity"' in text
    assert 'name="hts_code"' not in text
    data = {
        "version": request.version, "answer": "900 kg", "entered_quantity": "900", "hts_code": "0901110025",
        **rows_data("lots", [{"lot": "L-9", "kg": "900"}]),
    }  # fmt: skip
    assert browser.post(url("answer", request), data).status_code == 302
    saved = fresh(world, request)
    assert (saved.state, saved.net_kg, saved.hts_code) == ("information_requested", Decimal(900), GREEN_COFFEE)
    upload = SimpleUploadedFile("label.pdf", PAPER, "application/pdf")
    assert browser.post(url("document_add", request), {"kind": "label", "file": upload}).status_code == 302
    data |= {
        "version": fresh(world, request).version,
        "complete": "1",
        **rows_data("lots", [{"lot": "L-9", "kg": "900"}], 1),
    }
    answer = browser.post(url("answer", request), data)
    assert answer.status_code == 302, answer.content.decode()
    assert fresh(world, request).state == RequestState.IN_REVIEW
    assert "How much exactly?" in browser.get(url("detail", request)).content.decode()


@pytest.mark.parametrize(("act", "kg"), [("correction_accept", "600"), ("correction_decline", "1000")])
def test_a_signatory_accepts_or_declines_a_proposed_correction(world: World, act: str, kg: str):
    request = in_review(world)
    with act_as(world.who("reviewer")) as actor:
        proposal = corrections.propose(
            actor, request.pk, changes={"net_kg": "600"}, note="Invoice says 600", expected_version=request.version
        )
    browser = world.browser("signatory")
    assert "Invoice says 600" in browser.get(url("detail", request)).content.decode()
    assert world.browser("preparer").post(url(act, request, correction_id=proposal.pk)).status_code == 403
    assert browser.post(url(act, request, correction_id=proposal.pk)).status_code == 302
    assert fresh(world, request).net_kg == Decimal(kg)


def test_withdrawn_frees_the_kilograms_and_is_copied_as_new(world: World):
    request, browser = in_review(world), world.browser("signatory")
    assert browser.post(url("withdraw", request)).status_code == 302
    with act_as(world.loop()):
        assert Balance.objects.get(line=world.line).reserved == 0
    answer = browser.post(url("copy", request))
    assert answer.status_code == 302
    with act_as(world.loop()):
        copy = Request.objects.get(copied_from=request)
    assert answer["Location"] == url("task_list", copy)
    assert copy.reference in browser.get(url("detail", request)).content.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"state": "draft"}, {"draft"}), ({"state": "in_review"}, {"open"}), ({"text": "green coffee"}, {"draft", "open"}),
        ({"sort": "-net_kg"}, {"draft", "open"}), ({"sort": "password"}, {"draft", "open"}), ({"text": "nothing"}, set()),
        ({"page": "99"}, {"draft", "open"}), ({"state": "nonsense"}, {"draft", "open"}),
    ],
)  # fmt: skip
def test_my_requests_are_filtered_and_strange_values_do_no_harm(world: World, query: dict[str, str], found: set[str]):
    rows = {"draft": complete_draft(world, "10"), "open": in_review(world, "20")}
    text = world.browser(Role.VIEWER).get(reverse("requests:home"), query).content.decode()
    assert {name for name, row in rows.items() if row.reference in text} == found
