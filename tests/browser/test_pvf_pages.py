"""The pages of a PVF's life in Chromium: neither WCAG nor the content policy is broken, on a desk and on a phone."""

from __future__ import annotations

import shutil
from decimal import Decimal

import pytest
from django.conf import settings as django_settings
from django.urls import reverse
from playwright.sync_api import sync_playwright

from core.identity import act_as
from pvf.domain import drafts
from pvf.domain.basis import Conversion, Purchase, VolumeBasis
from tests.browser.test_request_pages import WIDTHS, check, site
from tests.pvf.support import a_row, an_output, handed_in, next_year, proposed, reported, topped_up
from tests.support.world import World

__all__ = ["site"]
pytestmark = pytest.mark.django_db(transaction=True)


def addresses(world: World) -> dict[str, list[tuple[str, str]]]:
    """Pages by who opens them, in the states that show most."""
    report = reported(world, an_output(world))
    figures = VolumeBasis(
        Decimal(100), purchases=(Purchase(Decimal(7), "1010000022", "Farm", "F-1", True),),
        conversion=Conversion("Cherries", Decimal(5), Decimal(1), 2),
    )  # fmt: skip
    version, top_up = proposed(world, a_row("1000", basis=figures), a_row("5", 2)), topped_up(world)
    year = handed_in(world, next_year(world))
    with act_as(world.who("preparer")) as actor:
        draft = drafts.of_pvf(actor, year.pvf_id)
    return {
        "preparer": [
            ("start", reverse("pvf:start")), ("draft", reverse("pvf:draft", args=[draft.pk])),
            ("line", reverse("pvf:draft-line", args=[draft.pk, 1])), ("top-up", reverse("pvf:top-up", args=[world.line.pk])),
            ("process", reverse("pvf:process", args=[world.pvf.pk])), ("detail", reverse("pvf:detail", args=[world.pvf.pk])),
            ("next", reverse("pvf:next-year", args=[world.pvf.pk])),
        ],
        "manager": [
            ("version", reverse("pvf:version", args=[version.pk])), ("more", reverse("pvf:version", args=[top_up.pk])),
            ("year", reverse("pvf:version", args=[year.pk])), ("report", reverse("pvf:report", args=[report.pk])),
        ],
    }  # fmt: skip


def test_the_pages_of_a_pvf_are_accessible_and_keep_the_content_policy(world: World, site: str):
    pages = addresses(world)
    cookies = {role: world.browser(role).cookies[django_settings.SESSION_COOKIE_NAME].value for role in pages}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for role, listed in pages.items():
            for width in WIDTHS:
                context = browser.new_context(viewport={"width": width, "height": 900})
                context.add_cookies(
                    [{"name": django_settings.SESSION_COOKIE_NAME, "value": cookies[role], "url": site}]
                )
                page, complaints = context.new_page(), []  # type: ignore[var-annotated]
                page.on("console", lambda m, seen=complaints: seen.append(m.text) if m.type == "error" else None)  # type: ignore[misc]
                for name, address in listed:
                    page.goto(site + address)
                    assert page.locator("h1").count() == 1, name
                    check(page, f"pvf-{name}", complaints, width)
                context.close()
        browser.close()
