"""A broker prepares drafts on an exporter's behalf, by a grant that says so; it never submits, and all it does is on record."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.urls import reverse

from core import clock, rows
from core.audit import plain
from core.checks import Moment
from core.errors import Conflict, InvalidInput, NotPermitted, NotVisible
from core.identity import Identity, act_as
from core.models import AuditRow, StoredFile
from organizations.domain import brokers
from organizations.models import Delegation
from pvf.models import Balance, PVFLine
from requests_app.domain import checking, documents, drafts, questions, submission
from requests_app.domain.requests import visible
from requests_app.models import Request, RequestDocument, RequestLot, RequestState
from review.domain import claims
from tests.support.drafts import PAPER, complete_changes, complete_draft
from tests.support.world import World, make_client, make_exporter_people, make_line, make_world

pytestmark = pytest.mark.django_db


def give(world: World, *scopes: str, days: int = 30) -> Delegation:
    with act_as(world.who("signatory")) as actor:
        last = clock.now().date() + dt.timedelta(days=days)
        return brokers.grant(actor, broker_id=world.broker.pk, valid_until=last, scopes=scopes)


def revoke(world: World, grant: Delegation) -> None:
    with act_as(world.who("signatory")) as actor:
        brokers.revoke(actor, grant.pk)


def end(world: World, grant: Delegation) -> None:
    """As if it had ended yesterday."""
    yesterday = clock.now().date() - dt.timedelta(days=1)
    with act_as(world.who("signatory")):
        Delegation.objects.filter(pk=grant.pk).update(valid_from=yesterday, valid_until=yesterday)


def prepared(world: World) -> Request:
    """A whole draft by the broker."""
    with act_as(world.who("broker")) as broker:
        row = drafts.start(broker, exporter=world.client.operation.nop_id)
        row = drafts.save(broker, row.pk, complete_changes(world), expected_version=row.version)
        row = drafts.replace_rows(broker, row.pk, "lots", [{"lot": "L-1", "kg": "1000"}], expected_version=row.version)
        documents.add(broker, row.pk, "commercial_invoice", PAPER, "invoice.pdf")
        row.refresh_from_db()
    return row


def rival_of(world: World) -> World:
    client = make_client(world.certifier, "1010000077", "Invented Rival")
    terms = make_line(client, "500")
    members = {**world.members, **make_exporter_people(client, "rival")}
    return dataclasses.replace(world, client=client, pvf=terms.line.pvf, line=terms.line, terms=terms, members=members)


class TestDrafts:
    def test_a_draft_is_prepared_whole_and_the_signatory_submits_it(self, world: World) -> None:
        give(world, "drafts")
        row = prepared(world)
        assert (row.client_id, row.broker_id, row.state) == (world.client.pk, world.broker.pk, RequestState.DRAFT)
        with act_as(world.who("signatory")) as signatory:
            assert submission.submit(signatory, row.pk).state == RequestState.SUBMITTED

    def test_every_act_is_on_record_as_the_brokers_on_behalf_of_the_exporter(self, world: World) -> None:
        give(world, "drafts")
        row = prepared(world)
        with act_as(world.who("broker")) as broker:
            documents.remove(broker, RequestDocument.objects.get(request=row).pk)
            submission.withdraw(broker, row.pk)
        with act_as(world.who("auditor")):
            acts = list(AuditRow.objects.filter(object_id=str(row.pk)).order_by("at"))
        assert [one.act for one in acts] == [
            "request.start", "request.save", "request.lots", "request.document_add", "request.document_remove",
            "request.withdraw",
        ]  # fmt: skip
        who = {(one.actor_kind, one.actor_id, one.on_behalf_of, one.client_id) for one in acts}
        assert who == {("broker", world.members["broker"].user_id, world.client.operation.name, world.client.pk)}

    def test_use_is_noted_on_the_grant(self, world: World) -> None:
        grant = give(world, "drafts")
        prepared(world)
        with act_as(world.who("signatory")):
            assert Delegation.objects.get(pk=grant.pk).last_used_at is not None

    @pytest.mark.parametrize("act", ["submit", "answer", "copy"])
    def test_it_never_submits_answers_or_copies(self, world: World, act: str) -> None:
        give(world, "drafts")
        row = prepared(world)
        if act == "answer":
            with act_as(world.who("signatory")) as signatory:
                submission.submit(signatory, row.pk)
            with act_as(world.who("reviewer")) as reviewer:
                seen = claims.claim(reviewer, row.pk)
                questions.ask(
                    reviewer, row.pk, text="Which?", fields=["vessel"], document_kinds=[], expected_version=seen.version
                )
        does: dict[str, Any] = {
            "submit": lambda actor: submission.submit(actor, row.pk),
            "answer": lambda actor: questions.save_answer(actor, row.pk, {"vessel": "X"}, "MV", expected_version=9),
            "copy": lambda actor: submission.copy_as_new(actor, row.pk),
        }
        with act_as(world.who("broker")) as broker, pytest.raises(NotPermitted):
            does[act](broker)

    def test_what_was_submitted_is_read_by_the_broker_who_began_it_and_changed_no_more(self, world: World) -> None:
        give(world, "drafts")
        row, others = prepared(world), complete_draft(world, "10")
        with act_as(world.who("signatory")) as signatory:
            for one in (row, others):
                submission.submit(signatory, one.pk)
        with act_as(world.who("broker")) as broker:
            assert list(Request.objects.visible_to(broker)) == [row]
            version = Request.objects.get().version
            for act in (
                lambda: drafts.save(broker, row.pk, {"vessel": "X"}, expected_version=version),
                lambda: submission.withdraw(broker, row.pk),
                lambda: documents.add(broker, row.pk, "label", PAPER, "x.pdf"),
            ):
                with pytest.raises(Conflict) as refused:
                    act()
                assert refused.value.code == "REQUEST-STATE"
            with pytest.raises(NotVisible):
                drafts.save(broker, others.pk, {"vessel": "X"}, expected_version=1)

    def test_of_several_exporters_it_says_for_which_one(self, world: World) -> None:
        rival = rival_of(world)
        give(world, "drafts")
        give(rival, "drafts")
        with act_as(world.who("broker")) as broker:
            for wrong in ("", "x", "1010000099", str(make_world(2).client.pk)):
                with pytest.raises(InvalidInput) as refused:
                    drafts.start(broker, exporter=wrong)
                assert (refused.value.code, refused.value.field) == ("ON-BEHALF", "exporter")
            assert drafts.start(broker, exporter=str(rival.client.pk)).client_id == rival.client.pk
            mine = drafts.start(broker, exporter=str(world.client.pk))
            # nor does a line of the one go into a draft of the other
            with pytest.raises(InvalidInput) as refused:
                drafts.save(broker, mine.pk, {"line_id": str(rival.line.pk)}, expected_version=mine.version)
            assert refused.value.field == "line_id"

    @pytest.mark.parametrize("over", [revoke, end])
    def test_with_the_grant_ends_the_sight_of_the_draft_and_of_the_lines(self, world: World, over: Any) -> None:
        grant = give(world, "drafts")
        row = prepared(world)
        over(world, grant)
        with act_as(world.who("broker")) as broker:
            for act in (
                lambda: drafts.save(broker, row.pk, {"vessel": "X"}, expected_version=row.version),
                lambda: submission.withdraw(broker, row.pk),
                lambda: documents.add(broker, row.pk, "label", PAPER, "x.pdf"),
            ):
                with pytest.raises(NotVisible):
                    act()
            with pytest.raises(NotPermitted):
                drafts.start(broker, exporter=str(world.client.pk))
            assert _seen() == []

    @pytest.mark.parametrize("scopes", [(), ("shipments",)])
    def test_a_grant_without_drafts_opens_none(self, world: World, scopes: tuple[str, ...]) -> None:
        row = complete_draft(world)
        give(world, *scopes)
        with act_as(world.who("broker")) as broker:
            with pytest.raises(NotVisible):
                drafts.save(broker, row.pk, {"vessel": "X"}, expected_version=row.version)
            with pytest.raises(NotPermitted) as refused:
                drafts.start(broker, exporter=str(world.client.pk))
            assert refused.value.code == "SCOPE"


def _seen() -> list[str]:
    """What row security shows of the exporter, without any filter of the application."""
    models = (Request, RequestLot, RequestDocument, PVFLine, Balance, StoredFile, AuditRow)
    return [model.__name__ for model in models if model.objects.exists()]  # type: ignore[attr-defined]


@pytest.fixture
def unfiltered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The application forgets to ask: only the row policies are left."""
    monkeypatch.setattr(drafts, "writing", lambda actor, _request_id: actor)
    monkeypatch.setattr(documents, "writing", lambda actor, _request_id: actor)
    monkeypatch.setattr("requests_app.models.RequestRows.admits", lambda _self, _actor, _row: True)


