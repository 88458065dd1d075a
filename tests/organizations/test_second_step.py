"""Who decides or signs passes a second step before anything of an organisation is open; all others may have one."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.conf import settings
from django.test import Client as Browser
from django.urls import reverse

from certportal.demo import cast, sign_in
from certportal.launcher.codes import code_at
from core.errors import NotPermitted
from core.identity import Identity, Kind, act_as
from core.models import AuditRow
from organizations.domain import second_step, tokens
from organizations.models import ApiToken, User
from organizations.roles import STAFF_ROLES, Role
from tests.support.world import TOTP_SECRET, World, sign_in_user

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough pass phrase"
ENFORCED = ("reviewer", "approver", "manager", "auditor", "signatory")
OFFERED = ("preparer", "viewer", "importer", "broker")
OWN_DESK = dict.fromkeys((*ENFORCED, *OFFERED), "organizations:people")


def code_now(secret: str = TOTP_SECRET) -> str:
    return code_at(secret, int(time.time()))


def _person(world: World, role: str) -> User:
    user = world.members[role].user
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    return user


def _by_password(world: World, role: str) -> Browser:
    user, browser = _person(world, role), Browser()
    answer = browser.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    assert answer.status_code == 302
    return browser


def test_the_roles_that_need_it_are_those_of_certifiers_and_the_signatory() -> None:
    assert {*STAFF_ROLES, Role.SIGNATORY} == second_step.ROLES


@pytest.mark.parametrize("role", ENFORCED)
def test_with_a_password_alone_only_the_pages_that_set_one_up_are_open(world: World, role: str) -> None:
    browser = _by_password(world, role)
    for name in ("organizations:people", "certificates:list", "organizations:tokens", "api:docs", "pvf:list"):
        answer = browser.get(reverse(name))
        if name.startswith("api:"):
            assert answer.status_code == 403
            assert answer.json()["errors"][0]["code"] == "second_step_required"
        else:
            assert (answer.status_code, answer["Location"]) == (302, reverse("mfa_index")), name
    assert browser.get(reverse("mfa_index")).status_code == 200
    assert browser.get(reverse("mfa_activate_totp")).status_code == 200
    assert browser.post(reverse("account_logout")).status_code == 302


def test_every_address_but_those_and_the_public_ones_is_closed_before_the_second_step(world: World) -> None:
    """Whatever is added later is closed too: the gate names what is open, not what is shut."""
    open_before = {
        "account_logout", "set_language", "mfa_index", "mfa_activate_totp", "mfa_list_webauthn", "mfa_add_webauthn",
        "account_reauthenticate",
    }  # fmt: skip
    browser = Browser()
    sign_in_user(browser, world.members["manager"].user, second_step=False)
    closed = (
        "account_email", "account_change_password", "usersessions_list", "mfa_view_recovery_codes", "organizations:claim",
        "organizations:settings", "review:queue", "oid_sync:desk", "mfa_generate_recovery_codes", "certificates:inbox",
        "organizations:access_review",
    )  # fmt: skip
    for name in closed:
        assert browser.get(reverse(name))["Location"] == reverse("mfa_index"), name
    assert not open_before & set(closed)


@pytest.mark.parametrize("role", OFFERED)
def test_everybody_else_may_go_without(world: World, role: str) -> None:
    assert _by_password(world, role).get(reverse(OWN_DESK[role])).status_code == 200


def test_the_platform_operator_needs_it(world: World) -> None:
    operator = User.objects.create_user("op@portal.example", PASSWORD, name="Op", is_platform_operator=True)
    browser = Browser()
    sign_in_user(browser, operator, second_step=False)
    assert browser.get(reverse("organizations:platform"))["Location"] == reverse("mfa_index")


def test_a_role_in_another_organisation_counts_whichever_is_acted_for(world: World) -> None:
    """The importer's membership is chosen; the same person is a signatory elsewhere."""
    person = world.members["importer"]
    world.members["signatory"].user = person.user
    with act_as(world.loop()):
        world.members["signatory"].save(update_fields=["user"])
    browser = Browser()
    sign_in_user(browser, person.user, second_step=False)
    session = browser.session
    session["membership_id"] = str(person.pk)
    session.save()
    assert browser.get(reverse("certificates:inbox"))["Location"] == reverse("mfa_index")


def test_before_the_second_step_the_database_knows_no_organisation(world: World) -> None:
    """A page that the gate let through by mistake would still show nothing: the identity is a mere person's."""
    browser = Browser()
    sign_in_user(browser, world.members["manager"].user, second_step=False)
    page = browser.get(reverse("mfa_index"))
    identity = page.context["identity"]
    assert (identity.kind, identity.certifier_id, identity.roles) == ("person", None, frozenset())
    assert page.context["nav"] == []
    assert page.context["membership"] is None


