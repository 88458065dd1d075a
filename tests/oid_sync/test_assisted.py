"""Records keyed by hand: two people where wanted, numbers once, the batch as text, and the way in and out of it."""

from __future__ import annotations

import io
import uuid

import pytest
from django.db import IntegrityError, transaction
from openpyxl import load_workbook

from certificates.models import Certificate, CertificateState
from core import clock
from core.errors import Conflict, InvalidInput, NotPermitted
from core.identity import act_as
from core.models import AuditRow, Notification
from core.xlsx import read_sheets
from oid_sync import tasks
from oid_sync.connectors.assisted import entries, workbook
from oid_sync.connectors.assisted.fields import fields_of
from oid_sync.domain import answers, calls, desk, links
from oid_sync.domain.reconciliation import runs
from oid_sync.models import CallState, Closed, Drift, DriftKind, HandEntry, OidCall, OidConnection, ReconciliationRun
from organizations.models import OperationStatus
from requests_app.models import Request, RequestState
from tests.oid_store.server import StoreServer
from tests.support import stages
from tests.support.two_managers import agree
from tests.support.world import World, make_world, set_status


def by_hand(world: World, *, two_people: bool = False) -> None:
    with act_as(world.who("manager")) as manager:
        links.connect(manager, connector="assisted", switches=["two_people"] if two_people else [])
    agree(world)


def to_key(world: World, kg: str = "1000", lot: str = "L1") -> OidCall:
    """A registration that waits for a person (without the loop's own transactions)."""
    certificate = stages.approved(world, kg, lot=lot)
    with act_as(world.loop()):
        calls.make_missing(world.certifier.pk)
        row = OidCall.objects.get(certificate=certificate)
        row.state, row.connector, row.attempts, row.sent_at = CallState.AWAITING_PERSON, "assisted", 1, clock.now()
        row.save()
    return row


def number(world: World, serial: int = 1, nop_id: str = "") -> str:
    return f"{world.certifier.code}-{nop_id or world.client.operation.nop_id}-{serial:06d}"


def entered(world: World, who: str, call: OidCall, typed: str, **how: object) -> HandEntry:
    with act_as(world.who(who)) as actor:
        entries.begin(actor, call.pk)
        return entries.enter(actor, call.pk, number=typed, again=typed, **how)


def state(world: World, call: OidCall) -> str:
    with act_as(world.loop()):
        return OidCall.objects.get(pk=call.pk).state


def sheet(call: OidCall) -> str:
    return f"/oid/by/assisted/{call.pk}/"


@pytest.mark.django_db
def test_the_sheet_shows_the_fields_in_oids_order_each_to_be_copied_or_selected(world: World) -> None:
    by_hand(world)
    call = to_key(world)
    with act_as(world.who("reviewer")):
        labels = [label for label, _value in fields_of(OidCall.objects.select_related("certificate").get(pk=call.pk))]
    wanted = [
        "Certifier", "Certifier code", "Exporter", "Exporter's NOP ID", "Importer of record", "Country of origin",
        "Product as on the label", "HTS code", "Organic standard", "Net weight in kg", "Lots", "Last day of the period",
    ]  # fmt: skip
    assert [label for label in labels if label in wanted] == wanted
    page = world.browser("reviewer").get(sheet(call)).content.decode()
    assert f'data-copy="{world.client.operation.nop_id}"' in page
    assert f'<code class="portal-code">{world.client.operation.nop_id}</code>' in page
    assert 'data-copy="1000"' in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("101-1010000011-000042draft", "NUMBER-DRAFT"), ("Draft 101-1010000011-000042", "NUMBER-DRAFT"),
        ("1010000011", "NUMBER-NOP-ID"), ("101-1010000011-42", "NUMBER-FORM"), ("", "NUMBER-FORM"),
        ("202-1010000011-000042", "NUMBER-CERTIFIER"), ("101-1010000099-000042", "NUMBER-NOP"),
    ],
)  # fmt: skip
def test_what_is_no_number_of_this_certificate_is_refused_by_what_it_is(world: World, typed: str, code: str) -> None:
    by_hand(world)
    call = to_key(world)
    with pytest.raises(InvalidInput) as refused:
        entered(world, "reviewer", call, typed)
    assert refused.value.code == code
    assert state(world, call) == CallState.AWAITING_PERSON


