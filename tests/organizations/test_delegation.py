"""A grant to a broker: what it allows, until when, who gives and revokes it, who is told, and which day counts."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from core import clock
from core.errors import InvalidInput, NotPermitted, NotVisible
from core.identity import Identity, act_as
from core.models import AuditRow, Notification
from core.templatetags.portal_format import plain_day
from core.topics import render
from organizations import delegated
from organizations.domain import brokers
from organizations.grant_scopes import OF_EXPORTER, OF_IMPORTER, GrantScope
from organizations.models import Delegation
from tests.support.world import World, make_world

pytestmark = pytest.mark.django_db


def today() -> dt.date:
    return clock.now().date()


def in_days(days: int) -> dt.date:
    return today() + dt.timedelta(days=days)


def give(world: World, role: str = "signatory", days: int = 30, scopes: Any = (), **more: Any) -> Delegation:
    with act_as(world.who(role)) as actor:
        return brokers.grant(actor, broker_id=world.broker.pk, valid_until=in_days(days), scopes=scopes, **more)


def told(world: World, topic: str) -> list[tuple[str, str]]:
    """Audience and address of what was sent on a topic, as its loop reads it."""
    with act_as(Identity.loop(world.certifier.pk)):
        rows = Notification.objects.filter(topic=topic).order_by("audience")
        return [(row.audience, row.email) for row in rows]


class TestScopes:
    def test_the_certificates_are_always_in_it_and_the_order_is_that_of_the_field(self, world: World) -> None:
        assert give(world).scopes == ["certificates"]
        assert give(world, scopes=["shipments", "drafts"]).scopes == ["certificates", "drafts", "shipments"]
        assert give(world, "importer", scopes=["receipts"]).scopes == ["certificates", "receipts"]

    @pytest.mark.parametrize(("role", "scope"), [("signatory", "receipts"), ("importer", "drafts"), ("importer", "x")])
    def test_what_is_not_the_grantors_to_give_is_refused_at_its_field(
        self, world: World, role: str, scope: str
    ) -> None:
        with pytest.raises(InvalidInput) as refused:
            give(world, role, scopes=[scope])
        assert (refused.value.code, refused.value.field) == ("GRANT-SCOPES", "scopes")
        assert scope in str(refused.value.message)

    @pytest.mark.parametrize("scopes", [["receipts"], ["certificates", "receipts"], ["drafts"], []])
    def test_the_database_refuses_scopes_of_the_other_side_and_none_at_all(self, world: World, scopes: Any) -> None:
        with act_as(world.who("signatory")), pytest.raises(IntegrityError), transaction.atomic():
            Delegation(
                broker=world.broker, certifier=world.certifier, client=world.client, scopes=scopes,
                valid_from=today(), valid_until=in_days(1),
            ).save(force_insert=True)  # fmt: skip

    def test_each_side_is_offered_its_own(self, world: World) -> None:
        assert brokers.offered_scopes(world.who("importer")) == OF_IMPORTER
        assert brokers.offered_scopes(world.who("preparer")) == OF_EXPORTER
        assert brokers.offered_scopes(world.who("broker")) == brokers.offered_scopes(world.who("manager")) == ()


class TestWhoAndUntilWhen:
    @pytest.mark.parametrize("days", [-1, 367, 800])
    def test_the_last_day_is_today_at_the_earliest_and_a_year_from_now_at_the_latest(
        self, world: World, days: int
    ) -> None:
        with pytest.raises(InvalidInput) as refused:
            give(world, days=days)
        assert (refused.value.code, refused.value.field) == ("GRANT-DATES", "valid_until")
        assert today().isoformat() in str(refused.value.message)

    def test_a_year_is_the_same_day_of_the_next(self) -> None:
        assert brokers.last_day_of(dt.date(2026, 5, 4)) == dt.date(2027, 5, 4)
        assert brokers.last_day_of(dt.date(2028, 2, 29)) == dt.date(2029, 3, 1)

    @pytest.mark.parametrize("role", ["preparer", "viewer", "manager", "reviewer", "broker"])
    def test_nobody_but_signatory_and_importer_grants(self, world: World, role: str) -> None:
        with pytest.raises((NotPermitted, InvalidInput)):
            give(world, role)

    def test_a_second_grant_takes_the_place_of_the_first_which_stays_listed(self, world: World) -> None:
        first, second = give(world), give(world, scopes=["drafts"])
        with act_as(world.who("viewer")) as actor:
            rows = {row.pk: row.revoked_at for row in Delegation.objects.visible_to(actor)}
            assert rows[second.pk] is None
            assert rows[first.pk] is not None
            row = AuditRow.objects.get(act="delegation.changed")
        assert row.before["scopes"] == ["certificates"]
        assert row.after["scopes"] == ["certificates", "drafts"]

    def test_a_foreign_grant_is_not_there_to_revoke(self, world: World) -> None:
        grant, other = give(world), make_world(2)
        for role in ("signatory", "importer", "manager"):
            with act_as(other.who(role)) as actor, pytest.raises(NotVisible):
                brokers.revoke(actor, grant.pk)
        with act_as(world.who("preparer")) as actor, pytest.raises(NotPermitted):
            brokers.revoke(actor, grant.pk)

    def test_the_certifier_gives_no_grant_for_its_exporter_even_past_the_application(self, world: World) -> None:
        grant = give(world)
        for actor in (world.who("manager"), world.who("broker"), world.loop()):
            with act_as(actor):
                assert Delegation.objects.filter(pk=grant.pk).update(scopes=["certificates", "drafts"]) == 0


class TestTelling:
    @pytest.mark.parametrize(("role", "audience"), [("signatory", "client"), ("importer", "operation")])
    def test_both_sides_are_told_of_grant_change_and_revocation(self, world: World, role: str, audience: str) -> None:
        both = [(audience, ""), ("email", world.broker.email)]
        give(world, role)
        assert sorted(told(world, "delegation.granted")) == sorted(both)
        grant = give(world, role, scopes=[brokers.offered_scopes(world.who(role))[1].value])
        assert sorted(told(world, "delegation.changed")) == sorted(both)
        with act_as(world.who(role)) as actor:
            brokers.revoke(actor, grant.pk)
            brokers.revoke(actor, grant.pk)
        assert sorted(told(world, "delegation.revoked")) == sorted(both)

    @pytest.mark.parametrize(("role", "whose"), [("signatory", "certifier"), ("importer", "none")])
    def test_both_are_told_once_a_fortnight_before_the_end(self, world: World, role: str, whose: str) -> None:
        give(world, role, days=40)
        certifier_id = world.certifier.pk if whose == "certifier" else None
        assert brokers.warn_of_the_end(certifier_id) == 0
        with time_machine.travel(clock.now() + dt.timedelta(days=27), tick=False):
            assert [brokers.warn_of_the_end(certifier_id) for _ in range(2)] == [1, 0]
            # of importers and of exporters, each by its own loop
            assert brokers.warn_of_the_end(None if certifier_id else world.certifier.pk) == 0
        assert len(told(world, "delegation.ends")) == 2

    def test_whoever_granted_for_a_few_days_knows_the_end(self, world: World) -> None:
        give(world, days=10)
        assert brokers.warn_of_the_end(world.certifier.pk) == 0

    def test_the_message_names_both_what_is_allowed_and_the_end(self, world: World) -> None:
        grant = give(world, scopes=["drafts"])
        with act_as(world.loop()):
            row = Notification.objects.get(topic="delegation.granted", audience="client")
        message = render(row, "en", "")
        for word in (
            world.broker.name,
            world.client.operation.name,
            plain_day(grant.valid_until),
            "drafts of requests",
        ):
            assert word in message.subject + message.body
        assert "shipments" not in message.body
        assert message.link == reverse("organizations:delegations")
        assert "borradores" in render(row, "es", "").body


class TestTheDay:
    """The application and the row policies mean the same day: UTC's, whatever the session's time zone is."""

    @pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "America/Lima"])
    def test_postgresql_and_python_have_the_same_today(self, zone: str) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('TimeZone', %s, true)", [zone])
            before = delegated.today()
            cursor.execute("SELECT portal_today()")
            (day,) = cursor.fetchone()
            assert before <= day <= delegated.today()

    @pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
    @pytest.mark.parametrize(("first", "last", "counts"), [(0, 0, True), (1, 2, False), (-2, -1, False), (-1, 0, True)])
    def test_a_grant_counts_on_the_same_days_for_both(
        self, world: World, zone: str, first: int, last: int, counts: bool
    ) -> None:
        with act_as(world.who("signatory")):
            Delegation(
                broker=world.broker, certifier=world.certifier, client=world.client, valid_from=in_days(first),
                valid_until=in_days(last),
            ).save(force_insert=True)  # fmt: skip
        with act_as(world.who("broker")) as broker, connection.cursor() as cursor:
            cursor.execute("SELECT set_config('TimeZone', %s, true)", [zone])
            cursor.execute("SELECT portal_delegated_clients('{certificates}')")
            (keys,) = cursor.fetchone()
            assert keys == ([world.client.pk] if counts else [])
            assert delegated.live(broker).exists() is counts

    def test_no_database_function_of_ours_asks_for_the_sessions_day(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosrc ~* 'current_date'"
                " AND prosrc ~* 'delegation'"
            )
            assert cursor.fetchall() == []


class TestPage:
    def test_a_grant_is_given_changed_and_revoked_on_the_page(self, world: World) -> None:
        browser, url = world.browser("signatory"), reverse("organizations:delegations")
        form = {
            "act": "grant",
            "broker": str(world.broker.pk),
            "scopes": ["drafts"],
            "valid_until": in_days(60).isoformat(),
        }
        assert browser.post(url, form).status_code == 302
        text = browser.get(url).content.decode()
        for word in ("Prepare drafts of requests", "never", world.members["signatory"].user.name, "Revoke"):
            assert word in text, word
        with act_as(world.who("signatory")):
            grant = Delegation.objects.get()
        assert grant.scopes == ["certificates", "drafts"]
        assert browser.post(reverse("organizations:delegation_revoke", args=[grant.pk])).status_code == 302
        assert "Revoked" in browser.get(url).content.decode()

    def test_a_refusal_says_what_where_and_how(self, world: World) -> None:
        browser, url = world.browser("signatory"), reverse("organizations:delegations")
        form = {"act": "grant", "broker": str(world.broker.pk), "valid_until": in_days(900).isoformat()}
        text = browser.post(url, form).content.decode()
        assert "a grant lasts a year at most" in text
        assert 'href="#id_valid_until"' in text
        text = browser.post(url, {"act": "grant", "broker": str(world.broker.pk)}).content.decode()
        assert 'href="#id_valid_until"' in text

    def test_the_broker_sees_for_whom_it_acts_also_after_the_end_and_no_person(self, world: World) -> None:
        grant = give(world, scopes=["drafts"])
        browser = world.browser("broker")
        text = browser.get(reverse("organizations:delegations")).content.decode()
        assert world.client.operation.name in text
        assert world.members["signatory"].user.name not in text
        with act_as(world.who("signatory")) as actor:
            brokers.revoke(actor, grant.pk)
        text = browser.get(reverse("organizations:delegations")).content.decode()
        assert world.client.operation.name in text
        assert "Revoked" in text


def test_words_for_each_scope() -> None:
    assert all(str(scope.label) for scope in GrantScope)
