"""Queue and request page in a real browser: no violation of WCAG or the content policy, decisions without JavaScript."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, expect

from core.identity import act_as
from organizations.rules import change_rules
from requests_app.models import Request, RequestState
from tests.review.support import in_review, recommended, submitted
from tests.support.browser import NARROW, WIDE, Window
from tests.support.world import World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_queue_and_request_page_keep_wcag_and_the_content_policy(
    chromium: Browser, site: str, world: World, width: int
):
    submitted(world, "19250.5")
    in_review(world, "800")
    request = recommended(world, "1000", lot="LOT-7")
    with act_as(world.loop()):
        change_rules(world.certifier.pk, {"standards": ["EU-ORGANIC"]}, None)
    reviewer = Window.of(chromium, site, world, "reviewer", viewport={"width": width, "height": 900})
    reviewer.open(reverse("review:queue"))
    reviewer.check(f"queue-{width}")
    reviewer.page.get_by_role("link", name=request.reference).click()
    reviewer.page.wait_for_selector("#checks-heading")
    reviewer.check(f"request-{width}")
    for summary in reviewer.page.locator("details.portal-act > summary").all():
        summary.click()
    reviewer.check(f"request-open-{width}")
    manager = Window.of(chromium, site, world, "manager", viewport={"width": width, "height": 900})
    manager.open(reverse("review:request", kwargs={"pk": request.pk}))
    manager.page.locator("#act-override > summary").click()
    manager.page.get_by_role("button", name="Set aside").click()
    manager.page.wait_for_selector("#act-override[open]")
    manager.check(f"override-refused-{width}")
    manager.close()
    reviewer.close()


def test_claim_recommend_and_approve_without_javascript(chromium: Browser, site: str, world: World):
    request = submitted(world)
    path = reverse("review:request", kwargs={"pk": request.pk})
    reviewer = Window.of(chromium, site, world, "reviewer", java_script_enabled=False)
    reviewer.open(path)
    reviewer.page.get_by_role("button", name="Claim this request").click()
    reviewer.page.locator("#act-recommend > summary").click()
    reviewer.page.locator("#act-recommend").get_by_text("Approve", exact=True).click()
    reviewer.page.get_by_role("button", name="Record the recommendation").click()
    expect(reviewer.page.locator(".portal-advice").get_by_text("recommends approval")).to_be_visible()
    approver = Window.of(chromium, site, world, "approver", java_script_enabled=False)
    approver.open(path)
    approver.page.locator("#act-approve > summary").click()
    approver.page.get_by_role("button", name="Approve and certify").click()
    expect(approver.page.get_by_text("The certificate is being registered in OID.")).to_be_visible()
    with act_as(world.loop()):
        assert Request.objects.get(pk=request.pk).state == RequestState.APPROVED
    reviewer.close()
    approver.close()
