"""The exporter's pages in Chromium: neither WCAG nor the content policy is broken, with and without JavaScript."""

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
from playwright.sync_api import Page, sync_playwright

from core.identity import act_as
from requests_app.domain import corrections, questions, submission
from review.domain import claims
from tests.support.drafts import complete_draft
from tests.support.world import World

pytestmark = pytest.mark.django_db(transaction=True)
WIDTHS = (1280, 320)
#: Where to leave pictures for a person to look at.
PICTURES = os.environ.get("PORTAL_TEST_PICTURES", "")


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


def addresses(world: World) -> dict[str, str]:
    """Pages in the states that show most."""
    draft = complete_draft(world, lot="L-1", label_name="Organic coffee")
    asked, proposed = complete_draft(world), complete_draft(world, "2000")
    for request in (asked, proposed):
        with act_as(world.who("signatory")) as actor:
            submission.submit(actor, request.pk)
        with act_as(world.who("reviewer")) as actor:
            row = claims.claim(actor, request.pk)
            if request is asked:
                questions.ask(
                    actor, request.pk, text="Which vessel carries the container?", fields=["vessel", "containers"],
                    document_kinds=["bill_of_lading"], expected_version=row.version,
                )  # fmt: skip
            else:
                corrections.propose(actor, request.pk, changes={"net_kg": "600"}, expected_version=row.version)
    tasks = {
        name: reverse("requests:task", kwargs={"pk": draft.pk, "task": name})
        for name in ("product", "quantity", "parties", "rows", "documents")
    }
    return {
        "home": reverse("requests:home"), "new": reverse("requests:new"),
        "task-list": reverse("requests:task_list", kwargs={"pk": draft.pk}), **tasks,
        "submit": reverse("requests:review_submit", kwargs={"pk": draft.pk}),
        "asked": reverse("requests:detail", kwargs={"pk": asked.pk}),
        "proposed": reverse("requests:detail", kwargs={"pk": proposed.pk}),
    }  # fmt: skip


def check(page: Page, name: str, complaints: list[str], width: int) -> None:
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}-{width}.png"), full_page=True)
    result = Axe().run(page)
    assert result.violations_count == 0, f"{name} at {width}: {result.generate_report()}"
    assert complaints == [], name
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{name} scrolls at {width}"
    assert complaints == [], name


def test_the_exporter_s_pages_are_accessible_and_keep_the_content_policy(world: World, site: str):
    pages = addresses(world)
    cookie = world.browser("signatory").cookies[django_settings.SESSION_COOKIE_NAME].value
    signed_in = [{"name": django_settings.SESSION_COOKIE_NAME, "value": cookie, "url": site}]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for width in WIDTHS:
            context = browser.new_context(viewport={"width": width, "height": 900})
            context.add_cookies(signed_in)  # type: ignore[arg-type]
            page, complaints = context.new_page(), []  # type: ignore[var-annotated]
            page.on("console", lambda m, seen=complaints: seen.append(m.text) if m.type == "error" else None)  # type: ignore[misc]
            for name, address in pages.items():
                page.goto(site + address)
                assert page.locator("h1").count() == 1, name
                check(page, name, complaints, width)
            context.close()
        context = browser.new_context(java_script_enabled=False)
        context.add_cookies(signed_in)  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(site + pages["quantity"])
        page.get_by_label("Net quantity").fill("2,000")
        page.get_by_label("Unit", exact=True).select_option("LBR")
        page.get_by_role("button", name="Save and convert to kg").click()
        assert "907.185\N{NO-BREAK SPACE}kg" in page.inner_text("main")
        page.goto(site + pages["rows"])
        page.get_by_role("button", name="Add a lot").click()
        assert page.get_by_label("Lot number").count() == 2
        context.close()
        browser.close()
