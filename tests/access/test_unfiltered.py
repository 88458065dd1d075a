"""With the application's own filter taken out of every view, no foreign row is shown: row security is the second net.

The views to be stripped are found by asking: every address that is opened by somebody who may, and each funnel that it
passes on the way (``visible_to``) is taken out. An address that passes none stands on a reviewed list with its reason.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Q

from certificates.models import CertificateRows
from core.identity import Identity, assume
from organizations import middleware
from organizations.delegated import DelegatedRows
from organizations.tenancy import ClientRows, PartyRows, StaffRows, TenantQuerySet
from requests_app.models import RequestRows
from tests.access.cases import Case, address, ask, cases, finds
from tests.access.matrix import BY_SECRET, STRANGERS
from tests.access.people import Person, everybody
from tests.access.scene import Scene
from tests.access.table import TABLE, Row

pytestmark = pytest.mark.timeout(400)

_ACCOUNT = "the person's own account, by the session"
_PUBLIC = "no row of a tenant"
_SECRET = "by the code or token given, through a function of the database that returns only the answer"
_OWN_ID = "the rows of the certifier, or the membership, acted for: by the identity's own id"
_GLOBAL = "the directory, the tariff and the certifiers' names are everybody's"
#: Addresses that pass no funnel, each with its reason. Row security stands behind those of ``_OWN_ID`` too.
WITHOUT_FUNNEL: dict[str, str] = {
    **{
        row.name: _ACCOUNT
        for row in TABLE
        if row.name.startswith(("account_", "mfa_", "usersessions_")) and row.get and row.of != "own passkey"
    },
    **dict.fromkeys(("home", "healthz", "set_language", "api:docs", "api:schema"), _PUBLIC),
    **dict.fromkeys(("pvf:template", "requests:new", "organizations:claim", "organizations:importer_confirm"), _PUBLIC),
    **dict.fromkeys(("certificates:check", "certificates:check-continuity", "organizations:accept"), _SECRET),
    **dict.fromkeys(("api:certificate-check", "api:certificate-check-continuity"), _SECRET),
    **dict.fromkeys(("organizations:settings", "organizations:letterhead", "organizations:tokens"), _OWN_ID),
    **dict.fromkeys(
        ("oid_sync:connection", "organizations:access_review", "organizations:access_review_sheet"), _OWN_ID
    ),
    **dict.fromkeys(("organizations:directory", "organizations:directory_import"), _GLOBAL),
    **dict.fromkeys(("organizations:directory_imports", "organizations:platform", "pvf:editions"), _GLOBAL),
    **dict.fromkeys(("organizations:support", "organizations:operator_people"), _GLOBAL),
}


def _stripped(monkeypatch: pytest.MonkeyPatch) -> None:
    """The application forgets whom rows belong to."""
    monkeypatch.setattr(TenantQuerySet, "visible_to", lambda self, _actor: self.all())
    for tenancy in (ClientRows, StaffRows, PartyRows, CertificateRows, DelegatedRows, RequestRows):
        monkeypatch.setattr(tenancy, "condition", lambda _self, _actor: Q())
    for tenancy in (ClientRows, RequestRows):
        monkeypatch.setattr(tenancy, "admits", lambda _self, _actor, _row: True)


def _opener(row: Row, people: list[Person]) -> Person | None:
    """Somebody who may open the address and finds the row."""
    return next((one for one in people if one.role in row.roles and finds(row, one) and one.role != "nobody"), None)


def test_every_address_that_shows_rows_passes_the_funnel(
    scene: Scene, undone: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed: set[str] = set()
    original: Callable[..., Any] = TenantQuerySet.visible_to
    now = ""

    def noted(self: Any, actor: Any) -> Any:
        passed.add(now)
        return original(self, actor)

    monkeypatch.setattr(TenantQuerySet, "visible_to", noted)
    people = everybody(scene)
    opened = set()
    for row in TABLE:
        person = _opener(row, people)
        if row.get is None or person is None:
            continue
        now = row.name
        opened.add(now)
        ask(person.browser(), "GET", address(row, scene))
    assert len(opened) > 90
    assert sorted(opened - passed) == sorted(WITHOUT_FUNNEL)


def _asked(scene: Scene) -> list[Case]:
    """Every page and route that reads, by every stranger whose role may open it."""
    strangers = [one for one in everybody(scene) if one.relation in STRANGERS and not one.key]
    readable = [row for row in TABLE if row.get is not None and row.name not in BY_SECRET]
    return [case for case in cases(readable, strangers, ["GET"]) if case.person.role in case.row.roles]


def shown_without_filter(scene: Scene, asked: list[Case], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Take the filter out of every view and ask; returns each answer that tells of a foreign row."""
    browsers = {case.person.name: case.person.browser() for case in asked}
    secret = {word.encode() for word in scene.own.words()}
    _stripped(monkeypatch)
    found = []
    for case in asked:
        url = address(case.row, scene)
        answer = ask(browsers[case.person.name], "GET", url)
        told = sorted(word.decode() for word in secret if word in answer.content and word not in url.encode())
        if told or (answer.status == 200 and case.expected == 404):
            found.append(f"{case}: {answer.status}, tells {told}")
    return found


def test_no_foreign_row_is_in_any_list_though_no_view_filters(
    scene: Scene, undone: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists = [case for case in _asked(scene) if not case.row.of and case.row.name not in WITHOUT_FUNNEL]
    assert len(lists) > 150
    found = shown_without_filter(scene, lists, monkeypatch)
    assert not found, "\n".join(found)


@pytest.mark.long
def test_no_foreign_row_is_shown_at_any_address_though_no_view_filters(
    scene: Scene, undone: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = _asked(scene)
    assert len(asked) > 500
    found = shown_without_filter(scene, asked, monkeypatch)
    assert not found, "\n".join(found)


def identity_as_own(scene: Scene) -> Callable[[Identity], None]:
    """Tells PostgreSQL that the own certifier's manager acts, once somebody's membership is known."""

    def tell(identity: Identity) -> None:
        assume(scene.own.world.who("manager") if identity.membership_id else identity)

    return tell


def test_without_row_security_the_same_views_would_show_foreign_rows(
    scene: Scene, undone: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proof that the filter was out: with PostgreSQL told another identity, the same view does show the rows."""
    person = next(one for one in everybody(scene) if one.name == "other manager")
    browser = person.browser()
    row = next(one for one in TABLE if one.name == "review:queue")
    url = address(row, scene)
    _stripped(monkeypatch)
    reference = scene.own.submitted.reference.encode()
    assert reference not in ask(browser, "GET", url).content
    # the database is told that somebody of the own certifier asks, while the page believes it is the other manager
    as_own = identity_as_own(scene)
    monkeypatch.setattr(middleware, "assume", as_own)
    assert reference in ask(browser, "GET", url).content
