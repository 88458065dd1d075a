"""Desk and reconciliation: what staff see and do, and what nobody else finds."""

from __future__ import annotations

import pytest

from core import clock
from core.identity import act_as
from oid_sync.domain import calls
from oid_sync.models import CallState, Drift, DriftKind, OidCall, ReconciliationRun
from requests_app.models import Request, RequestState
from tests.support import stages
from tests.support.world import World, make_world

pytestmark = pytest.mark.django_db

PAGES = ("/oid/", "/oid/reconciliation/")


@pytest.fixture
def refused(world: World) -> OidCall:
    """A registration that OID has refused."""
    stages.approved(world)
    with act_as(world.loop()):
        calls.make_missing(world.certifier.pk)
        call = OidCall.objects.get()
        call.state, call.reason_code, call.reason = CallState.REJECTED, "OID-106", "The importer is Suspended."
        call.save()
    return call


def test_the_desk_shows_the_reason_and_the_way_out(world: World, refused: OidCall):
    page = world.browser("manager").get("/oid/").content.decode()
    assert "OID-106" in page
    assert f"/oid/calls/{refused.pk}/resend/" in page


def test_an_auditor_reads_and_does_not_act(world: World, refused: OidCall):
    auditor = world.browser("auditor")
    assert "/resend/" not in auditor.get("/oid/").content.decode()
    assert auditor.post(f"/oid/calls/{refused.pk}/resend/").status_code == 403


def test_sending_again_puts_the_call_back(world: World, refused: OidCall):
    answer = world.browser("manager").post(f"/oid/calls/{refused.pk}/resend/")
    assert answer.status_code == 302
    with act_as(world.loop()):
        call = OidCall.objects.get()
    assert (call.state, call.reason_code) == (CallState.WAITING, "")
    assert call.next_attempt_at <= clock.now()


def test_back_to_review_needs_a_reason(world: World, refused: OidCall):
    browser = world.browser("approver")
    browser.post(f"/oid/calls/{refused.pk}/back-to-review/", {"reason": ""})
    with act_as(world.loop()):
        assert Request.objects.get().state == RequestState.APPROVED
    browser.post(f"/oid/calls/{refused.pk}/back-to-review/", {"reason": "Another importer."})
    with act_as(world.loop()):
        assert Request.objects.get().state == RequestState.IN_REVIEW
        assert OidCall.objects.get().state == CallState.CANCELLED


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("role", ["signatory", "importer", "broker"])
def test_the_other_side_may_not_open_it(world: World, page: str, role: str):
    assert world.browser(role).get(page).status_code == 403


@pytest.mark.parametrize("page", PAGES)
def test_signed_out_is_sent_to_sign_in(client, page: str):
    assert client.get(page).status_code == 302


def test_another_certifier_sees_nothing_and_finds_nothing(world: World, refused: OidCall):
    with act_as(world.loop()):
        Drift(
            certifier=world.certifier, kind=DriftKind.BALANCE, subject="secret-line", portal_value="1", other_value="2"
        ).save(force_insert=True)
    stranger = make_world(2).browser("manager")
    assert "OID-106" not in stranger.get("/oid/").content.decode()
    assert "secret-line" not in stranger.get("/oid/reconciliation/").content.decode()
    assert stranger.post(f"/oid/calls/{refused.pk}/resend/").status_code == 404
    assert stranger.post(f"/oid/calls/{refused.pk}/back-to-review/", {"reason": "x"}).status_code == 404
    assert stranger.get("/api/v1/reconciliation/latest/").status_code == 204


def test_a_run_is_started_once_and_its_drifts_are_shown(world: World):
    manager = world.browser("manager")
    manager.post("/oid/reconciliation/start/")
    manager.post("/oid/reconciliation/start/")
    with act_as(world.loop()):
        run = ReconciliationRun.objects.get()
        Drift(
            certifier=world.certifier, kind=DriftKind.SHIPPED, subject="certificate-7", portal_value="10.000",
            other_value="11.000", last_run=run,
        ).save(force_insert=True)  # fmt: skip
    page = manager.get("/oid/reconciliation/").content.decode()
    assert "certificate-7" in page
    assert "11\N{NO-BREAK SPACE}kg" in page
    assert world.browser("auditor").post("/oid/reconciliation/start/").status_code == 403
    body = manager.get("/api/v1/reconciliation/latest/").json()
    assert body["drifts"][0]["other_value"] == "11.000"
