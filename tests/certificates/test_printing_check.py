"""TXT-1: what the certificate would print can be printed, or nobody submits or approves it."""

from __future__ import annotations

import pytest

from certificates.models import Certificate
from core.checks import Finding, Moment, Outcome
from core.errors import DomainError
from core.identity import act_as
from organizations.domain import letterheads
from organizations.models import User
from requests_app.domain import checking, drafts, submission
from requests_app.models import Request
from review.domain import decisions
from tests.support import stages
from tests.support.drafts import complete_draft
from tests.support.world import World

pytestmark = pytest.mark.django_db


def finding(world: World, draft: Request, role: str = "preparer", moment: Moment = Moment.DRAFT) -> Finding:
    actor = world.who(role)
    with act_as(actor):
        return next(f for f in checking.findings(actor, draft, moment) if f.code == "TXT-1")


def test_names_in_the_scripts_of_the_fonts_pass(world: World):
    names = {"consignee_name": "架空有機茶園株式会社", "consignee_address": "١٢ شارع المثال", "vessel": "Tưởng Tượng"}
    assert finding(world, complete_draft(world, **names)).outcome is Outcome.PASS


def test_a_character_without_a_glyph_fails_with_its_name_and_place(world: World):
    found = finding(world, complete_draft(world, consignee_name="Invented 𒀀\u202e Roasters"))
    assert (found.outcome, found.field, found.overridable, found.mendable) == (
        Outcome.FAIL,
        "consignee_name",
        False,
        True,
    )
    assert "U+12000" in str(found.message) and "U+202E" in str(found.message)
    assert "\u202e" not in str(found.message)
    assert "Ultimate consignee" in str(found.message)


def test_a_lot_is_looked_at_too(world: World):
    found = finding(world, complete_draft(world, lot="LOT-𒀀"))
    assert (found.outcome, found.field) == (Outcome.FAIL, "lots")


def test_an_empty_draft_has_nothing_to_print(world: World):
    with act_as(world.who("preparer")) as actor:
        draft = drafts.start(actor, "multiple")
    assert finding(world, draft).outcome is Outcome.PASS


def test_what_the_certifier_wrote_fails_but_does_not_stop_the_exporters_submit(world: World):
    with act_as(world.who("manager")) as manager:
        letterheads.change(manager, accreditation="", text="Tel. 𒀀", expected_version=0)
    draft = complete_draft(world)
    found = finding(world, draft)
    assert (found.outcome, found.mendable) == (Outcome.FAIL, False)
    assert "Letterhead" in str(found.message)
    with act_as(world.who("signatory")) as signatory:
        assert submission.submit(signatory, draft.pk).submitted_at


def test_it_stops_a_submit(world: World):
    draft = complete_draft(world, vessel="MV 𒀀")
    with act_as(world.who("signatory")) as signatory, pytest.raises(DomainError) as refused:
        submission.submit(signatory, draft.pk)
    assert "TXT-1" in str(refused.value.details)


def test_it_stops_an_approval_and_nobody_may_set_it_aside(world: World):
    request = stages.recommended(world)
    with act_as(world.who("manager")) as manager:
        letterheads.change(manager, accreditation="", text="Tel. 𒀀", expected_version=0)
    with act_as(world.who("approver")) as approver, pytest.raises(DomainError) as refused:
        decisions.approve(approver, request.pk, expected_version=request.version)
    assert "TXT-1" in str(refused.value.details)
    with act_as(world.loop()):
        assert not Certificate.objects.exists()


def test_the_approvers_own_name_must_be_printable_too(world: World):
    request = stages.recommended(world)
    User.objects.filter(pk=world.members["approver"].user_id).update(name="𒀀 Approver")
    with act_as(world.who("approver")) as approver, pytest.raises(DomainError) as refused:
        decisions.approve(approver, request.pk, expected_version=request.version)
    assert (refused.value.code, refused.value.details) == ("TXT-1", {"places": ["approved_by"]})


def test_a_certificate_keeps_the_letterhead_that_it_was_approved_under(world: World):
    with act_as(world.who("manager")) as manager:
        letterheads.change(manager, accreditation="Accredited", text="Tel. 1", expected_version=0)
    certificate = stages.approved(world)
    with act_as(world.who("manager")) as manager:
        letterheads.change(manager, accreditation="Other", text="Tel. 2", expected_version=1)
    with act_as(world.loop()):
        kept = Certificate.objects.get(pk=certificate.pk).snapshot
    assert (kept["letterhead"], kept["certifier"]["accreditation"]) == (
        {"text": "Tel. 1", "logo_sha256": ""},
        "Accredited",
    )
