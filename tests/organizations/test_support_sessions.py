"""A support session: the platform operator reads one certifier's data, for a reason and a time, and writes nothing."""

from __future__ import annotations

import datetime as dt
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, connection, transaction
from django.test import Client as Browser
from django.urls import get_resolver, reverse

from certificates.models import SigningKey
from core import clock
from core.errors import Conflict, InvalidInput, NotPermitted, NotVisible
from core.identity import Identity, Kind, act_as
from core.models import AuditRow, Notification
from oid_sync.models import OidConnection
from organizations.access import STAFF, audience_of
from organizations.domain import support
from organizations.identity import SUPPORT_KEY, support_identity
from organizations.models import Client, Membership, SupportSession, User
from organizations.roles import Role
from pvf.models import PVF, Balance
from requests_app.models import Request
from tests.support.stages import submitted
from tests.support.world import World, make_world, sign_in_user

pytestmark = pytest.mark.django_db
REASON = "Ticket 41: a balance is shown wrongly."


@pytest.fixture
def operator() -> User:
    return User.objects.create_user("operator@portal.example", None, name="Olga Operator", is_platform_operator=True)


def as_operator(user: User) -> Identity:
    return Identity(kind=Kind.PLATFORM, user_id=user.pk)


def opened(world: World, operator: User, minutes: int = 60) -> SupportSession:
    with act_as(as_operator(operator)) as actor:
        return support.open_session(actor, world.certifier.pk, reason=REASON, minutes=minutes)


def browser_of(operator: User, session: SupportSession | None = None) -> Browser:
    browser = Browser()
    sign_in_user(browser, operator)
    if session is not None:
        kept = browser.session
        kept[SUPPORT_KEY] = str(session.pk)
        kept.save()
    return browser


def seen(actor: Identity) -> set[str]:
    """Which tables show the actor a row, with no filter at all."""
    models = (Client, Membership, PVF, Balance, Request, AuditRow)
    with act_as(actor):
        return {model.__name__ for model in models if model._default_manager.exists()}


EVERYTHING = {"Client", "Membership", "PVF", "Balance", "Request", "AuditRow"}


def test_only_a_platform_operator_opens_one_with_a_reason_and_for_a_time(world: World, operator: User) -> None:
    for role in ("manager", "signatory", "importer"):
        with act_as(world.who(role)) as actor, pytest.raises(NotPermitted):
            support.open_session(actor, world.certifier.pk, reason=REASON, minutes=60)
    impostor = Identity(kind=Kind.PLATFORM, user_id=world.members["manager"].user_id)
    with act_as(impostor), pytest.raises(NotPermitted):
        support.open_session(impostor, world.certifier.pk, reason=REASON, minutes=60)
    with act_as(as_operator(operator)) as actor:
        for wrong in ({"reason": "because"}, {"minutes": 4}, {"minutes": 481}):
            with pytest.raises(InvalidInput):
                support.open_session(actor, world.certifier.pk, **{"reason": REASON, "minutes": 60} | wrong)
        assert not SupportSession.objects.exists()


def test_while_it_is_open_every_row_of_that_certifier_is_read_and_none_of_another(world: World, operator: User) -> None:
    submitted(world)
    other = make_world(2)
    assert seen(as_operator(operator)) == set()
    actor = support_identity(opened(world, operator))
    assert seen(actor) == EVERYTHING
    with act_as(actor):
        assert set(Client.objects.values_list("certifier_id", flat=True)) == {world.certifier.pk}
    elsewhere = Identity(kind=Kind.SUPPORT, user_id=operator.pk, certifier_id=other.certifier.pk)
    assert seen(elsewhere) == set()


def test_without_a_row_that_is_open_postgresql_shows_nothing_whatever_the_application_says(
    world: World, operator: User
) -> None:
    submitted(world)
    claimed = Identity(kind=Kind.SUPPORT, user_id=operator.pk, certifier_id=world.certifier.pk)
    assert seen(claimed) == set()
    row = opened(world, operator)
    assert seen(claimed) == EVERYTHING
    stranger = User.objects.create_user("second@portal.example", None, name="Second", is_platform_operator=True)
    assert seen(Identity(kind=Kind.SUPPORT, user_id=stranger.pk, certifier_id=world.certifier.pk)) == set()
    with act_as(as_operator(operator)) as actor:
        support.end_session(actor, row.pk)
    assert seen(claimed) == set()


