"""What each kind of identity reads and writes where nothing but PostgreSQL stands in the way: no filter, no view."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db import DatabaseError, IntegrityError, connection, models, transaction

from certificates.models import Certificate, CertificateDocument, Shipment
from core import clock, ids, rows
from core.identity import NOBODY, Identity, Kind, act_as
from core.models import AuditRow, Delivery, Notification
from organizations.models import (
    Broker,
    Certifier,
    CertifierSettings,
    Delegation,
    Invitation,
    Membership,
    Operation,
    User,
)
from organizations.roles import Role
from pvf.models import HtsCode
from tests.support.certificates import numbered
from tests.support.world import PLATFORM, World, make_client, make_exporter_people, make_world

pytestmark = pytest.mark.django_db
REFUSED = "row-level security"


def refused(actor: Identity, row: models.Model) -> bool:
    """Whether PostgreSQL refuses the new row to the actor."""
    try:
        with act_as(actor):
            # as the domain writes: what PostgreSQL fills in is not asked for, since not everybody reads what they write
            rows.insert(row)
    except DatabaseError as error:
        if REFUSED not in str(error):
            raise
        return True
    return False


def changed(actor: Identity, rows: models.QuerySet[Any], **values: Any) -> int:
    """How many rows the actor's UPDATE changes: none that it does not see, none that it may not change."""
    try:
        with act_as(actor):
            return rows.all().update(**values)
    except DatabaseError as error:
        if REFUSED not in str(error):
            raise
        return 0


# --- people


@pytest.fixture
def rivals(world: World) -> dict[str, Membership]:
    """The people of another exporter of the same certifier."""
    return make_exporter_people(make_client(world.certifier, "1010000099", "Invented Rival"), "rival")


def people_seen(actor: Identity) -> set[uuid.UUID]:
    with act_as(actor):
        return set(User.objects.values_list("pk", flat=True))


def test_people_are_seen_by_whoever_shares_an_organisation_with_them(
    world: World, rivals: dict[str, Membership]
) -> None:
    other = make_world(2)
    members = {role: row.user_id for role, row in world.members.items()}
    staff = {members[role] for role in ("reviewer", "approver", "manager", "auditor")}
    exporter = {members[role] for role in ("preparer", "signatory", "viewer")}
    theirs = {row.user_id for row in rivals.values()}
    assert people_seen(world.who("reviewer")) == staff | exporter | theirs
    assert people_seen(world.who("signatory")) == exporter
    # both importers' people act for the same operation
    assert people_seen(world.who("importer")) == {members["importer"], other.members["importer"].user_id}
    assert people_seen(world.who("broker")) == {members["broker"]}
    alone = Identity(kind=Kind.PERSON, user_id=members["viewer"])
    assert people_seen(alone) == {members["viewer"]}
    assert people_seen(Identity(kind=Kind.CHECK)) == people_seen(PLATFORM) == set()


@pytest.mark.parametrize("model", [EmailAddress, Authenticator])
def test_addresses_and_second_steps_are_a_persons_own(
    world: World, rivals: dict[str, Membership], model: type[models.Model]
) -> None:
    for row in (*rivals.values(), *world.members.values()):
        with act_as(NOBODY):
            if model is EmailAddress:
                EmailAddress.objects.create(user=row.user, email=row.user.email, verified=True, primary=True)
            else:
                Authenticator.objects.create(user=row.user, type=Authenticator.Type.TOTP, data={"secret": "x"})
    for role in ("signatory", "importer", "broker"):
        with act_as(world.who(role)):
            assert set(model._default_manager.values_list("user_id", flat=True)) == {world.members[role].user_id}
    with act_as(world.who("manager")):
        seen = set(model._default_manager.values_list("user_id", flat=True))
        assert {rivals["viewer"].user_id, world.members["preparer"].user_id} <= seen
        assert world.members["importer"].user_id not in seen
        # seen, not changed
        mine = model._default_manager.exclude(user=world.members["manager"].user)
        assert mine._raw_delete("default") == 0  # type: ignore[attr-defined]


def test_nobody_changes_another_person_or_makes_themselves_an_operator(world: World) -> None:
    colleague = User.objects.filter(pk=world.members["reviewer"].user_id)
    assert changed(world.who("manager"), colleague, email="taken@over.example") == 0
    mine = User.objects.filter(pk=world.members["manager"].user_id)
    assert changed(world.who("manager"), mine, language="es") == 1
    with (
        act_as(world.who("manager")),
        pytest.raises(IntegrityError, match="only a platform operator"),
        transaction.atomic(),
    ):
        mine.update(is_platform_operator=True)


# --- what is everybody's to read is its keeper's to write


