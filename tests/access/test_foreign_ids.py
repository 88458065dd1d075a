"""Named attacks by what is sent: a child of another parent in the address, another's id in the body, many ids at once.

What is sent is whole and true but for the one id. Each attack stands beside its control: the same body from the person
whose row it is does the act, on a copy that is undone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from certificates.models import Bundle
from core.identity import act_as
from pvf.models import PVFVersion
from tests.access import acts
from tests.access.bodies import body_of
from tests.access.cases import Answer, Case, Form, address, ask
from tests.access.forms import LINE, new_pvf_of, paper, processing_of
from tests.access.people import Person, everybody
from tests.access.scene import Holdings, Scene
from tests.access.table import TABLE, Row
from tests.support.two_managers import second_manager

pytestmark = [pytest.mark.timeout(400), pytest.mark.usefixtures("undone")]
_ROWS: dict[str, Row] = {row.name: row for row in TABLE}


@pytest.fixture
def people(scene: Scene, undone: None) -> dict[str, Person]:
    """Everybody by name."""
    return {person.name: person for person in everybody(scene)}


def _nothing_written(answer: Answer) -> bool:
    return set(answer.changed) <= {"core_auditrow", "django_session"} and answer.changed.get("core_auditrow", 0) <= 1


#: Address, the person, whose parent, the parent's name, the child's keyword; the child is the own exporter's.
POSTED = [
    ("requests:document_remove", "signatory", "own", "asked", "document_id", "draft_document"),
    ("requests:document_remove", "rival signatory", "rival", "draft", "document_id", "draft_document"),
    ("requests:correction_accept", "signatory", "own", "recommended", "correction_id", "correction"),
    ("requests:correction_accept", "rival signatory", "rival", "in_review", "correction_id", "correction"),
    ("requests:correction_decline", "signatory", "own", "recommended", "correction_id", "correction"),
    ("requests:correction_decline", "rival signatory", "rival", "in_review", "correction_id", "correction"),
    ("certificates:correct-shipment", "signatory", "own", "waiting", "shipment_id", "shipment"),
    ("certificates:correct-shipment", "rival signatory", "rival", "certificate", "shipment_id", "shipment"),
    ("certificates:receipt", "importer", "own", "waiting", "shipment_id", "shipment"),
    ("certificates:receipt", "elsewhere importer", "rival", "certificate", "shipment_id", "shipment"),
]  # fmt: skip
#: Whose child it is.
RIGHTFUL = {"certificates:receipt": "importer"}


@pytest.mark.parametrize(("name", "who", "parents", "parent", "keyword", "child"), POSTED)
def test_an_act_on_a_child_is_not_done_below_another_parent(
    scene: Scene, people: dict[str, Person], name: str, who: str, parents: str, parent: str, keyword: str, child: str
) -> None:
    row, rightful = _ROWS[name], people[RIGHTFUL.get(name, "signatory")]
    body = body_of(Case(row, rightful, "POST", 302), scene)
    url = reverse(
        name, kwargs={"pk": getattr(getattr(scene, parents), parent).pk, keyword: getattr(scene.own, child).pk}
    )
    refused = ask(people[who].browser(), "POST", url, body)
    assert (refused.status, _nothing_written(refused)) == (404, True), refused.changed
    allowed = ask(rightful.browser(), "POST", address(row, scene), body)
    assert allowed.status == 302
    assert acts.WRITES[f"POST {name}"] in allowed.changed


@dataclasses.dataclass(frozen=True)
class Attack:
    """The same kind of body at an address: with an id that is not the sender's, and rightfully."""

    name: str
    by: str
    #: The body with the holdings whose row is named in it.
    body: Callable[[Scene, Holdings], Any]
    #: Whose row the attack names, and whose parent stands in the address.
    names: str = "own"
    at: str = "rival"
    method: str = "POST"
    #: Who does it rightfully, with the row of ``names`` at the address of its own holdings.
    control: str = "signatory"
    #: Answers that refuse.
    refused: frozenset[int] = frozenset({404, 422})
    done: int = 302
    writes: str = ""

    def __str__(self) -> str:
        return f"{self.name} by {self.by}"


def _processed(_scene: Scene, has: Holdings) -> Form:
    return Form(processing_of(has), kind="purchase", files=[paper()])


def _new_pvf(scene: Scene, has: Holdings) -> dict[str, Any]:
    return new_pvf_of(has)


def _whole_pvf(scene: Scene, has: Holdings) -> dict[str, Any]:
    return {**_new_pvf(scene, has), "lines": [{**LINE, "line_number": 1}], "note": "", "draft": False}


