"""The pages of review through the middleware: what they show, do and refuse."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from core import topics
from core.checks import Moment
from core.identity import act_as
from core.models import AuditRow, Notification
from organizations.models import OperationStatus
from organizations.rules import change_rules
from requests_app.models import CheckRun, Question, Request, RequestDocument, RequestState
from review.domain import decisions, recommendations
from review.models import CheckOverride, Decision, Recommendation
from review.views import ACTS
from tests.review.support import balance, in_review, recommended, submitted
from tests.support.drafts import complete_draft
from tests.support.world import World, make_world, set_status

pytestmark = pytest.mark.django_db


def url(name: str, request: Request, **more: Any) -> str:
    return reverse(f"review:{name}", kwargs={"pk": request.pk, **more})


def state_of(world: World, request: Request) -> str:
    with act_as(world.loop()):
        return Request.objects.get(pk=request.pk).state


def test_the_queue_shows_open_requests_in_order_of_the_safe_decision_time(world: World):
    late, soon = submitted(world, "100"), submitted(world, "200")
    with act_as(world.loop()):
        Request.objects.filter(pk=soon.pk).update(decide_by="2020-01-01T00:00:00Z")
    text = world.browser("reviewer").get(reverse("review:queue")).content.decode()
    assert text.index(soon.reference) < text.index(late.reference)
    overdue = world.browser("reviewer").get(reverse("review:queue"), {"overdue": "1"}).content.decode()
    assert soon.reference in overdue
    assert late.reference not in overdue


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"claim": "mine"}, {"b"}), ({"claim": "unclaimed"}, {"a"}), ({"claim": "others"}, set()),
        ({"state": "in_review"}, {"b"}), ({"text": "no such thing"}, set()), ({"text": "green coffee"}, {"a", "b"}),
        ({"sort": "-net_kg"}, {"a", "b"}), ({"sort": "password"}, {"a", "b"}), ({"client": "nonsense"}, {"a", "b"}),
        ({"page": "99"}, {"a", "b"}),
    ],
)  # fmt: skip
def test_the_queue_is_filtered_and_strange_values_do_no_harm(world: World, query: dict[str, str], found: set[str]):
    rows = {"a": submitted(world, "100"), "b": in_review(world, "200")}
    answer = world.browser("reviewer").get(reverse("review:queue"), query)
    assert answer.status_code == 200
    assert {name for name, row in rows.items() if row.reference in answer.content.decode()} == found


def test_opening_the_page_runs_the_checks_once_for_each_version(world: World):
    request, browser = submitted(world), world.browser("reviewer")
    for _ in range(2):
        assert browser.get(url("request", request)).status_code == 200
    with act_as(world.loop()):
        assert CheckRun.objects.filter(request=request, moment=Moment.REVIEW).count() == 1


def test_an_auditor_reads_the_page_without_running_anything_and_is_offered_nothing(world: World):
    request = in_review(world)
    text = world.browser("auditor").get(url("request", request)).content.decode()
    assert request.reference in text
    assert 'id="act-' not in text
    assert url("check", request) not in text
    with act_as(world.loop()):
        assert not CheckRun.objects.filter(request=request, moment=Moment.REVIEW).exists()


def test_the_page_shows_what_was_compared_and_the_line_beside_it(world: World):
    text = world.browser("reviewer").get(url("request", in_review(world))).content.decode()
    for part in ("VOL-1", "PVF line beside the request", world.terms.label_name, "invoice.pdf", "0901.11.00.15"):
        assert part in text


def test_claim_recommend_and_approve_by_forms_alone(world: World):
    request = submitted(world)
    reviewer, approver = world.browser("reviewer"), world.browser("approver")
    assert reviewer.post(url("claim", request)).status_code == 302
    data = {"version": request.version, "approve": "yes", "note": "All fits."}
    assert reviewer.post(url("recommend", request), data).status_code == 302
    assert approver.post(url("approve", request), {"version": request.version}).status_code == 302
    assert state_of(world, request) == RequestState.APPROVED
    text = approver.get(url("request", request)).content.decode()
    assert "All fits." in text


def test_a_blocked_approval_comes_back_with_the_reason_and_what_was_typed(world: World):
    request = recommended(world)
    set_status(world.importer.pk, OperationStatus.SUSPENDED)
    answer = world.browser("approver").post(
        url("approve", request), {"version": request.version, "note": "typed by hand"}
    )
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "IMP-1" in text
    assert "typed by hand" in text
    assert state_of(world, request) == RequestState.IN_REVIEW
    with act_as(world.loop()):
        assert CheckRun.objects.filter(request=request, moment=Moment.APPROVE).count() == 1


def test_a_stale_form_is_told_and_may_be_sent_again_on_what_is_there_now(world: World):
    request, browser = in_review(world), world.browser("reviewer")
    with act_as(world.loop()):
        Request.objects.filter(pk=request.pk).update(version=request.version + 1)
    answer = browser.post(url("recommend", request), {"version": request.version, "approve": "yes"})
    assert answer.status_code == 409
    assert f'name="version" value="{request.version + 1}"' in answer.content.decode()


def test_reject_ask_correct_and_override_by_forms(world: World):
    browser, approver = world.browser("reviewer"), world.browser("approver")
    asked = in_review(world, "100")
    data: dict[str, Any] = {"version": asked.version, "text": "Which lot?", "fields_asked": ["lots", "origin"]}
    assert browser.post(url("ask", asked), data).status_code == 302
    assert state_of(world, asked) == RequestState.INFORMATION_REQUESTED
    corrected = in_review(world, "100")
    data = {"version": corrected.version, "net_kg": "90", "note": "The packing list says 90."}
    assert browser.post(url("correct", corrected), data).status_code == 302
    rejected = recommended(world, "100")
    assert approver.post(url("reject", rejected), {"version": rejected.version}).status_code == 422
    data = {"version": rejected.version, "reason": "documents", "note": "Wrong year."}
    assert approver.post(url("reject", rejected), data).status_code == 302
    assert state_of(world, rejected) == RequestState.REJECTED
    blocked = recommended(world, "100")
    with act_as(world.loop()):
        change_rules(world.certifier.pk, {"standards": ["EU-ORGANIC"]}, None)
    data = {"version": blocked.version, "code": "STD-1", "reason": "Accepted under the old rule."}
    assert world.browser("manager").post(url("override", blocked), data).status_code == 302
    with act_as(world.loop()):
        assert Question.objects.get(request=asked).fields == ["lots", "origin"]
        assert corrected.corrections.get().changes == {"net_kg": "90"}
        assert CheckOverride.objects.get(request=blocked).check_code == "STD-1"


def test_hand_back_and_run_again(world: World):
    request, browser = in_review(world), world.browser("reviewer")
    assert browser.post(url("check", request)).status_code == 302
    assert browser.post(url("hand-back", request)).headers["Location"] == reverse("review:queue")
    assert state_of(world, request) == RequestState.SUBMITTED


def test_a_colleague_does_not_take_a_claimed_request(world: World):
    request = in_review(world)
    answer = world.browser("approver").post(url("claim", request))
    assert answer.status_code == 409
    assert "Reviewer-1 is working on this request" in answer.content.decode()


def test_a_document_is_downloaded_not_opened_and_the_trail_says_so(world: World):
    request = in_review(world)
    with act_as(world.loop()):
        row = RequestDocument.objects.get(request=request)
    answer = world.browser("auditor").get(url("document", request, document_id=row.pk))
    assert answer.content.startswith(b"%PDF")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    with act_as(world.loop()):
        assert AuditRow.objects.filter(act="review.document_read", object_id=str(request.pk)).count() == 1
    other = submitted(world, "5")
    assert world.browser("reviewer").get(url("document", other, document_id=row.pk)).status_code == 404


def fields_of(act: str, request: Request) -> dict[str, Any]:
    extra = {
        "recommend": {"approve": "yes"}, "reject": {"reason": "volume"}, "ask": {"text": "Why?"},
        "correct": {"net_kg": "1"}, "override": {"code": "STD-1", "reason": "a long enough reason"},
    }  # fmt: skip
    return {"version": request.version, **extra.get(act, {})}


@pytest.mark.parametrize("act", list(ACTS))
def test_no_act_reaches_another_certifier_an_exporter_or_an_auditor(world: World, act: str):
    request, other = recommended(world), make_world(2)
    role = {"approve": "approver", "reject": "approver", "override": "manager"}.get(act, "reviewer")
    data = fields_of(act, request)
    assert other.browser(role).post(url(act, request), data).status_code == 404
    for outsider in ("auditor", "signatory", "importer", "broker"):
        assert world.browser(outsider).post(url(act, request), data).status_code == 403
    assert world.browser(role).get(url(act, request)).status_code == 405
    with act_as(world.loop()):
        request.refresh_from_db()
        assert request.state == RequestState.IN_REVIEW
        assert not Decision.objects.exists()
        assert Recommendation.objects.count() == 1


@pytest.mark.parametrize("act", ["approve", "reject", "override"])
def test_a_reviewer_neither_decides_nor_overrides(world: World, act: str):
    request = recommended(world)
    assert world.browser("reviewer").post(url(act, request), fields_of(act, request)).status_code == 403


def test_pages_of_another_certifier_are_not_there_and_exporters_are_refused(world: World):
    request, other = in_review(world), make_world(2)
    with act_as(world.loop()):
        row = RequestDocument.objects.get(request=request)
    for path in (url("request", request), url("document", request, document_id=row.pk)):
        assert other.browser("manager").get(path).status_code == 404
        assert world.browser("signatory").get(path).status_code == 403
        assert world.browser("importer").get(path).status_code == 403
    assert request.reference not in other.browser("manager").get(reverse("review:queue")).content.decode()
    assert world.browser("signatory").get(reverse("review:queue")).status_code == 403


def test_advice_on_an_older_version_is_shown_as_void(world: World):
    request = in_review(world)
    with act_as(world.who("reviewer")) as reviewer:
        recommendations.recommend(reviewer, request.pk, approve=True)
        Request.objects.filter(pk=request.pk).update(version=request.version + 1)
    assert "void, the request has changed" in world.browser("approver").get(url("request", request)).content.decode()


def test_a_question_past_its_deadline_lets_the_request_lapse_and_not_before(world: World):
    request, browser = in_review(world), world.browser("reviewer")
    browser.post(url("ask", request), {"version": request.version, "text": "Which lot?"})
    assert url("lapse", request) not in browser.get(url("request", request)).content.decode()
    assert browser.post(url("lapse", request)).status_code == 409
    with act_as(world.loop()):
        Question.objects.filter(request=request).update(deadline="2020-01-01")
        Request.objects.filter(pk=request.pk).update(question_deadline="2020-01-01")
    assert url("lapse", request) in browser.get(url("request", request)).content.decode()
    assert browser.post(url("lapse", request)).status_code == 302
    assert state_of(world, request) == RequestState.LAPSED
    assert balance(world).reserved == 0


def test_a_draft_is_not_shown_before_it_is_submitted(world: World):
    draft = complete_draft(world)
    assert world.browser("reviewer").get(url("request", draft)).status_code == 404


@pytest.mark.parametrize("topic", ["review.approved", "review.rejected", "review.recommended"])
def test_each_notification_of_review_has_its_text(world: World, topic: str):
    request = recommended(world)
    with act_as(world.who("approver")) as approver:
        if topic == "review.rejected":
            decisions.reject(approver, request.pk, reason="documents", note="Wrong year.")
        else:
            decisions.approve(approver, request.pk)
    with act_as(world.loop()):
        message = topics.render(Notification.objects.get(topic=topic, object_id=request.pk), "en", "Invented")
    assert request.reference in message.subject
    assert str(request.pk) in message.link or topic != "review.recommended"
    if topic == "review.rejected":
        assert "Wrong year." in message.body
