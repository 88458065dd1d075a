"""The preview: what an approval would certify, made by the worker, seen by the two sides of the request, gone in an hour."""

from __future__ import annotations

import datetime as dt
import io

import pikepdf
import pytest
import time_machine
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client as Browser
from django.urls import reverse
from pypdf import PdfReader

from certificates.domain import made_files, previews
from certificates.models import Certificate, Preview
from certificates.tasks import make_preview, sweep_made_files
from core import clock
from core.errors import Conflict, NotVisible
from core.identity import Identity, Kind, act_as
from requests_app.domain import drafts
from requests_app.models import Request
from tests.support import stages
from tests.support.drafts import complete_draft
from tests.support.world import World, make_client, make_exporter_people, make_world, sign_in


def address(request: Request) -> str:
    return reverse("certificates:preview", args=[request.pk])


def asked(world: World, request: Request, role: str = "preparer") -> Preview:
    with act_as(world.who(role)) as actor:
        return previews.ask(actor, request.pk)


def fresh(world: World, row: Preview) -> Preview:
    with act_as(world.loop()):
        return Preview.objects.get(pk=row.pk)


def ready(world: World, request: Request) -> Preview:
    """A preview that was made, without the time that rendering takes."""
    row = asked(world, request)
    with act_as(world.loop()):
        mine = made_files.take(Preview, row.pk)
        assert mine is not None
        assert made_files.finish(mine, made_files.keep(mine, io.BytesIO(b"%PDF-1.7 invented")))
    return fresh(world, row)


@pytest.mark.django_db(transaction=True)
def test_an_exporter_asks_waits_and_fetches_what_says_preview_and_has_no_number() -> None:
    world = make_world()
    draft = complete_draft(world, lot="LOT-1")
    browser = world.browser("preparer")
    assert "Make a preview" in browser.get(address(draft)).content.decode()
    assert browser.post(address(draft)).status_code == 302
    page = browser.get(address(draft)).content.decode()
    assert "is being made" in page and 'hx-trigger="every 2s"' in page
    with act_as(world.loop()):
        (key,) = previews.due(world.certifier.pk)
    link = reverse("certificates:preview-file", args=[draft.pk, key])
    assert browser.get(link).status_code == 409
    with act_as(world.loop()), pytest.raises(RuntimeError):
        previews.make(world.certifier.pk, key)
    make_preview(str(world.certifier.pk), str(key))
    page = browser.get(address(draft)).content.decode()
    assert link in page and "hx-trigger" not in page.split('id="preview"')[1].split(">")[0]
    answer = browser.get(link)
    data = answer.getvalue()
    assert answer["Content-Disposition"] == f'attachment; filename="preview-{draft.reference}.pdf"'
    assert answer["Cache-Control"] == "private, no-store"
    texts = [sheet.extract_text() for sheet in PdfReader(io.BytesIO(data)).pages]
    assert all("PREVIEW" in text.upper() for text in texts)
    assert "Organic green coffee" in texts[0] and "LOT-1" in "".join(texts)
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert "/AcroForm" not in pdf.Root and not pdf.attachments
    with act_as(world.loop()):
        assert Certificate.objects.count() == 0


@pytest.mark.django_db
def test_the_same_content_has_one_preview_and_changed_content_another(world: World) -> None:
    draft = complete_draft(world)
    first = asked(world, draft)
    assert asked(world, draft, "signatory").pk == first.pk
    ready(world, draft)
    assert asked(world, draft).pk == first.pk
    with act_as(world.who("signatory")) as signatory:
        drafts.save(signatory, draft.pk, {"vessel": "MV Another"}, expected_version=draft.version)
    assert "has changed since" in world.browser("preparer").get(address(draft)).content.decode()
    assert asked(world, draft).pk != first.pk


@pytest.mark.django_db
def test_it_shows_what_an_approval_would_freeze(world: World) -> None:
    request = stages.recommended(world)
    shown = asked(world, request, "reviewer").snapshot
    with act_as(world.who("approver")) as approver:
        from review.domain import decisions

        decisions.approve(approver, request.pk, expected_version=request.version)
        frozen = Certificate.objects.get(request=request).snapshot
    of_approval = {"reference", "approved_at", "approved_by"}
    assert {k: v for k, v in shown.items() if k not in of_approval} == {
        k: v for k, v in frozen.items() if k not in of_approval
    }


@pytest.mark.django_db
def test_a_draft_is_the_exporters_own_and_a_decided_request_has_no_preview(world: World) -> None:
    draft = complete_draft(world)
    with act_as(world.who("reviewer")) as reviewer, pytest.raises(Conflict) as refused:
        previews.ask(reviewer, draft.pk)
    assert refused.value.code == "PREVIEW-STATE"
    assert "not submitted yet" in world.browser("manager").get(address(draft)).content.decode()
    row = ready(world, draft)
    link = reverse("certificates:preview-file", args=[draft.pk, row.pk])
    assert world.browser("viewer").get(link).getvalue() == b"%PDF-1.7 invented"
    assert world.browser("reviewer").get(link).status_code == 409
    certificate = stages.approved(world)
    with act_as(world.who("signatory")) as signatory, pytest.raises(Conflict):
        previews.ask(signatory, certificate.request_id)
    assert (
        world.browser("signatory").post(reverse("certificates:preview", args=[certificate.request_id])).status_code
        == 409
    )


