"""Queue and request page in a real browser: no violation of WCAG or the content policy, decisions without JavaScript."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings as django_settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.db import connection
from django.urls import reverse
from playwright.sync_api import Browser, Page, sync_playwright

from core.identity import act_as
from organizations.rules import change_rules
from requests_app.models import Request, RequestState
from tests.review.support import in_review, recommended, submitted
from tests.support.world import World

pytestmark = pytest.mark.django_db(transaction=True)


class Handler(WSGIRequestHandler):
    """Quiet; gives the thread's database connection back."""

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def handle(self) -> None:
        try:
            super().handle()
        finally:
            connection.close()


@pytest.fixture
def site(settings: Any) -> Iterator[str]:
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = settings.SECURE_SSL_REDIRECT = False
    server = ThreadedWSGIServer(("127.0.0.1", 0), Handler)
    server.set_app(StaticFilesHandler(WSGIHandler()))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join(timeout=10)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # playwright's loop runs in this thread; nothing here is asynchronous
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield running
        running.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


class Person:
    """A window of a signed-in person."""

    def __init__(self, chromium: Browser, site: str, world: World, role: str, **options: Any) -> None:
        self.site, self.complaints = site, []
        self.context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        name = django_settings.SESSION_COOKIE_NAME
        self.context.add_cookies([{"name": name, "value": world.browser(role).cookies[name].value, "url": site}])
        self.page: Page = self.context.new_page()
        self.page.on("console", lambda m: self.complaints.append(m.text) if m.type in {"error", "warning"} else None)

    def check(self, shot: str = "") -> None:
        """No violation, no sideways scrolling, nothing on the console."""
        folder = os.environ.get("PORTAL_SCREENSHOTS")
        if folder and shot:
            self.page.screenshot(path=str(Path(folder) / f"{shot}.png"), full_page=True)
        result = Axe().run(self.page)
        assert result.violations_count == 0, result.generate_report()
        assert self.complaints == []
        assert self.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert self.complaints == []


@pytest.mark.parametrize("width", [1280, 320])
def test_queue_and_request_page_keep_wcag_and_the_content_policy(
    chromium: Browser, site: str, world: World, width: int
):
    submitted(world, "19250.5")
    in_review(world, "800")
    request = recommended(world, "1000", lot="LOT-7")
    with act_as(world.loop()):
        change_rules(world.certifier.pk, {"standards": ["EU-ORGANIC"]}, None)
    reviewer = Person(chromium, site, world, "reviewer", viewport={"width": width, "height": 900})
    reviewer.page.goto(site + reverse("review:queue"))
    reviewer.check(f"queue-{width}")
    reviewer.page.get_by_role("link", name=request.reference).click()
    reviewer.page.wait_for_selector("#checks-heading")
    reviewer.check(f"request-{width}")
    for summary in reviewer.page.locator("details.portal-act > summary").all():
        summary.click()
    reviewer.check(f"request-open-{width}")
    manager = Person(chromium, site, world, "manager", viewport={"width": width, "height": 900})
    manager.page.goto(site + reverse("review:request", kwargs={"pk": request.pk}))
    manager.page.locator("#act-override > summary").click()
    manager.page.get_by_role("button", name="Set aside").click()
    manager.page.wait_for_selector("#act-override[open]")
    manager.complaints = [text for text in manager.complaints if "422" not in text]
    manager.check(f"override-refused-{width}")
    manager.context.close()
    reviewer.context.close()


def test_claim_recommend_and_approve_without_javascript(chromium: Browser, site: str, world: World):
    request = submitted(world)
    path = site + reverse("review:request", kwargs={"pk": request.pk})
    reviewer = Person(chromium, site, world, "reviewer", java_script_enabled=False)
    reviewer.page.goto(path)
    reviewer.page.get_by_role("button", name="Claim this request").click()
    reviewer.page.locator("#act-recommend > summary").click()
    reviewer.page.locator("#act-recommend").get_by_text("Approve", exact=True).click()
    reviewer.page.get_by_role("button", name="Record the recommendation").click()
    assert reviewer.page.locator(".portal-advice").get_by_text("recommends approval").is_visible()
    approver = Person(chromium, site, world, "approver", java_script_enabled=False)
    approver.page.goto(path)
    approver.page.locator("#act-approve > summary").click()
    approver.page.get_by_role("button", name="Approve and certify").click()
    assert approver.page.get_by_text("The certificate is being registered in OID.").is_visible()
    with act_as(world.loop()):
        assert Request.objects.get(pk=request.pk).state == RequestState.APPROVED
    reviewer.context.close()
    approver.context.close()
