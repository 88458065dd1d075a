"""The identity ends with its transaction: nothing leaks over a connection that is used again."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.db import DatabaseError, connection

from core.identity import NOBODY, Identity, Kind, act_as, assume, current
from core.role_guard import role_faults
from organizations.models import Client, Membership
from tests.support import databases
from tests.support.world import World, make_world


def _seen_by_postgres() -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT portal_kind(), coalesce(portal_certifier()::text, '')")
        kind, certifier = cursor.fetchone()
    return kind, certifier


@pytest.mark.django_db(transaction=True)
def test_an_identity_ends_with_its_commit_and_the_same_connection_shows_nothing_afterwards() -> None:
    world = make_world()
    with act_as(world.who("manager")):
        assert Client.objects.count() == 1
        assert _seen_by_postgres() == ("staff", str(world.certifier.pk))
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (backend,) = cursor.fetchone()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        assert cursor.fetchone() == (backend,)
    assert _seen_by_postgres() == ("nobody", "")
    assert current() == NOBODY
    assert Client.objects.count() == Membership.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_an_identity_ends_with_a_roll_back_too() -> None:
    world = make_world()

    def fail_in_the_middle() -> None:
        with act_as(world.who("manager")):
            assert Client.objects.count() == 1
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fail_in_the_middle()
    assert _seen_by_postgres() == ("nobody", "")
    assert Client.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_an_identity_outside_a_transaction_is_refused() -> None:
    with pytest.raises(RuntimeError, match="inside a transaction"):
        assume(Identity(kind=Kind.PLATFORM))


@pytest.mark.django_db(transaction=True)
def test_requests_over_one_connection_see_their_own_tenant_only() -> None:
    one, two = make_world(1), make_world(2)
    for world, other in ((one, two), (two, one), (one, two)):
        page = world.browser("manager").get("/organization/clients/").content.decode()
        assert world.client.operation.name in page
        assert other.client.operation.name not in page
    assert _seen_by_postgres() == ("nobody", "")


@pytest.mark.django_db
def test_an_inner_identity_is_given_back(world: World) -> None:
    with act_as(world.who("manager")):
        with act_as(world.who("importer")):
            assert _seen_by_postgres() == ("importer", "")
        assert _seen_by_postgres() == ("staff", str(world.certifier.pk))
        with pytest.raises(ValueError, match="inner"), act_as(world.who("preparer")):
            raise ValueError("inner")
        assert current() == world.who("manager")
        assert _seen_by_postgres() == ("staff", str(world.certifier.pk))


@pytest.mark.django_db
def test_tests_run_as_the_restricted_role() -> None:
    assert role_faults() == []


@pytest.mark.django_db(transaction=True)
def test_a_process_that_would_run_as_the_owner_does_not_start(process_env: dict[str, str]) -> None:
    owner = databases.on_database(databases.owner_url(), str(connection.settings_dict["NAME"]))
    program = "import django; django.setup(); from core.role_guard import require_restricted_role as r; r()"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=databases.ROOT, env=process_env | {"DATABASE_URL": owner},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode != 0
    assert "owns tables" in done.stderr
    as_it_should = subprocess.run(
        [sys.executable, "-c", program], cwd=databases.ROOT, env=process_env,
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert as_it_should.returncode == 0, as_it_should.stderr


@pytest.mark.django_db
def test_row_security_put_off_shows_nothing_but_an_error(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL row_security = off")
        with pytest.raises(DatabaseError, match="row-level security"):
            cursor.execute("SELECT * FROM organizations_client")