@pytest.mark.django_db
def test_a_pasted_number_with_other_hyphens_and_spaces_is_the_same_number(world: World) -> None:
    by_hand(world)
    call = to_key(world)
    pasted = number(world).replace("-", "\N{NON-BREAKING HYPHEN}")
    entry = entered(world, "reviewer", call, f"  {pasted} ")
    assert entry.number == number(world)


@pytest.mark.django_db
def test_a_number_that_names_another_operation_is_taken_where_oid_really_shows_it_so(world: World) -> None:
    by_hand(world)
    call = to_key(world)
    odd = number(world, nop_id="1010000099")
    assert entered(world, "reviewer", call, odd, as_shown=True).number == odd


@pytest.mark.django_db
def test_a_number_is_entered_once_and_the_database_says_so_too(world: World) -> None:
    by_hand(world)
    first, second = to_key(world), to_key(world, lot="L2")
    entry = entered(world, "reviewer", first, number(world))
    with pytest.raises(Conflict) as refused:
        entered(world, "reviewer", second, number(world))
    assert refused.value.code == "NUMBER-USED"
    with act_as(world.who("reviewer")) as actor:
        entries.begin(actor, second.pk)
        other = HandEntry.objects.get(call=second)
        with pytest.raises(IntegrityError), transaction.atomic():
            HandEntry.objects.filter(pk=other.pk).update(
                number=entry.number, outcome="done", keyed_by=actor.user_id, keyed_at=clock.now()
            )
        with pytest.raises(IntegrityError), transaction.atomic():
            HandEntry.objects.filter(pk=other.pk).update(
                number="12345", outcome="done", keyed_by=actor.user_id, keyed_at=clock.now()
            )


@pytest.mark.django_db
def test_another_person_checks_where_the_certifier_wants_two(world: World) -> None:
    by_hand(world, two_people=True)
    call = to_key(world)
    entry = entered(world, "reviewer", call, number(world))
    assert (entry.two_people, entry.is_complete, state(world, call)) == (True, False, CallState.AWAITING_PERSON)
    with act_as(world.who("reviewer")) as same, pytest.raises(Conflict) as refused:
        entries.check(same, call.pk, number=number(world))
    assert refused.value.code == "SAME-PERSON"
    with pytest.raises(IntegrityError), act_as(world.who("reviewer")) as same:
        HandEntry.objects.filter(pk=entry.pk).update(checked_by=same.user_id)
    page = world.browser("approver").get(sheet(call)).content.decode()
    assert number(world) not in page  # read in OID, not copied from the first one
    with act_as(world.who("approver")) as other:
        with pytest.raises(InvalidInput) as differs:
            entries.check(other, call.pk, number=number(world, 2))
        assert differs.value.code == "NUMBER-DIFFERS"
        assert entries.check(other, call.pk, number=number(world)).is_complete
    assert state(world, call) == CallState.UNKNOWN
    with act_as(world.loop()):
        acts = AuditRow.objects.filter(act__startswith="oid.hand").order_by("at", "pk").values_list("act", "actor_id")
        people = [world.who(who).user_id for who in ("reviewer", "reviewer", "approver")]
        assert list(acts) == list(zip(["oid.hand_begin", "oid.hand_entry", "oid.hand_check"], people, strict=True))


@pytest.mark.django_db
def test_a_wrong_entry_that_was_not_checked_yet_can_be_given_up(world: World) -> None:
    by_hand(world, two_people=True)
    call = to_key(world)
    entered(world, "reviewer", call, number(world))
    with act_as(world.who("approver")) as other:
        entries.give_up(other, call.pk)
    assert entered(world, "approver", call, number(world, 2)).number == number(world, 2)


@pytest.mark.django_db
def test_the_batch_is_a_workbook_of_plain_text(world: World) -> None:
    by_hand(world)
    call = to_key(world)
    evil = '=HYPERLINK("http://x.invalid","x")'
    with act_as(world.who("reviewer")):
        call.certificate.snapshot["product"]["label_name"] = evil
        call.certificate.snapshot["exporter"]["name"] = "+1\x07_x0041_"
        data = workbook.write([call])
    sheet_of = load_workbook(io.BytesIO(data)).active
    head, row = [list(line) for line in sheet_of.iter_rows()]
    at = [cell.value for cell in head].index("Product as on the label")
    assert (row[at].value, row[at].data_type) == (evil, "s")
    assert {cell.data_type for cell in row if cell.value is not None} == {"s"}
    # what looks like the format's own escape is read back as it was typed
    lines = next(iter(read_sheets(data).values()))
    assert dict(zip(*lines, strict=True))["Exporter"] == "+1\N{REPLACEMENT CHARACTER}_x0041_"
    answer = world.browser("auditor").get("/oid/by/assisted/batch.xlsx")
    assert answer.status_code == 200 and answer["Content-Disposition"].endswith('.xlsx"')