def test_the_directory_is_written_by_its_keeper_alone_and_locked_by_whoever_decides(world: World) -> None:
    importer = Operation.objects.filter(pk=world.importer.pk)
    for role in ("manager", "signatory", "importer", "broker"):
        assert changed(world.who(role), importer, status="Suspended") == 0, role
        with act_as(world.who(role)), connection.cursor() as cursor:
            cursor.execute("SELECT id FROM organizations_operation WHERE id = %s FOR SHARE", [world.importer.pk])
            assert cursor.rowcount == 1
    assert changed(NOBODY, importer, status="Suspended") == 0
    assert changed(Identity.loop(world.certifier.pk), importer, status="Suspended") == 0
    assert changed(PLATFORM, importer, city="Elsewhere") == 1
    assert changed(Identity.loop(), importer, city="Newark") == 1


def test_a_certifier_is_made_by_the_operator_and_changed_by_itself(world: World) -> None:
    other = make_world(2)
    mine = Certifier.objects.filter(pk=world.certifier.pk)
    assert changed(world.who("manager"), mine, address="Elsewhere") == 1
    for actor in (other.who("manager"), world.who("signatory"), world.who("importer"), NOBODY):
        assert changed(actor, mine, name="Taken Over") == 0
    fresh = {"name": "New", "slug": "new", "code": "999", "country": "PE", "time_zone": "UTC"}
    assert refused(world.who("manager"), Certifier(**fresh))
    assert not refused(PLATFORM, Certifier(**fresh))


def test_brokers_and_the_tariff_have_their_keepers_too(world: World) -> None:
    assert refused(world.who("reviewer"), Broker(name="By staff"))
    assert refused(NOBODY, Broker(name="By nobody"))
    assert not refused(world.who("signatory"), Broker(name="Brought by an exporter"))
    brokers = Broker.objects.filter(pk=world.broker.pk)
    assert changed(world.who("signatory"), brokers, email="mine@now.example") == 0
    assert changed(world.who("broker"), brokers, email="desk@new.example") == 1
    for actor in (world.who("manager"), world.who("signatory"), NOBODY):
        assert refused(actor, HtsCode(code="0901110099", description="Mine"))


# --- nobody lets themselves in


def test_the_platform_operator_reads_no_people_and_makes_no_member(world: World) -> None:
    operator = User.objects.create_user("op@portal.example", None, name="Op", is_platform_operator=True)
    actor = Identity(kind=Kind.PLATFORM, user_id=operator.pk)
    with act_as(actor):
        for model in (Membership, Invitation, CertifierSettings, Delegation, AuditRow, Notification):
            assert not model._default_manager.exists(), model
    me = Membership(user=operator, side=Membership.Side.CERTIFIER, certifier=world.certifier, roles=[Role.MANAGER])
    assert refused(actor, me)
    assert refused(actor, CertifierSettings(certifier=world.certifier, version=7, values={"four_eyes": False}))


def test_an_organisation_lets_its_own_people_in_and_no_other_does(world: World) -> None:
    other = make_world(2)
    guest = User.objects.create_user("guest@portal.example", None, name="Guest")
    into_certifier = {"side": Membership.Side.CERTIFIER, "certifier": world.certifier, "roles": [Role.MANAGER]}
    for actor in (other.who("manager"), world.who("signatory"), world.who("importer"), NOBODY, Identity.loop()):
        assert refused(actor, Membership(user=guest, **into_certifier)), actor.kind
    into_importer = {"side": Membership.Side.IMPORTER, "operation": world.importer, "roles": [Role.IMPORTER]}
    for actor in (world.who("manager"), world.who("broker"), Identity.loop(world.certifier.pk)):
        assert refused(actor, Membership(user=guest, **into_importer)), actor.kind


def test_only_importer_and_exporter_delegate(world: World) -> None:
    days = {"valid_from": clock.now().date(), "valid_until": clock.now().date() + dt.timedelta(days=30)}
    by_client = {"broker": world.broker, "certifier": world.certifier, "client": world.client, **days}
    by_importer = {"broker": world.broker, "operation": world.importer, **days}
    for actor in (world.who("manager"), world.who("importer"), world.who("broker"), world.loop()):
        assert refused(actor, Delegation(**by_client)), actor.kind
    for actor in (world.who("manager"), world.who("signatory"), world.who("broker")):
        assert refused(actor, Delegation(**by_importer)), actor.kind
    assert not refused(world.who("signatory"), Delegation(**by_client))
    assert not refused(world.who("importer"), Delegation(**by_importer))


# --- audit and notifications: each act as the act of whoever did it