def _line_of(_scene: Scene, has: Holdings) -> dict[str, Any]:
    return {"line_id": str(has.world.line.pk), "label_name": has.world.terms.label_name}


def _carried(_scene: Scene, has: Holdings) -> dict[str, Any]:
    return {"line": str(has.pvf_draft_line.pk), "kg": "0"}


def _bought(_scene: Scene, has: Holdings) -> dict[str, Any]:
    purchase = {"kg": "10", "supplier_name": "Growers", "document": str(has.pvf_draft_document.pk)}
    return {**LINE, "line_number": 1, "basis": {"purchases": [purchase]}}


ATTACKS = [
    Attack("pvf:process", "rival signatory", _processed, writes="pvf_processingreport"),
    Attack("pvf:process", "other manager", _processed, at="other", writes="pvf_processingreport"),
    Attack("pvf:process", "signatory", _processed, names="rival", at="own", control="rival signatory",
           writes="pvf_processingreport"),
    Attack("api:pvf-report-list", "rival signatory", _processed, done=201, writes="pvf_processingreport"),
    Attack("api:pvf-report-list", "other manager", _processed, at="other", done=201, writes="pvf_processingreport"),
    Attack("pvf:start", "other manager", lambda scene, has: Form(_new_pvf(scene, has)), at="other", control="manager",
           writes="pvf_pvf"),
    Attack("api:pvf-version-list", "other manager", _whole_pvf, at="other", control="manager", done=201, writes="pvf_pvf"),
    Attack("api:pvf-draft-carry", "rival signatory", _carried, done=200, writes="pvf_carryover"),
    Attack("api:pvf-draft-carry", "signatory", _carried, names="rival", at="own", control="rival signatory", done=200,
           writes="pvf_carryover"),
    Attack("api:pvf-draft-line", "signatory", _bought, names="rival", at="own", control="rival signatory", method="PUT",
           done=200, writes="pvf_pvflineterms"),
    Attack("api:pvf-draft-line", "rival signatory", _bought, method="PUT", done=200, writes="pvf_pvflineterms"),
]  # fmt: skip


def _with_revision(attack: Attack, body: Any, at: Holdings) -> Any:
    """The draft's revision is that of the draft in the address: nothing but the foreign id is to be wrong."""
    return {**body, "revision": at.pvf_draft.revision} if "draft" in attack.name else body


@pytest.mark.parametrize("attack", ATTACKS, ids=str)
def test_a_body_cannot_name_what_is_anothers(scene: Scene, people: dict[str, Person], attack: Attack) -> None:
    row = _ROWS[attack.name]
    at, named = getattr(scene, attack.at), getattr(scene, attack.names)
    url = address(row, scene, at)
    body = _with_revision(attack, attack.body(scene, named), at)
    refused = ask(people[attack.by].browser(), attack.method, url, body)
    assert refused.status in attack.refused, refused.content[-2000:]
    assert _nothing_written(refused), refused.changed
    told = [
        word for word in named.words() if word.encode() in refused.content and word not in str(body) and word not in url
    ]
    assert not told
    body = _with_revision(attack, attack.body(scene, named), named)
    allowed = ask(people[attack.control].browser(), attack.method, address(row, scene, named), body)
    assert allowed.status == attack.done, allowed.content[-2000:]
    assert attack.writes in allowed.changed


def test_one_foreign_line_among_the_own_ones_of_a_form_is_not_taken(scene: Scene, people: dict[str, Person]) -> None:
    """Many ids at once: a page's form that names a line of another exporter beside the own ones."""
    row = _ROWS["pvf:draft-carry"]
    own, rival = scene.own, scene.rival
    rightful = {f"carry-{line.pk}": "0" for line in own.pvf_draft_lines} | {"revision": str(own.pvf_draft.revision)}
    alone = Form({f"carry-{line.pk}": "0" for line in rival.pvf_draft_lines}, revision=str(own.pvf_draft.revision))
    browser = people["signatory"].browser()
    refused = ask(browser, "POST", address(row, scene), alone)
    assert (refused.status, _nothing_written(refused)) == (422, True), refused.changed
    allowed = ask(browser, "POST", address(row, scene), Form(rightful))
    assert allowed.status == 302
    both = ask(browser, "POST", address(row, scene), Form({**alone, **rightful}))
    assert (both.status, both.changed["pvf_carryover"]) == (302, allowed.changed["pvf_carryover"])


