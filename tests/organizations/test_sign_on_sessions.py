"""Sessions that a certifier's own provider made: what they reach, how they end, and what a must means for passwords."""

from __future__ import annotations

import time

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client as Browser

from core.identity import NOBODY, act_as
from core.models import AuditRow, Notification
from core.tasks import send_notifications
from core.topics import render
from organizations.identity import identity_of
from organizations.models import ApiToken, Membership
from organizations.models_sign_on import SignOnLink
from organizations.roles import Role
from organizations.sign_on.sessions import MADE_BY
from tests.support.api_keys import key_of
from tests.support.identity_provider import (
    IdentityProvider,
)
from tests.support.sign_on import BACK, STAFF_PAGE, WAY_IN, come, is_in, leave, reasons, set_up
from tests.support.world import World, make_member, make_world, sign_in

pytestmark = pytest.mark.django_db(transaction=True)


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


def test_who_belongs_to_two_certifiers_comes_by_password_to_the_one_that_takes_it(
    ready: World, idp: IdentityProvider
) -> None:
    come(Browser(), idp)
    other = make_world(2)
    user = ready.members["reviewer"].user
    theirs = make_member(Membership.Side.CERTIFIER, Role.REVIEWER, user.email, certifier=other.certifier)
    set_up(ready, idp, required=True)
    with act_as(NOBODY):
        user.set_password("a long enough pass phrase")
        user.save(update_fields=["password"])
        EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    login = {"login": user.email, "password": "a long enough pass phrase"}
    assert Browser().post("/account/login/", login).status_code == 302
    browser = Browser()
    sign_in(browser, ready.members["reviewer"])
    page = browser.get(STAFF_PAGE)
    assert (page.status_code, page.wsgi_request.identity.certifier_id) == (200, other.certifier.pk)
    switch = {"membership": str(ready.members["reviewer"].pk)}
    assert browser.post("/organization/switch/", switch).status_code == 404
    assert browser.post("/organization/switch/", {"membership": str(theirs.pk)}).status_code == 302
    # no break glass: nobody came in at the certifier that asks for its provider
    with act_as(ready.loop()):
        assert not AuditRow.objects.filter(act="sign_in.break_glass").exists()
