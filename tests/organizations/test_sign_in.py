"""Signing in by e-mail: right and wrong passwords, limits, a forgotten password, mail outside the transaction."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import mail
from django.test import Client as Browser
from django.urls import reverse

from organizations.models import User
from tests.support.world import World

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough pass phrase"
OTHER = "another long enough phrase"


@pytest.fixture
def person(world: World) -> User:
    user = world.members["preparer"].user
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    return user


def _sign_in(browser: Browser, email: str, password: str, **more: str) -> Any:
    return browser.post(reverse("account_login"), {"login": email, "password": password, **more})


def test_sign_in_leads_to_the_own_desk_without_regard_to_case(person: User) -> None:
    browser = Browser()
    assert browser.get(reverse("account_login")).status_code == 200
    assert _sign_in(browser, person.email.upper(), PASSWORD).status_code == 302
    assert browser.get(reverse("organizations:people")).status_code == 200


def test_sign_in_returns_to_the_page_asked_for_and_never_to_another_site(person: User) -> None:
    asked = reverse("organizations:people")
    assert _sign_in(Browser(), person.email, PASSWORD, next=asked)["Location"] == asked
    assert "evil" not in _sign_in(Browser(), person.email, PASSWORD, next="https://evil.example/")["Location"]


def test_a_wrong_password_and_an_unknown_address_are_told_alike(person: User) -> None:
    def told(email: str) -> str:
        page = _sign_in(Browser(), email, "wrong password here").content.decode()
        assert "usa-alert" in page
        return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page.replace(email, ""))

    assert told(person.email) == told("nobody@nowhere.example")


def test_after_too_many_wrong_passwords_the_right_one_is_refused_for_a_while(person: User) -> None:
    for _ in range(12):
        _sign_in(Browser(), person.email, "wrong password here")
    browser = Browser()
    assert _sign_in(browser, person.email, PASSWORD).status_code in {200, 429}
    assert browser.get(reverse("organizations:people")).status_code == 302


def test_an_ended_account_cannot_sign_in(person: User) -> None:
    person.is_active = False
    person.save(update_fields=["is_active"])
    browser = Browser()
    _sign_in(browser, person.email, PASSWORD)
    assert browser.get(reverse("organizations:people")).status_code == 302


def test_a_forgotten_password_is_set_anew_by_a_mail_sent_after_the_transaction(
    person: User, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    browser = Browser()
    with django_capture_on_commit_callbacks() as waiting:
        browser.post(reverse("account_reset_password"), {"email": person.email}, headers={"host": "localhost"})
    assert mail.outbox == []
    for send in waiting:
        send()
    (letter,) = mail.outbox
    # the configured origin, not the Host header that the asking browser sent
    origin = re.escape(settings.PORTAL_PUBLIC_ORIGIN)
    link = re.search(rf"{origin}(/account/password/reset/key/\S+)", str(letter.body))
    assert link
    page = browser.get(link[1], follow=True)
    browser.post(page.redirect_chain[-1][0], {"password1": OTHER, "password2": OTHER})
    fresh = Browser()
    assert _sign_in(fresh, person.email, OTHER).status_code == 302
    assert fresh.get(reverse("organizations:people")).status_code == 200


def test_nobody_signs_up_alone(world: World) -> None:
    answer = Browser().post(
        reverse("account_signup"), {"email": "me@self.example", "password1": PASSWORD, "password2": PASSWORD}
    )
    assert answer.status_code == 200
    assert not User.objects.filter(email="me@self.example").exists()
