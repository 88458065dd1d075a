"""Named attacks: ways round the address itself. Each is what somebody would try who may open the page but not this row."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.urls import reverse

from certificates.models import Bundle
from core.identity import act_as
from core.models import Notification
from organizations.identity import SESSION_KEY
from requests_app.models import Request
from tests.access.cases import address, ask, finds
from tests.access.matrix import BY_SECRET, STRANGERS
from tests.access.people import Person, everybody
from tests.access.scene import Holdings, Scene
from tests.access.table import TABLE

pytestmark = [pytest.mark.timeout(400), pytest.mark.usefixtures("undone")]


@pytest.fixture
def people(scene: Scene, undone: None) -> dict[str, Person]:
    """Everybody by name."""
    return {person.name: person for person in everybody(scene)}


def _told(content: bytes, has: Holdings, url: str = "") -> list[str]:
    return sorted(word for word in has.words() if word.encode() in content and word not in url)


#: Address, the person, whose parent, the parent's name, the child's keyword, whose child, the child's name.
CHILDREN = [
    ("requests:document", "signatory", "own", "submitted", "document_id", "own", "document"),
    ("requests:document", "signatory", "own", "submitted", "document_id", "rival", "document"),
    ("requests:document", "rival signatory", "rival", "recommended", "document_id", "own", "document"),
    ("review:document", "reviewer", "own", "submitted", "document_id", "own", "document"),
    ("review:document", "other reviewer", "other", "recommended", "document_id", "own", "document"),
    ("certificates:reading-copy-file", "signatory", "own", "waiting", "copy_id", "own", "copy"),
    ("certificates:reading-copy-file", "rival signatory", "rival", "certificate", "copy_id", "own", "copy"),
    ("certificates:preview-file", "signatory", "own", "recommended", "preview_id", "own", "preview"),
    ("certificates:preview-file", "rival signatory", "rival", "submitted", "preview_id", "own", "preview"),
    ("api:preview-file", "signatory", "own", "recommended", "preview_id", "own", "preview"),
    ("api:preview-file", "rival signatory", "rival", "submitted", "preview_id", "own", "preview"),
    ("certificates:correct-shipment", "signatory", "own", "waiting", "shipment_id", "own", "shipment"),
    ("certificates:correct-shipment", "rival signatory", "rival", "certificate", "shipment_id", "own", "shipment"),
    ("certificates:receipt", "elsewhere importer", "rival", "certificate", "shipment_id", "own", "shipment"),
    ("certificates:version-pdf", "signatory", "own", "certificate", "sha256", "rival", "document_sha256"),
    ("certificates:version-pdf", "rival signatory", "rival", "certificate", "sha256", "own", "document_sha256"),
    ("api:certificate-version-pdf", "elsewhere importer", "rival", "certificate", "sha256", "own", "document_sha256"),
    ("pvf:statement-file", "rival signatory", "rival", "line", "file_id", "own", "statement"),
]  # fmt: skip


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_child_is_not_found_below_another_parent(scene: Scene, people: dict[str, Person], method: str) -> None:
    for name, who, parents, parent, keyword, children, child in CHILDREN:
        above, below = getattr(scene, parents), getattr(scene, children)
        row = above.world.line if parent == "line" else getattr(above, parent)
        value = getattr(below, child)
        url = reverse(name, kwargs={"pk": row.pk, keyword: value if isinstance(value, str) else value.pk})
        answer = ask(people[who].browser(), method, url)
        assert answer.status == 404, (name, who, parent, child)
        assert set(answer.changed) <= {"core_auditrow", "django_session"}, (name, who, answer.changed)
    # and below its own parent each is there: what was refused above was refused for the parent
    for name in {name for name, *_ in CHILDREN}:
        row = next(one for one in TABLE if one.name == name)
        who = next(one for one in people.values() if one.role in row.roles and finds(row, one) and not one.key)
        assert ask(who.browser(), method, address(row, scene)).status == 200, name


#: What a curious person adds to an address: filters by a foreign organisation, search for a foreign word.
def _filters(has: Holdings) -> list[str]:
    world = has.world
    return [
        f"?client={world.client.pk}&certifier={world.certifier.pk}&client_id={world.client.pk}",
        f"?certifier_id={world.certifier.pk}&request={has.submitted.pk}&pvf={world.pvf.pk}&line={world.line.pk}",
        f"?text={has.mark}&q={has.mark}&exporter={has.mark}&search={has.mark}",
        f"?text={has.certificate.number}&q={has.submitted.reference}&state=&kind=&limit=200",
    ]


def test_no_filter_and_no_search_reaches_another_organisation(scene: Scene, people: dict[str, Person]) -> None:
    asked = 0
    for row in TABLE:
        if row.of or row.get is None or row.name in BY_SECRET or row.name.startswith(("account_", "mfa_")):
            continue
        for who in ("rival signatory", "other manager", "elsewhere importer", "expired broker", "revoked broker"):
            person = people[who]
            if person.role not in row.roles:
                continue
            browser = person.browser()
            for words in _filters(scene.own):
                asked += 1
                url = reverse(row.name) + words
                answer = ask(browser, "GET", url)
                told = _told(answer.content, scene.own, url)
                assert not told, (row.name, who, words, told)
    assert asked > 150


@pytest.mark.parametrize("headers", [
    {"HX-Request": "true", "HX-Boosted": "true"},
    pytest.param({"X-Requested-With": "XMLHttpRequest"}, marks=pytest.mark.long),
    pytest.param({"X-HTTP-Method-Override": "GET", "X-Original-URL": "/healthz"}, marks=pytest.mark.long),
    pytest.param({"X-Forwarded-For": "127.0.0.1", "Via": "1.1 x"}, marks=pytest.mark.long),
])  # fmt: skip
def test_no_header_opens_a_row_that_is_not_there(
    scene: Scene, people: dict[str, Person], headers: dict[str, str]
) -> None:
    asked = 0
    for row in TABLE:
        if not row.of or row.name in BY_SECRET or row.get is None:
            continue
        for who in ("rival signatory", "other manager", "revoked broker"):
            person = people[who]
            if person.role in row.roles and not finds(row, person) and person.relation in STRANGERS:
                asked += 1
                url = address(row, scene)
                answer = ask(person.browser(), "GET", url, headers=headers)
                if row.of in {"confirmation", "reset", "directory reading"}:
                    continue
                assert answer.status == 404, (row.name, who, headers)
                assert not _told(answer.content, scene.own, url), (row.name, who)
    assert asked > 60


def test_nothing_that_only_the_certifier_may_read_is_told_to_anybody_else(
    scene: Scene, people: dict[str, Person]
) -> None:
    secret = {word for has in (scene.own, scene.rival) for word in has.staff_words()}
    for who in ("preparer", "signatory", "viewer", "importer", "broker", "guest"):
        person = people[who]
        browser = person.browser()
        for row in TABLE:
            if row.get is None or person.role not in row.roles or not finds(row, person):
                continue
            answer = ask(browser, "GET", address(row, scene))
            told = {word for word in secret if word.encode() in answer.content}
            assert not told, (row.name, who, told)
    for name in ("submitted", "recommended", "in_review", "asked"):
        row = getattr(scene.own, name)
        for view in ("requests:detail", "api:request-detail", "api:request-findings"):
            answer = ask(people["signatory"].browser(), "GET", reverse(view, args=[row.pk]))
            assert answer.status == 200
            assert not [word for word in secret if word.encode() in answer.content], (view, name)
    # and the one who may reads it: the words are there to be found
    shown = ask(people["auditor"].browser(), "GET", reverse("review:request", args=[scene.own.recommended.pk])).content
    assert f"internal-{scene.own.mark}".encode() in shown
    assert f"staff-finding-{scene.own.mark}".encode() in shown


def test_no_notice_to_an_outsider_carries_what_only_the_certifier_may_read(scene: Scene) -> None:
    with act_as(scene.own.world.loop()):
        rows = list(Notification.objects.exclude(audience="certifier").values_list("topic", "context"))
    assert len(rows) > 3
    for topic, context in rows:
        text = json.dumps(context)
        assert "internal-" not in text, topic
        assert "staff-finding-" not in text, topic


@pytest.mark.parametrize("field", ["membership", "membership_id"])
def test_nobody_switches_to_anothers_membership(scene: Scene, people: dict[str, Person], field: str) -> None:
    for who in ("rival signatory", "other manager", "alone", "ended signatory"):
        browser = people[who].browser()
        before = browser.session.get(SESSION_KEY)
        answer = browser.post(reverse("organizations:switch"), {field: str(scene.own.world.members["manager"].pk)})
        assert answer.status_code == 404
        assert browser.session.get(SESSION_KEY) == before
    # and a session that names another's membership is not believed either
    browser = people["rival signatory"].browser()
    session = browser.session
    session[SESSION_KEY] = str(scene.own.world.members["manager"].pk)
    session.save()
    assert browser.get(reverse("organizations:settings")).status_code == 403
    assert browser.get(reverse("requests:detail", args=[scene.own.submitted.pk])).status_code == 404


@pytest.mark.parametrize("to", [
    "https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "https:evil.example",
])  # fmt: skip
def test_no_next_leads_out_of_the_portal(scene: Scene, people: dict[str, Person], to: str) -> None:
    for who in ("signed out", "signatory"):
        for name in (
            "account_login",
            "account_logout",
            "set_language",
            "account_reauthenticate",
            "organizations:switch",
        ):
            answer: Any = people[who].browser().post(f"{reverse(name)}?next={to}", {"next": to, "language": "es"})
            place = answer.headers.get("Location", "")
            assert "evil" not in place.partition("?")[0], (who, name, place)
            assert not place.startswith(("javascript:", "//", "/\\")), (who, name, place)


def _patched(person: Person, request: Request, given: dict[str, Any]) -> Any:
    url = reverse("api:request-detail", args=[request.pk])
    body = {"expected_version": request.version, **given}
    return person.browser().generic("PATCH", url, json.dumps(body), "application/json")


def test_fields_that_are_not_the_callers_are_not_taken_from_a_body(scene: Scene, people: dict[str, Person]) -> None:
    draft, rival = scene.own.draft, scene.rival.world
    given = {
        "certifier": str(scene.other.world.certifier.pk), "certifier_id": str(scene.other.world.certifier.pk),
        "client": str(rival.client.pk), "client_id": str(rival.client.pk), "state": "approved", "version": 99,
        "reference": "R-STOLEN", "id": str(uuid.uuid4()), "net_kg": "1", "submitted_at": "2020-01-01T00:00:00Z",
        "claimed_by": str(uuid.uuid4()), "vessel": "MV Changed",
    }  # fmt: skip
    answer = _patched(people["signatory"], draft, given)
    with act_as(scene.own.world.loop()):
        row = Request.objects.get(pk=draft.pk)
    assert (row.certifier_id, row.client_id, row.state, row.reference, row.net_kg, row.claimed_by) == (
        draft.certifier_id, draft.client_id, draft.state, draft.reference, draft.net_kg, draft.claimed_by,
    )  # fmt: skip
    assert row.submitted_at is None
    assert answer.status_code in {200, 400}


def test_a_bundle_that_names_a_foreign_certificate_is_not_given_out(scene: Scene, people: dict[str, Person]) -> None:
    own = [str(scene.own.certificate.pk)]
    with act_as(scene.own.world.who("signatory")):
        Bundle.objects.filter(pk=scene.own.bundle.pk).update(certificates=[*own, str(scene.rival.certificate.pk)])
    for name, key in (("certificates:bundle-file", "bundle_id"), ("api:bundle-file", "pk")):
        answer = ask(people["signatory"].browser(), "GET", reverse(name, kwargs={key: scene.own.bundle.pk}))
        assert answer.status == 409, name


@pytest.mark.parametrize(
    "method", ["OPTIONS", *(pytest.param(name, marks=pytest.mark.long) for name in ("PUT", "PATCH", "DELETE", "TRACE"))]
)
def test_no_other_method_opens_a_row(scene: Scene, people: dict[str, Person], method: str) -> None:
    for row in TABLE:
        if not row.of or row.name in BY_SECRET or row.name.startswith(("account_", "mfa_")):
            continue
        for who in ("rival signatory", "other manager"):
            person = people[who]
            if person.role not in row.roles:
                continue
            answer = ask(person.browser(), method, address(row, scene), {} if method in {"PUT", "PATCH"} else None)
            assert not _told(answer.content, scene.own, address(row, scene)), (row.name, who)
            assert set(answer.changed) <= {"core_auditrow", "django_session"}, (row.name, who, answer.changed)
            # OPTIONS of a route describes the route, never the row
            assert answer.status in ({200, 404, 405} if method == "OPTIONS" else {400, 404, 405}), (row.name, who)
