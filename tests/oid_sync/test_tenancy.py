"""The second net: row-level security shows no row of another's, even to a query that forgets whose it is."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, ProgrammingError, models, transaction

from certificates.domain import delays, oid_marks
from certificates.domain.oid_marks import Seen
from certificates.models import OidMark, RegistrationDelay
from core import clock
from core.identity import act_as
from oid_sync.connectors.assisted import entries
from oid_sync.domain import calls
from oid_sync.models import CallState, HandEntry, OidCall, OidExchange
from tests.support import stages
from tests.support.certificates import issued
from tests.support.world import World, make_client, make_exporter_people, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def filled(world: World) -> World:
    """A row in each table of the link that a person could look for."""
    certificate = issued(world)
    stages.approved(world, lot="L2")
    with act_as(world.loop()) as loop:
        oid_marks.settle(loop, {certificate.pk: [Seen("void")]})
        delays.begin(world.certifier.pk, clock.now())
        calls.make_missing(world.certifier.pk)
        OidCall.objects.filter(operation="register").update(state=CallState.AWAITING_PERSON, connector="assisted")
        call = OidCall.objects.first()
        assert call is not None
        OidExchange(certifier=world.certifier, call=call, at=clock.now(), milliseconds=1, request="x").save(
            force_insert=True
        )
    with act_as(world.who("reviewer")) as reviewer:
        entries.begin(reviewer, call.pk)
    return world


SEEN: dict[type[models.Model], set[str]] = {
    OidExchange: {"manager", "auditor"},
    HandEntry: {"manager", "auditor"},
    OidMark: {"manager", "auditor", "signatory", "importer"},
    RegistrationDelay: {"manager", "auditor", "signatory"},
}
NAMED = ("manager", "auditor", "signatory", "importer", "broker")


@pytest.mark.parametrize("model", SEEN, ids=lambda model: model.__name__)
def test_only_those_concerned_find_a_row(filled: World, model: type[models.Model]) -> None:
    found = set()
    for role in NAMED:
        with act_as(filled.who(role)):
            if model._default_manager.exists():
                found.add(role)
    assert found == SEEN[model]


@pytest.mark.parametrize("model", SEEN, ids=lambda model: model.__name__)
def test_another_certifier_and_its_exporter_find_nothing(filled: World, model: type[models.Model]) -> None:
    stranger = make_world(2)
    for role in ("manager", "signatory", "broker"):
        with act_as(stranger.who(role)):
            assert not model._default_manager.exists()


def test_another_exporter_of_the_certifier_finds_no_mark(filled: World) -> None:
    rival = make_client(filled.certifier, "1010000077", "Invented Rival")
    filled.members |= make_exporter_people(rival, "rival")
    with act_as(filled.who("signatory")):
        assert not OidMark.objects.exists()
        assert RegistrationDelay.objects.exists()  # that OID is away is no secret of a competitor


@pytest.mark.parametrize("role", ["signatory", "importer"])
def test_no_party_writes_a_mark_or_a_delay(filled: World, role: str) -> None:
    for model in (OidMark, RegistrationDelay):
        with act_as(filled.who(role)):
            assert model.objects.update(**({"closed_at": clock.now()} if model is OidMark else {"ended_at": None})) == 0
    with pytest.raises((ProgrammingError, IntegrityError)), act_as(filled.who(role)), transaction.atomic():
        RegistrationDelay(certifier=filled.certifier, since=clock.now()).save(force_insert=True)
