"""Questions stop the clock and open only what they name; a correction is accepted in one act; kilograms follow both."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from core import clock
from core.errors import Conflict, DomainError, InvalidInput, NotPermitted
from core.identity import act_as
from organizations.identity import identity_of
from pvf.models import Balance, Movement
from requests_app.domain import corrections, documents, drafts, questions
from requests_app.models import CheckRun, ProposedCorrection, Question, Request, RequestState
from tests.support import stages
from tests.support.drafts import PAPER
from tests.support.world import World, make_client, make_exporter_people, make_world

pytestmark = pytest.mark.django_db


def balance(world: World) -> tuple[Decimal, Decimal]:
    """(available, reserved)."""
    with act_as(world.loop()):
        row = Balance.objects.get(line=world.line)
    return row.available, row.reserved


@pytest.fixture
def asked(world: World) -> Request:
    """A request over 1,000 kg with an open question about its weight and its vessel."""
    request = stages.in_review(world, "1000", lot="L1")
    reviewer = world.who("reviewer")
    with act_as(reviewer):
        questions.ask(
            reviewer, request.pk, text="Is the weight right?", fields=["entered_quantity", "vessel", "lots"],
            document_kinds=["packing_list"], expected_version=request.version,
        )  # fmt: skip
        return Request.objects.get(pk=request.pk)


@pytest.mark.parametrize(
    ("stopped", "resumed", "due"),
    [
        # Friday noon to Monday noon: one working day, not three days
        ("2026-07-17T12:00", "2026-07-20T12:00", "2026-07-22T18:00"),
        # asked on Saturday, answered on Sunday: nothing
        ("2026-07-18T09:00", "2026-07-19T21:00", "2026-07-21T18:00"),
        # within a working day: by the hours it stood
        ("2026-07-20T09:00", "2026-07-20T12:00", "2026-07-21T21:00"),
    ],
)
def test_a_question_stops_the_clock_and_its_answer_lets_it_go_on(
    world: World, asked: Request, monkeypatch: pytest.MonkeyPatch, stopped: str, resumed: str, due: str
):
    assert asked.state == RequestState.INFORMATION_REQUESTED
    assert asked.clock_stopped_at is not None
    zone = ZoneInfo(asked.certifier.time_zone)

    def at(text: str) -> dt.datetime:
        return dt.datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(dt.UTC)

    signatory = world.who("signatory")
    with act_as(signatory):
        times = {"clock_stopped_at": at(stopped), "clock_due_at": at("2026-07-21T18:00")}
        Request.objects.filter(pk=asked.pk).update(**times)
        questions.save_answer(signatory, asked.pk, {}, "Yes.")
        assert Request.objects.get(pk=asked.pk).state == RequestState.INFORMATION_REQUESTED
        monkeypatch.setattr(clock, "now", lambda: at(resumed))
        done = questions.complete(signatory, asked.pk)
    assert done.state == RequestState.IN_REVIEW
    assert done.clock_stopped_at is None
    assert done.clock_due_at == at(due)


def test_thanks_is_no_answer_unless_answer_complete_is_pressed(world: World, asked: Request):
    signatory = world.who("signatory")
    with act_as(signatory):
        with pytest.raises(InvalidInput):
            questions.complete(signatory, asked.pk)
        questions.save_answer(signatory, asked.pk, {}, "Received, thanks")
        assert Question.objects.get(request=asked).completed_at is None


@pytest.mark.parametrize(("quantity", "reserved"), [("1500", "1500"), ("400", "400"), ("1000", "1000")])
def test_a_changed_weight_moves_the_difference(world: World, asked: Request, quantity: str, reserved: str):
    signatory = world.who("signatory")
    with act_as(signatory):
        changed = questions.save_answer(signatory, asked.pk, {"entered_quantity": Decimal(quantity)}, "Mended.")
    assert balance(world) == (Decimal(50000) - Decimal(reserved), Decimal(reserved))
    assert changed.version > asked.version


def test_more_than_remains_is_refused_and_nothing_of_the_answer_stays(world: World, asked: Request):
    signatory = world.who("signatory")
    with act_as(signatory):
        with pytest.raises(DomainError) as refused:
            questions.save_answer(signatory, asked.pk, {"entered_quantity": Decimal(60000)}, "More.")
        assert Request.objects.get(pk=asked.pk).net_kg == Decimal(1000)
        assert Question.objects.get(request=asked).answer == ""
    assert refused.value.code == "VOL-1"
    assert balance(world) == (Decimal(49000), Decimal(1000))


def test_only_what_the_question_names_can_be_changed(world: World, asked: Request):
    signatory = world.who("signatory")
    with act_as(signatory):
        with pytest.raises(InvalidInput) as refused:
            questions.save_answer(signatory, asked.pk, {"hts_code": "0901110025"}, "And this.")
        assert refused.value.code == "NOT-ASKED"
        with pytest.raises(Conflict):
            drafts.save(signatory, asked.pk, {"vessel": "MV Other"}, expected_version=asked.version)
        with pytest.raises(Conflict):
            documents.add(signatory, asked.pk, "label", PAPER, "label.pdf")
        documents.add(signatory, asked.pk, "packing_list", PAPER, "packing.pdf")
        rows = [{"lot": "L2", "kg": Decimal(1000)}]
        changed = questions.save_answer(signatory, asked.pk, {"vessel": "MV Other"}, "So.", rows={"lots": rows})
    assert changed.vessel == "MV Other"


def test_the_checks_run_again_when_the_answer_is_complete(world: World, asked: Request):
    signatory = world.who("signatory")
    with act_as(signatory):
        questions.save_answer(signatory, asked.pk, {"entered_quantity": Decimal(900)}, "Less.")
        done = questions.complete(signatory, asked.pk)
        run = CheckRun.objects.filter(request=asked).order_by("-run_at").first()
    assert run is not None
    assert run.request_version == done.version
    lots = next(item for item in run.findings if item["code"] == "QTY-2")
    assert lots["outcome"] == "fail"


def test_a_question_lapses_only_after_its_deadline_and_frees_the_volume(world: World, asked: Request):
    reviewer = world.who("reviewer")
    with act_as(reviewer):
        with pytest.raises(Conflict):
            questions.lapse(reviewer, asked.pk)
        Question.objects.update(deadline=dt.date(2020, 1, 1))
        assert questions.lapse(reviewer, asked.pk).state == RequestState.LAPSED
        assert questions.lapse(reviewer, asked.pk).state == RequestState.LAPSED
    assert balance(world) == (Decimal(50000), Decimal(0))


@pytest.fixture
def proposed(world: World) -> ProposedCorrection:
    """The reviewer proposes 700 of 1,000 kg."""
    request = stages.in_review(world, "1000")
    reviewer = world.who("reviewer")
    with act_as(reviewer):
        return corrections.propose(
            reviewer, request.pk, changes={"net_kg": "700"}, note="The invoice says 700.",
            expected_version=request.version,
        )  # fmt: skip


def test_an_accepted_correction_gives_the_difference_back_once(world: World, proposed: ProposedCorrection):
    signatory = world.who("signatory")
    with act_as(signatory):
        first = corrections.accept(signatory, proposed.pk)
        corrections.accept(signatory, proposed.pk)
        assert Movement.objects.filter(cause="quantity_changed").count() == 1
    assert (first.net_kg, first.entered_unit) == (Decimal(700), "KGM")
    assert balance(world) == (Decimal(49300), Decimal(700))


def test_a_declined_correction_changes_nothing(world: World, proposed: ProposedCorrection):
    signatory = world.who("signatory")
    with act_as(signatory):
        assert corrections.decline(signatory, proposed.pk).net_kg == Decimal(1000)
        with pytest.raises(Conflict):
            corrections.accept(signatory, proposed.pk)
    assert balance(world) == (Decimal(49000), Decimal(1000))


@pytest.mark.parametrize("kg", ["1000", "1000.001", "0", "-5", "NaN", "much"])
def test_only_less_can_be_proposed(world: World, kg: str):
    request = stages.in_review(world, "1000")
    reviewer = world.who("reviewer")
    with act_as(reviewer), pytest.raises(InvalidInput):
        corrections.propose(reviewer, request.pk, changes={"net_kg": kg})


def test_only_a_signatory_of_the_same_exporter_accepts(world: World, proposed: ProposedCorrection):
    rival = make_exporter_people(make_client(world.certifier, "1010000099", "Invented Rival"), "rival")["signatory"]
    for stranger in (identity_of(rival), make_world(2).who("signatory")):
        with act_as(stranger), pytest.raises(DomainError) as refused:
            corrections.accept(stranger, proposed.pk)
        assert refused.value.status == 404
    with act_as(world.who("preparer")), pytest.raises(NotPermitted):
        corrections.accept(world.who("preparer"), proposed.pk)
