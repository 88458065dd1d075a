"""With the application's own filter taken out of every view, no foreign row is shown: row security is the second net.

The views to be stripped are found by asking: every address that is opened by somebody who may, and each funnel that it
passes on the way (``visible_to``) is taken out. An address that passes none stands on a reviewed list with its reason.
"""

from __future__ import annotations

import collections
import dataclasses
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.db.models import Model, Q

from core.identity import Identity, assume
from organizations import middleware
from organizations.tenancy import ClientRows, TenantQuerySet
from tests.access.bodies import body_of
from tests.access.cases import Case, address, ask, cases, expected, finds
from tests.access.matrix import BY_SECRET, STRANGERS, unduly_written
from tests.access.people import Person, everybody
from tests.access.scene import Scene
from tests.access.table import TABLE, Row

pytestmark = pytest.mark.timeout(400)

_ACCOUNT = "the person's own account, by the session"
_PUBLIC = "no row of a tenant"
_SECRET = "by the code or token given, through a function of the database that returns only the answer"
_OWN_ID = "the rows of the certifier, or the membership, acted for: by the identity's own id"
_GLOBAL = "the directory, the tariff and the certifiers' names are everybody's"
_NO_CODES = "nobody of the scene has made recovery codes"
_NO_PROVIDER = "no certifier of the scene has an identity provider"
_NO_OWN = "nobody of the scene has one of its own: the row is found among the account's alone"
#: Addresses that nobody opens in the scene, each with its reason.
WITHOUT_OPENER: dict[str, str] = {
    **dict.fromkeys(("mfa_view_recovery_codes", "mfa_download_recovery_codes"), _NO_CODES),
    "organizations:support_enter": "the session is another operator's",
    **dict.fromkeys(("sign_on:way_in", "sign_on:back"), _NO_PROVIDER),
    **dict.fromkeys(("mfa_edit_webauthn", "mfa_remove_webauthn", "organizations:session_end"), _NO_OWN),
}
#: Addresses that pass no funnel, each with its reason. Row security stands behind those of ``_OWN_ID`` too.
WITHOUT_FUNNEL: dict[str, str] = {
    **{
        row.name: _ACCOUNT
        for row in TABLE
        if row.name.startswith(("account_", "mfa_", "usersessions_")) and row.get and row.name not in WITHOUT_OPENER
    },
    **dict.fromkeys(("home", "healthz", "set_language", "api:docs", "api:schema"), _PUBLIC),
    **dict.fromkeys(("pvf:template", "requests:new", "organizations:claim", "organizations:importer_confirm"), _PUBLIC),
    **dict.fromkeys(("certificates:check", "certificates:check-continuity", "organizations:accept"), _SECRET),
    **dict.fromkeys(("api:certificate-check", "api:certificate-check-continuity"), _SECRET),
    **dict.fromkeys(("organizations:settings", "organizations:letterhead", "organizations:tokens"), _OWN_ID),
    **dict.fromkeys(("oid_sync:connection", "oid_sync:start_reconciliation"), _OWN_ID),
    **dict.fromkeys(("organizations:access_review", "organizations:access_review_sheet"), _OWN_ID),
    "organizations:sign_on": _OWN_ID,
    **dict.fromkeys(("organizations:switch", "organizations:token_revoke"), _ACCOUNT),
    "organizations:sessions_end_all": _ACCOUNT,
    **dict.fromkeys(("organizations:directory", "organizations:directory_import"), _GLOBAL),
    **dict.fromkeys(("organizations:directory_imports", "organizations:platform", "pvf:editions"), _GLOBAL),
    **dict.fromkeys(("organizations:support", "organizations:operator_people", "pvf:edition-save"), _GLOBAL),
}
_CERTIFICATE, _REQUEST, _VERSION = "certificates.Certificate", "requests_app.Request", "pvf.PVFVersion"
#: Kind of row of the table -> the model by whose funnel it is found.
MODELS: dict[str, str] = {
    "exporter's person": "organizations.Membership", "staff person": "organizations.Membership",
    "exporter's invitation": "organizations.Invitation", "grant": "organizations.Delegation",
    "client": "organizations.Client", "guarded change": "organizations.GuardedChange",
    "support session": "organizations.SupportSession", "pvf": "pvf.PVF", "line": "pvf.PVFLine",
    "statement": "pvf.StatementFile", "proposal": _VERSION, "pvf draft": _VERSION, "pvf draft line": _VERSION,
    "pvf draft document": "pvf.PVFDocument", "pvf document": "pvf.PVFDocument", "report": "pvf.ProcessingReport",
    **dict.fromkeys(("draft", "draft task", "submitted", "recommended", "asked", "in review"), _REQUEST),
    "draft document": "requests_app.RequestDocument", "document": "requests_app.RequestDocument",
    "correction": "requests_app.ProposedCorrection", "preview": "certificates.Preview", "certificate": _CERTIFICATE,
    "certificate without number": _CERTIFICATE, "shipment": "certificates.Shipment",
    "shipment of certificate": "certificates.Shipment", "reading copy of certificate": "certificates.ReadingCopy",
    "document version": "certificates.CertificateDocument", "continuity": "certificates.ContinuityDocument",
    "overage": "certificates.OverageReport", "overage by pk": "certificates.OverageReport",
    "own bundle": "certificates.Bundle", "own bundle by pk": "certificates.Bundle", "call": "oid_sync.OidCall",
    "refused call": "oid_sync.OidCall",
}  # fmt: skip
#: Addresses that find their row by the funnel of another model, which has the same key.
BY_ANOTHER = {"api:pvf-line-balance": "pvf.Balance"}


