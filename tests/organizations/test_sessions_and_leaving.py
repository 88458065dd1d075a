"""Sessions end one by one or all at once; who leaves, or whose account is closed, has no access from that moment."""

from __future__ import annotations

import datetime as dt
import io
import uuid

import openpyxl
import pytest
from allauth.account.models import EmailAddress
from django.test import Client as Browser
from django.urls import reverse

from core import clock
from core.errors import NotPermitted, NotVisible
from core.identity import act_as
from core.models import AuditRow
from organizations import access_sheet
from organizations.domain import (
    access_review,
    brokers,
    invitations,
    memberships,
    operator_people,
    sessions,
    tokens,
)
from organizations.domain.parties import Party
from organizations.models import AccessReview, User
from tests.support.world import PLATFORM, World, make_world, sign_in_user

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough pass phrase"
PEOPLE = "organizations:people"


def _person(world: World, role: str = "preparer") -> User:
    user = world.members[role].user
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    return user


def _signed_in(user: User) -> Browser:
    browser = Browser()
    assert browser.post(reverse("account_login"), {"login": user.email, "password": PASSWORD}).status_code == 302
    return browser


def _is_in(browser: Browser) -> bool:
    return browser.get(reverse(PEOPLE)).status_code == 200


def test_one_session_is_ended_and_the_others_go_on(world: World) -> None:
    user = _person(world)
    here, there = _signed_in(user), _signed_in(user)
    assert here.get(reverse("usersessions_list")).context["session_count"] == 2
    (other,) = [row for row in sessions.own(user) if row.session_key == there.session.session_key]
    assert here.post(reverse("organizations:session_end", args=[other.pk])).status_code == 302
    assert _is_in(here)
    assert not _is_in(there)


def test_nobody_ends_a_strangers_session(world: World) -> None:
    user = _person(world)
    browser = _signed_in(user)
    (row,) = sessions.own(user)
    with act_as(world.who("viewer")) as actor, pytest.raises(NotVisible):
        sessions.end_one(actor, row.pk)
    assert world.browser("viewer").post(reverse("organizations:session_end", args=[row.pk])).status_code == 404
    assert _is_in(browser)


def test_signing_out_everywhere_ends_sessions_that_no_list_knows(world: World) -> None:
    user = _person(world)
    here, unlisted = _signed_in(user), Browser()
    sign_in_user(unlisted, user)
    assert _is_in(unlisted)
    here.post(reverse("organizations:sessions_end_all"))
    assert not _is_in(here)
    assert not _is_in(unlisted)


def test_a_new_password_ends_the_other_sessions(world: World) -> None:
    user = _person(world)
    here, there = _signed_in(user), _signed_in(user)
    new = {"oldpassword": PASSWORD, "password1": "quite another phrase 7", "password2": "quite another phrase 7"}
    assert here.post(reverse("account_change_password"), new).status_code == 302
    assert _is_in(here)
    assert not _is_in(there)


def test_an_ended_membership_closes_pages_open_forms_and_keys_at_once(world: World) -> None:
    leaver = world.browser("preparer")
    with act_as(world.who("preparer")) as actor:
        _row, key = tokens.create(actor, name="ERP", days=1)
    bearer = {"authorization": f"Bearer {key}"}
    assert leaver.get(reverse("organizations:tokens")).status_code == 200
    assert Browser().get("/api/v1/requests/", headers=bearer).status_code == 200
    with act_as(world.who("manager")) as manager:
        memberships.end(manager, world.members["preparer"].pk)
    assert leaver.post(reverse("organizations:tokens"), {"name": "late", "days": "30"}).status_code == 403
    assert leaver.get(reverse("requests:home")).status_code == 403
    assert Browser().get("/api/v1/requests/", headers=bearer).status_code == 401