@pytest.mark.usefixtures("unfiltered")
class TestRowPolicies:
    """The second net, asked without the first."""

    def test_with_certificates_alone_nothing_is_seen_or_written(self, world: World) -> None:
        row = complete_draft(world, lot="L-1")
        give(world)
        self._closed(world, row)

    @pytest.mark.parametrize("over", [revoke, end])
    def test_after_the_grant_neither(self, world: World, over: Any) -> None:
        row = complete_draft(world, lot="L-1")
        over(world, give(world, "drafts", "shipments"))
        self._closed(world, row)

    def test_another_brokers_and_another_exporters_grant_open_nothing(self, world: World) -> None:
        row = complete_draft(world, lot="L-1")
        give(rival_of(world), "drafts")
        other = make_world(2)
        give(other, "drafts")
        with act_as(world.who("broker")):
            assert list(Request.objects.all()) == []
        with act_as(other.who("broker")):
            assert not Request.objects.filter(pk=row.pk).exists()

    def _closed(self, world: World, row: Request) -> None:
        with act_as(world.who("broker")) as broker:
            assert _seen() == []
            assert Request.objects.filter(pk=row.pk).update(vessel="X") == 0
            assert RequestLot.objects.filter(request_id=row.pk).delete()[0] == 0
            with pytest.raises(NotVisible):
                drafts.save(broker, row.pk, {"vessel": "X"}, expected_version=row.version)
            for made in self._rows(world, row):
                with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
                    rows.insert(made)

    def _rows(self, world: World, row: Request) -> list[Any]:
        books = {"certifier_id": world.certifier.pk, "client_id": world.client.pk}
        person = world.members["broker"].user_id
        return [
            Request(**books, reference="R-X", broker=world.broker, created_by=person),
            RequestLot(**books, request_id=row.pk, lot="X", kg=1),
            StoredFile(**books, kind="upload", sha256="0" * 64, size=1, path="x", created_by=person),
            AuditRow(**books, actor_kind="broker", actor_id=person, act="request.save", object_type="request",
                     object_id=str(row.pk)),
        ]  # fmt: skip

    def test_a_draft_cannot_be_made_a_submitted_request(self, world: World) -> None:
        give(world, "drafts")
        row = prepared(world)
        with act_as(world.who("broker")):
            for values in (
                {"state": "submitted", "submitted_at": clock.now()}, {"submitted_at": clock.now()},
                {"submitted_by": world.members["signatory"].user_id}, {"state": "approved", "submitted_at": clock.now()},
            ):  # fmt: skip
                with pytest.raises(DatabaseError), transaction.atomic():
                    Request.objects.filter(pk=row.pk).update(**values)
            assert Request.objects.get(pk=row.pk).state == "draft"

    def test_what_was_submitted_is_written_no_more(self, world: World) -> None:
        give(world, "drafts")
        row = prepared(world)
        with act_as(world.who("signatory")) as signatory:
            submission.submit(signatory, row.pk)
        with act_as(world.who("broker")):
            assert Request.objects.filter(pk=row.pk).exists()
            assert Request.objects.filter(pk=row.pk).update(vessel="X") == 0
            assert RequestLot.objects.filter(request=row).delete()[0] == 0
            assert RequestDocument.objects.filter(request=row).update(removed_at=clock.now()) == 0

    def test_a_draft_does_not_move_to_another_exporter_nor_its_parts(self, world: World) -> None:
        rival = rival_of(world)
        give(world, "drafts")
        row = prepared(world)
        with act_as(world.who("broker")):
            with pytest.raises(DatabaseError), transaction.atomic():
                Request.objects.filter(pk=row.pk).update(client_id=rival.client.pk)
            with pytest.raises(DatabaseError), transaction.atomic():
                RequestLot.objects.filter(request=row).update(client_id=rival.client.pk)

    def test_no_kilogram_moves_and_no_line_changes(self, world: World) -> None:
        give(world, "drafts")
        with act_as(world.who("broker")):
            assert PVFLine.objects.exists()
            assert PVFLine.objects.update(line_number=99) == 0


