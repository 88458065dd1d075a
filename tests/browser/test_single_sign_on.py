"""In Chromium, over HTTP, at a provider with a page of its own: in by the certifier's sign-in, with and without scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, expect

from tests.organizations.test_second_step import code_now
from tests.support.browser import Window
from tests.support.identity_provider import IdentityProvider, running
from tests.support.sign_on import set_up
from tests.support.world import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def idp(world: World, site: str, settings: Any) -> Iterator[IdentityProvider]:
    settings.SIGN_ON_PRIVATE_HOSTS = ["127.0.0.1"]
    settings.PORTAL_PUBLIC_ORIGIN = site
    with running() as provider:
        set_up(world, provider, second_step=False)
        provider.person["email"] = world.members["reviewer"].user.email
        yield provider


@pytest.mark.parametrize("scripts", [True, False])
def test_the_whole_way_in_and_no_policy_complains(
    world: World, idp: IdentityProvider, site: str, chromium: Browser, scripts: bool
) -> None:
    secret = world.with_second_step("reviewer")
    window = Window(chromium, site, java_script_enabled=scripts)
    page = window.page
    way_in = reverse("sign_on:way_in", args=[world.certifier.slug])
    queue = reverse("review:queue")
    assert window.open(f"{way_in}?next={queue}") == 200
    if scripts:
        window.check("way-in")
    page.get_by_role("button", name="Sign in with Invented ID").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Invented ID")
    assert page.url.startswith(f"{idp.issuer}/authorize?")
    assert page.evaluate("document.referrer") == ""
    page.get_by_role("link", name="I am person-1").click()
    # ours: the provider's second step does not count here
    expect(page).to_have_url(re.compile("/account/2fa/"))
    page.locator("main input[name=code]").fill(code_now(secret))
    page.locator("main button[type=submit]").first.click()
    expect(page).to_have_url(f"{site}{queue}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Review queue")
    assert idp.faults == []
    if scripts:
        window.check("queue")
    assert window.complaints == []
    # back in history there is nothing to send twice
    assert window.open(way_in) == 200
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm that it is you")
    window.close()


def test_who_is_nobody_here_is_told_so_and_can_try_again(
    world: World, idp: IdentityProvider, site: str, chromium: Browser
) -> None:
    idp.person["email"] = "somebody@else.example"
    window = Window(chromium, site)
    page = window.page
    way_in = reverse("sign_on:way_in", args=[world.certifier.slug])
    window.open(way_in)
    page.get_by_role("button", name="Sign in with Invented ID").click()
    page.get_by_role("link", name="I am person-1").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You could not be signed in")
    window.check("way-in-refused")
    page.get_by_role("link", name="Try again").click()
    expect(page).to_have_url(f"{site}{way_in}")
    window.close()
