"""A key of the API opens the API and nothing else: a page asks for a person at a browser."""

from __future__ import annotations

import pytest
from django.test import Client as Browser
from django.urls import reverse

from core.identity import act_as
from organizations.domain import tokens
from tests.access.cases import is_api
from tests.access.table import TABLE
from tests.support.world import World

pytestmark = pytest.mark.django_db
#: Pages without anything in the address, closed to strangers.
PAGES = [row.name for row in TABLE if not is_api(row) and not row.of and "nobody" not in row.roles]


@pytest.fixture
def bearer(world: World) -> dict[str, str]:
    with act_as(world.who("manager")) as actor:
        return {"Authorization": f"Bearer {tokens.create(actor, name='t', days=1)[1]}"}


def test_the_api_takes_the_key(bearer: dict[str, str]) -> None:
    assert Browser(headers=bearer).get(reverse("api:request-list")).status_code == 200
    assert Browser(headers={"Authorization": "Bearer wrong"}).get(reverse("api:request-list")).status_code == 401


def test_no_page_takes_the_key(bearer: dict[str, str]) -> None:
    assert len(PAGES) > 40
    browser = Browser(headers=bearer)
    for name in PAGES:
        for method in ("GET", "POST"):
            answer = browser.generic(method, reverse(name))
            assert answer.status_code == 302, f"{method} {name}: {answer.status_code}"
            assert answer["Location"].startswith(f"{reverse('account_login')}?next="), f"{method} {name}"


def test_the_front_door_stays_a_strangers(bearer: dict[str, str]) -> None:
    assert Browser(headers=bearer).get("/").status_code == 200


def test_an_address_that_only_looks_like_the_api_is_none(bearer: dict[str, str]) -> None:
    for path in (
        "/organization/people/?x=/api/",
        "/API/v1/requests/",
        "//api/v1/requests/",
        "/organization/../api/v1/requests/",
    ):
        answer = Browser(headers=bearer).get(path)
        assert answer.status_code in {302, 404}, path
        assert "Invented" not in answer.content.decode()


def test_a_signed_in_browser_stays_who_it_is_beside_a_key(world: World, bearer: dict[str, str]) -> None:
    """The key of one person in the browser of another: a page is the browser's person."""
    viewer = world.browser("viewer")
    assert viewer.get(reverse("requests:home"), headers=bearer).status_code == 200
    assert viewer.get(reverse("review:queue"), headers=bearer).status_code == 403