class TestPages:
    def test_the_broker_begins_a_draft_chooses_the_exporter_and_reads_for_whom_it_acts(self, world: World) -> None:
        rival = rival_of(world)
        give(world, "drafts")
        give(rival, "drafts")
        browser = world.browser("broker")
        text = browser.get(reverse("requests:new")).content.decode()
        assert world.client.operation.name in text
        assert rival.client.operation.name in text
        assert browser.post(reverse("requests:new"), {"kind": "single"}).status_code == 422
        answer = browser.post(reverse("requests:new"), {"kind": "single", "exporter": str(rival.client.pk)})
        assert answer.status_code == 302
        with act_as(world.who("broker")):
            row = Request.objects.get()
        banner = f"You act for {rival.client.operation.name}"
        for name, more in (("task_list", {}), ("detail", {}), ("task", {"task": "product"}), ("task", {"task": "rows"}),
                           ("task", {"task": "documents"})):  # fmt: skip
            page = browser.get(reverse(f"requests:{name}", kwargs={"pk": row.pk, **more}))
            assert page.status_code == 200, name
            assert banner in page.content.decode(), name
        text = browser.get(reverse("requests:task", kwargs={"pk": row.pk, "task": "product"})).content.decode()
        assert str(rival.line.pk) in text
        assert str(world.line.pk) not in text
        assert rival.client.operation.name in browser.get(reverse("requests:home")).content.decode()

    def test_there_is_no_way_to_submit(self, world: World) -> None:
        give(world, "drafts")
        row, browser = prepared(world), world.browser("broker")
        text = browser.get(reverse("requests:task_list", args=[row.pk])).content.decode()
        assert reverse("requests:review_submit", args=[row.pk]) not in text
        assert f"A signatory of {world.client.operation.name} checks and submits it." in text
        for name in ("requests:review_submit", "api:request-submit", "requests:answer", "requests:copy"):
            assert browser.post(reverse(name, args=[row.pk])).status_code == 403, name

    def test_the_history_names_person_broker_and_exporter_to_all_three(self, world: World) -> None:
        give(world, "drafts")
        row = prepared(world)
        who = f"{world.members['broker'].user.name} ({world.broker.name})"
        behalf = f"on behalf of {world.client.operation.name}"
        for role in ("signatory", "broker"):
            text = world.browser(role).get(reverse("requests:detail", args=[row.pk])).content.decode()
            assert who in text, role
            assert behalf in text, role
        text = world.browser("signatory").get(reverse("requests:review_submit", args=[row.pk])).content.decode()
        assert f"The draft was worked on by {who} {behalf}." in text
        with act_as(world.who("signatory")) as signatory:
            submission.submit(signatory, row.pk)
        text = world.browser("reviewer").get(reverse("review:request", args=[row.pk])).content.decode()
        assert f"The draft was worked on by {who} {behalf}." in text

    def test_a_document_is_taken_on_behalf(self, world: World) -> None:
        give(world, "drafts")
        row = prepared(world)
        with act_as(world.who("broker")):
            document = RequestDocument.objects.get(request=row)
        answer = world.browser("broker").get(reverse("requests:document", args=[row.pk, document.pk]))
        assert answer.status_code == 200
        with act_as(world.who("auditor")):
            read = AuditRow.objects.get(act="request.document_read")
        assert read.on_behalf_of == world.client.operation.name

    @pytest.mark.parametrize("over", [revoke, end])
    def test_after_the_grant_the_pages_are_not_there(self, world: World, over: Any) -> None:
        grant = give(world, "drafts")
        row = prepared(world)
        over(world, grant)
        browser = world.browser("broker")
        for name in ("detail", "task_list"):
            assert browser.get(reverse(f"requests:{name}", args=[row.pk])).status_code == 404
        assert browser.post(reverse("requests:withdraw", args=[row.pk])).status_code == 404
        assert browser.get(reverse("requests:new")).status_code == 403
        assert row.reference not in browser.get(reverse("requests:home")).content.decode()


