"""The life of a PVF: drafts, versions over time, top-ups, reductions, a new year, processing."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import Error, IntegrityError, transaction

from core import clock
from core.errors import Conflict, InvalidInput, NotPermitted
from core.identity import act_as
from core.models import AuditRow, Notification
from pvf.domain import basis, documents, drafts, ledger, lines, processing, proposals, top_ups, versions, years
from pvf.domain.basis import Conversion, Purchase, VolumeBasis
from pvf.domain.documents import Paper
from pvf.domain.top_ups import More
from pvf.models import CarryOver, Movement, PVFLine, PVFLineTerms, PVFVersion
from tests.pvf.support import (
    PAPERS,
    a_row,
    an_output,
    approved,
    buckets,
    handed_in,
    next_year,
    proposed,
    reported,
    reserve,
    topped_up,
)
from tests.support.drafts import PAPER
from tests.support.world import World, make_client, make_line

pytestmark = pytest.mark.django_db


def acts_on(world: World) -> set[str]:
    with act_as(world.loop()):
        return set(AuditRow.objects.filter(object_type="pvf").values_list("act", flat=True))


def topics(world: World) -> list[str]:
    with act_as(world.loop()):
        return list(Notification.objects.order_by("created_at", "id").values_list("topic", flat=True))


# drafts


def test_a_draft_is_saved_step_by_step_and_then_proposed(world: World) -> None:
    with act_as(world.who("preparer")) as actor:
        draft = drafts.of_pvf(actor, world.pvf.pk)
        assert drafts.of_pvf(actor, world.pvf.pk).pk == draft.pk
        assert [row.line_number for row in versions.rows_of(draft)] == [1]
        paper = documents.add(actor, draft.pk, Paper("purchase", PAPER, "invoice.pdf"))
        figures = VolumeBasis(
            opening_kg=Decimal(100), input_production_kg=Decimal(1000),
            purchases=(Purchase(Decimal("50.5"), "1010000011", document=paper.pk),),
            conversion=Conversion("Cherries", Decimal(5), Decimal(1), 1),
        )  # fmt: skip
        row = a_row("350.5", 2, basis=figures)
        saved = drafts.save_line(actor, draft.pk, row, revision=draft.revision)
        with pytest.raises(Conflict) as stale:
            drafts.save_line(actor, draft.pk, row, revision=draft.revision)
        assert stale.value.code == "STALE"
        assert versions.rows_of(saved)[1] == row
        with pytest.raises(Conflict, match="DOCUMENT-NAMED"):
            documents.remove(actor, paper.pk)
        drafts.save_head(
            actor, draft.pk, period_start=world.pvf.period_start, period_end=world.pvf.period_end, note="New product",
            revision=saved.revision,
        )  # fmt: skip
    assert topics(world) == []
    version = handed_in(world, draft)
    assert (version.state, version.note) == ("proposed", "New product")
    handed_in(world, draft)  # a second press changes nothing
    approved(world, version)
    with act_as(world.loop()):
        line = PVFLine.objects.get(pvf=world.pvf, line_number=2)
        terms = lines.terms_in_force(line.pk)
        assert terms is not None and basis.from_json(terms.basis) == figures
    assert buckets(world, line) == (Decimal("350.5"), Decimal("350.5"))
    assert topics(world) == ["pvf.proposed", "pvf.approved"]
    assert {"pvf.draft_start", "pvf.draft_save", "pvf.document_add", "pvf.propose", "pvf.approve"} <= acts_on(world)


def test_a_line_left_out_of_a_draft_gives_its_free_kilograms_back(world: World) -> None:
    with act_as(world.who("preparer")) as actor:
        draft = drafts.of_pvf(actor, world.pvf.pk)
        kept = drafts.save_line(actor, draft.pk, a_row("10", 2), revision=draft.revision)
        drafts.remove_line(actor, draft.pk, 1, revision=kept.revision)
    approved(world, handed_in(world, draft))
    assert buckets(world) == (0, 0)


def test_an_empty_draft_and_one_that_does_not_fit_together_are_not_handed_in(world: World) -> None:
    fed = VolumeBasis(conversion=Conversion("Cherries", Decimal(5), Decimal(1), 9))
    with act_as(world.who("preparer")) as actor:
        draft = drafts.of_pvf(actor, world.pvf.pk)
        saved = drafts.save_line(actor, draft.pk, a_row("10", basis=fed), revision=draft.revision)
        with pytest.raises(InvalidInput, match="PVF-CONVERSION"):
            drafts.propose(actor, draft.pk, revision=saved.revision)
        empty = drafts.remove_line(actor, draft.pk, 1, revision=saved.revision)
        with pytest.raises(InvalidInput, match="PVF-EMPTY"):
            drafts.propose(actor, draft.pk, revision=empty.revision)


def test_a_purchase_cannot_name_the_document_of_another_exporter(world: World) -> None:
    other = make_line(make_client(world.certifier, "1010000099", "Rival"), "1").line
    with act_as(world.who("manager")) as actor:
        foreign = documents.add(actor, drafts.of_pvf(actor, other.pvf_id).pk, Paper("other", PAPER, "theirs.pdf"))
    named = VolumeBasis(purchases=(Purchase(Decimal(1), "1010000011", document=foreign.pk),))
    with pytest.raises(InvalidInput, match="PVF-DOCUMENT"):
        proposed(world, a_row("10", basis=named))


def test_the_side_that_proposed_takes_it_back_and_nobody_else(world: World) -> None:
    version = proposed(world, a_row("60000"))
    with act_as(world.who("manager")) as actor, pytest.raises(NotPermitted):
        proposals.withdraw(actor, version.pk)
    with act_as(world.who("viewer")) as actor, pytest.raises(NotPermitted):
        proposals.withdraw(actor, version.pk)
    with act_as(world.who("signatory")) as actor:
        assert proposals.withdraw(actor, version.pk, "Wrong figures").state == "withdrawn"
        assert proposals.withdraw(actor, version.pk).decision_reason == "Wrong figures"
    with pytest.raises(Conflict):
        approved(world, version)
    assert topics(world) == ["pvf.proposed", "pvf.withdrawn"]


def test_a_manager_who_compared_with_an_older_version_is_told(world: World) -> None:
    with act_as(world.loop()):
        seen = str(world.pvf.versions.get().pk)
    version = proposed(world, a_row("70000"))
    approved(world, topped_up(world), compared_with=seen)
    with pytest.raises(Conflict) as refused:
        approved(world, version, compared_with=seen)
    assert refused.value.code == "PVF-CHANGED"
    assert buckets(world)[0] == 50500


# versions over time


def test_what_a_line_said_at_a_moment_has_one_answer(world: World) -> None:
    with act_as(world.loop()):
        first = world.pvf.versions.get()
    between = clock.now()
    second = approved(world, proposed(world, a_row("60000")))
    third = approved(world, topped_up(world))
    with act_as(world.loop()):
        said = [lines.terms_at(world.line.pk, at) for at in (
            first.in_force_from - dt.timedelta(seconds=1), between, second.in_force_from, third.in_force_from, clock.now(),
        )]  # fmt: skip
        assert [row and row.authorised_kg for row in said] == [None, 50000, 60000, 60500, 60500]
        rows = list(world.pvf.versions.order_by("in_force_from"))
        # no gap, no overlap
        assert [row.in_force_until for row in rows] == [rows[1].in_force_from, rows[2].in_force_from, None]


def test_the_database_refuses_two_versions_in_force_at_one_moment(world: World) -> None:
    approved(world, proposed(world, a_row("60000")))
    with act_as(world.loop()):
        old = world.pvf.versions.get(number=1)
        with pytest.raises(IntegrityError, match="pvf_versions_never_in_force_together"), transaction.atomic():
            PVFVersion.objects.filter(pk=old.pk).update(in_force_until=clock.now() + dt.timedelta(days=1))
        with pytest.raises(IntegrityError, match="in_force_while_approved"), transaction.atomic():
            PVFVersion.objects.filter(number=2).update(in_force_from=None)


def test_an_exporter_cannot_write_history_behind_the_application(world: World) -> None:
    version = proposed(world, a_row("60000"))
    next_draft = next_year(world)
    with act_as(world.who("signatory")):
        for change in (
            lambda: PVFVersion.objects.filter(pk=version.pk).update(
                state="superseded", in_force_from=clock.now(), in_force_until=clock.now()),
            lambda: PVFLineTerms.objects.filter(version=version).update(authorised_kg=1),
            lambda: PVFLineTerms.objects.filter(version=version).delete(),
            lambda: CarryOver.objects.filter(version=next_draft).update(decided_kg=5),
        ):  # fmt: skip
            with pytest.raises(Error), transaction.atomic():
                change()


# top-ups and reductions


def test_a_top_up_moves_its_kilograms_and_leaves_everything_else_as_it_stood(world: World) -> None:
    bought = VolumeBasis(purchases=(Purchase(Decimal(500), "1010000022", "Farm", "F-1"),))
    version = topped_up(world, basis=bought)
    # a proposal of the lines in between neither loses nor is lost
    approved(world, proposed(world, a_row("60000", label_name="Organic coffee"), a_row("7", 2)))
    approved(world, version)
    approved(world, version)
    assert buckets(world) == (60500, 60500)
    with act_as(world.loop()):
        terms = lines.terms_in_force(world.line.pk)
        assert terms is not None
        assert (terms.label_name, terms.authorised_kg) == ("Organic coffee", 60500)
        assert basis.from_json(terms.basis).purchases == bought.purchases
        assert version.pvf.versions.get(state="approved").terms.count() == 2
        last = Movement.objects.filter(line=world.line).latest("sequence")
        assert (last.cause, last.kg, last.reason) == ("top_up", 500, "Bought in May")


def test_two_top_ups_wait_side_by_side_and_both_count(world: World) -> None:
    both = [topped_up(world, "1", "TNE"), topped_up(world, "100")]
    for version in both:
        approved(world, version)
    assert buckets(world) == (51100, 51100)


def test_a_rejected_top_up_moves_nothing(world: World) -> None:
    version = topped_up(world)
    with act_as(world.who("manager")) as actor:
        proposals.reject(actor, version.pk, "The invoice names another product")
    assert buckets(world) == (50000, 50000)
    assert topics(world) == ["pvf.proposed", "pvf.rejected"]


def test_a_top_up_needs_evidence_a_reason_and_a_year_under_way(world: World) -> None:
    more = More(Decimal(1), "KGM", "Bought")
    with act_as(world.who("preparer")) as actor:
        with pytest.raises(InvalidInput, match="EVIDENCE"):
            top_ups.propose(actor, world.line.pk, more, [])
        with pytest.raises(InvalidInput, match="REASON"):
            top_ups.propose(actor, world.line.pk, More(Decimal(1), "KGM", " "), PAPERS)
        with pytest.raises(InvalidInput, match="PVF-QUANTITY"):
            top_ups.propose(actor, world.line.pk, More(Decimal(0), "KGM", "Bought"), PAPERS)
    with act_as(world.loop()):
        over = clock.now().date() - dt.timedelta(days=3)
        type(world.pvf).objects.filter(pk=world.pvf.pk).update(period_end=over)
    with act_as(world.who("preparer")) as actor, pytest.raises(Conflict, match="TOP-UP-YEAR"):
        top_ups.propose(actor, world.line.pk, more, PAPERS)


@pytest.mark.parametrize("role", ["viewer", "auditor", "approver"])
def test_others_do_not_top_up(world: World, role: str) -> None:
    with act_as(world.who(role)) as actor, pytest.raises(NotPermitted):
        top_ups.propose(actor, world.line.pk, More(Decimal(1), "KGM", "Bought"), PAPERS)


def test_a_reduction_to_what_is_in_use_leaves_nothing_available_and_less_is_refused(world: World) -> None:
    reserve(world, "30000")
    with pytest.raises(InvalidInput, match="PVF-USED"):
        approved(world, proposed(world, a_row("29999.999")))
    approved(world, proposed(world, a_row("40000")))
    assert buckets(world) == (10000, 40000)
    approved(world, proposed(world, a_row("30000")))
    assert buckets(world) == (0, 30000)


# a new year


def test_a_new_year_carries_over_what_a_manager_decided(world: World) -> None:
    reserve(world, "20000")
    draft = next_year(world)
    with act_as(world.loop()):
        asked = draft.carry_overs.select_related("line").get()
        assert asked.asked_kg == 30000
    version = handed_in(world, draft)
    with pytest.raises(InvalidInput, match="CARRY-UNDECIDED"):
        approved(world, version)
    with pytest.raises(InvalidInput, match="REASON"):
        approved(world, version, carried={asked.line_id: Decimal(12000)})
    with pytest.raises(InvalidInput) as refused:
        approved(world, version, carried={asked.line_id: Decimal("30000.001")}, reason="Stock count")
    assert refused.value.details["available_kg"] == "30000.000"
    assert buckets(world) == (30000, 50000)
    approved(world, version, carried={asked.line_id: Decimal(12000)}, reason="Stock count")
    assert buckets(world) == (18000, 38000)
    assert buckets(world, asked.line) == (50000, 50000)
    with act_as(world.loop()):
        pair = Movement.objects.filter(cause="carry_over").order_by("idempotency_key")
        assert [(row.source, row.target, row.kg, row.reason) for row in pair] == [
            ("outside", "available", 12000, "Stock count"), ("available", "outside", 12000, "Stock count"),
        ]  # fmt: skip
        assert len({row.idempotency_key.rsplit(":", 1)[0] for row in pair}) == 1
        asked.refresh_from_db()
        assert (asked.decided_kg, asked.decided_by) == (12000, world.who("manager").user_id)
    # a later version of the old year does not authorise again what was carried away
    with pytest.raises(InvalidInput) as too_low:
        approved(world, proposed(world, a_row("31999.999")))
    assert too_low.value.details["processed_or_carried_away_kg"] == "12000.000"
    approved(world, proposed(world, a_row("50000", label_name="Other label")))
    assert buckets(world) == (18000, 38000)


def test_zero_is_a_decision_and_a_new_proposal_keeps_asking(world: World) -> None:
    draft = next_year(world)
    handed_in(world, draft)
    start = world.pvf.period_end + dt.timedelta(days=1)
    again = proposed(
        world, a_row("60000"), number="NEXT", period_start=start, period_end=start + dt.timedelta(days=364)
    )
    with act_as(world.loop()):
        asked = again.carry_overs.select_related("line").get()
    approved(world, again, carried={asked.line_id: Decimal(0)}, reason="Sold out")
    assert buckets(world) == (50000, 50000)
    assert buckets(world, asked.line) == (60000, 60000)


def test_more_cannot_be_carried_than_the_new_line_authorises(world: World) -> None:
    draft = next_year(world)
    with act_as(world.who("preparer")) as actor:
        saved = drafts.save_line(actor, draft.pk, a_row("100"), revision=draft.revision)
        line_id = saved.carry_overs.get().line_id
        with pytest.raises(InvalidInput, match="CARRY-OVER"):
            years.ask(actor, draft.pk, line_id, Decimal("50000.001"), revision=saved.revision)
        years.ask(actor, draft.pk, line_id, Decimal("100.001"), revision=saved.revision)
    with pytest.raises(InvalidInput, match="CARRY-OVER"):
        approved(world, handed_in(world, draft), carried={line_id: Decimal("100.001")}, reason="x")


def test_a_new_year_begins_after_the_old_one(world: World) -> None:
    with act_as(world.who("preparer")) as actor, pytest.raises(InvalidInput, match="PVF-PERIOD"):
        years.open_draft(
            actor, world.pvf.pk, number="NEXT", period_start=world.pvf.period_end, period_end=world.pvf.period_end
        )


# processing


def test_processing_moves_both_sides_together_and_rounds_once(world: World) -> None:
    output = an_output(world)
    report = reported(world, output, "1000.001", ("3", "1"))
    assert (report.output_kg, report.state) == (Decimal("333.334"), "reported")
    assert processing.departs_from_pvf(report)
    assert buckets(world) == (50000, 50000)
    with act_as(world.who("manager")) as actor:
        processing.approve(actor, report.pk)
        processing.approve(actor, report.pk)
    assert buckets(world) == (Decimal("48999.999"), Decimal("48999.999"))
    assert buckets(world, output) == (Decimal("333.334"), Decimal("333.334"))
    with act_as(world.loop()):
        keys = Movement.objects.filter(cause="process").values_list("idempotency_key", flat=True)
        assert sorted(keys) == [f"process:{report.pk}:in", f"process:{report.pk}:out"]
    assert topics(world)[-2:] == ["pvf.processing_reported", "pvf.processing_approved"]
    # a later version neither gives the processed input back nor takes the output away
    approved(world, proposed(world, a_row("50000"), a_row("10", 2)))
    assert buckets(world)[0] == Decimal("48999.999")
    assert buckets(world, output)[0] == Decimal("343.334")


def test_more_than_the_input_line_has_is_refused_and_neither_side_moves(world: World) -> None:
    output = an_output(world)
    report = reported(world, output, "50000")
    reserve(world, "1")
    with act_as(world.who("manager")) as actor, pytest.raises(ledger.VolumeExceeded) as refused:
        processing.approve(actor, report.pk)
    assert refused.value.details["there_kg"] == "49999.000"
    assert buckets(world, output) == (0, 0)


def test_a_report_that_was_rejected_or_taken_back_never_moves(world: World) -> None:
    output = an_output(world)
    one, two = reported(world, output), reported(world, output)
    with act_as(world.who("manager")) as actor:
        with pytest.raises(InvalidInput, match="REASON"):
            processing.reject(actor, one.pk, " ")
        processing.reject(actor, one.pk, "No record of the mill")
    with act_as(world.who("preparer")) as actor:
        processing.withdraw(actor, two.pk)
        with pytest.raises(NotPermitted):
            processing.approve(actor, two.pk)
    for row in (one, two):
        with act_as(world.who("manager")) as actor, pytest.raises(Conflict):
            processing.approve(actor, row.pk)
    assert buckets(world, output) == (0, 0)


@pytest.mark.parametrize(
    ("change", "code"),
    [({"ratio_input": Decimal(0)}, "PROCESS-RATIO"), ({"quantity": Decimal(0)}, "PROCESS-QUANTITY"),
     ({"quantity": Decimal("NaN")}, "PROCESS-QUANTITY"), ({"unit": "BAG"}, "PROCESS-QUANTITY"),
     ({"processed_on": dt.date(1999, 1, 1)}, "PROCESS-DAY"), ({"reason": ""}, "REASON")],
)  # fmt: skip
def test_what_cannot_be_processed_is_refused(world: World, change: dict[str, Any], code: str) -> None:
    output = an_output(world)
    values: dict[str, Any] = {
        "quantity": Decimal(5), "unit": "KGM", "ratio_input": Decimal(5), "ratio_output": Decimal(1),
        "processed_on": clock.now().date() - dt.timedelta(days=1), "reason": "Mill", **change,
    }  # fmt: skip
    with act_as(world.who("preparer")) as actor, pytest.raises(InvalidInput, match=code):
        processing.report(actor, world.line.pk, output.pk, processing.Processed(**values), PAPERS)


def test_lines_of_two_pvfs_and_one_line_alone_are_no_pair(world: World) -> None:
    rival = make_line(make_client(world.certifier, "1010000099", "Rival"), "5").line
    done = processing.Processed(Decimal(5), "KGM", Decimal(5), Decimal(1), clock.now().date(), "Mill")
    for target in (world.line, rival):
        with act_as(world.who("manager")) as actor, pytest.raises(InvalidInput, match="PROCESS-LINES"):
            processing.report(actor, world.line.pk, target.pk, done, PAPERS)
