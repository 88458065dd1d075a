"""Signing in at a certifier's own provider, a real one over HTTP: whom it lets in, and everybody whom it does not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from django.test import Client as Browser

from core.identity import NOBODY, act_as
from core.models import AuditRow
from organizations.domain import memberships, sign_on
from organizations.models import Membership, User
from organizations.models_sign_on import SignOnLink, SignOnProvider
from organizations.roles import Role
from tests.support.identity_provider import (
    CLIENT,
    KEY,
    PUBLIC_PEM,
    SECRET,
    STRANGERS_KEY,
    IdentityProvider,
)
from tests.support.sign_on import BACK, STAFF_PAGE, WAY_IN, come, is_in, leave, reasons, set_up
from tests.support.two_managers import second_manager
from tests.support.world import World, make_member, make_world

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_person_of_the_certifier_signs_in_and_is_linked_once(ready: World, idp: IdentityProvider) -> None:
    browser = Browser()
    answer = come(browser, idp, next="/organization/people/")
    assert (answer.status_code, answer["Location"]) == (302, "/organization/people/")
    assert is_in(browser)
    assert idp.faults == []
    come(Browser(), idp)
    with act_as(ready.loop()):
        link = SignOnLink.objects.get()
        assert (link.user_id, link.subject) == (ready.members["reviewer"].user_id, "person-1")
        acts = list(AuditRow.objects.filter(act__startswith="sign").order_by("at").values_list("act", flat=True))
    assert acts == ["sign_on.changed", "sign_on.linked", "sign_in.done", "sign_in.done"]


def test_after_the_first_time_the_subject_decides_and_an_address_moves_nothing(
    ready: World, idp: IdentityProvider
) -> None:
    come(Browser(), idp)
    idp.person |= {"email": ready.members["manager"].user.email}
    browser = Browser()
    come(browser, idp)
    assert browser.session["_auth_user_id"] == str(ready.members["reviewer"].user_id)
    # another subject with the reviewer's address is somebody else
    idp.person |= {"sub": "person-2", "email": ready.members["reviewer"].user.email}
    other = Browser()
    assert come(other, idp).status_code == 403
    assert not is_in(other)
    assert reasons(ready) == ["other-subject"]


def hs256(claims: dict[str, Any]) -> str:
    def part(value: dict[str, Any]) -> bytes:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")

    text = part({"alg": "HS256", "kid": "one"}) + b"." + part(claims)
    mark = hmac.new(PUBLIC_PEM, text, hashlib.sha256).digest()
    return (text + b"." + base64.urlsafe_b64encode(mark).rstrip(b"=")).decode()


FORGED: dict[str, Callable[[dict[str, Any]], str]] = {
    "algorithm": hs256,
    "algorithm ": lambda claims: jwt.encode(claims, None, "none"),
    "algorithm  ": lambda claims: jwt.encode(claims, SECRET * 3, "HS256", headers={"kid": "one"}),
    "signature": lambda claims: jwt.encode(claims, STRANGERS_KEY, "RS256", headers={"kid": "one"}),
    "key": lambda claims: jwt.encode(claims, STRANGERS_KEY, "RS256", headers={"kid": "another"}),
    "malformed": lambda claims: "no.token.at-all",
}
WRONG: list[tuple[str, dict[str, Any]]] = [
    ("nonce", {"nonce": "another"}), ("nonce", {"nonce": None}), ("audience", {"aud": "another"}),
    ("audience", {"aud": [CLIENT, "another"]}), ("audience", {"azp": "another"}),
    ("expired", {"exp": int(time.time()) - 3600}), ("malformed", {"exp": None}),
    ("issuer", {"iss": "https://another.example"}), ("malformed", {"sub": None}),
    ("email-not-verified", {"email_verified": False}), ("email-not-verified", {"email_verified": "true"}),
    ("email-not-verified", {"email_verified": None}), ("email-not-verified", {"email": None}),
    ("no-member", {"email": "somebody@else.example"}),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "spoiled"), WRONG)
def test_a_token_that_says_another_thing_lets_nobody_in(
    ready: World, idp: IdentityProvider, reason: str, spoiled: dict[str, Any]
) -> None:
    idp.spoil = spoiled
    browser = Browser()
    assert come(browser, idp).status_code == 403
    assert "_auth_user_id" not in browser.session
    assert reasons(ready) == [reason]


@pytest.mark.parametrize("reason", FORGED)
def test_a_token_that_the_provider_did_not_sign_lets_nobody_in(
    ready: World, idp: IdentityProvider, reason: str
) -> None:
    idp.sign = FORGED[reason]
    browser = Browser()
    assert come(browser, idp).status_code == 403
    assert "_auth_user_id" not in browser.session
    assert reasons(ready) == [reason.strip()]


def test_states_are_of_one_browser_one_certifier_and_one_use(ready: World, idp: IdentityProvider) -> None:
    mine = Browser()
    query = idp.authorize(leave(mine))
    assert Browser().get(f"{BACK}?{query}").status_code == 403
    assert mine.get(f"{BACK}?{query}").status_code == 302
    assert mine.get(f"{BACK}?{query}").status_code == 403
    other = make_world(2)
    set_up(other, idp)
    here = Browser()
    assert here.get(f"/sign-in/invented-2/back/?{idp.authorize(leave(here))}").status_code == 403
    assert reasons(ready) == ["state", "state"]


@pytest.mark.parametrize("who", ["preparer", "signatory", "importer", "broker"])
def test_no_exporter_importer_or_broker_is_let_in(ready: World, idp: IdentityProvider, who: str) -> None:
    idp.person["email"] = ready.members[who].user.email
    browser = Browser()
    assert come(browser, idp).status_code == 403
    assert "_auth_user_id" not in browser.session
    assert reasons(ready) == ["no-member"]


def test_nobody_of_another_certifier_no_operator_nobody_who_left_and_nobody_new(
    ready: World, idp: IdentityProvider
) -> None:
    other = make_world(2)
    with act_as(NOBODY):
        operator = User.objects.create_user("op@portal.example", None, name="Op", is_platform_operator=True)
        before = User.objects.count()
    make_member(Membership.Side.CERTIFIER, Role.REVIEWER, operator.email, certifier=ready.certifier)
    with act_as(ready.who("manager")) as manager:
        memberships.end(manager, ready.members["approver"].pk)
    left = ready.members["approver"].user.email
    for email in (other.members["reviewer"].user.email, operator.email, left, "new@nowhere.example"):
        idp.person |= {"email": email, "sub": email}
        browser = Browser()
        answer = come(browser, idp)
        assert answer.status_code == 403
        assert email not in answer.content.decode()
        assert "_auth_user_id" not in browser.session
    assert reasons(ready) == ["no-member"] * 4
    with act_as(NOBODY):
        assert User.objects.count() == before


def test_an_ended_membership_and_a_closed_account_are_refused_though_linked(
    ready: World, idp: IdentityProvider
) -> None:
    browser = Browser()
    come(browser, idp)
    with act_as(ready.who("manager")) as manager:
        memberships.end(manager, ready.members["reviewer"].pk)
    assert browser.get(STAFF_PAGE).status_code == 403
    assert come(Browser(), idp).status_code == 403


@pytest.mark.parametrize(
    ("path", "instead"),
    [
        ("/.well-known/openid-configuration", (500, b"{}", 0)),
        ("/.well-known/openid-configuration", (200, b"<html>", 0)),
        ("/.well-known/openid-configuration", (200, b"[]", 0)),
        ("/.well-known/openid-configuration", (200, b'{"issuer": "https://other.example"}', 0)),
        ("/.well-known/openid-configuration", (200, b"{}", 3)),
        ("/.well-known/openid-configuration", (200, b" " * 300_000 + b"{}", 0)),
        ("/.well-known/openid-configuration", (302, b"/keys", 0)),
        ("/token", (500, b"{}", 0)), ("/token", (200, b"{}", 3)), ("/keys", (500, b"", 0)),
    ],
)  # fmt: skip
def test_a_provider_that_fails_gives_one_page_and_troubles_nobody_else(
    ready: World, idp: IdentityProvider, path: str, instead: tuple[int, bytes, float]
) -> None:
    idp.instead[path] = instead
    browser = Browser()
    answer = browser.post(WAY_IN) if "known" in path else come(browser, idp)
    assert answer.status_code == 503
    assert "gave no usable answer" in answer.content.decode()
    assert is_in(ready.browser("manager"))


def test_a_failing_provider_is_left_alone_for_a_while(ready: World, idp: IdentityProvider) -> None:
    idp.instead["/.well-known/openid-configuration"] = (500, b"", 0)
    for _ in range(5):
        assert Browser().post(WAY_IN).status_code == 503
    assert len(idp.calls) == 1


def test_the_way_in_tells_no_stranger_who_has_one(ready: World, idp: IdentityProvider) -> None:
    make_world(2)
    page = Browser().get(WAY_IN)
    assert "Invented ID" in page.content.decode()
    assert "form-action 'self'" in page.headers["Content-Security-Policy"]
    answers = {Browser().get(f"/sign-in/{slug}/").status_code for slug in ("invented-2", "nobody")}
    assert answers == {404}
    assert "Invented" not in Browser().get("/account/login/").content.decode()
    assert come(Browser(), idp, next="https://evil.example/")["Location"] == "/"
    assert come(Browser(), idp, next="//evil.example/")["Location"] == "/"


def test_the_secret_is_on_no_page_in_no_audit_row_and_stored_encrypted(ready: World, idp: IdentityProvider) -> None:
    come(Browser(), idp)
    idp.instead["/token"] = (500, SECRET.encode(), 0)
    shown = come(Browser(), idp).content.decode()
    for path in ("/organization/sign-on/", "/organization/changes/", "/organization/audit/"):
        shown += ready.browser("manager").get(path).content.decode()
    assert "Invented ID" in shown
    assert SECRET not in shown
    with act_as(ready.loop()):
        assert SECRET not in str(list(AuditRow.objects.values_list("before", "after", "personal")))
        row = SignOnProvider.objects.get()
        assert SECRET.encode() not in bytes(row.encrypted_secret)


def test_two_certifiers_with_one_issuer_have_links_of_their_own(ready: World, idp: IdentityProvider) -> None:
    other = make_world(2)
    set_up(other, idp)
    come(Browser(), idp)
    assert come(Browser(), idp, "/sign-in/invented-2/").status_code == 403
    assert reasons(other) == ["no-member"]
    with act_as(second_manager(other)) as stranger:
        assert sign_on.links_of(stranger) == []
        assert SignOnLink.objects.count() == 0


def test_keys_are_read_anew_for_a_key_that_is_new(ready: World, idp: IdentityProvider) -> None:
    come(Browser(), idp)
    keys = idp.calls.count("/keys")
    idp.sign = lambda claims: jwt.encode(claims, KEY, "RS256", headers={"kid": "two"})
    assert come(Browser(), idp).status_code == 403
    assert idp.calls.count("/keys") == keys + 1
