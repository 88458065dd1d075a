"""Approving and rejecting: checks on locked rows, four eyes, once."""

from __future__ import annotations

import dataclasses
import threading
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from certificates.domain.return_to_review import back_to_review
from certificates.models import Certificate
from core import ids
from core.checks import Moment
from core.errors import Conflict, DomainError, InvalidInput, NotPermitted, NotVisible
from core.identity import Identity, act_as
from core.models import AuditRow, Notification
from organizations.models import OperationStatus
from organizations.roles import Role
from organizations.rules import change_rules
from pvf.domain import lines
from requests_app.domain import corrections
from requests_app.models import CheckRun, Request, RequestState
from review.domain import decisions, overrides, recommendations
from review.models import CheckOverride, Decision
from tests.review.support import balance, in_review, recommended
from tests.support.world import World, make_world, set_status

pytestmark = pytest.mark.django_db


def both_roles(world: World, role: str) -> Identity:
    """The same person with every acting role."""
    return dataclasses.replace(world.who(role), roles=frozenset({Role.REVIEWER, Role.APPROVER, Role.MANAGER}))


def approve(world: World, request: Request, actor: Identity | None = None) -> Decision:
    actor = actor or world.who("approver")
    with act_as(actor):
        return decisions.approve(actor, request.pk, expected_version=request.version)


def an_overridable_failure(world: World, kg: str = "1000") -> Request:
    """Recommended, then the certifier stops issuing under the request's standard: STD-1 fails."""
    request = recommended(world, kg)
    with act_as(world.loop()):
        change_rules(world.certifier.pk, {"standards": ["EU-ORGANIC"]}, None)
    return request


def test_an_approval_moves_the_kilograms_and_makes_one_certificate(world: World):
    request = recommended(world)
    decision = approve(world, request)
    with act_as(world.loop()):
        certificate = Certificate.objects.get(request=request)
        assert Request.objects.get(pk=request.pk).state == RequestState.APPROVED
    assert decision.certificate_id == certificate.pk
    assert certificate.number is None
    assert (balance(world).reserved, balance(world).certified) == (Decimal(0), Decimal(1000))


def test_a_decision_keeps_findings_with_inputs_and_versions_and_the_line_as_it_stood(world: World):
    decision = approve(world, recommended(world))
    volume = next(finding for finding in decision.findings if finding["code"] == "VOL-1")
    assert Decimal(volume["compared"]["asked_kg"]) == 1000
    assert Decimal(volume["compared"]["held_kg"]) == 1000
    assert all(finding["rule_version"] >= 1 for finding in decision.findings)
    with act_as(world.loop()):
        terms = lines.terms_in_force(world.line.pk)
        assert terms is not None
        assert decision.line_sha256 == lines.line_sha256(terms)
        assert CheckRun.objects.filter(request=decision.request_id, moment=Moment.APPROVE).count() == 1
        acts = set(AuditRow.objects.filter(object_id=str(decision.request_id)).values_list("act", flat=True))
        assert Notification.objects.filter(topic="review.approved", object_id=decision.request_id).count() == 1
    assert {"request.claim", "review.recommend", "request.approve", "review.decide"} <= acts
    assert decision.recommended_by == world.members["reviewer"].user_id


def test_approving_twice_gives_the_first_decision(world: World):
    request = recommended(world)
    first, second = approve(world, request), approve(world, request)
    assert first.pk == second.pk
    with act_as(world.loop()):
        assert Certificate.objects.filter(request=request).count() == 1