def audit_row(actor: Identity, **values: Any) -> AuditRow:
    fields = {
        "actor_kind": actor.kind.value, "actor_id": actor.user_id, "certifier_id": actor.certifier_id,
        "client_id": actor.client_id, "act": "test.act", "object_type": "test", "object_id": "1",
    }  # fmt: skip
    return AuditRow(**fields | values)


def test_nobody_writes_an_audit_row_in_anothers_name(world: World) -> None:
    other = make_world(2)
    elses = world.members["approver"].user_id
    for role in ("reviewer", "signatory", "importer", "broker"):
        actor = world.who(role)
        assert not refused(actor, audit_row(actor)), role
        assert refused(actor, audit_row(actor, actor_id=elses)), role
        assert refused(actor, audit_row(actor, certifier_id=other.certifier.pk)), role
    exporter = world.who("signatory")
    assert refused(exporter, audit_row(exporter, client_id=None))
    assert refused(exporter, audit_row(exporter, client_id=other.client.pk))
    assert refused(NOBODY, audit_row(NOBODY, certifier_id=world.certifier.pk))
    assert not refused(NOBODY, audit_row(NOBODY))


def test_an_importer_writes_about_a_certificate_that_it_sees_and_no_other(world: World) -> None:
    waiting = numbered(world)
    importer = world.who("importer")
    about = {"certifier_id": world.certifier.pk, "object_type": "certificate", "object_id": str(waiting.pk)}
    assert refused(importer, audit_row(importer, **about))
    with act_as(world.loop()):
        Certificate.objects.filter(pk=waiting.pk).update(state="issued", issued_at=clock.now())
    assert not refused(importer, audit_row(importer, **about))
    assert refused(importer, audit_row(importer, **about | {"object_id": str(ids.new_id())}))
    assert refused(importer, audit_row(importer, **about | {"certifier_id": make_world(2).certifier.pk}))
    assert refused(importer, audit_row(importer, **about | {"object_id": "no id at all"}))


def test_nobody_sends_in_another_certifiers_name(world: World) -> None:
    other = make_world(2)

    def letter(certifier_id: uuid.UUID | None) -> Notification:
        return Notification(
            certifier_id=certifier_id, topic="test", audience="email", email="x@y.example", object_type="test"
        )

    for role in ("reviewer", "signatory"):
        assert not refused(world.who(role), letter(world.certifier.pk))
        assert refused(world.who(role), letter(other.certifier.pk))
    for actor in (world.who("importer"), world.who("broker"), NOBODY, Identity(kind=Kind.CHECK)):
        assert refused(actor, letter(world.certifier.pk)), actor.kind
    with act_as(world.who("manager")):
        assert not Notification.objects.exists()
        assert Notification.objects.update(state="sent") == 0
    with act_as(world.loop()):
        sent = Notification.objects.filter(topic="test").first()
    assert sent is not None
    mine = Delivery(notification=sent, email="x@y.example", subject="s", body="b", user=world.members["viewer"].user)
    assert refused(world.who("viewer"), mine)
    assert not refused(world.loop(), mine)


# --- brokers: until the grant's last day, and not a moment after it is taken back


def broker_sees(world: World) -> int:
    with act_as(world.who("broker")):
        return Certificate.objects.count() + CertificateDocument.objects.count() + Shipment.objects.count()


@pytest.mark.parametrize("grantor", ["importer", "signatory"])
def test_a_broker_sees_from_the_first_day_of_a_grant_to_its_last(world: World, grantor: str) -> None:
    certificate = numbered(world)
    with act_as(world.loop()):
        Certificate.objects.filter(pk=certificate.pk).update(state="issued", issued_at=clock.now())
    party = (
        {"operation": world.importer}
        if grantor == "importer"
        else {"certifier": world.certifier, "client": world.client}
    )
    today = clock.now().date()
    grant = Delegation(broker=world.broker, valid_from=today, valid_until=today, **party)
    assert broker_sees(world) == 0
    assert not refused(world.who(grantor), grant)
    assert broker_sees(world) == 1
    with act_as(make_world(2).who("broker")):
        assert Certificate.objects.count() == 0
    day = dt.timedelta(days=1)
    row = Delegation.objects.filter(pk=grant.pk)
    assert changed(world.who(grantor), row, valid_from=today + day, valid_until=today + day) == 1
    assert broker_sees(world) == 0
    assert changed(world.who(grantor), row, valid_from=today - day, valid_until=today - day) == 1
    assert broker_sees(world) == 0
    assert changed(world.who(grantor), row, valid_until=today) == 1
    assert broker_sees(world) == 1
    assert changed(world.who(grantor), row, revoked_at=clock.now()) == 1
    assert broker_sees(world) == 0
