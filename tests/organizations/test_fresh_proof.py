"""What cannot be undone needs a fresh proof of who acts; what was typed goes on with it."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from django.test import Client as Browser
from django.urls import reverse

from core.identity import act_as
from core.models import AuditRow
from organizations.access import audience_of, is_sensitive, registered_names, sensitive_names
from organizations.models import Invitation
from organizations.roles import Role
from tests.support.world import World, sign_in_user

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough pass phrase"
INVITE = {"email": "next@certifier.example", "roles": ["reviewer", "auditor"]}


def _stale(world: World, role: str = "manager") -> Browser:
    user, browser = world.members[role].user, Browser()
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    sign_in_user(browser, user, seconds_ago=31 * 60)
    return browser


def _invited(world: World) -> list[Invitation]:
    with act_as(world.loop()):
        return list(Invitation.objects.all())


def test_the_acts_that_need_it() -> None:
    """The reviewed list. Whoever adds a decision, a key, a role or a setting adds it here."""
    assert sensitive_names() == {
        "account_email",
        "review:approve", "review:reject", "review:override", "api:review-approve", "api:review-reject",
        "certificates:void", "certificates:amend", "certificates:continuity", "certificates:signing",
        "api:certificate-void", "api:certificate-amend", "api:certificate-continuity",
        "pvf:approve", "pvf:reject", "pvf:report-approve", "pvf:report-reject",
        "api:pvf-approve", "api:pvf-reject", "api:pvf-report-approve", "api:pvf-report-reject",
        "oid_sync:connection",
        "organizations:people", "organizations:member", "organizations:member_end", "organizations:client",
        "organizations:tokens", "organizations:importer_confirm", "organizations:settings", "organizations:platform",
        "organizations:access_review", "organizations:operator_people", "organizations:guarded_change", "organizations:sign_on",
        "organizations:delegations", "organizations:support", "organizations:support_enter",
    }  # fmt: skip


def test_whatever_only_an_approver_may_do_needs_it() -> None:
    alone = {name for name in registered_names() if audience_of(name) == frozenset({Role.APPROVER})}
    assert alone
    assert [name for name in sorted(alone) if not is_sensitive(name)] == []


def test_an_act_waits_for_the_proof_and_goes_on_with_what_was_typed(world: World) -> None:
    browser, url = _stale(world), reverse("organizations:people")
    asked = browser.post(url, INVITE)
    assert asked.status_code == 403
    assert "no-store" in asked["Cache-Control"]
    assert _invited(world) == []
    kept = asked.context["kept"]
    assert kept == [("email", "next@certifier.example"), ("roles", "reviewer"), ("roles", "auditor")]
    wrong = browser.post(url, {**INVITE, "confirm-password": "wrong pass phrase"})
    assert (wrong.status_code, _invited(world)) == (403, [])
    assert wrong.context["kept"] == kept
    done = browser.post(url, {**INVITE, "confirm-password": PASSWORD})
    assert done.status_code == 302
    (invitation,) = _invited(world)
    assert invitation.roles == ["reviewer", "auditor"]
    with act_as(world.loop()):
        assert AuditRow.objects.filter(act="sign_in.confirmed").count() == 1
    # fresh again: nothing is asked
    assert browser.post(url, {**INVITE, "email": "third@certifier.example"}).status_code == 302


def test_nothing_is_asked_within_the_time_and_reading_needs_no_proof(world: World) -> None:
    fresh = Browser()
    sign_in_user(fresh, world.members["manager"].user, seconds_ago=29 * 60)
    assert fresh.post(reverse("organizations:people"), INVITE).status_code == 302
    assert _stale(world).get(reverse("organizations:people")).status_code == 200


def test_an_empty_proof_is_no_proof(world: World) -> None:
    browser = _stale(world)
    answer = browser.post(reverse("organizations:people"), {**INVITE, "confirm-password": ""})
    assert (answer.status_code, _invited(world)) == (403, [])


def test_another_persons_password_is_no_proof(world: World) -> None:
    other = world.members["approver"].user
    other.set_password("another long enough phrase")
    other.save(update_fields=["password"])
    answer = _stale(world).post(
        reverse("organizations:people"), {**INVITE, "confirm-password": "another long enough phrase"}
    )
    assert (answer.status_code, _invited(world)) == (403, [])


def test_guessing_the_password_is_stopped(world: World) -> None:
    browser, url = _stale(world), reverse("organizations:people")
    for _ in range(10):
        browser.post(url, {**INVITE, "confirm-password": "wrong pass phrase"})
    assert browser.post(url, {**INVITE, "confirm-password": PASSWORD}).status_code in {403, 429}
    assert _invited(world) == []


def test_a_form_with_a_secret_asks_first_and_sends_no_secret_back(world: World) -> None:
    browser, url = _stale(world), reverse("oid_sync:connection")
    assert browser.get(url).status_code == 403
    asked = browser.post(url, {"connector": "http", "key": "s3cret-of-oid"})
    assert asked.status_code == 403
    assert b"s3cret-of-oid" not in asked.content
    answer = browser.post(url, {"confirm-password": PASSWORD, "confirm-lost": "1"})
    assert (answer.status_code, answer["Location"]) == (302, url)
    assert browser.get(url).status_code == 200


def test_the_api_by_session_is_refused_in_its_own_words(world: World) -> None:
    browser = _stale(world, "approver")
    url = reverse("api:review-approve", args=["01a217f8-3fae-732c-94cb-580bc13d8afd"])
    answer = browser.post(url, {}, content_type="application/json")
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["code"] == "reauthentication_required"
