"""Requests over HTTP: all at once, kilograms as text, refusals that change nothing and say what and where."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from django.urls import reverse

from core.audit import plain
from core.identity import act_as
from pvf.models import Balance
from requests_app.domain import questions
from requests_app.models import Request, RequestState
from review.domain import claims
from tests.support.drafts import PAPER, complete_changes, complete_draft
from tests.support.world import World

pytestmark = pytest.mark.django_db


def url(name: str, pk: Any = None) -> str:
    return reverse(f"api:request-{name}", kwargs={"pk": pk} if pk else {})


def content(world: World, **changes: Any) -> dict[str, Any]:
    return plain(complete_changes(world, **changes)) | {
        "kind": "single", "lots": [{"lot": "L-1", "kg": "1000.000"}],
        "containers": [{"number": "MSKU1234565", "seal": "S1"}],
        "invoices": [{"number": "INV-1", "kg": "1000", "invoice_date": "2026-01-05"}],
    }  # fmt: skip


def send(browser: Browser, method: str, path: str, body: Any = None) -> Any:
    return getattr(browser, method)(path, body, content_type="application/json")


def test_a_request_is_created_at_once_and_submitted_twice_with_one_result(world: World):
    browser = world.browser("signatory")
    answer = send(browser, "post", url("list"), content(world))
    assert answer.status_code == 201, answer.json()
    made = answer.json()
    assert (made["net_kg"], made["lots"][0]["kg"], made["importer_name"]) == (
        "1000.000",
        "1000.000",
        world.importer.name,
    )
    paper = {"kind": "commercial_invoice", "file": SimpleUploadedFile("i.pdf", PAPER, "application/pdf")}
    answer = browser.post(url("documents", made["id"]), paper)
    assert answer.status_code == 201, answer.json()
    found = browser.get(url("findings", made["id"])).json()
    assert found["ready"] is True, found
    version = browser.get(url("detail", made["id"])).json()["version"]
    for _ in range(2):
        answer = send(browser, "post", url("submit", made["id"]), {"expected_version": version})
        assert (answer.status_code, answer.json()["state"]) == (200, "submitted"), answer.json()
    with act_as(world.loop()):
        assert Balance.objects.get(line=world.line).reserved == Decimal(1000)
    assert browser.get(url("list"), {"state": "submitted"}).json()["results"][0]["id"] == made["id"]
    assert browser.get(url("list"), {"state": "draft"}).json()["results"] == []
    assert send(browser, "post", url("withdraw", made["id"])).json()["state"] == "withdrawn"


@pytest.mark.parametrize(
    ("changes", "attr"),
    [
        ({"gross_kg": 0.1}, "gross_kg"), ({"entered_quantity": "-1"}, "entered_quantity"),
        ({"importer_nop_id": "12"}, "importer_nop_id"), ({"departure_date": "soon"}, "departure_date"),
        ({"lots": [{"lot": "A", "kg": "1"}, {"lot": "A", "kg": "2"}]}, "lots"),
        ({"line_id": "00000000-0000-7000-8000-000000000000"}, "line_id"),
    ],
)  # fmt: skip
def test_a_refused_creation_names_the_field_and_leaves_nothing(world: World, changes: dict[str, Any], attr: str):
    answer = send(world.browser("preparer"), "post", url("list"), content(world) | changes)
    assert answer.status_code in {400, 422}, answer.content
    assert answer.json()["errors"][0]["attr"] == attr
    with act_as(world.loop()):
        assert not Request.objects.exists()


def test_a_change_on_an_old_version_is_refused_whole(world: World):
    draft, browser = complete_draft(world), world.browser("preparer")
    body = {"label_name": "Other", "lots": [{"lot": "X", "kg": "1"}], "expected_version": draft.version - 1}
    answer = send(browser, "patch", url("detail", draft.pk), body)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "STALE")
    answer = send(browser, "patch", url("detail", draft.pk), body | {"expected_version": draft.version})
    assert (answer.status_code, answer.json()["label_name"]) == (200, "Other")
    assert [row["lot"] for row in answer.json()["lots"]] == ["X"]


def test_too_much_is_refused_with_the_figures(world: World):
    draft = complete_draft(world, "50001")
    answer = send(world.browser("signatory"), "post", url("submit", draft.pk), {})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "VOL-1"
    assert "50001" in str(answer.json()["details"])


def test_an_answer_may_complete_the_question_and_change_only_what_was_named(world: World):
    draft = complete_draft(world)
    browser = world.browser("signatory")
    assert send(browser, "post", url("submit", draft.pk), {}).status_code == 200
    with act_as(world.who("reviewer")) as actor:
        row = claims.claim(actor, draft.pk)
        questions.ask(
            actor, draft.pk, text="Vessel?", fields=["vessel"], document_kinds=[], expected_version=row.version
        )
    shown = browser.get(url("detail", draft.pk)).json()
    assert shown["questions"][0]["fields_asked"] == ["vessel"]
    body = {"answer": "MV Other", "complete": True, "expected_version": shown["version"]}
    refused = send(browser, "post", url("answer", draft.pk), body | {"changes": {"origin": "BR"}})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "NOT-ASKED")
    answer = send(browser, "post", url("answer", draft.pk), body | {"changes": {"vessel": "MV Other"}})
    assert (answer.status_code, answer.json()["state"], answer.json()["vessel"]) == (
        200, RequestState.IN_REVIEW, "MV Other",
    )  # fmt: skip


def test_staff_read_requests_over_the_api_but_do_not_write_them(world: World):
    draft, browser = complete_draft(world), world.browser("reviewer")
    assert browser.get(url("detail", draft.pk)).status_code == 200
    assert send(browser, "post", url("list"), content(world)).status_code == 403
    assert send(browser, "patch", url("detail", draft.pk), {"expected_version": 1, "origin": "BR"}).status_code == 403