def test_a_session_that_has_run_out_shows_nothing(world: World, operator: User) -> None:
    submitted(world)
    with act_as(as_operator(operator)):
        now = clock.now()
        # as the clock of the database has it: a session of long ago cannot even be written
        late = SupportSession(
            certifier=world.certifier, operator=operator, operator_name="Olga", reason=REASON,
            opened_at=now - dt.timedelta(hours=2), expires_at=now - dt.timedelta(hours=1),
        )  # fmt: skip
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            late.save(force_insert=True)
        short = SupportSession(
            certifier=world.certifier, operator=operator, operator_name="Olga", reason=REASON,
            opened_at=now, expires_at=now + dt.timedelta(milliseconds=300),
        )  # fmt: skip
        short.save(force_insert=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.4)")
    assert seen(support_identity(short)) == set()


@pytest.mark.parametrize(
    ("verb", "statement"),
    [
        ("UPDATE", "UPDATE requests_app_request SET label_name = 'x'"),
        ("UPDATE", "UPDATE organizations_client SET reference = 'x'"),
        ("UPDATE", "UPDATE organizations_membership SET roles = '{manager}'"),
        ("DELETE", "DELETE FROM requests_app_requestinvoice"),
    ],
)
def test_the_database_lets_it_write_nothing(world: World, operator: User, verb: str, statement: str) -> None:
    submitted(world)
    with act_as(support_identity(opened(world, operator))), connection.cursor() as cursor:
        cursor.execute(statement)
        assert cursor.rowcount == 0, verb


