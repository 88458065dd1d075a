"""Progress and drifts on the page, the daily digest, and who sees them; OID's pauses."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
import requests

from certportal import settings as portal_settings
from core import clock
from core.identity import act_as
from core.models import Notification
from core.topics import render
from oid_sync import tasks
from oid_sync.connectors.http.transport import HttpConnector, _seconds
from oid_sync.domain import calls, links
from oid_sync.domain.reconciliation import digest
from oid_sync.models import Closed, Drift, DriftKind, OidCall, OidConnection, OidRecord, ReconciliationRun, Remedy
from organizations.roles import Role
from tests.oid_store.server import StoreServer
from tests.support import stages
from tests.support.world import World, make_world

pytestmark = pytest.mark.django_db

HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def run(world: World) -> ReconciliationRun:
    """A run half way."""
    with act_as(world.loop()):
        row = ReconciliationRun(certifier=world.certifier, step="certificates", total=400, compared=100)
        row.save(force_insert=True)
    return row


def drift(world: World, run: ReconciliationRun, subject: str = "line-7", **fields: object) -> Drift:
    with act_as(world.loop()):
        values = {
            "kind": DriftKind.BALANCE,
            "portal_value": {"available": "1.000"},
            "other_value": {"available": "2.000"},
        }
        row = Drift(certifier=world.certifier, subject=subject, last_run=run, **{**values, **fields})
        row.save(force_insert=True)
    return row


def test_progress_is_a_bar_that_refreshes_itself_and_works_without_a_script(world: World, run: ReconciliationRun):
    manager = world.browser("manager")
    page = manager.get("/oid/reconciliation/").content.decode()
    assert '<progress class="portal-progress" id="progress" max="100" value="25">25 %</progress>' in page
    assert 'hx-get="/oid/reconciliation/progress/"' in page
    assert "style=" not in page and "<script>" not in page
    part = manager.get("/oid/reconciliation/progress/", **HTMX)  # type: ignore[arg-type]
    assert part.status_code == 200
    assert part.content.decode().lstrip().startswith("<section")
    assert manager.get("/oid/reconciliation/progress/").url == "/oid/reconciliation/"  # type: ignore[attr-defined]


def test_the_page_is_read_again_when_the_run_has_ended(world: World):
    answer = world.browser("auditor").get("/oid/reconciliation/progress/", **HTMX)  # type: ignore[arg-type]
    assert (answer.status_code, answer.headers["HX-Refresh"]) == (204, "true")


def test_a_drift_is_shown_with_both_values_its_age_and_what_was_done(world: World, run: ReconciliationRun):
    drift(world, run, first_seen_at=clock.now() - dt.timedelta(days=3, hours=1))
    drift(world, run, "certificate-8", kind=DriftKind.ACTUALS, remedy=Remedy.REPORTED_AGAIN, remedy_run=run)
    drift(
        world,
        run,
        "c-9",
        remedy=Remedy.SHIPPED_SET,
        remedy_run=run,
        closed_at=clock.now(),
        closed_because=Closed.HEALED,
    )
    page = world.browser("auditor").get("/oid/reconciliation/").content.decode()
    weights = ("1\N{NO-BREAK SPACE}kg", "2\N{NO-BREAK SPACE}kg")
    for text in (*weights, "3 days ago", "Waiting for a person", "Being mended", "reported to OID again"):
        assert text in page, text
    assert "healed by itself: the certificate&#x27;s shipped weight" in page
    one = world.browser("auditor").get("/oid/reconciliation/?kind=actuals").content.decode()
    assert "certificate-8" in one and "line-7" not in one


def test_reading_everything_or_only_changes_is_a_choice(world: World):
    manager = world.browser("manager")
    manager.post("/oid/reconciliation/start/", {"read": "changes"})
    with act_as(world.loop()):
        assert not ReconciliationRun.objects.get().full
        ReconciliationRun.objects.update(state=ReconciliationRun.State.DONE)
    manager.post("/oid/reconciliation/start/")
    with act_as(world.loop()):
        assert ReconciliationRun.objects.get(state=ReconciliationRun.State.RUNNING).full
    body = manager.get("/api/v1/reconciliation/latest/").json()
    assert (body["full"], body["progress"]) == (True, 0)


@pytest.mark.parametrize("role", ["signatory", "importer", "broker"])
def test_the_other_side_may_not_see_progress(world: World, role: str):
    assert world.browser(role).get("/oid/reconciliation/progress/").status_code == 403


def test_progress_drifts_and_records_of_another_certifier_are_not_seen(world: World, run: ReconciliationRun):
    drift(world, run, "secret-line")
    with act_as(world.loop()):
        OidRecord(
            certifier=world.certifier, number="101-1010000011-000001", status="live", facts={}, seen_in=run.reading
        ).save(force_insert=True)
    stranger = make_world(2)
    browser = stranger.browser("manager")
    assert browser.get("/oid/reconciliation/progress/", **HTMX).status_code == 204  # type: ignore[arg-type]
    assert "secret-line" not in browser.get("/oid/reconciliation/").content.decode()
    for actor in (stranger.loop(), stranger.who("manager"), world.who("signatory")):
        with act_as(actor):
            assert not OidRecord.objects.exists()
            assert not Drift.objects.exists()


# -- the digest ---------------------------------------------------------------------------------------------------


def digests(world: World) -> list[Notification]:
    with act_as(world.loop()):
        return list(Notification.objects.filter(topic=digest.TOPIC))


@pytest.fixture
def morning(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is past seven in the morning, whenever the tests run."""
    monkeypatch.setattr(digest, "MORNING", dt.timedelta(0))


