"""In Chromium with an authenticator of its own: a passkey is added, signs in alone, is the second step, and confirms."""

from __future__ import annotations

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings as django_settings
from django.test import Client as Caller
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from organizations.models import User
from tests.support.browser import Window
from tests.support.world import World, sign_in_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "a long enough pass phrase"
#: A key of the device itself that asks for a finger and is found without a name: what phones and laptops have.
DEVICE = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


@pytest.fixture
def host(site: str, settings) -> str:
    """The portal by a name: browsers make no passkey for an IP address."""
    settings.ALLOWED_HOSTS = ["localhost"]
    return site.replace("127.0.0.1", "localhost")


def _person(world: World, role: str) -> User:
    user = world.members[role].user
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    return user


def _with_device(window: Window) -> Page:
    device = window.context.new_cdp_session(window.page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    return window.page


def _sit_down(window: Window, world: World, role: str, *, seconds_ago: int = 0) -> None:
    """The browser holds a session of this person, signed in so many seconds ago."""
    caller = Caller()
    sign_in_user(caller, world.members[role].user, seconds_ago=seconds_ago)
    name = django_settings.SESSION_COOKIE_NAME
    window.context.clear_cookies()
    window.context.add_cookies([{"name": name, "value": caller.cookies[name].value, "url": window.site}])


def _add_passkey(window: Window, world: World, role: str) -> None:
    _sit_down(window, world, role)
    page = window.page
    window.open(reverse("mfa_add_webauthn"))
    page.get_by_label("Name").fill("Invented laptop")
    page.locator("label[for=id_passwordless]").click()
    page.get_by_role("button", name="Add the passkey").click()
    expect(page).not_to_have_url(re.compile("webauthn/add"))


def test_a_passkey_is_added_and_then_signs_in_without_a_password(world: World, host: str, chromium: Browser) -> None:
    user = _person(world, "signatory")
    window = Window(chromium, host)
    page = _with_device(window)
    _add_passkey(window, world, "signatory")
    window.open(reverse("mfa_list_webauthn"))
    expect(page.get_by_role("rowheader", name="Invented laptop")).to_be_visible()
    window.check("passkeys")
    assert Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).count() == 1

    window.context.clear_cookies()
    window.open(reverse("account_login"))
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page).not_to_have_url(re.compile("login"))
    # the passkey is both steps: a page that the role's second step guards opens
    assert window.open(reverse("organizations:people")) == 200
    expect(page.get_by_role("heading", level=1)).to_have_text("People")
    window.close()


def test_a_passkey_is_the_second_step_after_a_password(world: World, host: str, chromium: Browser) -> None:
    user = _person(world, "manager")
    window = Window(chromium, host)
    page = _with_device(window)
    _add_passkey(window, world, "manager")
    window.context.clear_cookies()
    window.open(reverse("account_login"))
    page.get_by_label(re.compile("E-?mail", re.IGNORECASE)).fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url(re.compile("2fa/authenticate"))
    window.check("second-step-passkey")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).not_to_have_url(re.compile("2fa"))
    assert window.open(reverse("organizations:access_review")) == 200
    window.close()


def test_a_passkey_confirms_a_sensitive_act_and_what_was_typed_goes_on(
    world: World, host: str, chromium: Browser
) -> None:
    _person(world, "manager")
    window = Window(chromium, host)
    page = _with_device(window)
    _add_passkey(window, world, "manager")
    _sit_down(window, world, "manager", seconds_ago=7200)
    window.open(reverse("organizations:people"))
    page.get_by_label(re.compile("E-?mail", re.IGNORECASE)).first.fill("new@certifier.example")
    page.locator("label", has_text=re.compile("^\\s*Reviewer")).first.click()
    page.get_by_role("button", name=re.compile("invit", re.IGNORECASE)).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm that it is you")
    window.check("confirm-passkey")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("People")
    expect(page.get_by_text("new@certifier.example").first).to_be_visible()
    window.close()


def test_who_cancels_is_told_and_can_try_again(world: World, host: str, chromium: Browser) -> None:
    """The device holds no passkey of this site: the browser refuses, the page says so and stays."""
    window = Window(chromium, host)
    page = _with_device(window)
    window.open(reverse("account_login"))
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("The passkey was not used")
    expect(page.get_by_label("Password")).to_be_visible()
    window.close()
