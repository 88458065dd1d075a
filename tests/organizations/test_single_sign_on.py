"""Signing in at a certifier's own provider, a real one over HTTP: whom it lets in, and everybody whom it does not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client as Browser

from core.identity import NOBODY, act_as
from core.models import AuditRow, Notification
from core.tasks import send_notifications
from core.topics import render
from organizations.domain import memberships, sign_on
from organizations.identity import identity_of
from organizations.models import ApiToken, Membership, User
from organizations.models_sign_on import SignOnLink, SignOnProvider
from organizations.roles import Role
from organizations.sign_on.sessions import MADE_BY
from tests.support.api_keys import key_of
from tests.support.identity_provider import (
    CLIENT,
    KEY,
    PUBLIC_PEM,
    SECRET,
    STRANGERS_KEY,
    IdentityProvider,
    running,
)
from tests.support.two_managers import agree, second_manager
from tests.support.world import World, make_member, make_world, sign_in

pytestmark = pytest.mark.django_db(transaction=True)
WAY_IN, BACK = "/sign-in/invented-1/", "/sign-in/invented-1/back/"
STAFF_PAGE = "/organization/clients/"
MFA = {"amr": ["pwd", "mfa"]}


@pytest.fixture
def idp(settings: Any) -> Iterator[IdentityProvider]:
    settings.SIGN_ON_PRIVATE_HOSTS = ["127.0.0.1"]
    settings.SIGN_ON_SECONDS = 1
    with running() as provider:
        yield provider


def set_up(world: World, idp: IdentityProvider, **terms: Any) -> None:
    given = {"issuer": idp.issuer, "client_id": CLIENT, "client_secret": SECRET, "name": "Invented ID", "required": False,
             "second_step": True} | terms  # fmt: skip
    with act_as(world.who("manager")) as manager:
        sign_on.propose(manager, **given)
    assert agree(world) == 1


@pytest.fixture
def ready(world: World, idp: IdentityProvider) -> World:
    set_up(world, idp)
    idp.person |= {"email": world.members["reviewer"].user.email, **MFA}
    return world


def leave(browser: Browser, path: str = WAY_IN, **more: str) -> str:
    answer = browser.post(path, more)
    assert answer.status_code == 200, answer.content
    address: str = answer.headers["Refresh"].removeprefix("0; url=")
    return address


def come(browser: Browser, idp: IdentityProvider, path: str = WAY_IN, **more: str) -> Any:
    return browser.get(f"{path}back/?{idp.authorize(leave(browser, path, **more))}")


def reasons(world: World) -> list[str]:
    with act_as(world.loop()):
        return [row.after["reason"] for row in AuditRow.objects.filter(act="sign_in.refused").order_by("at")]


def is_in(browser: Browser) -> bool:
    return browser.get(STAFF_PAGE).status_code == 200


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


def test_a_session_made_by_one_certifiers_provider_acts_for_no_other(ready: World, idp: IdentityProvider) -> None:
    other = make_world(2)
    user = ready.members["reviewer"].user
    theirs = make_member(Membership.Side.CERTIFIER, Role.MANAGER, user.email, certifier=other.certifier)
    browser = Browser()
    come(browser, idp)
    assert browser.post("/organization/switch/", {"membership": str(theirs.pk)}).status_code == 404
    session = browser.session
    session["membership_id"] = str(theirs.pk)
    session.save()
    page = browser.get(STAFF_PAGE)
    assert page.status_code == 200
    assert page.wsgi_request.identity.certifier_id == ready.certifier.pk
    # nor does it make a way in that another certifier would take
    for path in ("password/change/", "password/set/", "email/", "2fa/webauthn/add/", "2fa/recovery-codes/generate/"):
        assert browser.get(f"/account/{path}").status_code == 403, path
    control = Browser()
    sign_in(control, theirs)
    assert control.get("/account/email/").status_code == 200


def test_ours_is_asked_unless_the_provider_asked_and_the_setting_says_so(ready: World, idp: IdentityProvider) -> None:
    idp.person.pop("amr")
    plain = Browser()
    come(plain, idp)
    assert plain.get(STAFF_PAGE)["Location"] == "/account/2fa/"
    for said in ({"amr": ["pwd", "mfa"]}, {"acr": "https://refeds.org/profile/mfa"}):
        idp.spoil = said
        vouched = Browser()
        come(vouched, idp)
        assert is_in(vouched)
    set_up(ready, idp, second_step=False)
    assert not is_in(vouched)
    again = Browser()
    come(again, idp)
    assert again.get(STAFF_PAGE).status_code == 302


def test_a_fresh_proof_is_given_at_the_provider_with_prompt_and_moment(ready: World, idp: IdentityProvider) -> None:
    idp.person["email"] = ready.members["manager"].user.email
    idp.spoil = {"auth_time": int(time.time()) - 7200}
    browser = Browser()
    come(browser, idp)
    asks = browser.get("/organization/sign-on/")
    assert asks.status_code == 403
    assert f"{WAY_IN}?next=" in asks.content.decode()
    assert "confirm-password" not in asks.content.decode()
    address = leave(browser, next="/organization/sign-on/")
    assert "prompt=login" in address
    assert "max_age=0" in address
    # the provider did not ask again, or does not say when
    assert browser.get(f"{BACK}?{idp.authorize(address)}").status_code == 403
    idp.spoil = {"auth_time": None}
    assert come(browser, idp).status_code == 403
    idp.spoil = {}
    idp.person["sub"], mine = "somebody-else", idp.person["sub"]
    idp.person["email"] = ready.members["reviewer"].user.email
    assert come(browser, idp).status_code == 403
    idp.person["sub"] = mine
    assert come(browser, idp, next="/organization/sign-on/").status_code == 302
    assert browser.get("/organization/sign-on/").status_code == 200
    assert reasons(ready) == ["auth-time", "auth-time", "other-person"]


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


def test_stopped_by_one_manager_its_sessions_end_and_it_comes_back_by_two(ready: World, idp: IdentityProvider) -> None:
    browser = Browser()
    come(browser, idp)
    assert is_in(browser)
    manager = ready.browser("manager")
    assert manager.post("/organization/sign-on/", {"act": "stop"}).status_code == 302
    assert browser.get(STAFF_PAGE).status_code == 403
    assert Browser().get(WAY_IN).status_code == 404
    set_up(ready, idp)
    assert is_in(browser)


def test_where_it_is_a_must_passwords_serve_managers_alone(ready: World, idp: IdentityProvider) -> None:
    come(Browser(), idp)
    before = ready.browser("reviewer")
    assert is_in(before)
    set_up(ready, idp, required=True)
    assert before.get(STAFF_PAGE).status_code == 403
    for role in ("reviewer", "manager"):
        user = ready.members[role].user
        with act_as(NOBODY):
            user.set_password("a long enough pass phrase")
            user.save(update_fields=["password"])
            EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    browser = Browser()
    login = {"login": ready.members["reviewer"].user.email, "password": "a long enough pass phrase"}
    assert browser.post("/account/login/", login).status_code == 403
    assert "_auth_user_id" not in browser.session
    manager = Browser()
    assert manager.post("/account/login/", {**login, "login": ready.members["manager"].user.email}).status_code == 302
    assert is_in(ready.browser("manager"))
    assert is_in(ready.browser("signatory")) is False
    with act_as(ready.loop()):
        assert AuditRow.objects.filter(act="sign_in.break_glass").count() == 1
    come(browser, idp)
    assert is_in(browser)


def test_the_new_session_keeps_nothing_of_the_one_before(ready: World, idp: IdentityProvider) -> None:
    browser = Browser()
    session = browser.session
    session["planted"] = "by a neighbour"
    session.save()
    before = session.session_key
    come(browser, idp)
    assert browser.session.session_key != before
    assert "planted" not in browser.session
    assert browser.session[MADE_BY]["issuer"] == idp.issuer


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


def test_a_link_that_a_manager_took_away_is_made_anew_by_the_address(ready: World, idp: IdentityProvider) -> None:
    come(Browser(), idp)
    with act_as(ready.loop()):
        link = SignOnLink.objects.get()
    idp.person["sub"] = "person-2"
    assert come(Browser(), idp).status_code == 403
    forget = {"act": "forget", "link": str(link.pk)}
    assert ready.browser("reviewer").post("/organization/sign-on/", forget).status_code == 403
    other = make_world(2)
    set_up(other, idp)
    assert other.browser("manager").post("/organization/sign-on/", forget).status_code == 404
    page = ready.browser("manager")
    assert "Take the link away" in page.get("/organization/sign-on/").content.decode()
    assert page.post("/organization/sign-on/", forget).status_code == 302
    assert page.post("/organization/sign-on/", forget).status_code == 404
    assert come(Browser(), idp).status_code == 302
    with act_as(ready.loop()):
        assert SignOnLink.objects.get().subject == "person-2"
        row = AuditRow.objects.get(act="sign_on.unlinked")
        assert (row.actor_id, row.before) == (ready.members["manager"].user_id, {"subject": "person-1"})


def test_keys_made_in_such_a_session_act_for_its_certifier_and_those_of_others_are_not_touched(
    ready: World, idp: IdentityProvider
) -> None:
    other = make_world(2)
    user = ready.members["reviewer"].user
    theirs = make_member(Membership.Side.CERTIFIER, Role.REVIEWER, user.email, certifier=other.certifier)
    kept, _ = key_of(theirs, "of the other certifier")
    ready.with_second_step("reviewer")
    browser = Browser()
    come(browser, idp)
    page = browser.post("/organization/keys/", {"name": "mine", "days": "30"})
    with act_as(ready.who("reviewer")):
        mine = ApiToken.objects.get(name="mine")
    assert mine.membership_id == ready.members["reviewer"].pk
    assert "of the other certifier" not in page.content.decode()
    assert browser.post(f"/organization/keys/{kept.pk}/revoke/").status_code == 404
    with act_as(identity_of(theirs)):
        assert ApiToken.objects.get(pk=kept.pk).revoked_at is None


def test_every_manager_is_told_of_a_sign_in_past_the_provider(ready: World, idp: IdentityProvider) -> None:
    come(Browser(), idp)
    set_up(ready, idp, required=True)
    user = ready.members["manager"].user
    with act_as(NOBODY):
        user.set_password("a long enough pass phrase")
        user.save(update_fields=["password"])
        EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    login = {"login": user.email, "password": "a long enough pass phrase"}
    assert Browser().post("/account/login/", login).status_code == 302
    with act_as(ready.loop()):
        row = Notification.objects.get(topic="sign_in.break_glass")
        assert (row.audience_id, row.audience_roles) == (ready.certifier.pk, ["manager"])
    send_notifications(str(ready.certifier.pk), str(row.pk))
    told = {address for letter in mail.outbox for address in letter.to if "past your own sign-in" in letter.subject}
    assert told == {user.email, ready.members["manager2"].user.email}
    letter = render(row, "es", ready.certifier.name)
    assert letter.subject == f"{user.name} entró sin pasar por su propio inicio de sesión"
    assert letter.link == f"/organization/people/{ready.members['manager'].pk}/"
    # by the provider nobody is told
    idp.person |= {"sub": "person-9", "email": user.email}
    assert come(Browser(), idp).status_code == 302
    with act_as(ready.loop()):
        assert Notification.objects.filter(topic="sign_in.break_glass").count() == 1
