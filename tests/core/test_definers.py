"""Each function that runs with the owner's rights gives its one answer, and to a stranger none."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.db import DatabaseError, connection, transaction

from certificates.models import Certificate, CertificateLookup, GoodsMark
from core import audit, clock
from core.identity import NOBODY, Identity, Kind, act_as
from core.models import AuditRow
from core.policy import declared_definers
from organizations.domain import brokers, invitations
from organizations.domain.parties import own_party
from organizations.identity import hash_token
from organizations.models import ApiToken, Delegation, Invitation, Membership
from pvf.models import Balance, PVFLine
from requests_app.domain import drafts
from tests.support.certificates import numbered
from tests.support.drafts import complete_draft
from tests.support.world import PLATFORM, World, a_uuid, make_client, make_world

pytestmark = pytest.mark.django_db
CHECK = Identity(kind=Kind.CHECK)

#: A function that joins them needs a test here: this list says that it was thought of.
TESTED = {
    "organizations_token_owner", "organizations_invitation_by_token", "pvf_open_balance", "pvf_move",
    "certificates_public_check", "certificates_public_versions", "certificates_continuity_check",
    "certificates_forget_lookups", "certificates_seen_elsewhere", "core_erase_from_audit",
    "organizations_grants_used", "organizations_acts_of_brokers", "requests_app_replacement_open",
    # what they let go, and what never: tests/certportal/test_retention.py
    "requests_app_forget_draft", "oid_sync_forget_exchanges",
}  # fmt: skip


def ask(actor: Identity, statement: str, *values: object) -> list[tuple[object, ...]]:
    with act_as(actor), connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [tuple(row) for row in cursor.fetchall()]


def test_each_of_them_is_put_to_the_test() -> None:
    assert set(declared_definers()) == TESTED


def token_of(membership: Membership, **values: object) -> str:
    key = uuid.uuid4().hex
    with act_as(Identity(kind=Kind.PERSON, user_id=membership.user_id)):
        ApiToken(
            membership=membership, user=membership.user, name="test", prefix=key[:8], token_sha256=hash_token(key),
            **{"expires_at": clock.now() + dt.timedelta(days=1)} | values,
        ).save(force_insert=True)  # fmt: skip
    return hash_token(key)


def test_a_key_leads_to_its_person_and_membership_while_both_are_live(world: World) -> None:
    whose = "SELECT * FROM organizations_token_owner(%s)"
    viewer = world.members["viewer"]
    live = token_of(viewer)
    assert ask(NOBODY, whose, live) == [(viewer.user_id, viewer.pk)]
    for dead in (
        token_of(viewer, expires_at=clock.now() - dt.timedelta(seconds=1)),
        token_of(viewer, revoked_at=clock.now()),
        "", "%", hash_token("another"),
    ):  # fmt: skip
        assert ask(NOBODY, whose, dead) == []
    with act_as(NOBODY):
        type(viewer.user).objects.filter(pk=viewer.user_id).update(is_active=False)
    assert ask(NOBODY, whose, live) == []
    with act_as(NOBODY):
        type(viewer.user).objects.filter(pk=viewer.user_id).update(is_active=True)
    with act_as(world.loop()):
        Membership.objects.filter(pk=viewer.pk).update(ended_at=clock.now())
    assert ask(NOBODY, whose, live) == []


def test_an_invitation_says_where_it_leads_while_it_is_live(world: World) -> None:
    where = "SELECT * FROM organizations_invitation_by_token(%s)"
    with act_as(world.who("manager")) as manager:
        row, token = invitations.open_invitation(
            manager, own_party(manager), email="guest@invented.example", roles=["reviewer"]
        )
    key = hash_token(token)
    assert ask(NOBODY, where, key) == [(row.pk, "certifier", world.certifier.pk, None, None, None)]
    assert ask(NOBODY, where, token) == ask(NOBODY, where, "") == []
    for values in (
        {"accepted_at": clock.now()}, {"revoked_at": clock.now()}, {"expires_at": clock.now() - dt.timedelta(seconds=1)},
    ):  # fmt: skip
        with act_as(world.who("manager")):
            Invitation.objects.filter(pk=row.pk).update(**values)
            assert ask(NOBODY, where, key) == []
            Invitation.objects.filter(pk=row.pk).update(accepted_at=None, revoked_at=None, expires_at=row.expires_at)


def test_a_balance_is_opened_by_the_lines_own_certifier(world: World) -> None:
    with act_as(world.loop()):
        line = PVFLine(certifier=world.certifier, client=world.client, pvf=world.pvf, line_number=9)
        line.save(force_insert=True)
    for actor in (make_world(2).who("manager"), world.who("signatory"), world.who("importer"), NOBODY):
        ask(actor, "SELECT pvf_open_balance(%s)", line.pk)
        with act_as(world.loop()):
            assert not Balance.objects.filter(line=line).exists(), actor.kind
    for _ in range(2):
        ask(world.who("manager"), "SELECT pvf_open_balance(%s)", line.pk)
    with act_as(world.loop()):
        assert [row.available for row in Balance.objects.filter(line=line)] == [0]


MOVE = (
    "SELECT * FROM pvf_move(gen_random_uuid(), %s, 'available', 'reserved', 10, '', NULL, 'request', gen_random_uuid(),"
    " 'submit', '', gen_random_uuid()::text, NULL)"
)


def test_kilograms_move_for_the_lines_own_people_only(world: World) -> None:
    rival = make_client(world.certifier, "1010000099", "Invented Rival")
    strange = Identity(kind=Kind.EXPORTER, certifier_id=world.certifier.pk, client_id=rival.pk)
    support = Identity(kind=Kind.SUPPORT, certifier_id=world.certifier.pk)
    for actor in (
        make_world(2).who("manager"),
        world.who("importer"),
        world.who("broker"),
        NOBODY,
        CHECK,
        strange,
        support,
    ):
        with pytest.raises(DatabaseError, match="no such PVF line"), transaction.atomic():
            ask(actor, MOVE, world.line.pk)
    assert len(ask(world.who("signatory"), MOVE, world.line.pk)) == 1


def test_the_check_answers_number_and_code_together(world: World) -> None:
    row = numbered(world)
    with act_as(world.loop()):
        Certificate.objects.filter(pk=row.pk).update(state="issued", issued_at=clock.now())
    check, versions = (
        "SELECT number FROM certificates_public_check(%s, %s)",
        "SELECT certificates_public_versions(%s, %s)",
    )
    assert ask(CHECK, check, row.number, row.check_code) == [(row.number,)]
    # a list, empty while no version of the document is made
    assert [str(found) for (found,) in ask(CHECK, versions, row.number, row.check_code)] == ["[]"]
    for number, code in ((row.number, "X" * 12), ("%", row.check_code), (row.number, "%"), ("", "")):
        assert ask(CHECK, check, number, code) == []
    assert ask(CHECK, "SELECT * FROM certificates_continuity_check(%s, %s)", row.number, row.check_code) == []
    with act_as(world.loop()):
        Certificate.objects.filter(pk=row.pk).update(state="awaiting_document", issued_at=None)
    assert ask(CHECK, check, row.number, row.check_code) == []


def test_seen_elsewhere_is_for_staff_alone(world: World) -> None:
    asked = "SELECT certificates_seen_elsewhere(%s, %s)"
    values = (["no such mark"], clock.now())
    assert ask(world.who("reviewer"), asked, *values) == [(False,)]
    row = numbered(make_world(2))
    marks = ["an invented mark"]
    with act_as(Identity.loop(row.certifier_id)):
        GoodsMark(certifier_id=row.certifier_id, certificate=row, mark=marks[0]).save(force_insert=True)
    since = clock.now() - dt.timedelta(days=1)
    assert ask(world.who("reviewer"), asked, marks, since) == [(True,)]
    for actor in (world.who("signatory"), world.who("importer"), NOBODY, CHECK, Identity.loop()):
        assert ask(actor, asked, marks, since) == [(False,)], actor.kind


def test_lookups_are_forgotten_by_a_loop_and_never_the_last_thirty_days(world: World) -> None:
    forget = "SELECT certificates_forget_lookups(now() + interval '1 day')"
    row = numbered(world)
    with act_as(CHECK):
        for days in (1, 40):
            CertificateLookup(
                certifier_id=world.certifier.pk, client_id=world.client.pk, certificate_id=row.pk, answer="found",
                asked_at=clock.now() - dt.timedelta(days=days),
            ).save(force_insert=True)  # fmt: skip
    for actor in (world.who("manager"), world.who("signatory"), NOBODY, CHECK):
        assert ask(actor, forget) == [(0,)], actor.kind
    assert ask(Identity.loop(), forget) == [(1,)]
    with act_as(world.loop()):
        assert CertificateLookup.objects.count() == 1


def test_only_the_platform_operator_erases_from_the_audit_trail(world: World) -> None:
    with act_as(world.who("approver")) as actor:
        audit.record(actor, "thing.changed", "thing", "x", after={"email": "p@invented.example"})
    erase = "SELECT core_erase_from_audit(%s, %s)"
    for actor in (NOBODY, world.who("manager"), world.loop(), world.who("importer")):
        with pytest.raises(DatabaseError, match="only the platform operator"):
            ask(actor, erase, world.who("approver").user_id, [])
    assert ask(PLATFORM, erase, a_uuid(), ["nobody@invented.example"]) == [(0,)]
    assert ask(PLATFORM, erase, a_uuid(), ["p@invented.example"]) == [(1,)]
    with act_as(world.loop()):
        row = AuditRow.objects.get(act="thing.changed")
        assert (row.personal, row.salt, row.ip) == ({}, "", "")
        assert "sha256" in row.after["email"]


def test_the_use_of_a_grant_is_noted_by_its_broker_and_once_an_hour(world: World) -> None:
    other = make_world(2)
    last = clock.now().date() + dt.timedelta(days=30)
    with act_as(world.who("signatory")) as actor:
        grant = brokers.grant(actor, broker_id=world.broker.pk, valid_until=last)

    def used() -> dt.datetime | None:
        with act_as(world.who("signatory")):
            return Delegation.objects.get(pk=grant.pk).last_used_at

    note = "SELECT organizations_grants_used(%s)"
    for actor in (other.who("broker"), world.who("signatory"), world.who("manager"), world.who("importer"), NOBODY):
        ask(actor, note, [grant.pk])
        assert used() is None, actor.kind
    ask(world.who("broker"), note, [grant.pk])
    first = used()
    assert first is not None
    ask(world.who("broker"), note, [grant.pk])
    assert used() == first


def test_a_brokers_people_are_named_to_those_on_whose_behalf_they_acted(world: World) -> None:
    rival = make_client(world.certifier, "1010000099", "Invented Rival")
    strange = Identity(kind=Kind.EXPORTER, certifier_id=world.certifier.pk, client_id=rival.pk)
    other = make_world(2)
    with act_as(world.who("signatory")) as actor:
        brokers.grant(
            actor, broker_id=world.broker.pk, valid_until=clock.now().date() + dt.timedelta(days=30), scopes=["drafts"]
        )
    with act_as(world.who("broker")) as broker:
        draft = drafts.start(broker, exporter=str(world.client.pk))
    asked = "SELECT person, broker, on_behalf_of FROM organizations_acts_of_brokers(%s, %s)"
    values = (world.certifier.pk, str(draft.pk))
    found = [(world.members["broker"].user.name, world.broker.name, world.client.operation.name)]
    for role in ("signatory", "viewer", "reviewer", "auditor", "broker"):
        assert ask(world.who(role), asked, *values) == found, role
    for actor in (other.who("manager"), other.who("broker"), world.who("importer"), strange, NOBODY, CHECK):
        assert ask(actor, asked, *values) == [], actor.kind
    support = Identity(kind=Kind.SUPPORT, certifier_id=world.certifier.pk, user_id=a_uuid())
    assert ask(support, asked, *values) == []


def test_an_open_replacement_is_told_to_the_broker_who_ships(world: World) -> None:
    certificate = numbered(world)
    with act_as(world.loop()):
        Certificate.objects.filter(pk=certificate.pk).update(state="issued", issued_at=clock.now())
    draft = complete_draft(world, "100")
    with act_as(world.loop()):
        type(draft).objects.filter(pk=draft.pk).update(
            replaces_certificate_id=certificate.pk, state="submitted", submitted_at=clock.now()
        )
    asked = "SELECT requests_app_replacement_open(%s)"
    last = clock.now().date() + dt.timedelta(days=30)
    for scopes, answer in (([], False), (["drafts"], False), (["shipments"], True)):
        with act_as(world.who("signatory")) as actor:
            brokers.grant(actor, broker_id=world.broker.pk, valid_until=last, scopes=scopes)
        assert ask(world.who("broker"), asked, certificate.pk) == [(answer,)], scopes
    for actor in (make_world(2).who("broker"), world.who("importer"), world.who("signatory"), NOBODY):
        assert ask(actor, asked, certificate.pk) == [(False,)], actor.kind


def test_what_is_old_is_forgotten_by_a_loop_alone(world: World) -> None:
    for actor in (NOBODY, CHECK, PLATFORM, world.who("manager"), world.who("signatory"), world.who("importer")):
        assert ask(actor, "SELECT requests_app_forget_draft(%s, now())", a_uuid()) == [(None,)], actor.kind
        assert ask(actor, "SELECT oid_sync_forget_exchanges(now())") == [(0,)], actor.kind