@pytest.mark.django_db
def test_reviewers_see_it_from_the_submission_on(world: World) -> None:
    request = stages.submitted(world)
    row = ready(world, request)
    for role in ("reviewer", "approver", "manager", "auditor", "viewer"):
        page = world.browser(role).get(address(request))
        assert reverse("certificates:preview-file", args=[request.pk, row.pk]) in page.content.decode(), role
    assert (
        address(request) in world.browser("reviewer").get(reverse("review:request", args=[request.pk])).content.decode()
    )
    assert (
        address(request) in world.browser("viewer").get(reverse("requests:detail", args=[request.pk])).content.decode()
    )


@pytest.mark.django_db
def test_strangers_find_nothing_by_page_api_or_row(world: World) -> None:
    request = stages.submitted(world)
    row = ready(world, request)
    rival = make_client(world.certifier, "1010000022", "Invented Rival")
    other = make_world(2)
    browsers = [other.browser(role) for role in ("reviewer", "manager", "signatory")]
    for member in make_exporter_people(rival, "rival").values():
        browsers.append(Browser())
        sign_in(browsers[-1], member)
    links = [
        address(request), reverse("certificates:preview-file", args=[request.pk, row.pk]),
        reverse("api:request-preview", args=[request.pk]), reverse("api:preview-file", args=[request.pk, row.pk]),
    ]  # fmt: skip
    for browser in browsers:
        assert {browser.get(link).status_code for link in links} == {404}
        assert browser.post(links[0]).status_code == 404
        assert browser.post(links[2]).status_code == 404
    for role in ("importer", "broker"):
        assert {world.browser(role).get(link).status_code for link in links} == {403}
    assert {Browser().get(link).status_code for link in links} == {302, 401}
    for identity in (other.who("manager"), other.who("signatory"), world.who("importer"), Identity(kind=Kind.CHECK)):
        with act_as(identity):
            assert Preview.objects.count() == 0
            assert Preview.objects.filter(pk=row.pk).update(path="x") == 0
    # a preview of one request is not found under another
    mine = complete_draft(world)
    assert world.browser("viewer").get(reverse("certificates:preview-file", args=[mine.pk, row.pk])).status_code == 404
    with act_as(other.who("manager")) as stranger, pytest.raises(NotVisible):
        previews.ask(stranger, request.pk)


@pytest.mark.django_db(transaction=True)
def test_what_cannot_be_printed_is_said_on_the_page_and_asked_for_anew() -> None:
    world = make_world()
    draft = complete_draft(world, vessel="MV \ue123")
    row = asked(world, draft)
    assert previews.make(world.certifier.pk, row.pk) is False
    browser = world.browser("preparer")
    page = browser.get(address(draft)).content.decode()
    assert "The preview was not made" in page and "U+E123" in page
    assert browser.post(address(draft)).status_code == 302
    with act_as(world.who("viewer")):
        assert Preview.objects.filter(request=draft).count() == 2


@pytest.mark.django_db(transaction=True)
def test_whose_makers_die_is_given_up_and_what_they_left_is_deleted() -> None:
    world = make_world()
    row = asked(world, complete_draft(world))
    for attempt in range(1, made_files.MAX_ATTEMPTS + 1):
        with act_as(world.loop()):
            mine = made_files.take(Preview, row.pk)
            assert mine is not None and mine.attempts == attempt
            assert made_files.take(Preview, row.pk) is None  # the lease is another's
        made_files.keep(mine, io.BytesIO(b"half"))
        with act_as(world.loop()):
            Preview.objects.filter(pk=row.pk).update(lease_until=clock.now())
    assert len(default_storage.listdir(made_files.FOLDER)[1]) == made_files.MAX_ATTEMPTS
    assert previews.make(world.certifier.pk, row.pk) is False
    assert fresh(world, row).error == made_files.GAVE_UP
    # one whose lease has passed to another records nothing
    with act_as(world.loop()):
        assert made_files.finish(mine, made_files.Kept("x", 1, "x")) is False
    with time_machine.travel(clock.now() + dt.timedelta(minutes=61), tick=False):
        sweep_made_files()
    assert default_storage.listdir(made_files.FOLDER)[1] == []
    with act_as(world.loop()):
        assert Preview.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_after_its_hour_nobody_gets_it_and_row_and_bytes_are_gone() -> None:
    world = make_world()
    draft = complete_draft(world)
    row = ready(world, draft)
    browser, link = world.browser("viewer"), reverse("certificates:preview-file", args=[draft.pk, row.pk])
    assert browser.get(link).status_code == 200
    with time_machine.travel(row.expires_at, tick=False):
        assert browser.get(link).status_code == 404
        assert "Make a preview" in browser.get(address(draft)).content.decode()
        assert default_storage.exists(row.path)
        assert previews.forget_old(world.certifier.pk) == 1
        assert previews.forget_old(world.certifier.pk) == 0
    assert not default_storage.exists(row.path)


@pytest.mark.django_db
def test_over_the_api(world: World) -> None:
    draft = complete_draft(world)
    browser, route = world.browser("signatory"), reverse("api:request-preview", args=[draft.pk])
    assert browser.get(route).status_code == 404
    first = browser.post(route)
    assert (first.status_code, first.json()["state"], first.json()["file"]) == (202, "waiting", None)
    ready(world, draft)
    told = browser.get(route).json()
    assert (told["id"], told["state"]) == (first.json()["id"], "ready")
    assert browser.get(told["file"]).getvalue() == b"%PDF-1.7 invented"


@pytest.mark.django_db
def test_a_ready_preview_without_a_file_cannot_be(world: World) -> None:
    from django.db import IntegrityError

    row = asked(world, complete_draft(world))
    with pytest.raises(IntegrityError), act_as(world.loop()), connection.cursor() as cursor:
        cursor.execute("UPDATE certificates_preview SET state = 'ready' WHERE id = %s", [row.pk])
