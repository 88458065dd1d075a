"""The second net: PostgreSQL shows no foreign row even when the application forgets its filter."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connection, models

from core.identity import NOBODY, Identity, act_as
from core.policy import declared_tables, undeclared_tables
from organizations.identity import identity_of
from organizations.models import Client
from organizations.tenancy import TenantQuerySet, find
from tests.support.world import World, make_client, make_exporter_people, make_line, make_world

#: Columns that make a table one of a tenant.
TENANT_COLUMNS = {"certifier_id", "client_id"}


@pytest.mark.django_db
def test_every_table_is_declared() -> None:
    assert undeclared_tables(connection) == set()


@pytest.mark.django_db
def test_every_declared_table_is_in_the_database() -> None:
    with connection.cursor() as cursor:
        present = set(connection.introspection.table_names(cursor))
    assert {table.name for table in declared_tables()} - present == set()


@pytest.mark.django_db
def test_every_table_with_a_tenants_column_has_row_security_switched_on() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, c.relrowsecurity, (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid)"
            " FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND EXISTS"
            " (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = ANY(%s) AND NOT a.attisdropped)",
            [list(TENANT_COLUMNS)],
        )
        rows = cursor.fetchall()
    assert len(rows) > 20
    assert [name for name, enabled, policies in rows if not enabled or not policies] == []


@pytest.mark.django_db
def test_tables_without_row_policy_say_why_and_hold_nothing_of_a_tenant() -> None:
    open_tables = {table.name for table in declared_tables() if table.open_because}
    for model in apps.get_models(include_auto_created=True):
        if model._meta.db_table in open_tables:
            columns = {field.column for field in model._meta.fields}
            assert not columns & TENANT_COLUMNS, model


def _tenant_models() -> list[type[models.Model]]:
    closed = {table.name for table in declared_tables() if not table.open_because}
    return [
        model
        for model in apps.get_models()
        if model._meta.db_table in closed and any(field.column == "certifier_id" for field in model._meta.fields)
    ]


def _everything_seen(actor: Identity) -> dict[str, set[tuple[object, object]]]:
    """(certifier, client) of every row of every tenant table that ``actor`` sees with no filter at all."""
    seen = {}
    with act_as(actor):
        for model in _tenant_models():
            has_client = any(field.column == "client_id" for field in model._meta.fields)
            columns = ["certifier_id", "client_id"] if has_client else ["certifier_id", "certifier_id"]
            seen[model._meta.label] = set(model._default_manager.values_list(*columns))
    return seen


@pytest.mark.django_db
def test_two_certifiers_see_nothing_of_each_other_in_any_table_without_a_filter() -> None:
    one, two = make_world(1), make_world(2)
    filled = set()
    for world in (one, two):
        for role in ("reviewer", "approver", "manager", "auditor", "preparer", "signatory", "viewer"):
            for label, rows in _everything_seen(world.who(role)).items():
                assert {certifier for certifier, _ in rows} <= {world.certifier.pk, None}, (role, label)
                filled |= {label} if rows else set()
    assert {"organizations.Client", "organizations.Membership", "pvf.PVF", "pvf.Balance"} <= filled


@pytest.mark.django_db
def test_two_clients_of_one_certifier_see_nothing_of_each_other_in_any_table_without_a_filter(world: World) -> None:
    rival = make_client(world.certifier, "1010000099", "Invented Rival")
    make_line(rival, 1000)
    people = make_exporter_people(rival, "rival")
    for actor, own in ((world.who("signatory"), world.client.pk), (identity_of(people["signatory"]), rival.pk)):
        for label, rows in _everything_seen(actor).items():
            clients = {client for _, client in rows}
            if label == "organizations.Client":
                with act_as(actor):
                    assert set(Client.objects.values_list("pk", flat=True)) == {own}
            elif label != "organizations.CertifierSettings":
                assert clients <= {own, None}, label


@pytest.mark.django_db
def test_nobody_and_people_without_a_membership_see_no_row_of_any_tenant(world: World) -> None:
    stranger = Identity(kind=NOBODY.kind)
    for label, rows in _everything_seen(stranger).items():
        assert rows == set(), label
    for label, rows in _everything_seen(Identity(kind=world.who("importer").kind)).items():
        assert rows == set(), label


@pytest.mark.django_db
def test_with_the_applications_filter_patched_out_postgresql_still_answers_404(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_world(2)
    monkeypatch.setattr(TenantQuerySet, "visible_to", lambda self, actor: self.all())
    with act_as(world.who("manager")):
        assert find(Client.objects.all(), world.who("manager"), world.client.pk) == world.client
    browser = other.browser("manager")
    for url in (
        f"/organization/clients/{world.client.pk}/",
        f"/organization/people/{world.members['reviewer'].pk}/",
        f"/organization/people/{world.members['signatory'].pk}/",
    ):
        assert browser.get(url).status_code == 404
    assert world.client.operation.name not in browser.get("/organization/clients/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("verb", ["UPDATE core_auditrow SET act = 'x'", "DELETE FROM core_auditrow"])
def test_audit_rows_can_be_neither_changed_nor_removed(world: World, verb: str) -> None:
    with (
        act_as(world.who("manager")),
        pytest.raises(Exception, match="permission denied"),
        act_as(world.who("manager")),
        connection.cursor() as cursor,
    ):
        cursor.execute(verb)
