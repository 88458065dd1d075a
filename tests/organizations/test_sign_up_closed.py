"""Nobody becomes a user without an invitation: every route of django-allauth is knocked at, those of later versions too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.adapter import get_adapter
from django.test import Client as Browser
from django.urls import NoReverseMatch, reverse

from core.identity import NOBODY, act_as
from organizations.models import User
from tests.access.cases import resolve_name, urlconf
from tests.support.world import World

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough pass phrase"
EMAIL = "me@self.example"
#: All that any of these forms asks for.
FORM = {
    "email": EMAIL, "login": EMAIL, "username": "me", "name": "Me", "password": PASSWORD, "password1": PASSWORD,
    "password2": PASSWORD, "code": "000000", "credential": "{}", "action_signup": "", "terms": "on", "next": "/",
}  # fmt: skip
#: What may stand in the address of a route.
PARTS = [{}, {"key": "gone"}, {"uidb36": "1", "key": "set-password"}, {"provider": "google"}, {"pk": 1}]


def _routes() -> list[str]:
    """Every address whose view is the library's own."""
    names = {name for name in urlconf() if getattr(resolve_name(name), "__module__", "").startswith("allauth")}
    named = {
        name
        for name in urlconf()
        if name.startswith(("account_", "mfa_", "socialaccount_", "usersessions_", "headless"))
    }
    return sorted(names | named)


def _address(name: str) -> str:
    for parts in PARTS:
        try:
            return reverse(name, kwargs=parts)
        except NoReverseMatch:
            continue
    raise AssertionError(f"say in PARTS what stands in the address of {name}")


def _people() -> set[str]:
    with act_as(NOBODY):
        return set(User.objects.values_list("email", flat=True))


def _stranger() -> Browser:
    return Browser(raise_request_exception=False)


def _knock(come_in: Callable[[], Browser]) -> None:
    """At each route by a browser of its own: one of them signs out."""
    for name in _routes():
        browser = come_in()
        browser.get(_address(name))
        browser.post(_address(name), FORM)
        browser.post(_address(name), FORM, content_type="application/json")


def test_the_walk_finds_the_ways_that_could_make_an_account() -> None:
    assert {"account_signup", "account_login", "account_reset_password", "account_reset_password_from_key"} <= set(
        _routes()
    )
    assert len(_routes()) >= 20


def test_no_route_makes_a_user_for_a_stranger(world: World) -> None:
    before = _people()
    _knock(_stranger)
    assert _people() == before


def test_no_route_makes_a_user_for_somebody_signed_in(world: World) -> None:
    before = _people()
    _knock(lambda: world.browser("viewer"))
    assert len(_people() - before) == 0


@pytest.mark.parametrize(
    "path",
    [
        "signup/passkey/", "2fa/webauthn/signup/", "social/signup/", "3rdparty/signup/", "google/login/",
        "google/login/callback/", "oidc/x/login/", "login/code/", "phone/verify/",
    ],
)  # fmt: skip
def test_other_ways_of_the_library_are_not_there_or_closed(world: World, path: str) -> None:
    before = _people()
    answer = Browser(raise_request_exception=False).post(f"/account/{path}", FORM)
    assert answer.status_code in {302, 404}, answer.status_code
    assert _people() == before


def test_a_forgotten_password_of_an_unknown_address_makes_nobody(world: World) -> None:
    before = _people()
    Browser().post(reverse("account_reset_password"), {"email": EMAIL})
    assert _people() == before


def test_were_the_door_open_the_walk_would_find_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: the same knocking with the adapter's answer turned round."""

    def is_open(self: Any, request: Any) -> bool:
        return True

    monkeypatch.setattr(type(get_adapter()), "is_open_for_signup", is_open)
    before = _people()
    _knock(_stranger)
    assert _people() - before == {EMAIL}