def test_a_closed_account_has_no_session_no_key_and_no_way_in_and_its_keys_stay_dead(world: World) -> None:
    user = _person(world)
    browser = _signed_in(user)
    with act_as(world.who("preparer")) as actor:
        _row, key = tokens.create(actor, name="ERP", days=1)
    bearer = {"authorization": f"Bearer {key}"}
    with act_as(PLATFORM):
        operator_people.close_account(PLATFORM, user.email, "Left; the certifier wrote.")
    assert not _is_in(browser)
    assert browser.post(reverse("organizations:tokens"), {"name": "late", "days": "30"}).status_code == 302
    assert Browser().get("/api/v1/requests/", headers=bearer).status_code == 401
    late = Browser()
    late.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    assert not _is_in(late)
    with act_as(PLATFORM):
        operator_people.open_account(PLATFORM, user.email, "Back again.")
    assert _is_in(_signed_in(user))
    assert Browser().get("/api/v1/requests/", headers=bearer).status_code == 401


def test_a_lost_second_step_is_taken_away_by_the_operator_alone(world: World) -> None:
    world.with_second_step("manager")
    user = world.members["manager"].user
    browser = world.browser("manager")
    with act_as(world.who("approver")) as other, pytest.raises(NotPermitted):
        operator_people.reset_second_step(other, user.email, "Lost phone.")
    with act_as(PLATFORM):
        operator_people.reset_second_step(PLATFORM, user.email, "Lost phone; called back at the office.")
    assert not _is_in(browser)


def test_the_access_review_says_into_what_somebody_was_invited_and_what_a_broker_may_do(world: World) -> None:
    """An importer's contact of one certificate was listed as the certifier's staff."""
    with act_as(world.who("manager")) as manager:
        contact, staff = Party("importer", world.certifier.pk), Party("certifier", world.certifier.pk)
        invitations.open_invitation(
            manager, contact, email="desk@importer.example", roles=[], certificate_id=uuid.uuid4()
        )
        invitations.invite(manager, staff, email="new@certifier.example", roles=["reviewer"])
    with act_as(world.who("signatory")) as signatory:
        exporter = Party("client", world.certifier.pk, world.client.pk)
        invitations.invite(signatory, exporter, email="new@exporter.example", roles=["viewer"])
        until = clock.now().date() + dt.timedelta(days=9)
        brokers.grant(signatory, broker_id=world.broker.pk, valid_until=until, scopes=["drafts"])
    with act_as(world.who("manager")) as manager:
        access = access_review.access_now(manager)
    told = {row.email: (row.organization, row.one_certificate) for row in access.invited}
    assert told == {
        "desk@importer.example": ("", True), "new@certifier.example": ("", False),
        "new@exporter.example": (str(world.client.operation), False),
    }  # fmt: skip
    assert access.grants[0].scopes == ("certificates", "drafts")
    page = world.browser("manager").get(reverse("organizations:access_review")).content.decode()
    assert page.count('<span class="portal-none">staff</span>') == 4 + 1
    assert page.count("one certificate alone") == 1
    assert "prepare drafts of requests" in page
    book = openpyxl.load_workbook(io.BytesIO(access_sheet.write(access)))
    rows = [[cell.value for cell in row] for row in book["Invitations"].iter_rows(min_row=2)]
    assert {row[0]: (row[1] or "", row[3] == "yes") for row in rows} == told


def test_the_access_review_lists_and_keeps_the_managers_confirmation(world: World) -> None:
    make_world(2)
    world.with_second_step("manager")
    browser, url = world.browser("manager"), reverse("organizations:access_review")
    page = browser.get(url)
    text = page.content.decode()
    assert "preparer-1@exporter.example" in text
    assert "certifier.example" in text
    assert "-2@" not in text
    access = page.context["access"]
    assert access.figures["members"] == 7
    assert access.figures["without_second_step"] == 4
    assert browser.get(reverse("organizations:access_review_sheet")).content.startswith(b"PK")
    assert browser.post(url, {"digest": "0" * 64, "note": ""}).status_code == 422
    assert browser.post(url, {"digest": access.digest, "note": "All needed."}).status_code == 302
    with act_as(world.who("manager")):
        row = AccessReview.objects.get()
        assert (row.figures, row.digest) == (access.figures, access.digest)
        assert AuditRow.objects.filter(act="people.access_reviewed", object_id=str(row.pk)).exists()
    with act_as(world.who("auditor")) as auditor, pytest.raises(NotPermitted):
        access_review.confirm(auditor, digest=access.digest)
    assert world.browser("auditor").get(url).status_code == 200
    assert world.browser("reviewer").get(url).status_code == 403
    with act_as(make_world(3).who("manager")):
        assert not AccessReview.objects.exists()