def test_a_draft_cannot_be_given_the_line_of_another_exporter(scene: Scene, people: dict[str, Person]) -> None:
    draft, browser = scene.own.draft, people["signatory"].browser()
    url = reverse("api:request-detail", args=[draft.pk])
    for has, done in ((scene.rival, False), (scene.other, False), (scene.own, True)):
        # another line of the own exporter is taken: the report's output
        line = scene.own.report.output_line_id if done else has.world.line.pk
        answer = ask(browser, "PATCH", url, {"expected_version": draft.version, "line_id": str(line)})
        assert answer.status in ({200} if done else {404, 422}), answer.content
        assert ("requests_app_request" in answer.changed) is done
        assert done or not [word for word in has.words() if word.encode() in answer.content and word != str(line)]


def test_an_exporter_begins_a_pvf_of_its_own_whatever_client_it_names(scene: Scene, people: dict[str, Person]) -> None:
    body = _whole_pvf(scene, scene.own)
    answer: Any = people["rival signatory"].browser().post(reverse("api:pvf-version-list"), body, "application/json")
    assert answer.status_code == 201, answer.content
    page: Any = (
        people["rival signatory"].browser().post(reverse("pvf:start"), {**_new_pvf(scene, scene.own), "number": "N-2"})
    )
    assert page.status_code == 302
    with act_as(scene.own.world.loop()):
        begun = PVFVersion.objects.filter(pvf__number__in=["NEW-1", "N-2"]).values_list("client_id", flat=True)
        assert list(begun) == [scene.rival.world.client.pk] * 2


def test_a_bundle_holds_only_what_the_asker_sees(scene: Scene, people: dict[str, Person]) -> None:
    """Asked by the exporter's NOP ID, and by the ids themselves, which nobody is asked for."""
    own = scene.own
    given = {"exporter": own.world.client.operation.nop_id, "certificates": [str(own.certificate.pk)], "state": ""}
    for name, body in (("certificates:bundles", Form(given)), ("api:bundle-list", given)):
        for who in ("rival signatory", "other manager", "elsewhere importer", "revoked broker", "expired broker"):
            answer = ask(people[who].browser(), "POST", reverse(name), body)
            assert (answer.status, _nothing_written(answer)) == (422, True), (name, who)
        for who in ("signatory", "manager", "importer", "broker"):
            answer = ask(people[who].browser(), "POST", reverse(name), body)
            assert answer.status in {202, 302}, (name, who)
            assert "certificates_bundle" in answer.changed, (name, who)
    # without the exporter's ID the ids alone add nothing
    answer_: Any = (
        people["rival signatory"]
        .browser()
        .post(reverse("api:bundle-list"), {"certificates": given["certificates"]}, "application/json")
    )
    assert answer_.status_code == 202
    with act_as(scene.rival.world.who("signatory")):
        held = Bundle.objects.get(pk=answer_.json()["id"]).certificates
    assert str(scene.rival.certificate.pk) in held
    assert str(own.certificate.pk) not in held


def test_nobody_puts_a_person_of_another_organisation_into_theirs(scene: Scene, people: dict[str, Person]) -> None:
    """The client in the address against the membership: a colleague's roles are changed by those who manage them alone."""
    row = _ROWS["organizations:member"]
    body = Form(roles=["preparer"])
    for who in ("rival signatory", "other manager", "other signatory"):
        refused = ask(people[who].browser(), "POST", address(row, scene), body)
        assert (refused.status, _nothing_written(refused)) == (404, True), who
    allowed = ask(people["signatory"].browser(), "POST", address(row, scene), body)
    assert (allowed.status, "organizations_membership" in allowed.changed) == (302, True)


def test_a_change_for_two_managers_is_done_by_another_manager_alone(scene: Scene, people: dict[str, Person]) -> None:
    row, body = _ROWS["organizations:guarded_change"], Form(act="confirm")
    world = dataclasses.replace(scene.own.world, members=dict(scene.own.world.members))
    second_manager(world)
    for who in ("reviewer", "approver", "auditor", "signatory"):
        refused = ask(people[who].browser(), "POST", address(row, scene), body)
        assert (refused.status, _nothing_written(refused)) == (403, True), who
    proposer = ask(people["manager"].browser(), "POST", address(row, scene), body)
    assert _nothing_written(proposer), proposer.changed
    stranger = ask(people["other manager"].browser(), "POST", address(row, scene), body)
    assert (stranger.status, _nothing_written(stranger)) == (404, True)
    allowed = ask(world.browser("manager2"), "POST", address(row, scene), body)
    assert allowed.status == 302
    assert {"organizations_guardedchange", "organizations_certifiersettings"} <= set(allowed.changed)
