"""Every page of ``tests/browser/everything.py`` in Chromium, in both languages: WCAG, no sideways scrolling, a silent console.

The pages of the exporter's request and of the review have tests of their own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.urls import resolve
from django.urls.exceptions import Resolver404
from playwright.sync_api import Browser

from tests.browser.everything import Everything, Visit, make_everything, visits
from tests.support.browser import NARROW, WIDE, Window, running_chromium
from tests.support.world import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]

#: Where axe looks at the page: once at each width. The sideways scrolling is looked at in both languages.
LANGUAGES = {"en": WIDE, "es": NARROW}
#: Pages that lead on to another, which is then the one to look at.
LED_ON = {"reset-key", "mfa-authenticate"}


def _view(path: str) -> str:
    try:
        return resolve(path.split("?", maxsplit=1)[0]).view_name
    except Resolver404:
        return ""


def look(window: Window, page: Visit, language: str) -> list[str]:
    """One load of a page: what is wrong with it."""
    width = LANGUAGES[language]
    window.resize(width)
    status = window.open(page.path)
    found = [] if status == page.status else [f"answered {status}"]
    if _view(window.page.url.removeprefix(window.site)) != _view(page.path) and page.name not in LED_ON:
        found.append(f"led to {window.page.url}")
    if page.act is not None:
        page.act(window.page)
    if window.page.locator("html").get_attribute("lang") != language:
        found.append("is not in the language that was chosen")
    found += window.faults(f"{page.name}-{language}-{width}")
    if width != NARROW:
        window.resize(NARROW)
        found += window.scrolls()
    return found


def faults_of(browser: Browser, site: str, every: Everything) -> dict[str, list[str]]:
    """Each page with what is wrong with it, visited in one window for each person."""
    faults: dict[str, list[str]] = {}
    for role, session in every.sessions.items():
        window = Window(browser, site, session)
        for language in LANGUAGES:
            cookie: Any = {"name": django_settings.LANGUAGE_COOKIE_NAME, "value": language, "url": site}
            window.context.add_cookies([cookie])
            for page in visits(every):
                if page.role != role or (page.again and language != "en"):
                    continue
                if found := look(window, page, language):
                    faults[f"{page.name} in {language}"] = found
        window.close()
    return faults


def test_every_page_is_accessible_and_keeps_the_content_policy(world: World, site: str, tmp_path: Path):
    every = make_everything(world, tmp_path)
    with running_chromium() as browser:
        faults = faults_of(browser, site, every)
    assert faults == {}, "\n\n".join(f"{name}:\n" + "\n".join(found) for name, found in faults.items())
