"""Whose address counts: what our own proxies wrote, never what the caller put in front of it."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core import mail
from django.test import Client as Browser
from django.test import RequestFactory
from django.urls import reverse

from core.identity import act_as
from core.models import AuditRow
from organizations.middleware import client_address
from organizations.models import User
from tests.support.world import World

PASSWORD = "a long enough pass phrase"
#: What a caller claims about itself, what the outer and the inner of our proxies wrote, and who is connected to us.
FORGED, OUTER, INNER, PEER = "198.51.100.66", "203.0.113.7", "203.0.113.200", "10.0.0.9"
CHAINS = [
    # proxies, X-Forwarded-For as it arrives, whom we take it to be
    (0, "", PEER),
    (0, FORGED, PEER),
    (0, f"{FORGED}, {OUTER}", PEER),
    (1, OUTER, OUTER),
    (1, f"{FORGED}, {OUTER}", OUTER),
    (1, f"{FORGED}, 127.0.0.1,, {OUTER}", OUTER),
    (2, f"{OUTER}, {INNER}", OUTER),
    (2, f"{FORGED}, {OUTER}, {INNER}", OUTER),
    (2, f"{FORGED}, {FORGED}, {FORGED}, {OUTER}, {INNER}", OUTER),
    # fewer entries than proxies: it did not come through them
    (1, "", PEER),
    (2, FORGED, PEER),
    # no address: nothing of it is kept
    (1, "x" * 300, PEER),
    (1, "<script>", PEER),
    (1, "2001:db8::1", "2001:db8::1"),
]  # fmt: skip


@pytest.mark.parametrize(("proxies", "chain", "expected"), CHAINS)
def test_limits_and_audit_name_the_same_caller(proxies: int, chain: str, expected: str, settings: Any) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    request = RequestFactory().get("/", REMOTE_ADDR=PEER, headers={"x-forwarded-for": chain} if chain else {})
    assert client_address(request) == expected
    counted = "2001:db8::" if ":" in expected else expected
    assert get_adapter(request).get_client_ip(request) == counted


@pytest.fixture
def person(world: World) -> User:
    user = world.members["reviewer"].user
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    return user


def _chain(proxies: int, number: int) -> dict[str, str]:
    """The header as it arrives when one caller, behind our proxies, puts ever new addresses in front."""
    return {"x-forwarded-for": ", ".join([f"198.51.100.{number}", *[OUTER, INNER][:proxies]])}


def _guess(number: int, proxies: int, **more: Any) -> Any:
    """One wrong password, each time for another account: only the limit by address can stop it."""
    form = {"login": f"guess-{number}@nowhere.example", "password": "wrong"}
    more = {"REMOTE_ADDR": PEER, "headers": _chain(proxies, number), **more}
    return Browser().post(reverse("account_login"), form, **more)


@pytest.mark.django_db
@pytest.mark.parametrize("proxies", [0, 1, 2])
def test_new_addresses_in_front_buy_no_new_tries(proxies: int, settings: Any) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    told = [b"usa-alert" in _guess(number, proxies).content for number in range(1, 40)]
    refused = [_guess(number, proxies).status_code for number in range(40, 44)]
    assert all(told) or 429 in refused
    assert refused == [429] * 4
    # another caller is not shut out with this one
    elsewhere = {0: {"REMOTE_ADDR": "10.0.0.10"}}.get(
        proxies, {"headers": {"x-forwarded-for": ", ".join(["192.0.2.1", INNER][:proxies])}}
    )
    assert _guess(99, proxies, **elsewhere).status_code == 200


@pytest.mark.django_db
def test_the_many_addresses_of_one_ipv6_subscriber_are_one_caller(settings: Any) -> None:
    told = [_guess(number, 0, REMOTE_ADDR=f"2001:db8:1:2::{number:x}").status_code for number in range(1, 44)]
    assert told[-4:] == [429] * 4
    assert _guess(99, 0, REMOTE_ADDR="2001:db8:1:3::1").status_code == 200


@pytest.mark.django_db
def test_the_limit_would_not_hold_if_the_forged_entry_counted(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: with the leftmost entry believed, the same guesses all get through."""
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1

    def leftmost(self: Any, request: Any) -> str:
        return str(request.headers["x-forwarded-for"]).split(",", maxsplit=1)[0]

    monkeypatch.setattr("organizations.adapter.AccountAdapter.get_client_ip", leftmost)
    assert {_guess(number, 1).status_code for number in range(1, 44)} == {200}


@pytest.mark.django_db
@pytest.mark.parametrize("proxies", [0, 1, 2])
def test_the_lockout_of_an_account_is_not_lifted_by_another_claimed_address(
    proxies: int, settings: Any, person: User
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    for number in range(1, 13):
        form = {"login": person.email, "password": "wrong password here"}
        Browser().post(reverse("account_login"), form, REMOTE_ADDR=PEER, headers=_chain(proxies, number))
    browser = Browser(REMOTE_ADDR=PEER, headers=_chain(proxies, 200))  # type: ignore[arg-type]
    browser.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    assert browser.get(reverse("organizations:people")).status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize(("proxies", "expected"), [(0, PEER), (1, OUTER), (2, OUTER)])
def test_audit_rows_keep_the_right_address(proxies: int, expected: str, settings: Any, world: World) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    viewer = world.browser("viewer")
    answer = viewer.get(reverse("review:queue"), REMOTE_ADDR=PEER, headers=_chain(proxies, 66))
    assert answer.status_code == 403
    with act_as(world.who("manager")):
        row = AuditRow.objects.get(act="access.refused")
    assert row.ip == expected


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every computation of a password hash. Time is not measured: the number of these is what takes it."""
    calls: list[str] = []
    for name in ("encode", "verify"):
        original = getattr(Argon2PasswordHasher, name)

        def counted(self: Any, *args: Any, _name: str = name, _original: Any = original) -> Any:
            calls.append(_name)
            return _original(self, *args)

        monkeypatch.setattr(Argon2PasswordHasher, name, counted)
    return calls


def _tries(url: str, form: dict[str, str]) -> tuple[int, str]:
    answer = Browser().post(url, form)
    return answer.status_code, answer.headers.get("Location", "")


@pytest.mark.django_db
def test_sign_in_computes_one_hash_whether_or_not_there_is_such_an_account(person: User, hashed: list[str]) -> None:
    counts = {}
    for kind in ("known", "ended", "no password", "unknown"):
        person.is_active = kind != "ended"
        if kind == "no password":
            person.set_unusable_password()
        else:
            person.set_password(PASSWORD)
        person.save(update_fields=["is_active", "password"])
        hashed.clear()
        email = "nobody@nowhere.example" if kind == "unknown" else person.email
        answer = _tries(reverse("account_login"), {"login": email, "password": "wrong password here"})
        counts[kind] = (answer, len(hashed))
    assert counts["known"][1] == 1
    assert set(counts.values()) == {counts["known"]}


@pytest.mark.django_db
def test_a_forgotten_password_is_answered_alike(
    person: User, hashed: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    counts = {}
    for email in (person.email, "nobody@nowhere.example"):
        with django_capture_on_commit_callbacks(execute=True) as sent:
            answer = _tries(reverse("account_reset_password"), {"email": email})
        counts[email] = (answer, len(hashed), len(sent))
    assert counts[person.email] == counts["nobody@nowhere.example"]
    assert counts[person.email][0] == (302, reverse("account_reset_password_done"))
    # both write a mail; only the one to the account holds a link
    assert [("/reset/key/" in str(letter.body)) for letter in mail.outbox] == [True, False]