@pytest.mark.django_db
def test_nobody_else_sees_or_acts(world: World) -> None:
    by_hand(world)
    call = to_key(world)
    assert world.browser("auditor").get(sheet(call)).status_code == 200
    assert world.browser("auditor").post(sheet(call), {"act": "begin"}).status_code == 403
    for page in ("/oid/by/assisted/", "/oid/by/assisted/batch.xlsx", sheet(call)):
        for role in ("signatory", "importer", "broker"):
            assert world.browser(role).get(page).status_code == 403
    stranger = make_world(2)
    assert stranger.browser("manager").get(sheet(call)).status_code == 404
    assert stranger.browser("manager").post(sheet(call), {"act": "begin"}).status_code == 404
    assert str(call.pk) not in stranger.browser("manager").get("/oid/by/assisted/").content.decode()
    with act_as(world.who("auditor")) as auditor, pytest.raises(NotPermitted):
        entries.begin(auditor, call.pk)


@pytest.mark.django_db
def test_people_are_told_when_the_first_comes_to_wait_and_not_of_each(world: World) -> None:
    by_hand(world)
    rows = [to_key(world), to_key(world, lot="L2")]
    with act_as(world.loop()):
        OidCall.objects.update(state=CallState.IN_FLIGHT)
        for row in rows:
            row.refresh_from_db()
            answers._to_a_person(row)
            row.save()
        assert Notification.objects.filter(topic="oid.by_hand").count() == 1


@pytest.mark.django_db
def test_it_goes_back_to_review_only_while_nobody_has_begun(world: World) -> None:
    by_hand(world)
    call = to_key(world)
    with act_as(world.who("approver")) as approver:
        entries.begin(approver, call.pk)
        with pytest.raises(Conflict) as refused:
            desk.back_to_review(approver, call.pk, "Another importer.")
        assert refused.value.code == "KEYED"


@pytest.mark.django_db(transaction=True)
def test_what_nobody_has_keyed_goes_back_to_review(transactional_db: None) -> None:
    world = make_world()
    by_hand(world)
    stages.approved(world)
    tasks.sweep_registration()
    with act_as(world.who("approver")) as approver:
        call = OidCall.objects.get()
        desk.back_to_review(approver, call.pk, "Another importer.")
        OidCall.objects.update(next_attempt_at=clock.now())
    tasks.sweep_registration()
    assert state(world, call) == CallState.CANCELLED
    with act_as(world.loop()):
        assert Request.objects.get().state == RequestState.IN_REVIEW


# -- changing the connector ------------------------------------------------------------------------------------------------


def settled(world: World) -> None:
    """Every waiting time is over, also of tries that may still come in."""
    with act_as(world.loop()):
        past = clock.now() - 2 * answers.SETTLING
        OidCall.objects.filter(state=CallState.UNKNOWN).update(sent_at=past, next_attempt_at=past)


@pytest.mark.django_db(transaction=True)
def test_an_unclear_call_is_asked_about_at_the_old_connector_before_the_new_one_has_it(
    linked: World, store: StoreServer
) -> None:
    there, not_there = stages.approved(linked, lot="A"), stages.approved(linked, lot="B")
    with act_as(linked.loop()):
        calls.make_missing(linked.certifier.pk)
        rows = {row.certificate_id: row.pk for row in OidCall.objects.all()}
    store.add_fault("commit_then_drop", operation="register", next=1)
    calls.perform(linked.certifier.pk, rows[there.pk])
    store.add_fault("drop", operation="register", next=1)
    calls.perform(linked.certifier.pk, rows[not_there.pk])
    by_hand(linked)
    with act_as(linked.loop()):
        OidCall.objects.update(next_attempt_at=clock.now())
    tasks.sweep_registration()
    with act_as(linked.loop()):
        # asked too early, a try that is still on its way would be made a second time
        assert set(OidCall.objects.values_list("state", flat=True)) == {CallState.UNKNOWN}
    settled(linked)
    for _time in range(2):
        tasks.sweep_registration()
    with act_as(linked.loop()):
        assert Certificate.objects.get(pk=there.pk).state == CertificateState.AWAITING_DOCUMENT
        moved = OidCall.objects.get(certificate=not_there)
    assert (moved.state, moved.connector) == (CallState.AWAITING_PERSON, "assisted")
    assert len(store.rows("SELECT number FROM oid_store_certificate")) == 1


