"""How people come in, what they may change, and how they leave."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.core import mail
from django.test import Client as Browser
from django.urls import reverse

from core import clock
from core.errors import Conflict, InvalidInput, NotPermitted, NotVisible
from core.identity import Identity, Kind, act_as
from core.models import AuditRow
from core.tasks import send_notifications
from organizations.domain import brokers, certifiers, clients, importers, invitations, memberships, tokens
from organizations.domain.parties import own_party
from organizations.identity import hash_token
from organizations.models import ApiToken, Certifier, Invitation, Membership, User
from organizations.roles import Role
from organizations.rules import Rules, rules_of
from tests.support.world import World, make_operation, make_world, sign_in_user

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough pass phrase"


def _letter(world: World | None = None) -> str:
    """The text of the one mail that the worker sends now."""
    mail.outbox.clear()
    send_notifications(str(world.certifier.pk) if world else None)
    (letter,) = mail.outbox
    return str(letter.body)


def _link(text: str) -> str:
    found = re.search(r"https?://[^/]+(/organization/invitation/\S+)", text)
    assert found
    return found[1]


def test_a_new_person_comes_in_by_the_link_in_the_mail_and_can_sign_in_by_e_mail(world: World) -> None:
    manager = world.browser("manager")
    answer = manager.post(reverse("organizations:people"), {"email": "New@Certifier.example", "roles": ["reviewer"]})
    assert answer.status_code == 302
    link = _link(_letter(world))
    guest = Browser()
    assert "new@certifier.example" in guest.get(link).content.decode()
    answer = guest.post(link, {"name": "New Person", "password": PASSWORD})
    assert answer.status_code == 302, answer.content.decode()
    assert guest.get(reverse("organizations:people"))["Location"] == reverse("mfa_index")
    assert Browser().get(link).status_code == 404
    guest.post(reverse("account_logout"))
    assert guest.get(reverse("organizations:people")).status_code == 302
    signed_in = guest.post(reverse("account_login"), {"login": "new@certifier.example", "password": PASSWORD})
    assert signed_in.status_code == 302
    sign_in_user(guest, User.objects.get(email="new@certifier.example"))
    assert guest.get(reverse("organizations:people")).status_code == 200


def test_a_weak_password_is_refused_and_nobody_is_made(world: World) -> None:
    with act_as(world.who("manager")) as manager:
        invitations.invite(manager, own_party(manager), email="weak@certifier.example", roles=["reviewer"])
    answer = Browser().post(_link(_letter(world)), {"name": "Weak", "password": "password1234"})
    assert answer.status_code == 200
    assert not User.objects.filter(email="weak@certifier.example").exists()


def test_an_invitation_is_of_no_use_to_another_signed_in_person(world: World) -> None:
    with act_as(world.who("manager")) as manager:
        invitations.invite(manager, own_party(manager), email="meant@certifier.example", roles=["manager"])
    link = _link(_letter(world))
    other = make_world(2)
    answer = other.browser("manager").post(link)
    assert answer.status_code == 200
    with act_as(world.who("manager")):
        assert not Membership.objects.filter(user=other.members["manager"].user).exists()


def test_a_known_person_joins_a_second_organisation_and_switches(world: World) -> None:
    other = make_world(2)
    person = world.members["reviewer"]
    with act_as(other.who("manager")) as manager:
        invitations.invite(manager, own_party(manager), email=person.user.email, roles=["auditor"])
    link = _link(_letter(other))
    assert "sign in" in Browser().get(link).content.decode().lower()
    browser = world.browser("reviewer")
    assert browser.post(link).status_code == 302
    with act_as(other.who("manager")):
        second = Membership.objects.get(user=person.user)
    browser.post(reverse("organizations:switch"), {"membership": second.pk})
    assert other.client.operation.name in browser.get(reverse("organizations:clients")).content.decode()
    browser.post(reverse("organizations:switch"), {"membership": person.pk})
    assert other.client.operation.name not in browser.get(reverse("organizations:clients")).content.decode()


def test_nobody_switches_to_a_membership_of_somebody_else(world: World) -> None:
    answer = world.browser("reviewer").post(
        reverse("organizations:switch"), {"membership": world.members["manager"].pk}
    )
    assert answer.status_code == 404


@pytest.mark.parametrize("role", ["reviewer", "approver", "auditor", "preparer", "viewer"])
def test_only_those_who_manage_an_organisation_invite(world: World, role: str) -> None:
    with act_as(world.who(role)) as actor, pytest.raises(NotPermitted):
        invitations.invite(actor, own_party(actor), email="x@y.example", roles=["reviewer"])
    answer = world.browser(role).post(reverse("organizations:people"), {"email": "x@y.example", "roles": ["viewer"]})
    assert answer.status_code in {200, 403}
    assert not mail.outbox


def test_a_signatory_cannot_make_a_reviewer(world: World) -> None:
    with act_as(world.who("signatory")) as actor, pytest.raises(InvalidInput) as refusal:
        invitations.invite(actor, own_party(actor), email="x@y.example", roles=[Role.REVIEWER])
    assert refusal.value.code == "ROLE-SIDE"


def test_the_last_manager_can_neither_leave_nor_be_demoted(world: World) -> None:
    manager = world.members["manager"]
    with act_as(world.who("manager")) as actor:
        for act in (
            lambda: memberships.end(actor, manager.pk),
            lambda: memberships.change_roles(actor, manager.pk, ["reviewer"]),
        ):
            with pytest.raises(Conflict) as refusal:
                act()
            assert refusal.value.code == "LAST-MANAGER"
        memberships.change_roles(actor, world.members["approver"].pk, ["approver", "manager"])
        memberships.end(actor, manager.pk)
        assert not Membership.objects.filter(pk=manager.pk, ended_at=None).exists()


def test_roles_changed_and_ended_leave_audit_rows_and_the_pages_close(world: World) -> None:
    browser = world.browser("reviewer")
    assert browser.get(reverse("organizations:clients")).status_code == 200
    manager = world.browser("manager")
    reviewer = world.members["reviewer"]
    answer = manager.post(reverse("organizations:member", args=[reviewer.pk]), {"roles": ["auditor"]})
    assert answer.status_code == 302
    assert manager.post(reverse("organizations:member_end", args=[reviewer.pk])).status_code == 302
    assert browser.get(reverse("organizations:clients")).status_code == 403
    with act_as(world.who("manager")):
        acts = list(AuditRow.objects.filter(object_id=str(reviewer.pk)).order_by("at").values_list("act", flat=True))
    assert acts == ["people.roles_changed", "people.membership_ended"]


def test_an_importer_is_confirmed_by_a_manager_with_evidence_that_is_kept(world: World) -> None:
    importer = make_operation("3030000099", "Other Imports", "US")
    answer = world.browser("manager").post(
        reverse("organizations:importer_confirm"),
        {"nop_id": importer.nop_id, "email": "buyer@imports.example", "evidence": "Met at their office"},
    )
    assert answer.status_code == 302, answer.content.decode()
    guest = Browser()
    assert guest.post(_link(_letter()), {"name": "Buyer", "password": PASSWORD}).status_code == 302
    with act_as(Identity(kind=Kind.IMPORTER, operation_id=importer.pk)):
        (member,) = Membership.objects.filter(operation=importer)
        assert member.proof == f"confirmed by {world.certifier.name}"
    with act_as(world.who("manager")):
        row = AuditRow.objects.get(act="importer.confirmed")
        assert row.after["evidence"] == "Met at their office"
        assert row.actor_id == world.members["manager"].user_id


def test_a_code_goes_to_the_address_in_oid_and_works_once_and_for_the_person_who_asked(world: World) -> None:
    importer = make_operation("3030000098", "Code Imports", "US", email="office@code-imports.example")
    browser = world.browser("broker")
    browser.post(reverse("organizations:claim"), {"act": "ask", "ask-nop_id": importer.nop_id})
    text = _letter()
    assert mail.outbox[0].to == ["office@code-imports.example"]
    code = re.search(r"\b[A-Z0-9]{5}-[A-Z0-9]{5}\b", text)
    assert code
    entry = {"act": "enter", "enter-nop_id": importer.nop_id, "enter-code": code[0].lower()}
    assert world.browser("viewer").post(reverse("organizations:claim"), entry).status_code == 200
    assert browser.post(reverse("organizations:claim"), entry).status_code == 302
    assert browser.post(reverse("organizations:claim"), entry).status_code == 200
    with act_as(Identity(kind=Kind.IMPORTER, operation_id=importer.pk)):
        (member,) = Membership.objects.filter(operation=importer)
        assert (member.user, member.proof) == (world.members["broker"].user, "code")


def test_codes_are_few_a_day(world: World) -> None:
    with act_as(world.who("viewer")) as actor:
        for _ in range(importers.CODES_A_DAY):
            importers.request_code(actor, nop_id=world.importer.nop_id)
        with pytest.raises(Conflict) as refusal:
            importers.request_code(actor, nop_id=world.importer.nop_id)
    assert refusal.value.code == "CODES-TODAY"


def test_a_grant_to_a_broker_has_an_end_and_can_be_revoked_by_its_giver_alone(world: World) -> None:
    last = clock.now().date() + dt.timedelta(days=30)
    with act_as(world.who("importer")) as importer:
        row = brokers.grant(importer, broker_id=world.broker.pk, valid_until=last)
        with pytest.raises(InvalidInput):
            brokers.grant(importer, broker_id=world.broker.pk, valid_until=clock.now().date() - dt.timedelta(days=1))
    with act_as(world.who("signatory")) as stranger, pytest.raises(NotVisible):
        brokers.revoke(stranger, row.pk)
    with act_as(world.who("importer")) as importer:
        assert brokers.revoke(importer, row.pk).revoked_at
    with act_as(world.who("viewer")) as viewer, pytest.raises(NotPermitted):
        brokers.grant(viewer, broker_id=world.broker.pk, valid_until=last)


def test_a_key_is_shown_once_and_stops_when_revoked_or_when_the_membership_ends(world: World) -> None:
    browser = world.browser("preparer")
    page = browser.post(reverse("organizations:tokens"), {"name": "ERP", "days": "30"}).content.decode()
    with act_as(world.who("preparer")) as actor:
        (row,) = tokens.own(actor)
    key = next(word for word in re.findall(r"[\w-]{43}", page) if hash_token(word) == row.token_sha256)
    assert key not in browser.get(reverse("organizations:tokens")).content.decode()
    bearer = {"authorization": f"Bearer {key}"}
    assert Browser().get("/api/v1/schema/", headers=bearer).status_code == 200
    browser.post(reverse("organizations:token_revoke", args=[row.pk]))
    assert Browser().get("/api/v1/schema/", headers=bearer).status_code == 401
    assert world.browser("viewer").post(reverse("organizations:token_revoke", args=[row.pk])).status_code == 404
    with act_as(world.who("preparer")):
        assert ApiToken.objects.get().token_sha256 != key


def test_settings_make_a_new_version_and_a_stale_form_is_told(world: World) -> None:
    with act_as(world.who("manager")) as manager:
        certifiers.change_settings(manager, {"hard_limit_days": 20}, expected_version=0)
        assert rules_of(world.certifier.pk).hard_limit_days == 20
        with pytest.raises(Conflict) as refusal:
            certifiers.change_settings(manager, {"hard_limit_days": 25}, expected_version=0)
        assert refusal.value.code == "STALE"
        with pytest.raises(InvalidInput) as wrong:
            certifiers.change_settings(manager, {"hard_limit_days": 1000}, expected_version=1)
        assert wrong.value.field == "hard_limit_days"
        row = AuditRow.objects.get(act="settings.changed")
        assert (row.before, row.after) == ({"hard_limit_days": 30}, {"hard_limit_days": 20, "version": 1})
    with act_as(world.who("reviewer")) as reviewer, pytest.raises(NotPermitted):
        certifiers.change_settings(reviewer, {"hard_limit_days": 10}, expected_version=1)


def test_the_settings_page_saves_what_it_shows(world: World) -> None:
    browser = world.browser("manager")
    form = browser.get(reverse("organizations:settings")).context["form"]
    values = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    posted = {name: "on" if value is True else value for name, value in values.items() if value is not False}
    posted |= {"service_target_working_days": 3, "standards": "USDA-NOP\nEU-ORGANIC"}
    assert browser.post(reverse("organizations:settings"), posted).status_code == 302
    with act_as(world.who("manager")):
        rules = rules_of(world.certifier.pk)
    assert rules == Rules(service_target_working_days=3, standards=("USDA-NOP", "EU-ORGANIC"))
    assert "Version 1" in browser.get(reverse("organizations:settings")).content.decode()


def test_a_clients_standing_is_changed_by_a_manager_and_its_people_are_told(world: World) -> None:
    with act_as(world.who("manager")) as manager:
        clients.change(manager, world.client.pk, {"own_status": "Suspended"})
    mail.outbox.clear()
    send_notifications(str(world.certifier.pk))
    assert {letter.to[0] for letter in mail.outbox} == {
        f"{role}-1@exporter.example" for role in ("preparer", "signatory", "viewer")
    }
    with act_as(world.who("reviewer")) as reviewer, pytest.raises(NotPermitted):
        clients.change(reviewer, world.client.pk, {"own_status": "Certified"})


def test_the_platform_operator_makes_a_certifier_and_reads_nothing_of_another(world: World) -> None:
    operator = User.objects.create_user("platform@portal.example", PASSWORD, name="Operator", is_platform_operator=True)
    browser = Browser()
    sign_in_user(browser, operator)
    answer = browser.post(
        reverse("organizations:platform"),
        {"name": "Third Certification", "slug": "third", "code": "777", "country": "EC", "time_zone": "America/Guayaquil",
         "address": "", "email": "", "manager_email": "boss@third.example"},
    )  # fmt: skip
    assert answer.status_code == 302, answer.content.decode()
    certifier = Certifier.objects.get(code="777")
    mail.outbox.clear()
    send_notifications(str(certifier.pk))
    guest = Browser()
    assert guest.post(_link(str(mail.outbox[0].body)), {"name": "Boss", "password": PASSWORD}).status_code == 302
    assert guest.get(reverse("organizations:settings"))["Location"] == reverse("mfa_index")
    sign_in_user(guest, User.objects.get(email="boss@third.example"))
    assert guest.get(reverse("organizations:settings")).status_code == 200
    for url in (
        reverse("organizations:clients"),
        reverse("organizations:client", args=[world.client.pk]),
        reverse("organizations:people"),
    ):
        assert browser.get(url).status_code == 403


def test_tokens_of_invitations_are_kept_as_hashes_only(world: World) -> None:
    with act_as(world.who("manager")) as manager:
        row = invitations.invite(manager, own_party(manager), email="x@y.example", roles=["viewer", "auditor"][1:])
    token = _link(_letter(world)).rstrip("/").rsplit("/", maxsplit=1)[-1]
    with act_as(world.who("manager")):
        assert Invitation.objects.get(pk=row.pk).token_sha256 == hash_token(token)
