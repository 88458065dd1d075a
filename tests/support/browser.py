"""The portal in a real browser: it served from this process, Chromium, a window that notes every complaint."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings as django_settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.db import connection

from tests.support.world import World

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

WIDE, NARROW = 1280, 320
#: Where to leave pictures for a person to look at; none are made without it.
PICTURES = os.environ.get("PORTAL_TEST_PICTURES", "")
#: What Chromium itself says of an answer that is a refusal: true, and no fault of the page.
REFUSAL = "the server responded with a status of"


class QuietHandler(WSGIRequestHandler):
    """Says nothing; gives the thread's database connection back."""

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def handle(self) -> None:
        try:
            super().handle()
        finally:
            connection.close()


@contextmanager
def serving() -> Iterator[str]:
    """Serve the portal, with its static files, on a free port of this machine; the address."""
    server = ThreadedWSGIServer(("127.0.0.1", 0), QuietHandler)
    server.set_app(StaticFilesHandler(WSGIHandler()))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)


@pytest.fixture
def site(settings: Any) -> Iterator[str]:
    """The address of the portal on the test's database (needs real commits)."""
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = settings.SECURE_SSL_REDIRECT = False
    with serving() as address:
        yield address


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """Chromium. While it runs this thread has a loop of its own, so nothing in it may start another (signing a PDF)."""
    from playwright.sync_api import sync_playwright

    # nothing here is asynchronous: the ORM may be used beside playwright's loop
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A running Chromium for the tests of one file."""
    with running_chromium() as browser:
        yield browser


class Window:
    """A window of one person (or of a stranger), and what its console complained about."""

    def __init__(self, chromium: Browser, site: str = "", session: str = "", **options: Any) -> None:
        self.site = site
        self.complaints: list[str] = []
        self.context = chromium.new_context(**{"viewport": {"width": WIDE, "height": 900}, **options})
        if session:
            name = django_settings.SESSION_COOKIE_NAME
            self.context.add_cookies([{"name": name, "value": session, "url": site}])
        self.page: Page = self.context.new_page()
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    @classmethod
    def of(cls, chromium: Browser, site: str, world: World, role: str, **options: Any) -> Window:
        """The window of the person with this role, signed in."""
        session = world.browser(role).cookies[django_settings.SESSION_COOKIE_NAME].value
        return cls(chromium, site, session, **options)

    def _note(self, message: ConsoleMessage) -> None:
        refused = REFUSAL in message.text and "/static/" not in message.location["url"]
        if message.type in {"error", "warning"} and not refused:
            self.complaints.append(message.text)

    def open(self, path: str) -> int:
        """Go to a path; the status of the answer."""
        answer = self.page.goto(self.site + path)
        assert answer is not None
        return answer.status

    def resize(self, width: int) -> None:
        """Make the window ``width`` pixels wide."""
        if self.page.viewport_size != {"width": width, "height": 900}:
            self.page.set_viewport_size({"width": width, "height": 900})

    def picture(self, name: str) -> None:
        """Leave a picture of the whole page where ``PORTAL_TEST_PICTURES`` says."""
        if PICTURES and name:
            self.page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)

    def faults(self, name: str = "") -> list[str]:
        """What is wrong with the page as it stands: WCAG, sideways scrolling, the console (with the content policy)."""
        from axe_playwright_python.sync_playwright import Axe

        self.picture(name)
        result = Axe().run(self.page)
        found = [result.generate_report()] if result.violations_count else []
        found += self.scrolls()
        found += self.complaints
        self.complaints = []
        return found

    def scrolls(self) -> list[str]:
        """What sticks out to the right: of the page, and on a phone of a table whose rows are cards."""
        wide: list[str] = self.page.evaluate(STICKING_OUT)
        return [f"scrolls sideways: {', '.join(wide)}"] if wide else []

    def check(self, name: str = "") -> None:
        """The page has no fault."""
        assert self.faults(name) == [], name

    def close(self) -> None:
        """Close the window."""
        self.context.close()


STICKING_OUT = """() => {
  const root = document.documentElement, width = root.clientWidth;
  const cut = [...document.querySelectorAll(".portal-table-wrap")]
    .filter(wrap => width < 640 && wrap.querySelector(".portal-table--stack") && wrap.scrollWidth > wrap.clientWidth)
    .map(wrap => "a stacked table, " + wrap.getAttribute("aria-label"));
  if (root.scrollWidth <= width) return cut;
  return ["document " + root.scrollWidth + " > " + width, ...[...document.querySelectorAll("body *")]
    .filter(one => one.getBoundingClientRect().right > width + 1)
    .slice(0, 8).map(one => one.tagName.toLowerCase() + "." + [...one.classList].join("."))];
}"""