REFUSED = frozenset({401, 403, 404, 405})


@dataclasses.dataclass
class Noted:
    """Which models the funnel was asked for, by address."""

    now: str = ""
    passed: dict[str, set[str]] = dataclasses.field(default_factory=lambda: collections.defaultdict(set))

    def note(self, model: type[Model]) -> None:
        """The funnel was asked for rows of a model."""
        self.passed[self.now].add(model._meta.label)


def _stripped(monkeypatch: pytest.MonkeyPatch) -> Noted:
    """The application forgets whom rows belong to; whoever asks the funnel in vain is noted."""
    noted = Noted()

    def everything(rows: Any, _actor: Any) -> Any:
        noted.note(rows.model)
        return rows.all()

    def anybody(_rule: Any, _actor: Any, row: Model) -> bool:
        noted.note(type(row))
        return True

    monkeypatch.setattr(TenantQuerySet, "visible_to", everything)
    for tenancy in {type(tenancy_of(model)) for model in apps.get_models() if tenancy_of(model) is not None}:
        monkeypatch.setattr(tenancy, "condition", lambda _self, _actor: Q())
        if hasattr(tenancy, "admits"):
            monkeypatch.setattr(tenancy, "admits", anybody)
    return noted


def tenancy_of(model: type[Model]) -> Any:
    """How rows of a model are found for each kind of identity; None for a model without tenants."""
    return getattr(model, "tenancy", None)


def test_each_model_has_one_funnel_and_no_other() -> None:
    """What is taken out above is all there is: no model finds its rows by a ``visible_to`` of its own."""
    tenants = [model for model in apps.get_models() if tenancy_of(model) is not None]
    assert len(tenants) > 40
    for model in tenants:
        assert model._default_manager.get_queryset().visible_to.__func__ is TenantQuerySet.visible_to, model


def _opener(row: Row, people: list[Person]) -> Person | None:
    """Somebody who may open the address, finds the row and is not refused by a finer rule."""
    method = _method(row)
    return next(
        (
            one
            for one in people
            if not one.key and one.role in row.roles and finds(row, one) and expected(row, one, method) not in REFUSED
        ),
        None,
    )


def _method(row: Row) -> str:
    """How the address is opened: read where it can be, else by its act."""
    return next(name for name in ("GET", "POST", "PUT", "PATCH", "DELETE") if getattr(row, name.lower()) is not None)


