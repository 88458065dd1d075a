"""The lock that every act begins with shows a stranger nothing: by the application's rule, by PostgreSQL's, by each alone."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection

from core.errors import NotVisible
from core.identity import Identity, act_as
from organizations.tenancy import ClientRows
from requests_app.domain.requests import locked
from requests_app.models import Request
from tests.support.drafts import complete_draft
from tests.support.world import World, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def strangers(world: World) -> list[Identity]:
    other = make_world(2)
    return [other.who("signatory"), other.who("approver"), other.who("manager"), world.who("importer"), Identity()]


def test_strangers_get_the_answer_of_a_request_that_is_not_there(world: World, strangers: list[Identity]) -> None:
    request = complete_draft(world, "1000", lot="L1")
    for stranger in strangers:
        for key in (request.pk, uuid.uuid4(), "no-key"):
            with act_as(stranger), pytest.raises(NotVisible) as refused:
                locked(stranger, key)
            assert refused.value.code == "NOT-FOUND"


def test_with_the_applications_rule_patched_out_postgresql_shows_nothing(
    world: World, strangers: list[Identity], monkeypatch: pytest.MonkeyPatch
) -> None:
    request = complete_draft(world, "1000", lot="L1")
    monkeypatch.setattr(ClientRows, "admits", lambda self, actor, row: True)
    for stranger in strangers:
        with act_as(stranger), pytest.raises(NotVisible):
            locked(stranger, request.pk)


def test_without_postgresqls_rule_the_application_refuses_alone(world: World, strangers: list[Identity]) -> None:
    """The transaction runs as the request's own people, so that the row is read; the actor named is a stranger."""
    request = complete_draft(world, "1000", lot="L1")
    for stranger in strangers:
        with act_as(world.who("signatory")), pytest.raises(NotVisible):
            locked(stranger, request.pk)


def test_the_locked_request_is_the_row_itself_kilograms_exact(world: World) -> None:
    request = complete_draft(world, "1234.567", lot="L1")
    with act_as(world.who("signatory")) as actor:
        found = locked(actor, str(request.pk))
        assert connection.in_atomic_block
        stored = Request.objects.get(pk=request.pk)
        names = [field.attname for field in Request._meta.concrete_fields]
        assert {name: getattr(found, name) for name in names} == {name: getattr(stored, name) for name in names}
