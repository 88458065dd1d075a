"""What is older than the limit and no record goes; nothing younger goes, and no record, whatever its age."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import subprocess
import sys
import threading
import uuid
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection, connections
from psycopg.sql import SQL, Identifier

from certportal.launcher.places import PROJECT
from core import clock
from core.files import read_file, store_file
from core.identity import Identity, act_as
from core.models import Audience, AuditRow, Delivery, Notification, StoredFile
from core.notify import notify
from core.retention import forget_bytes, years_ago
from core.tasks import send_notifications
from oid_sync.domain import calls
from oid_sync.domain import retention as exchanges
from oid_sync.models import CallState, OidCall, OidExchange
from requests_app.domain import documents, drafts
from requests_app.domain.retention import forget_draft
from requests_app.models import Request, RequestState
from tests.support import stages
from tests.support.certificates import issued
from tests.support.drafts import PAPER, complete_draft
from tests.support.world import World, make_world

YEARS = 10
#: Tables of which rows may go, or be emptied; every other table must be after the command what it was before.
MAY_SHRINK = {
    "requests_app_request", "requests_app_requestlot", "requests_app_requestcontainer", "requests_app_requestinvoice",
    "requests_app_requestdocument", "requests_app_checkrun", "requests_app_stafffindings", "core_storedfile",
    "oid_sync_oidexchange", "django_session", "certificates_preview", "certificates_bundle", "certificates_readingcopy",
    "pvf_statementfile",
}  # fmt: skip
#: Rows change or are added here: texts are emptied, acts are recorded.
MAY_CHANGE = {"core_delivery", "core_notification", "core_auditrow"}


def run(*options: str) -> dict[tuple[str, str], dict[str, Any]]:
    out = StringIO()
    call_command("retention", "--json", *options, stdout=out)
    return {(row["certifier"], row["kind"]): row for row in json.loads(out.getvalue())["found"]}


def counts(found: dict[tuple[str, str], dict[str, Any]], world: World) -> dict[str, int]:
    return {kind: row["count"] for (slug, kind), row in found.items() if slug == world.certifier.slug}


def age(owner: psycopg.Connection, years: int) -> None:
    """Make everything in the database so many years older, guarded tables too."""
    with owner.transaction():
        columns: dict[str, list[str]] = {}
        for table, column in owner.execute(
            "SELECT c.table_name, c.column_name FROM information_schema.columns c JOIN information_schema.tables t"
            " USING (table_schema, table_name) WHERE t.table_type = 'BASE TABLE' AND c.table_schema = 'public'"
            " AND c.data_type = 'timestamp with time zone'"
        ).fetchall():
            columns.setdefault(table, []).append(column)
        for table, names in columns.items():
            owner.execute(SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(Identifier(table)))
            changes = SQL(", ").join(
                SQL("{0} = {0} - make_interval(years => {1})").format(Identifier(name), years) for name in names
            )
            owner.execute(SQL("UPDATE {} SET {}").format(Identifier(table), changes))
            owner.execute(SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(Identifier(table)))


def content(owner: psycopg.Connection) -> dict[str, tuple[int, str]]:
    """Rows and their digest, table by table, as the owner sees them."""
    tables = [
        name for (name,) in owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    ]
    found = {}
    for table in tables:
        row = owner.execute(
            SQL("SELECT count(*), coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {} t").format(
                Identifier(table)
            )
        ).fetchone()
        assert row is not None
        found[table] = (row[0], row[1])
    return found


@pytest.fixture
def filled(world: World) -> World:
    """Requests of every state, an issued certificate, a told notification, an exchange with OID, a session."""
    issued(world)
    for make in (stages.submitted, stages.in_review, stages.approved):
        make(world, "100", vessel="MV Kept")
    complete_draft(world, "100", vessel="MV Draft")
    with act_as(world.loop()):
        calls.make_missing(world.certifier.pk)
        for call in OidCall.objects.all():
            OidCall.objects.filter(pk=call.pk).update(state=CallState.DONE)
            OidExchange(
                certifier=world.certifier,
                call=call,
                request="POST",
                status=200,
                answer="{}",
                at=clock.now(),
                milliseconds=1,
            ).save(force_insert=True)
        assert OidExchange.objects.exists()
        notify(
            "request.submitted", Audience.CERTIFIER, world.certifier.pk, certifier_id=world.certifier.pk,
            object_type="request", object_id=uuid.uuid4(), context={"reference": "R-1", "exporter": "X"},
        )  # fmt: skip
    send_notifications(str(world.certifier.pk))
    store = SessionStore()
    store["x"] = 1
    store.create()
    return world


@pytest.mark.django_db(transaction=True)
def test_nothing_that_is_younger_goes(filled: World, owner_connection: psycopg.Connection) -> None:
    age(owner_connection, YEARS - 1)
    Session.objects.update(expire_date=clock.now() + dt.timedelta(hours=1))
    before = content(owner_connection)
    assert run("--dry-run") == {}
    assert run() == {}
    assert content(owner_connection) == before


@pytest.mark.django_db(transaction=True)
def test_of_what_is_old_only_drafts_texts_exchanges_and_sessions_go(
    filled: World, owner_connection: psycopg.Connection
) -> None:
    age(owner_connection, 30)
    before = content(owner_connection)
    with act_as(filled.loop()):
        texts = Delivery.objects.exclude(body="").count()
        kept = {row.pk: row.state for row in Request.objects.exclude(state=RequestState.DRAFT)}
    assert texts
    would = run("--dry-run")
    assert content(owner_connection) == before  # saying so changes nothing
    did = run()
    assert did == would
    assert counts(did, filled)["drafts never submitted"] == 1
    assert counts(did, filled)["texts of notifications"] == texts
    assert counts(did, filled)["questions to OID and answers"] >= 1
    assert did["-", "ended sessions"]["count"] >= 1
    after = content(owner_connection)
    changed = {table for table in before if before[table] != after[table]}
    assert changed <= MAY_SHRINK | MAY_CHANGE
    assert {table for table in before if after[table][0] < before[table][0]} <= MAY_SHRINK
    for table in ("certificates_certificate", "certificates_certificatedocument", "pvf_movement", "review_decision"):
        assert before[table][0] > 0, table
        assert after[table] == before[table], table
    with act_as(filled.loop()):
        assert {row.pk: row.state for row in Request.objects.all()} == kept
        # the papers of what stays are whole
        for stored in StoredFile.objects.all():
            assert read_file(stored)
        assert not Delivery.objects.exclude(body="").exists()
        assert not Notification.objects.exclude(context={}).exists()
    assert run() == {}


@pytest.mark.django_db(transaction=True)
def test_an_old_audit_row_stays_and_the_act_is_recorded(filled: World, owner_connection: psycopg.Connection) -> None:
    age(owner_connection, 30)
    with act_as(filled.loop()):
        before = set(AuditRow.objects.values_list("pk", flat=True))
        draft = Request.objects.get(state=RequestState.DRAFT)
    run()
    with act_as(filled.loop()):
        rows = {row.act: row for row in AuditRow.objects.exclude(pk__in=before)}
        assert set(AuditRow.objects.values_list("pk", flat=True)) >= before
    assert set(rows) == {"request.forgotten", "retention.taken_away"}
    assert rows["request.forgotten"].object_id == str(draft.pk)
    assert rows["request.forgotten"].before["reference"] == draft.reference
    assert rows["retention.taken_away"].after["drafts never submitted"] == 1


def _draft(world: World, days: int, paper: bytes = PAPER) -> Request:
    """A draft that was changed so many days before (negative: after) the limit."""
    with act_as(world.who("preparer")) as actor:
        draft = drafts.start(actor, "single")
        documents.add(actor, draft.pk, "commercial_invoice", paper, "a.pdf")
        Request.objects.filter(pk=draft.pk).update(changed_at=years_ago(YEARS) - dt.timedelta(days=days))
    return draft


@pytest.mark.django_db
def test_the_limit_is_the_last_change_of_a_draft_and_papers_go_with_it(world: World, settings: Any) -> None:
    settings.RETENTION_YEARS = YEARS
    old = _draft(world, 1, PAPER.replace(b"842", b"841"))
    young = _draft(world, -1, PAPER.replace(b"842", b"843"))
    with act_as(world.loop()):
        gone = StoredFile.objects.get(pk__in=old.documents.values("file"))
        stays = StoredFile.objects.get(pk__in=young.documents.values("file"))
    assert counts(run(), world) == {"drafts never submitted": 1}
    with act_as(world.loop()):
        assert set(Request.objects.values_list("pk", flat=True)) == {young.pk}
        assert set(StoredFile.objects.values_list("pk", flat=True)) == {stays.pk}
    assert not default_storage.exists(gone.path)
    assert default_storage.exists(stays.path)


@pytest.mark.django_db
def test_bytes_that_another_request_has_too_stay(world: World) -> None:
    _draft(world, 1)
    young = _draft(world, -1)
    run()
    with act_as(world.loop()):
        (document,) = young.documents.all()
        assert read_file(document.file) == PAPER


@pytest.mark.django_db
def test_a_draft_that_something_refers_to_stays_and_is_named(world: World) -> None:
    old = _draft(world, 1)
    young = _draft(world, -1)
    with act_as(world.who("preparer")):
        Request.objects.filter(pk=young.pk).update(copied_from=old)
    found = run()
    row = found[world.certifier.slug, "drafts never submitted"]
    assert (row["count"], row["kept"]) == (0, [old.reference])
    with act_as(world.loop()):
        assert Request.objects.count() == 2


@pytest.mark.django_db
def test_postgresql_itself_lets_no_younger_or_submitted_or_foreign_draft_go(world: World) -> None:
    other = make_world(2)
    far = clock.now() + dt.timedelta(days=36500)
    young = _draft(world, 0)
    with act_as(world.who("preparer")):
        Request.objects.filter(pk=young.pk).update(changed_at=clock.now() - dt.timedelta(days=4 * 365))
    decided = stages.in_review(world, "100")
    with act_as(world.loop()):
        Request.objects.filter(pk=decided.pk).update(changed_at=clock.now() - dt.timedelta(days=9000))
    foreign = _draft(other, 1)
    old = _draft(world, 1)
    refused = {
        "younger than five years": (world.loop(), young),
        "submitted": (world.loop(), decided),
        "another certifier's": (world.loop(), foreign),
        "by a person": (world.who("manager"), old),
        "by its exporter": (world.who("preparer"), old),
        "by the loop of none": (Identity.loop(), old),
    }
    for why, (actor, row) in refused.items():
        with act_as(actor), connection.cursor() as cursor:
            cursor.execute("SELECT requests_app_forget_draft(%s, %s)", [row.pk, far])
            assert cursor.fetchone() == (None,), why
    assert forget_draft(world.certifier.pk, old, far) is not None


@pytest.mark.django_db
def test_postgresql_itself_keeps_exchanges_for_ten_years_and_while_the_call_is_open(
    world: World, settings: Any
) -> None:
    settings.RETENTION_YEARS = 5
    stages.approved(world, "100")
    with act_as(world.loop()):
        calls.make_missing(world.certifier.pk)
        call = OidCall.objects.get()
        for years in (4, 9, 11):
            OidExchange(
                certifier=world.certifier, call=call, request=str(years), status=200, answer="", milliseconds=1,
                at=years_ago(years),
            ).save(force_insert=True)  # fmt: skip
    assert exchanges.forget_exchanges(world.certifier.pk, clock.now()) == 0  # the call is under way
    with act_as(world.loop()):
        OidCall.objects.update(state=CallState.DONE)
    assert exchanges.forget_exchanges(make_world(2).certifier.pk, clock.now()) == 0
    assert counts(run("--dry-run"), world) == {"questions to OID and answers": 1}
    assert exchanges.forget_exchanges(world.certifier.pk, clock.now()) == 1
    with act_as(world.loop()):
        assert set(OidExchange.objects.values_list("request", flat=True)) == {"4", "9"}


@pytest.mark.django_db
def test_no_grant_deletes_a_request_or_an_exchange(world: World) -> None:
    _draft(world, 1)
    for table in ("requests_app_request", "oid_sync_oidexchange", "core_storedfile", "pvf_movement", "core_auditrow"):
        with act_as(world.loop()), connection.cursor() as cursor:
            cursor.execute("SELECT has_table_privilege(%s, 'DELETE')", [table])
            assert cursor.fetchone() == (False,), table


@pytest.mark.django_db
def test_a_letter_that_was_not_sent_yet_keeps_its_text(world: World) -> None:
    with act_as(world.loop()):
        row = notify(
            "request.submitted", Audience.CERTIFIER, world.certifier.pk, certifier_id=world.certifier.pk,
            object_type="request", object_id=uuid.uuid4(), context={"reference": "R-1", "exporter": "X"},
        )  # fmt: skip
        Notification.objects.filter(pk=row.pk).update(created_at=years_ago(YEARS + 1))
        Delivery(
            notification=row, certifier_id=world.certifier.pk, email="a@b.example", subject="s", body="text",
            created_at=years_ago(YEARS + 1), state=Delivery.State.WAITING,
        ).save(force_insert=True)  # fmt: skip
    assert counts(run(), world) == {}
    with act_as(world.loop()):
        assert Delivery.objects.get().body == "text"
        assert Notification.objects.get().context


def _unnamed(world: World) -> str:
    """Bytes on the disk that no row names."""
    sha256 = hashlib.sha256(PAPER).hexdigest()
    return str(default_storage.save(f"{world.certifier.pk}/{sha256[:2]}/{sha256}", ContentFile(PAPER)))


@pytest.mark.django_db
def test_bytes_that_no_row_names_go_and_never_another_certifiers(world: World) -> None:
    path = _unnamed(world)
    assert forget_bytes(make_world(2).certifier.pk, [path]) == 0
    assert default_storage.exists(path)
    assert forget_bytes(world.certifier.pk, [path]) == 1
    assert not default_storage.exists(path)


@pytest.mark.django_db(transaction=True)
def test_bytes_that_are_handed_in_again_at_that_moment_stay(world: World) -> None:
    """An upload of the same bytes is under way: it found them on the disk, and its row is not to be seen yet."""
    path = _unnamed(world)
    stored, end = threading.Event(), threading.Event()

    def upload() -> None:
        try:
            with act_as(world.who("preparer")) as actor:
                store_file(actor, PAPER, name="b.pdf", certifier_id=world.certifier.pk, client_id=world.client.pk)
                stored.set()
                end.wait(20)
        finally:
            connections.close_all()

    thread = threading.Thread(target=upload)
    thread.start()
    assert stored.wait(20)
    with act_as(world.loop()):
        assert not StoredFile.objects.filter(path=path).exists()
    assert forget_bytes(world.certifier.pk, [path]) == 0
    end.set()
    thread.join(20)
    assert forget_bytes(world.certifier.pk, [path]) == 0  # now a row names them
    with act_as(world.loop()):
        assert read_file(StoredFile.objects.get(path=path)) == PAPER


@pytest.mark.parametrize(("years", "starts"), [("4", False), ("0", False), ("5", True), ("10", True)])
def test_fewer_than_five_years_stop_the_start(years: str, starts: bool) -> None:
    env = os.environ | {"PORTAL_RETENTION_YEARS": years, "DJANGO_SETTINGS_MODULE": "certportal.settings"}
    done = subprocess.run(
        [sys.executable, "-c", "from django.conf import settings; print(settings.RETENTION_YEARS)"],
        cwd=PROJECT, env=env, text=True, timeout=60, capture_output=True, check=False,
    )  # fmt: skip
    assert (done.returncode == 0) is starts
    assert starts or "7 CFR 205.103" in done.stderr


def test_the_documents_name_every_kind() -> None:
    table = (PROJECT / "docs" / "retention.md").read_text(encoding="utf-8")
    for words in (
        "never submitted",
        "texts of notifications",
        "questions to OID",
        "sessions",
        "Certificates",
        "Movements",
        "Audit rows",
    ):
        assert words.lower() in table.lower(), words