@pytest.mark.parametrize("party", ["exporter", "importer"])
def test_a_party_that_lost_its_certification_stops_the_approval(world: World, party: str):
    request = recommended(world)
    operation = world.client.operation_id if party == "exporter" else world.importer.pk
    set_status(operation, OperationStatus.SUSPENDED)
    with act_as(world.who("approver")) as approver, pytest.raises(decisions.Blocked) as refused:
        decisions.approve(approver, request.pk)  # the refusal is caught before the transaction ends: it commits
    assert refused.value.code == ("EXP-1" if party == "exporter" else "IMP-1")
    assert balance(world).certified == 0
    with act_as(world.loop()):
        assert not Certificate.objects.filter(request=request).exists()
        run = CheckRun.objects.get(request=request, moment=Moment.APPROVE)
    assert refused.value.code in {finding["code"] for finding in run.findings if finding["outcome"] == "fail"}


def test_the_four_hard_rules_are_never_set_aside(world: World):
    request = recommended(world)
    set_status(world.importer.pk, OperationStatus.SURRENDERED)
    manager = world.who("manager")
    with act_as(manager), pytest.raises(NotPermitted) as refused:
        overrides.override(manager, request.pk, code="IMP-1", reason="They will be certified next week.")
    assert refused.value.code == "NEVER"
    with act_as(manager):  # even a row made behind the function's back does not count
        CheckOverride.objects.create(
            certifier=world.certifier, request=request, request_version=request.version, check_code="IMP-1",
            reason="forged", made_by=manager.user_id,
        )  # fmt: skip
    with pytest.raises(decisions.Blocked):
        approve(world, request)


def test_an_overridable_failure_blocks_until_a_manager_gives_a_reason(world: World):
    request = an_overridable_failure(world)
    with pytest.raises(decisions.Blocked) as refused:
        approve(world, request)
    assert refused.value.code == "STD-1"
    manager = world.who("manager")
    with act_as(manager):
        overrides.override(
            manager, request.pk, code="STD-1", reason="Accepted under the old rule.", expected_version=request.version
        )
    decision = approve(world, request)
    finding = next(finding for finding in decision.findings if finding["code"] == "STD-1")
    assert finding["outcome"] == "fail"
    assert finding["overridden"]["reason"] == "Accepted under the old rule."


@pytest.mark.parametrize("role", ["reviewer", "approver", "auditor"])
def test_only_a_manager_overrides(world: World, role: str):
    request = an_overridable_failure(world)
    with act_as(world.who(role)) as actor, pytest.raises(NotPermitted):
        overrides.override(actor, request.pk, code="STD-1", reason="Accepted under the old rule.")


def test_who_set_a_failure_aside_does_not_approve(world: World):
    request = an_overridable_failure(world)
    person = both_roles(world, "manager")
    with act_as(person):
        overrides.override(person, request.pk, code="STD-1", reason="Accepted under the old rule.")
    with pytest.raises(NotPermitted) as refused:
        approve(world, request, person)
    assert refused.value.code == "SECOND-PERSON"


def test_nothing_is_set_aside_that_does_not_fail_or_without_words(world: World):
    request = an_overridable_failure(world)
    with act_as(world.who("manager")) as manager:
        with pytest.raises(InvalidInput, match="NOT-FAILED"):
            overrides.override(manager, request.pk, code="PVF-2", reason="Accepted under the old rule.")
        with pytest.raises(InvalidInput, match="REASON"):
            overrides.override(manager, request.pk, code="STD-1", reason="ok")


def test_without_a_recommendation_nobody_approves(world: World):
    request = in_review(world)
    with pytest.raises(Conflict) as refused:
        approve(world, request)
    assert refused.value.code == "NO-RECOMMENDATION"


def test_the_person_who_recommended_does_not_decide(world: World):
    request = in_review(world)
    person = both_roles(world, "approver")
    with act_as(person):
        recommendations.recommend(person, request.pk, approve=True)
    with pytest.raises(NotPermitted) as refused:
        approve(world, request, person)
    assert refused.value.code == "FOUR-EYES"


def written_by(world: World, request: Request, **fields: object) -> None:
    """An approval that goes round the domain, by the approver."""
    approver = world.who("approver")
    values = {"recommended_by": world.who("reviewer").user_id, "decided_by": approver.user_id, "findings": []} | fields
    with act_as(approver), transaction.atomic():
        Decision.objects.create(
            certifier=world.certifier, client=world.client, request=request, request_version=request.version,
            approved=True, line_sha256="0" * 64, **values,
        )  # fmt: skip