def test_the_database_lets_it_add_nothing_and_move_no_kilogram(world: World, operator: User) -> None:
    actor = support_identity(opened(world, operator))
    with act_as(actor), pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
        Membership(user=operator, side=Membership.Side.CERTIFIER, certifier=world.certifier, roles=[Role.MANAGER]).save(
            force_insert=True
        )
    with (
        act_as(actor),
        pytest.raises(DatabaseError, match="no such PVF line"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "SELECT pvf_move(gen_random_uuid(), %s, 'outside', 'available', 5, '', NULL, '', NULL, 'authorise', '',"
            " 'support', NULL)",
            [world.line.pk],
        )


def test_keys_are_not_part_of_it(world: World, operator: User) -> None:
    with act_as(world.loop()):
        OidConnection(certifier=world.certifier, encrypted_key=b"a key").save(force_insert=True)
        SigningKey(
            certifier=world.certifier, encrypted_pkcs12=b"a key", subject="CN=Invented", fingerprint_sha256="0" * 64,
            not_after=clock.now(),
        ).save(force_insert=True)  # fmt: skip
    for actor, shown in ((world.who("auditor"), True), (support_identity(opened(world, operator)), False)):
        with act_as(actor):
            assert OidConnection.objects.exists() is SigningKey.objects.exists() is shown


def test_opening_and_ending_are_on_record_and_the_managers_are_told(world: World, operator: User) -> None:
    row = opened(world, operator)
    with act_as(as_operator(operator)) as actor:
        assert support.open_session(actor, world.certifier.pk, reason=REASON, minutes=30).pk == row.pk
        support.end_session(actor, row.pk)
        support.end_session(actor, row.pk)
    with act_as(world.who("auditor")):
        acts = AuditRow.objects.filter(object_type="support_session").order_by("at")
        assert [(r.act, r.actor_id) for r in acts] == [("support.opened", operator.pk), ("support.ended", operator.pk)]
        assert acts[0].after["reason"] == REASON
    with act_as(world.loop()):
        told = Notification.objects.filter(object_type="support_session").order_by("created_at")
        assert [(n.topic, n.audience_roles) for n in told] == [
            ("support.opened", ["manager"]), ("support.ended", ["manager"]),
        ]  # fmt: skip


def test_one_session_at_a_time(world: World, operator: User) -> None:
    opened(world, operator)
    other = make_world(2)
    with act_as(as_operator(operator)) as actor, pytest.raises(Conflict, match="SUPPORT-OPEN"):
        support.open_session(actor, other.certifier.pk, reason=REASON, minutes=60)


def test_a_manager_ends_it_at_once_an_auditor_may_not_and_another_certifier_does_not_see_it(
    world: World, operator: User
) -> None:
    row = opened(world, operator)
    other = make_world(2)
    with act_as(other.who("manager")) as actor, pytest.raises(NotVisible):
        support.end_session(actor, row.pk)
    with act_as(world.who("auditor")) as actor, pytest.raises(NotPermitted):
        support.end_session(actor, row.pk)
    page = world.browser("manager").get(reverse("organizations:support_log")).content.decode()
    assert REASON in page
    assert "Olga Operator" in page
    assert REASON not in other.browser("manager").get(reverse("organizations:support_log")).content.decode()
    answer = world.browser("manager").post(reverse("organizations:support_end", args=[row.pk]))
    assert answer.status_code == 302
    assert browser_of(operator, row).get(reverse("organizations:clients")).status_code == 403


def test_an_ended_session_is_not_taken_up_again(world: World, operator: User) -> None:
    row = opened(world, operator)
    with act_as(as_operator(operator)) as actor:
        support.end_session(actor, row.pk)
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            SupportSession.objects.filter(pk=row.pk).update(ended_at=None)
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            SupportSession.objects.filter(pk=row.pk).update(expires_at=clock.now())
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            SupportSession.objects.filter(pk=row.pk).delete()


def test_the_operators_way_through_the_pages(world: World, operator: User) -> None:
    submitted(world)
    browser = browser_of(operator)
    answer = browser.post(
        reverse("organizations:support"), {"certifier": str(world.certifier.pk), "reason": REASON, "minutes": "60"}
    )
    assert answer.status_code == 302, answer.content.decode()
    page = browser.get(reverse("organizations:client", args=[world.client.pk]))
    assert page.status_code == 200
    assert "You can change nothing" in page.content.decode()
    row_id = browser.session[SUPPORT_KEY]
    again = browser_of(operator)
    assert again.get(reverse("organizations:clients")).status_code == 403
    assert again.post(reverse("organizations:support_enter", args=[row_id])).status_code == 302
    assert again.get(reverse("organizations:clients")).status_code == 200
    refused = browser.post(
        reverse("organizations:client", args=[world.client.pk]), {"act": "change", "own_status": "Suspended"}
    )
    assert refused.status_code == 403
    assert browser.post(reverse("organizations:support_end", args=[row_id])).status_code == 302
    assert browser.get(reverse("organizations:clients")).status_code == 403
    assert again.get(reverse("organizations:clients")).status_code == 403
    assert again.post(reverse("organizations:support_enter", args=[row_id])).status_code == 404


def test_each_page_that_is_read_is_on_record(world: World, operator: User) -> None:
    browser = browser_of(operator, opened(world, operator))
    path = reverse("organizations:client", args=[world.client.pk])
    assert browser.get(path).status_code == 200
    with act_as(world.who("auditor")):
        row = AuditRow.objects.get(act="support.read")
        assert (row.actor_id, row.object_id, row.after) == (operator.pk, "organizations:client", {"path": path})
        assert row.on_behalf_of.startswith("support session ")


def _pages_of_an_auditor() -> list[str]:
    """Addresses without arguments that an auditor may open, from the URLconf."""
    found = []
    for name in ("organizations", "review", "requests", "pvf", "certificates", "oid_sync"):
        resolver = next(r for r in get_resolver().url_patterns if getattr(r, "namespace", None) == name)
        for entry in resolver.url_patterns:
            key = f"{name}:{getattr(entry, 'name', None)}"
            audience = audience_of(key)
            if audience and audience & STAFF & {Role.AUDITOR} and "<" not in str(entry.pattern):
                found.append(reverse(key))
    return found


def test_every_page_that_an_auditor_may_open_opens_in_a_session(world: World, operator: User) -> None:
    submitted(world)
    browser = browser_of(operator, opened(world, operator))
    auditor = world.browser("auditor")
    paths = _pages_of_an_auditor()
    assert len(paths) > 8
    for path in paths:
        asked = auditor.get(path).status_code
        answer = browser.get(path).status_code
        # what is a person's own (API keys) is nobody's here
        assert answer == asked or (answer in {403, 404} and "keys" in path), (path, asked, answer)


def test_the_command_opens_lists_and_ends(world: World, operator: User) -> None:
    def run(act: str, **options: str) -> str:
        out = StringIO()
        call_command("support_session", act, operator=operator.email, stdout=out, **options)
        return out.getvalue()

    assert "open, Olga Operator" in run("open", certifier=world.certifier.slug, reason=REASON)
    assert "open" in run("list")
    assert "ended" in run("end", certifier=world.certifier.slug)
    with pytest.raises(CommandError, match="SUPPORT-REASON"):
        run("open", certifier=world.certifier.slug, reason="no")
    with pytest.raises(CommandError, match="PLATFORM-ONLY"):
        call_command(
            "support_session", "open", operator=world.members["manager"].user.email, certifier=world.certifier.slug,
            reason=REASON,
        )  # fmt: skip