def test_managers_are_told_once_a_day_what_is_open(world: World, run: ReconciliationRun, morning: None):
    drift(world, run, first_seen_at=clock.now() - dt.timedelta(days=2, hours=1))
    drift(world, run, "certificate-8", kind=DriftKind.ACTUALS)
    for _ in range(3):
        tasks.send_drift_digests()
    (row,) = digests(world)
    assert (row.audience_roles, row.context["total"], row.context["oldest_days"]) == ([Role.MANAGER], 2, 2)
    message = render(row, "en", "Invented")
    assert message.subject == "Reconciliation: 2 differences are open"
    assert message.link == "/oid/reconciliation/"
    assert "- balance differs from the sum of its movements: 1" in message.body
    assert "known for 2 days" in message.body


def test_nobody_is_told_while_nothing_is_open(world: World, run: ReconciliationRun, morning: None):
    drift(world, run, closed_at=clock.now(), closed_because=Closed.GONE)
    tasks.send_drift_digests()
    assert digests(world) == []


def test_another_day_has_another_digest(
    world: World, run: ReconciliationRun, morning: None, monkeypatch: pytest.MonkeyPatch
):
    drift(world, run)
    tasks.send_drift_digests()
    tomorrow = clock.now() + dt.timedelta(days=1)
    monkeypatch.setattr(clock, "now", lambda: tomorrow)
    tasks.send_drift_digests()
    assert len(digests(world)) == 2


def test_the_digest_waits_for_the_morning(world: World, run: ReconciliationRun, monkeypatch: pytest.MonkeyPatch):
    drift(world, run)
    monkeypatch.setattr(digest, "MORNING", dt.timedelta(hours=25))
    tasks.send_drift_digests()
    assert digests(world) == []


def test_beat_runs_the_night_and_the_digest():
    plan = {entry["task"]: entry["schedule"] for entry in portal_settings.CELERY_BEAT_SCHEDULE.values()}
    assert plan["oid_sync.tasks.start_nightly_reconciliation"].hour == {2}
    assert plan["oid_sync.tasks.send_drift_digests"].minute == {10}


def test_the_runbook_explains_every_kind():
    text = (Path(__file__).resolve().parents[2] / "docs" / "runbooks" / "reconciliation.md").read_text(encoding="utf-8")
    assert [kind for kind in DriftKind.values if f"| `{kind}` |" not in text] == []


# -- pauses that OID asks for -------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_pause_rests_all_calls_of_that_certifier(linked: World, store: StoreServer):
    first, second = (stages.approved(linked, "100", lot=lot) for lot in ("L1", "L2"))
    store.add_fault("rate_limit_429", operation="register", next=1, params={"retry_after": 60})
    tasks.sweep_registration()
    with act_as(linked.loop()):
        until = links.paused_until(linked.certifier.pk)
        assert until is not None and 50 < (until - clock.now()).total_seconds() <= 60
        assert calls.due(linked.certifier.pk) == []
        rows = list(OidCall.objects.order_by("attempts"))
    assert [row.attempts for row in rows] == [0, 1]
    assert not calls.perform(linked.certifier.pk, rows[0].pk)
    assert {row.certificate_id for row in rows} == {first.pk, second.pk}
    assert "left alone until" in linked.browser("manager").get("/oid/").content.decode()
    with act_as(linked.loop()):
        OidConnection.objects.update(paused_until=clock.now())
        OidCall.objects.update(next_attempt_at=clock.now())
    tasks.sweep_registration()
    assert len(store.rows("SELECT number FROM oid_store_certificate")) == 2


def test_another_certifier_is_not_paused(world: World):
    stranger = make_world(2)
    for one in (world, stranger):
        with act_as(one.loop()):
            OidConnection(certifier=one.certifier, encrypted_key=b"x").save(force_insert=True)
    with act_as(world.loop()):
        links.pause(world.certifier.pk, 60, "maintenance")
        assert links.paused_until(world.certifier.pk)
    with act_as(stranger.loop()):
        assert links.paused_until(stranger.certifier.pk) is None


def test_a_pause_is_neither_shortened_nor_endless(world: World):
    with act_as(world.loop()):
        OidConnection(certifier=world.certifier, encrypted_key=b"x").save(force_insert=True)
        long = links.pause(world.certifier.pk, 10**12, "for ever")
        assert long - clock.now() <= links.LONGEST_PAUSE
        assert links.pause(world.certifier.pk, 1, "short") == long


def test_retry_after_is_read_in_both_of_its_forms():
    """RFC 9110, 10.2.3: seconds or a date."""
    date = (dt.datetime.now(dt.UTC) + dt.timedelta(seconds=90)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    assert _seconds("120") == 120
    assert 85 < _seconds(date) <= 91
    assert (_seconds(""), _seconds("soon"), _seconds("Wed, 21 Oct 2015 07:28:00 GMT")) == (0, 0, 0)


@pytest.mark.parametrize(("status", "kind"), [(429, "Unavailable"), (503, "Unknown")])
def test_429_and_503_say_how_long_to_wait(status: int, kind: str):
    """A proxy's 503 has no code of the store's: what became of the call is unknown, but the wait is known."""
    answer = requests.Response()
    answer.status_code, answer._content = status, json.dumps({}).encode()
    answer.headers["Retry-After"] = "33"
    result = HttpConnector("http://127.0.0.1:9", "key", 3)._refusal(answer)
    assert (type(result).__name__, result.retry_after) == (kind, 33)  # type: ignore[union-attr]