def test_the_database_itself_refuses_two_eyes(world: World):
    request = recommended(world)
    approver = both_roles(world, "approver")
    with act_as(approver):
        recommendations.recommend(approver, request.pk, approve=True)
    with pytest.raises(IntegrityError, match="four_eyes_are_two_people"):
        written_by(world, request, recommended_by=approver.user_id)


def test_the_database_itself_refuses_an_approval_that_nobody_recommended(world: World):
    with pytest.raises(IntegrityError, match="nobody has recommended"):
        written_by(world, in_review(world))
    with pytest.raises(IntegrityError, match="four eyes are in force"):
        written_by(world, in_review(world), four_eyes=False)
    with pytest.raises(IntegrityError, match="person who acts"):
        written_by(world, recommended(world), decided_by=world.who("manager").user_id)


def test_the_database_itself_refuses_an_approval_of_what_the_approver_set_aside(world: World):
    request = an_overridable_failure(world)
    person = both_roles(world, "approver")
    with act_as(person):
        overrides.override(person, request.pk, code="STD-1", reason="Accepted under the old rule.")
    finding = {"code": "STD-1", "outcome": "fail"}
    with pytest.raises(IntegrityError, match="a second person"):
        written_by(world, request, findings=[finding | {"overridden": {"by": str(world.who("manager").user_id)}}])


def test_a_certifier_may_decide_with_two_eyes_by_its_settings(world: World):
    with act_as(world.loop()):
        change_rules(world.certifier.pk, {"four_eyes": False}, None)
    decision = approve(world, in_review(world))
    assert decision.approved
    assert decision.four_eyes is False


def test_advice_against_stops_the_approval(world: World):
    request = in_review(world)
    with act_as(world.who("reviewer")) as reviewer:
        recommendations.recommend(reviewer, request.pk, approve=False, note="The label differs.")
    with pytest.raises(Conflict, match="NO-RECOMMENDATION"):
        approve(world, request)


def test_a_change_of_the_request_voids_recommendation_and_override_and_tells_what_changed(world: World):
    request = an_overridable_failure(world)
    with act_as(world.who("manager")) as manager:
        overrides.override(manager, request.pk, code="STD-1", reason="Accepted under the old rule.")
    with act_as(world.who("reviewer")) as reviewer:
        proposal = corrections.propose(reviewer, request.pk, changes={"net_kg": "900"})
    with act_as(world.who("signatory")) as signatory:
        corrections.accept(signatory, proposal.pk)
    with pytest.raises(Conflict) as stale:
        approve(world, request)
    assert stale.value.code == "STALE"
    assert "net quantity" in str(stale.value.message)
    with act_as(world.loop()):
        request.refresh_from_db()
        assert overrides.in_force(request) == {}
    with pytest.raises(Conflict, match="NO-RECOMMENDATION"):
        approve(world, request)
    assert balance(world).reserved == 900


@pytest.mark.parametrize("role", ["reviewer", "manager", "auditor"])
def test_only_an_approver_decides(world: World, role: str):
    request = recommended(world)
    with act_as(world.who(role)) as actor:
        with pytest.raises(NotPermitted):
            decisions.approve(actor, request.pk)
        with pytest.raises(NotPermitted):
            decisions.reject(actor, request.pk, reason="volume")


def test_no_program_decides(world: World):
    request = recommended(world)
    with act_as(world.loop()) as loop, pytest.raises(NotPermitted):
        decisions.approve(loop, request.pk)


def test_another_certifier_finds_nothing_to_decide(world: World):
    request, other = recommended(world), make_world(2)
    with act_as(other.who("approver")) as stranger, pytest.raises(NotVisible):
        decisions.approve(stranger, request.pk)


