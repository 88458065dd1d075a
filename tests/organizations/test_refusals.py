"""A refusal is recorded and answered with a page; it is not raised through the transaction."""

from __future__ import annotations

import pytest
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse

from certportal.urls import urlpatterns as portal_urls
from core import audit
from core.errors import Conflict, DomainError, InvalidInput, NotPermitted, NotVisible
from core.identity import act_as
from core.models import AuditRow
from organizations import access
from tests.support.world import World

pytestmark = pytest.mark.django_db
KINDS = {"conflict": Conflict, "input": InvalidInput, "forbidden": NotPermitted, "hidden": NotVisible}


def refuse(request: HttpRequest, kind: str) -> HttpResponse:
    """Writes an audit row, then refuses (or breaks)."""
    audit.record(request.identity, f"test.{kind}", "test", kind)  # type: ignore[attr-defined]
    if kind == "broken":
        raise RuntimeError("broken")
    error: type[DomainError] = KINDS[kind]
    raise error("TEST-1", "Told in words.")


urlpatterns = [path("refuse/<str:kind>/", refuse, name="refuse"), *portal_urls]


@pytest.fixture
def test_routes(settings: object, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ROOT_URLCONF = __name__  # type: ignore[attr-defined]
    monkeypatch.setitem(access._registry, "refuse", access.STAFF)


@pytest.mark.usefixtures("test_routes")
@pytest.mark.parametrize(("kind", "status"), [("conflict", 409), ("input", 422), ("forbidden", 403), ("hidden", 404)])
def test_a_domain_refusal_is_a_page_and_what_it_recorded_stays(world: World, kind: str, status: int) -> None:
    answer = world.browser("manager").get(f"/refuse/{kind}/")
    assert answer.status_code == status
    if status in {409, 422}:
        assert "Told in words." in answer.content.decode()
    with act_as(world.who("manager")):
        assert AuditRow.objects.filter(act=f"test.{kind}").count() == 1


@pytest.mark.usefixtures("test_routes")
def test_an_error_rolls_everything_back(world: World) -> None:
    browser = world.browser("manager")
    browser.raise_request_exception = False
    assert browser.get("/refuse/broken/").status_code == 500
    with act_as(world.who("manager")):
        assert not AuditRow.objects.filter(act="test.broken").exists()


def test_a_wrong_role_is_refused_with_a_page_and_an_audit_row(world: World) -> None:
    answer = world.browser("preparer").get(reverse("organizations:settings"))
    assert answer.status_code == 403
    assert "You may not open this page" in answer.content.decode()
    with act_as(world.who("manager")):
        row = AuditRow.objects.get(act="access.refused")
    assert (row.object_id, row.actor_id) == ("organizations:settings", world.members["preparer"].user_id)


def test_an_unknown_address_answers_404_with_a_page(world: World) -> None:
    answer = world.browser("manager").get("/nothing/here/")
    assert answer.status_code == 404
    assert "There is no such page" in answer.content.decode()
