"""The way in by a certifier's own provider, as a test goes it."""

from __future__ import annotations

from typing import Any

from django.test import Client as Browser

from core.identity import act_as
from core.models import AuditRow
from organizations.domain import sign_on
from tests.support.identity_provider import CLIENT, SECRET, IdentityProvider
from tests.support.two_managers import agree
from tests.support.world import World

WAY_IN, BACK = "/sign-in/invented-1/", "/sign-in/invented-1/back/"
STAFF_PAGE = "/organization/clients/"


def set_up(world: World, idp: IdentityProvider, **terms: Any) -> None:
    """Two managers put the provider in force."""
    given = {"issuer": idp.issuer, "client_id": CLIENT, "client_secret": SECRET, "name": "Invented ID", "required": False,
             "second_step": True} | terms  # fmt: skip
    with act_as(world.who("manager")) as manager:
        sign_on.propose(manager, **given)
    assert agree(world) == 1


def leave(browser: Browser, path: str = WAY_IN, **more: str) -> str:
    """Press the button of the way in; where the browser is sent."""
    answer = browser.post(path, more)
    assert answer.status_code == 200, answer.content
    address: str = answer.headers["Refresh"].removeprefix("0; url=")
    return address


def come(browser: Browser, idp: IdentityProvider, path: str = WAY_IN, **more: str) -> Any:
    """Go the whole way, to the answer that the browser gets when it comes back."""
    return browser.get(f"{path}back/?{idp.authorize(leave(browser, path, **more))}")


def reasons(world: World) -> list[str]:
    """Why people were refused, as the certifier's audit trail says it."""
    with act_as(world.loop()):
        return [row.after["reason"] for row in AuditRow.objects.filter(act="sign_in.refused").order_by("at")]


def is_in(browser: Browser) -> bool:
    """Whether a page of the staff opens."""
    return browser.get(STAFF_PAGE).status_code == 200