def test_a_rejection_gives_the_kilograms_back_and_tells_the_exporter_why(world: World):
    request = recommended(world)
    with act_as(world.who("approver")) as approver:
        first = decisions.reject(
            approver, request.pk, expected_version=request.version, reason="documents", note="Invoice of 2024."
        )
        second = decisions.reject(approver, request.pk, reason="documents")
        request.refresh_from_db()
    assert (first.pk, first.approved, first.reason) == (second.pk, False, "documents")
    assert request.state == RequestState.REJECTED
    assert (balance(world).available, balance(world).reserved) == (Decimal(50000), Decimal(0))
    with act_as(world.who("signatory")):
        row = AuditRow.objects.get(act="review.decide", object_id=str(request.pk))
        assert not Decision.objects.filter(request=request).exists()
        assert not AuditRow.objects.filter(act="review.recommend").exists()
    assert (row.after["reason"], row.after["note"]) == ("documents", "Invoice of 2024.")
    with act_as(world.loop()):
        told = Notification.objects.get(topic="review.rejected", object_id=request.pk)
    assert told.context["note"] == "Invoice of 2024."


@pytest.mark.parametrize(("reason", "note"), [("", "x"), ("mood", "x"), ("other", "")])
def test_a_rejection_needs_a_reason_of_the_catalogue(world: World, reason: str, note: str):
    request = recommended(world)
    with act_as(world.who("approver")) as approver, pytest.raises(InvalidInput):
        decisions.reject(approver, request.pk, reason=reason, note=note)
    assert balance(world).reserved == 1000


def test_a_rejected_request_is_not_approved(world: World):
    request = recommended(world)
    with act_as(world.who("approver")) as approver:
        decisions.reject(approver, request.pk, reason="origin")
    with pytest.raises(Conflict, match="REQUEST-STATE"):
        approve(world, request)


def test_back_in_review_a_new_approval_replaces_the_decision_and_makes_a_new_certificate(world: World):
    request = recommended(world)
    first = approve(world, request)
    assert first.certificate_id is not None
    with act_as(world.who("reviewer")) as reviewer:
        back_to_review(reviewer, first.certificate_id, "the exporter asked us to wait")
    second = approve(world, request)
    with act_as(world.loop()):
        first.refresh_from_db()
    assert first.revoked_at is not None
    assert second.certificate_id not in {None, first.certificate_id}
    assert (balance(world).reserved, balance(world).certified) == (Decimal(0), Decimal(1000))


def test_a_refusal_after_the_checks_leaves_nothing_behind(world: World, monkeypatch: pytest.MonkeyPatch):
    request = recommended(world)

    def broken(*_: Any) -> None:
        raise InvalidInput("SNAPSHOT", "a field is missing")

    monkeypatch.setattr(decisions.approval, "certify", broken)
    with act_as(world.who("approver")) as approver:
        with pytest.raises(InvalidInput):
            decisions.approve(approver, request.pk)
        assert Request.objects.get(pk=request.pk).state == RequestState.IN_REVIEW
        assert not Decision.objects.filter(request=request).exists()


@pytest.mark.django_db(transaction=True)
def test_approvers_at_once_make_exactly_one_certificate(world: World):
    request = recommended(world)
    people = [dataclasses.replace(world.who("approver"), request_id=ids.new_id().hex) for _ in range(6)]
    gate = threading.Barrier(len(people))
    results: list[object] = []

    def run(actor: Identity) -> None:
        try:
            gate.wait(timeout=30)
            with act_as(actor):
                results.append(decisions.approve(actor, request.pk, expected_version=request.version).pk)
        except DomainError as error:
            results.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(results) == len(people)
    assert len(set(results)) == 1, results
    with act_as(world.loop()):
        assert Certificate.objects.filter(request=request).count() == 1
        assert Decision.objects.filter(request=request).count() == 1
    assert (balance(world).reserved, balance(world).certified) == (Decimal(0), Decimal(1000))