def test_every_address_that_shows_rows_passes_the_funnel(
    scene: Scene, undone: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted = Noted()
    original: Callable[..., Any] = TenantQuerySet.visible_to

    def passing(self: Any, actor: Any) -> Any:
        noted.note(self.model)
        return original(self, actor)

    admits: Callable[..., bool] = ClientRows.admits

    def admitting(self: Any, actor: Any, row: Model) -> bool:
        noted.note(type(row))
        return admits(self, actor, row)

    monkeypatch.setattr(TenantQuerySet, "visible_to", passing)
    monkeypatch.setattr(ClientRows, "admits", admitting)
    people = everybody(scene)
    wrong: list[str] = []
    for row in TABLE:
        person, method = _opener(row, people), _method(row)
        if (person is None) is not (row.name in WITHOUT_OPENER):
            wrong.append(f"{row.name}: opened by {person}")
        if person is None:
            continue
        noted.now = row.name
        case = Case(row, person, method, expected(row, person, method))
        answer = ask(person.browser(), method, address(row, scene), body_of(case, scene))
        if answer.status != case.expected:
            wrong.append(f"{case}: {answer.status} instead of {case.expected}")
        passed = noted.passed.get(row.name, set())
        if bool(passed) is (row.name in WITHOUT_FUNNEL):
            wrong.append(f"{case}: passes the funnel for {sorted(passed)}")
        elif passed and row.of and BY_ANOTHER.get(row.name, MODELS[row.of]) not in passed:
            wrong.append(f"{case}: its row ({row.of}) is not found by the funnel, only {sorted(passed)}")
    assert not wrong, "\n".join(wrong)
    assert set(WITHOUT_FUNNEL) | set(WITHOUT_OPENER) < {row.name for row in TABLE}
    assert not set(WITHOUT_FUNNEL) & set(WITHOUT_OPENER)


def _asked(scene: Scene) -> list[Case]:
    """Every page and route that reads, by every stranger whose role may open it."""
    strangers = [one for one in everybody(scene) if one.relation in STRANGERS and not one.key]
    readable = [row for row in TABLE if row.get is not None and row.name not in BY_SECRET]
    return [case for case in cases(readable, strangers, ["GET"]) if case.person.role in case.row.roles]


def shown_without_filter(scene: Scene, asked: list[Case], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Take the filter out of every view and ask; returns each answer that tells of a foreign row."""
    browsers = {case.person.name: case.person.browser() for case in asked}
    secret = {word.encode() for word in scene.own.words()}
    noted = _stripped(monkeypatch)
    found = []
    for case in asked:
        url = address(case.row, scene)
        noted.now = case.row.name
        answer = ask(browsers[case.person.name], "GET", url)
        told = sorted(word.decode() for word in secret if word in answer.content and word not in url.encode())
        if told or (answer.status == 200 and case.expected == 404):
            found.append(f"{case}: {answer.status}, tells {told}")
    # an answer proves something only where the view asked for rows and got them unfiltered
    unasked = {case.row.name for case in asked} - set(noted.passed) - set(WITHOUT_FUNNEL) - set(WITHOUT_OPENER)
    return found + [f"{name}: the funnel that was taken out is not on its way" for name in sorted(unasked)]


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


@pytest.mark.parametrize("one_in", [12, pytest.param(1, marks=pytest.mark.long)])
def test_no_foreign_row_is_changed_at_any_address_though_no_view_filters(
    scene: Scene, undone: None, monkeypatch: pytest.MonkeyPatch, one_in: int
) -> None:
    """Whole and true forms and bodies about rows of others; of many a sample each day, by the names of the cases."""
    strangers = [one for one in everybody(scene) if one.relation in STRANGERS and not one.key]
    rows = [row for row in TABLE if row.of in MODELS and row.name not in BY_SECRET]
    acting = [
        case
        for method in ("POST", "PUT", "PATCH", "DELETE")
        for case in cases(rows, strangers, [method])
        if case.expected == 404 and case.person.role in case.row.roles
    ]
    asked = [case for case in acting if zlib.crc32(str(case).encode()) % one_in == 0]
    assert len(asked) > 300 / one_in
    browsers = {case.person.name: case.person.browser() for case in asked}
    bodies = [(case, body_of(case, scene)) for case in asked]
    _stripped(monkeypatch)
    found = []
    for case, body in bodies:
        answer = ask(browsers[case.person.name], case.method, address(case.row, scene), body)
        if answer.status != 404 or unduly_written(case, answer):
            found.append(f"{case}: {answer.status}, writes to {unduly_written(case, answer)}")
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
