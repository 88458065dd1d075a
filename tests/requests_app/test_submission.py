"""Submitting reserves; withdrawing gives back; twice is once."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.errors import Conflict, InvalidInput, NotPermitted, NotVisible
from core.identity import act_as
from pvf.models import Balance
from requests_app.checks.verification import differences
from requests_app.domain import drafts, submission
from requests_app.models import CheckRun, RequestState
from tests.support.drafts import complete_draft
from tests.support.world import World, make_world

pytestmark = pytest.mark.django_db


def balance(world: World) -> Balance:
    with act_as(world.loop()):
        return Balance.objects.get(line=world.line)


def test_a_complete_draft_is_submitted_and_reserves(world: World):
    draft = complete_draft(world, "1000", lot="L1")
    with act_as(world.who("signatory")):
        request = submission.submit(world.who("signatory"), draft.pk, expected_version=draft.version)
        assert request.state == RequestState.SUBMITTED
        assert request.decide_by is not None
        run = CheckRun.objects.get(request=request, moment="submit")
    outcomes = {finding["code"]: finding["outcome"] for finding in run.findings}
    assert outcomes["VOL-1"] == "pass"
    assert [code for code, outcome in outcomes.items() if outcome == "fail"] == []
    assert (balance(world).available, balance(world).reserved) == (Decimal("49000.000"), Decimal("1000.000"))


def test_submitting_twice_reserves_once(world: World):
    draft = complete_draft(world)
    signatory = world.who("signatory")
    with act_as(signatory):
        first = submission.submit(signatory, draft.pk)
        second = submission.submit(signatory, draft.pk)
    assert first.submitted_at == second.submitted_at
    assert balance(world).reserved == Decimal("1000.000")


def test_more_than_remains_is_refused_with_the_arithmetic(world: World):
    draft = complete_draft(world, "50000.001")
    signatory = world.who("signatory")
    with act_as(signatory), pytest.raises(submission.NotReady) as refused:
        submission.submit(signatory, draft.pk)
    assert refused.value.code == "VOL-1"
    finding = refused.value.details["findings"][0]
    assert Decimal(finding["compared"]["over_kg"]) == Decimal("0.001")
    assert balance(world).available == Decimal("50000.000")


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("importer_nop_id", "9990000011", "IMP-1"),
        ("label_name", "Green coffee", "PVF-2"),
        ("hts_code", "0901110099", "HTS-1"),
        ("origin", "BR", "ORG-1"),
        ("standard", "EU", "STD-1"),
        ("gross_kg", "999", "QTY-1"),
        ("departure_date", "2020-01-01", "PER-2"),
        ("start_date", "2020-01-01", "PER-1"),
    ],
)
def test_a_failure_that_can_be_mended_stops_the_submit(world: World, field: str, value: str, code: str):
    draft = complete_draft(world, **{field: value})
    signatory = world.who("signatory")
    with act_as(signatory), pytest.raises(submission.NotReady) as refused:
        submission.submit(signatory, draft.pk)
    assert code in {finding["code"] for finding in refused.value.details["findings"]}
    assert balance(world).reserved == 0


def test_only_a_signatory_submits(world: World):
    draft = complete_draft(world)
    for role in ("preparer", "viewer", "reviewer"):
        with act_as(world.who(role)), pytest.raises(NotPermitted):
            submission.submit(world.who(role), draft.pk)


def test_another_certifiers_exporter_does_not_find_it(world: World):
    draft = complete_draft(world)
    stranger = make_world(2).who("signatory")
    with act_as(stranger), pytest.raises(NotVisible):
        submission.submit(stranger, draft.pk)


def test_withdrawing_gives_the_kilograms_back_once(world: World):
    draft = complete_draft(world)
    signatory = world.who("signatory")
    with act_as(signatory):
        submission.submit(signatory, draft.pk)
        submission.withdraw(signatory, draft.pk)
        request = submission.withdraw(signatory, draft.pk)
    assert request.state == RequestState.WITHDRAWN
    assert (balance(world).available, balance(world).reserved) == (Decimal("50000.000"), Decimal(0))


def test_a_stale_form_is_told_who_changed_what(world: World):
    draft = complete_draft(world)
    signatory = world.who("signatory")
    with act_as(signatory):
        drafts.save(signatory, draft.pk, {"vessel": "MV Other"}, expected_version=draft.version)
        with pytest.raises(Conflict) as stale:
            drafts.save(signatory, draft.pk, {"vessel": "MV Mine"}, expected_version=draft.version)
    assert stale.value.code == "STALE"
    assert world.members["signatory"].user.name in str(stale.value.message)
    assert stale.value.details["changed"] == ["vessel or flight"]


def test_a_withdrawn_request_is_copied_as_new_and_linked(world: World):
    draft = complete_draft(world, lot="L9")
    signatory = world.who("signatory")
    with act_as(signatory):
        submission.withdraw(signatory, draft.pk)
        copy = submission.copy_as_new(signatory, draft.pk)
        assert copy.copied_from_id == draft.pk
        assert [row.lot for row in copy.lots.all()] == ["L9"]
        assert copy.net_kg == draft.net_kg


def test_a_refused_change_of_rows_loses_nothing(world: World):
    """What was there stays, also when the refusal is caught and the transaction goes on to its commit."""
    draft = complete_draft(world, lot="KEEP")
    signatory = world.who("signatory")
    twice = [{"lot": "A", "kg": "1"}, {"lot": "A", "kg": "2"}]
    with act_as(signatory):
        with pytest.raises(InvalidInput) as refused:
            drafts.replace_rows(signatory, draft.pk, "lots", twice, expected_version=draft.version)
        draft.refresh_from_db()
        assert [row.lot for row in draft.lots.all()] == ["KEEP"]
    assert refused.value.field == "lots"


def test_a_name_that_differs_is_shown_letter_by_letter():
    assert differences("Green Cofee", "Green Coffee, washed") == [
        ["equal", "Green Cof"],
        ["insert", "f"],
        ["equal", "ee"],
        ["insert", ", washed"],
    ]
    assert differences("strawberries", "frozen strawberries")[0] == ["insert", "frozen "]
