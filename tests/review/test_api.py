"""Review over HTTP: the same acts by token, the same refusals."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from core.identity import act_as
from organizations.models import OperationStatus
from requests_app.models import Request, RequestState
from review.models import Decision, Recommendation
from tests.review.support import in_review, recommended, submitted
from tests.support.world import World, make_world, set_status

pytestmark = pytest.mark.django_db


def post(world: World, role: str, name: str, request: Request, data: dict[str, Any] | None = None) -> Any:
    path = reverse(f"api:review-{name}", kwargs={"pk": request.pk})
    return world.browser(role).post(path, data or {}, content_type="application/json")


def test_claim_recommend_approve(world: World):
    request = submitted(world)
    assert post(world, "reviewer", "claim", request).json()["state"] == RequestState.IN_REVIEW
    given = {"expected_version": request.version, "approve": True}
    assert post(world, "reviewer", "recommend", request, given).status_code == 200
    answer = post(world, "approver", "approve", request, {"expected_version": request.version})
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert body["approved"] is True
    assert {finding["code"] for finding in body["findings"]} >= {"EXP-1", "IMP-1", "PVF-1", "VOL-1"}
    again = post(world, "approver", "approve", request, {"expected_version": request.version})
    assert again.json()["certificate_id"] == body["certificate_id"]


def test_the_queue_is_read_filtered_and_in_pages(world: World):
    first, second = submitted(world, "100"), in_review(world, "200")
    browser, path = world.browser("auditor"), reverse("api:review-queue")
    assert {row["reference"] for row in browser.get(path).json()["results"]} == {first.reference, second.reference}
    page = browser.get(path, {"sort": "-net_kg", "limit": 1}).json()
    assert [row["net_kg"] for row in page["results"]] == ["200.000"]
    assert page["next"]
    found = world.browser("reviewer").get(path, {"claim": "mine"}).json()["results"]
    assert [row["reference"] for row in found] == [second.reference]
    assert browser.get(path, {"sort": "password"}).status_code == 400


def test_a_blocked_approval_names_rule_and_figures(world: World):
    request = recommended(world)
    set_status(world.client.operation_id, OperationStatus.REVOKED)
    answer = post(world, "approver", "approve", request, {"expected_version": request.version})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "EXP-1"
    assert answer.json()["details"]["findings"][0]["compared"]


def test_a_stale_version_and_bad_input_are_refused(world: World):
    request = recommended(world)
    assert post(world, "approver", "approve", request, {"expected_version": request.version + 5}).status_code == 409
    assert post(world, "approver", "approve", request, {}).status_code == 400
    given = {"expected_version": request.version, "reason": "mood"}
    assert post(world, "approver", "reject", request, given).status_code == 400
    given = {"expected_version": request.version, "reason": "other"}
    assert post(world, "approver", "reject", request, given).json()["errors"][0]["attr"] == "note"


def test_reject_and_ask(world: World):
    rejected, asked = recommended(world, "100"), in_review(world, "100")
    given: dict[str, Any] = {"expected_version": rejected.version, "reason": "origin", "note": "The label says Brazil."}
    assert post(world, "approver", "reject", rejected, given).json()["reason"] == "origin"
    given = {"expected_version": asked.version, "text": "Which lot?", "fields_asked": ["lots"]}
    answer = post(world, "reviewer", "ask", asked, given)
    assert answer.json()["fields_asked"] == ["lots"]
    given["fields_asked"] = ["password"]
    assert post(world, "reviewer", "ask", in_review(world, "5"), given).status_code in {409, 422}


INPUT: dict[str, dict[str, Any]] = {
    "claim": {},
    "recommend": {"approve": True},
    "ask": {"text": "Why?"},
    "approve": {},
    "reject": {"reason": "volume"},
}


@pytest.mark.parametrize("name", list(INPUT))
def test_no_route_reaches_another_certifier_an_exporter_or_an_auditor(world: World, name: str):
    request, other = recommended(world), make_world(2)
    given = {"expected_version": request.version, **INPUT[name]}
    role = "approver" if name in {"approve", "reject"} else "reviewer"
    assert post(other, role, name, request, given).status_code == 404
    for outsider in ("auditor", "signatory", "viewer", "importer", "broker"):
        assert post(world, outsider, name, request, given).status_code == 403
    with act_as(world.loop()):
        request.refresh_from_db()
        assert request.state == RequestState.IN_REVIEW
        assert not Decision.objects.exists()
        assert Recommendation.objects.count() == 1


def test_the_queue_holds_nothing_of_another_certifier_and_exporters_are_refused(world: World):
    submitted(world)
    path = reverse("api:review-queue")
    assert make_world(2).browser("manager").get(path).json()["results"] == []
    assert world.browser("signatory").get(path).status_code == 403


@pytest.mark.parametrize("name", ["approve", "reject"])
def test_a_reviewer_does_not_decide(world: World, name: str):
    request = recommended(world)
    assert (
        post(world, "reviewer", name, request, {"expected_version": request.version, **INPUT[name]}).status_code == 403
    )