@pytest.mark.django_db(transaction=True)
def test_setting_up_an_app_opens_everything_and_gives_recovery_codes(world: World) -> None:
    browser = _by_password(world, "manager")
    page = browser.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    answer = browser.post(reverse("mfa_activate_totp"), {"code": code_now(secret)})
    assert answer["Location"] == reverse("mfa_view_recovery_codes")
    assert browser.get(answer["Location"]).status_code == 200
    assert browser.get(reverse("organizations:people")).status_code == 200
    stored = Authenticator.objects.get(type=Authenticator.Type.TOTP).data["secret"]
    assert secret not in stored
    seeds = Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES)
    shown = RecoveryCodes(seeds).get_unused_codes()[0]
    assert shown not in str(seeds.data)
    with act_as(Identity(kind=Kind.LOOP)):
        assert AuditRow.objects.filter(act="sign_in.second_step_added").count() >= 1


def test_signing_in_asks_for_the_code_and_a_code_counts_once(world: World) -> None:
    world.with_second_step("approver")
    browser = _by_password(world, "approver")
    assert browser.get(reverse("organizations:people")).status_code == 302
    code = code_now()
    assert browser.post(reverse("mfa_authenticate"), {"code": "000000"}).status_code == 200
    assert browser.post(reverse("mfa_authenticate"), {"code": code}).status_code == 302
    assert browser.get(reverse("organizations:people")).status_code == 200
    again = Browser()
    again.post(reverse("account_login"), {"login": world.members["approver"].user.email, "password": PASSWORD})
    assert again.post(reverse("mfa_authenticate"), {"code": code}).status_code == 200


def test_a_recovery_code_lets_in_once(world: World) -> None:
    world.with_second_step("approver")
    codes = RecoveryCodes.activate(world.members["approver"].user).get_unused_codes()
    browser = _by_password(world, "approver")
    assert browser.post(reverse("mfa_authenticate"), {"code": codes[0]}).status_code == 302
    assert browser.get(reverse("organizations:people")).status_code == 200
    again = Browser()
    again.post(reverse("account_login"), {"login": world.members["approver"].user.email, "password": PASSWORD})
    assert again.post(reverse("mfa_authenticate"), {"code": codes[0]}).status_code == 200


def test_guessing_codes_is_stopped_after_five(world: World) -> None:
    world.with_second_step("approver")
    browser = _by_password(world, "approver")
    for _ in range(5):
        browser.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert browser.post(reverse("mfa_authenticate"), {"code": code_now()}).status_code == 200
    assert browser.get(reverse("organizations:people")).status_code == 302


def test_a_session_from_before_it_was_set_up_must_take_it_and_cannot_set_up_another(world: World) -> None:
    browser = Browser()
    sign_in_user(browser, _person(world, "manager"), second_step=False)
    world.with_second_step("manager")
    asked = browser.get(reverse("organizations:people"))
    assert asked["Location"].startswith(reverse("mfa_reauthenticate"))
    for name in ("mfa_index", "mfa_activate_totp", "mfa_add_webauthn"):
        assert browser.get(reverse(name))["Location"].startswith(reverse("mfa_reauthenticate"))
    answer = browser.post(asked["Location"], {"code": code_now()})
    assert answer.status_code == 302
    assert browser.get(reverse("organizations:people")).status_code == 200


def test_without_the_last_second_step_the_session_starts_anew_and_the_others_end(world: World) -> None:
    world.with_second_step("manager")
    person = _person(world, "manager")
    browser, other = Browser(), Browser()
    sign_in_user(browser, person)
    sign_in_user(other, person)
    assert browser.post(reverse("mfa_deactivate_totp"), {}).status_code == 302
    assert browser.get(reverse("organizations:people"))["Location"] == reverse("mfa_index")
    assert other.get(reverse("organizations:people"))["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("role", ENFORCED)
def test_a_key_for_the_api_needs_the_second_step_set_up(world: World, role: str) -> None:
    with act_as(world.who(role)) as actor:
        with pytest.raises(NotPermitted) as refusal:
            tokens.create(actor, name="ERP", days=1)
        assert refusal.value.code == "SECOND-STEP"
        assert not ApiToken.objects.exists()
        world.with_second_step(role)
        assert tokens.create(actor, name="ERP", days=1)


def _sees(browser: Browser) -> str:
    return browser.get(reverse("mfa_authenticate")).content.decode()


def test_the_demos_code_is_shown_to_the_demos_accounts_only(world: World) -> None:
    sign_in.give_second_step(world.members["reviewer"].user)
    browser = _by_password(world, "reviewer")
    code = code_at(cast.TOTP_SECRET, int(time.time()))
    assert f"shows {code} now" in _sees(browser)
    world.with_second_step("approver")
    assert not re.search(r"shows \d{6}", _sees(_by_password(world, "approver")))


def test_production_has_no_form_that_shows_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings name the demo's form where the demo is allowed, and nowhere else."""
    assert settings.DEMO_ALLOWED
    assert set(settings.MFA_FORMS) == {"authenticate", "reauthenticate"}
    source = (settings.BASE_DIR / "certportal" / "settings.py").read_text(encoding="utf-8")
    block: Any = re.search(r"^if DEMO_ALLOWED:\n    MFA_FORMS", source, re.MULTILINE)
    assert block
    assert source.count("MFA_FORMS") == 1
