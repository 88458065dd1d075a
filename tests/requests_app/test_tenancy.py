"""Nobody sees another's request: by page, by form, by API, by the address of a document."""

from __future__ import annotations

import dataclasses
import uuid
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse

from core.identity import act_as
from requests_app.domain import corrections, submission
from requests_app.models import Request
from requests_app.url_roles import URL_ROLES
from review.domain import claims
from tests.support.drafts import complete_draft
from tests.support.world import World, make_client, make_exporter_people, make_world, sign_in

pytestmark = pytest.mark.django_db

GET_ONLY = {"home", "detail", "task_list", "document", "list", "findings"}
LISTS = {"requests:home", "requests:new", "api:request-list"}


@dataclasses.dataclass
class Target:
    """A request with a document and a proposal, and the addresses about it."""

    request: Request
    document_id: uuid.UUID
    correction_id: uuid.UUID

    def url(self, name: str) -> str:
        keys: dict[str, Any] = {"pk": self.request.pk}
        if name == "requests:task":
            keys["task"] = "product"
        if name in {"requests:document", "requests:document_remove"}:
            keys["document_id"] = self.document_id
        if name.startswith("requests:correction"):
            keys["correction_id"] = self.correction_id
        return reverse(name, kwargs={} if name in LISTS else keys)


@pytest.fixture
def target(world: World) -> Target:
    draft = complete_draft(world)
    with act_as(world.who("signatory")) as actor:
        submission.submit(actor, draft.pk)
    with act_as(world.who("reviewer")) as actor:
        row = claims.claim(actor, draft.pk)
        proposal = corrections.propose(actor, draft.pk, changes={"net_kg": "600"}, expected_version=row.version)
    with act_as(world.loop()):
        return Target(draft, draft.documents.get().pk, proposal.pk)


def ask(browser: Browser, name: str, address: str) -> Any:
    short = name.rpartition(":")[2].removeprefix("request-")
    if short in GET_ONLY:
        return browser.get(address)
    if name.startswith("api:") and short == "detail":
        return browser.patch(address, {"expected_version": 1}, content_type="application/json")
    if name.startswith("api:") and short != "documents":
        body = {"answer": "x", "expected_version": 1}
        return browser.post(address, body, content_type="application/json")
    return browser.post(address, {"version": "1", "declared": "on", "answer": "x", "kind": "label"})


def strangers(world: World) -> dict[str, Browser]:
    """Another client of the same certifier, and an exporter of another certifier, both signatories."""
    other = make_client(world.certifier, "1010000012", "Another Cooperative")
    neighbour = Browser()
    sign_in(neighbour, make_exporter_people(other, "neighbour")["signatory"])
    return {"client": neighbour, "certifier": make_world(2).browser("signatory")}


def test_another_client_and_another_certifier_get_404_everywhere(world: World, target: Target):
    for who, browser in strangers(world).items():
        for name in sorted(set(URL_ROLES) - LISTS):
            answer = ask(browser, name, target.url(name))
            assert answer.status_code == 404, (who, name, answer.status_code)
            assert target.request.reference not in answer.content.decode()
        for name in ("requests:home", "api:request-list"):
            assert target.request.reference not in browser.get(target.url(name)).content.decode()
    other_staff = make_world(3).browser("reviewer")
    for name in ("api:request-detail", "api:request-findings"):
        assert other_staff.get(target.url(name)).status_code == 404


def test_a_wrong_role_gets_403_and_the_signed_out_a_sign_in(world: World, target: Target):
    for role in ("viewer", "importer", "broker", "auditor"):
        browser = world.browser(role)
        for name, audience in URL_ROLES.items():
            if role in audience or (role == "auditor" and name == "api:request-detail"):
                continue
            assert ask(browser, name, target.url(name)).status_code == 403, (role, name)
    for name in URL_ROLES:
        answer = ask(Browser(), name, target.url(name))
        if name.startswith("api:"):
            assert answer.status_code == 401, name
        else:
            assert (answer.status_code, "/account/login/" in answer["Location"]) == (302, True), name


def test_a_document_or_a_proposal_of_another_request_is_not_reached_through_one_s_own(world: World, target: Target):
    other = complete_draft(world)
    browser = world.browser("signatory")
    own = {"pk": other.pk}
    address = reverse("requests:document", kwargs=own | {"document_id": target.document_id})
    assert browser.get(address).status_code == 404
    address = reverse("requests:correction_accept", kwargs=own | {"correction_id": target.correction_id})
    assert browser.post(address).status_code == 404