class TestApi:
    def test_the_same_acts_over_the_api(self, world: World) -> None:
        give(world, "drafts")
        browser = world.browser("broker")
        body = plain(complete_changes(world)) | {"kind": "single", "exporter": world.client.operation.nop_id}

        def send(method: str, name: str, pk: Any = None, data: Any = None) -> Any:
            path = reverse(f"api:request-{name}", kwargs={"pk": pk} if pk else {})
            return getattr(browser, method)(path, data, content_type="application/json")

        answer = send("post", "list", None, body)
        assert answer.status_code == 201, answer.json()
        made = answer.json()
        assert (made["exporter_nop_id"], made["exporter_name"]) == (
            world.client.operation.nop_id, world.client.operation.name,
        )  # fmt: skip
        answer = send("patch", "detail", made["id"], {"vessel": "MV Other", "expected_version": made["version"]})
        assert (answer.status_code, answer.json()["vessel"]) == (200, "MV Other")
        paper = {"kind": "commercial_invoice", "file": SimpleUploadedFile("i.pdf", PAPER, "application/pdf")}
        assert browser.post(reverse("api:request-documents", args=[made["id"]]), paper).status_code == 201
        assert send("get", "findings", made["id"]).status_code == 200
        assert [row["id"] for row in send("get", "list").json()["results"]] == [made["id"]]
        assert send("post", "submit", made["id"], {}).status_code == 403
        assert send("post", "withdraw", made["id"]).json()["state"] == "withdrawn"

    def test_without_the_scope_it_is_refused_and_strange_drafts_are_not_there(self, world: World) -> None:
        row = complete_draft(world)
        give(world)
        browser = world.browser("broker")
        body = {"kind": "single", "exporter": world.client.operation.nop_id}
        answer = browser.post(reverse("api:request-list"), body, content_type="application/json")
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "SCOPE")
        assert browser.get(reverse("api:request-detail", args=[row.pk])).status_code == 404
        change = {"vessel": "X", "expected_version": row.version}
        answer = browser.patch(reverse("api:request-detail", args=[row.pk]), change, content_type="application/json")
        assert answer.status_code == 404


def test_checks_read_for_a_broker_what_they_read_for_the_exporter(world: World) -> None:
    """The rules, the line, the certifier's head: a finding that differed would send the exporter back and forth."""
    give(world, "drafts")
    row = prepared(world)

    def found(actor: Identity) -> Any:
        with act_as(actor):
            return [(one["code"], one["outcome"]) for one in _findings(actor, row)]

    assert found(world.who("broker")) == found(world.who("signatory"))


def _findings(actor: Identity, row: Request) -> list[dict[str, Any]]:
    return [one.as_json() for one in checking.findings(actor, visible(actor, row.pk), Moment.DRAFT)]
