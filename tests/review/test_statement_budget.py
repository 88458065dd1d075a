"""How often submit and approve ask the database: an upper bound, so that nobody adds a query a row without noticing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.checks import Moment
from core.identity import Identity, act_as
from core.models import AuditRow
from pvf.domain import ledger
from requests_app.domain import submission
from requests_app.domain.facts import RequestFacts, gather
from requests_app.models import Request
from review.domain import decisions
from tests.review.support import recommended
from tests.support.drafts import complete_draft
from tests.support.world import World

pytestmark = pytest.mark.django_db

#: With the identity's statement and the savepoints of a test's own transaction.
SUBMIT, APPROVE = 13, 17


def statements(actor: Identity, act: Callable[[], object]) -> list[str]:
    with CaptureQueriesContext(connection) as captured, act_as(actor):
        act()
    return [query["sql"] for query in captured.captured_queries]


def test_submit_and_approve_keep_to_their_number_of_statements(world: World) -> None:
    draft = complete_draft(world, "1000", lot="L1")
    signatory = world.who("signatory")
    asked = statements(signatory, lambda: submission.submit(signatory, draft.pk))
    assert len(asked) <= SUBMIT, "\n".join(asked)

    request, approver = recommended(world), world.who("approver")
    asked = statements(approver, lambda: decisions.approve(approver, request.pk))
    assert len(asked) <= APPROVE, "\n".join(asked)


def test_the_audit_rows_of_an_approval_are_all_there(world: World) -> None:
    request, approver = recommended(world), world.who("approver")
    with act_as(approver):
        decision = decisions.approve(approver, request.pk)
        wanted = {"request.approve", "certificate.approve", "review.decide"}
        about = [str(request.pk), str(decision.certificate_id)]
        assert wanted <= set(AuditRow.objects.filter(object_id__in=about).values_list("act", flat=True))


def test_what_is_read_together_is_what_is_read_one_by_one(world: World) -> None:
    """The one statement and the models' own queries tell the same of a request."""
    first = complete_draft(world, "1000", lot="L1")
    complete_draft(world, "500", lot="L1")
    with act_as(world.loop()):
        for pk in (first.pk, recommended(world).pk):
            request = Request.objects.get(pk=pk)
            together = gather(request, Moment.REVIEW)
            alone = RequestFacts(Request.objects.get(pk=pk), Moment.REVIEW, together.rules, together.now)
            for name in ("certifier", "client", "terms", "pvf", "importer", "hts", "hts_siblings", "lots", "containers",
                         "lots_elsewhere", "invoices", "documents", "suppliers", "held", "available"):  # fmt: skip
                assert plain(getattr(together, name)) == plain(getattr(alone, name)), name
            assert together.held == ledger.reserved_by(pk)


def plain(value: object) -> object:
    """A model instance as the values of its columns."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    meta = getattr(value, "_meta", None)
    return value if meta is None else {field.attname: getattr(value, field.attname) for field in meta.concrete_fields}