@pytest.mark.django_db(transaction=True)
def test_what_a_person_has_begun_stays_with_people_and_the_rest_is_sent(linked: World, store: StoreServer) -> None:
    by_hand(linked)
    begun, waits = stages.approved(linked, lot="A"), stages.approved(linked, lot="B")
    tasks.sweep_registration()
    with act_as(linked.who("reviewer")) as reviewer:
        entries.begin(reviewer, OidCall.objects.get(certificate=begun).pk)
    with act_as(linked.who("manager")) as manager:
        links.connect(manager, connector="http")
    assert agree(linked) == 1
    settled(linked)
    for _time in range(2):
        tasks.sweep_registration()
    with act_as(linked.loop()):
        assert OidCall.objects.get(certificate=begun).state == CallState.AWAITING_PERSON
        assert Certificate.objects.get(pk=waits.pk).number is not None
    references = store.rows("SELECT reference::text FROM oid_store_certificate")
    assert references == [(str(waits.pk),)]
    with act_as(linked.who("reviewer")) as reviewer:
        keyed = number(linked, 900)
        entries.enter(reviewer, OidCall.objects.get(certificate=begun).pk, number=keyed, again=keyed)
    settled(linked)
    tasks.sweep_registration()
    with act_as(linked.loop()):
        assert Certificate.objects.get(pk=begun.pk).number == keyed


@pytest.mark.django_db
def test_a_manager_chooses_the_connector_and_nobody_else(world: World) -> None:
    page = "/oid/connection/"
    shown = world.browser("manager").get(f"{page}?by=assisted").content.decode()
    assert "By hand" in shown and 'name="key"' not in shown
    data = {"connector": "assisted", "switch_two_people": "on"}
    assert world.browser("approver").post(page, data).status_code == 403
    assert world.browser("manager").post(page, data).status_code == 302
    with act_as(world.who("manager")):
        row = OidConnection.objects.get()
        trace = AuditRow.objects.get(act="oid.connection")
    assert (row.connector, row.options) == ("assisted", {"two_people": True})
    assert (trace.after["connector"], trace.after["switches"]) == ("assisted", ["two_people"])


@pytest.mark.django_db
def test_where_people_key_oids_log_is_not_read_and_its_drifts_end(world: World) -> None:
    with act_as(world.loop()):
        OidConnection(certifier=world.certifier, connector="http", encrypted_key=b"x").save(force_insert=True)
        for kind in (DriftKind.OID_STATUS, DriftKind.BALANCE):
            Drift(
                certifier=world.certifier, kind=kind, subject=str(uuid.uuid4()), portal_value="a", other_value="b"
            ).save(force_insert=True)
    by_hand(world)
    with act_as(world.loop()) as loop:
        assert Drift.objects.get(kind=DriftKind.OID_STATUS).closed_because == Closed.NOT_COMPARED
        assert Drift.objects.get(kind=DriftKind.BALANCE).closed_at is None
        run = runs.start(loop, world.certifier.pk)
        run.step = "certificates"
        assert runs._next(loop, run) is runs.Outcome.OVER
        found = ReconciliationRun.objects.get(pk=run.pk)
    assert (found.state, "reads no log" in found.note) == (ReconciliationRun.State.DONE, True)


@pytest.mark.django_db
def test_what_held_at_the_approval_must_still_hold_when_somebody_begins(world: World) -> None:
    by_hand(world)
    call = to_key(world)
    set_status(world.importer.pk, OperationStatus.SUSPENDED)
    with act_as(world.who("reviewer")) as reviewer, pytest.raises(Conflict, match="CHECKS") as refused:
        entries.begin(reviewer, call.pk)
    assert "IMP-1" in str(refused.value.message)
    assert "IMP-1" in world.browser("reviewer").post(sheet(call), {"act": "begin"}, follow=True).content.decode()
    set_status(world.importer.pk, OperationStatus.CERTIFIED)
    with act_as(world.who("reviewer")) as reviewer:
        entries.begin(reviewer, call.pk)
