"""The reading copy: asked for by whoever sees the certificate, made by the worker from the signed document, kept a day."""

from __future__ import annotations

import datetime as dt
import hashlib

import pytest
from django.urls import reverse

from certificates.domain import reading_copies
from certificates.models import Certificate, ReadingCopy
from core import clock
from core.errors import Conflict, NotVisible
from core.identity import act_as
from organizations.domain import letterheads
from tests.certificates.document.test_scripts import words
from tests.core.test_pictures import drawn
from tests.support.certificates import issued, numbered
from tests.support.world import World, make_world

pytestmark = pytest.mark.django_db


def ask(world: World, certificate: Certificate, role: str = "preparer") -> ReadingCopy:
    with act_as(world.who(role)) as actor:
        return reading_copies.want(actor, certificate.pk)


def make(world: World, row: ReadingCopy) -> bool:
    """The loop's steps in the test's transaction."""
    with act_as(world.loop()):
        job = reading_copies._take(row.pk)
        if job is None:
            return False
        return reading_copies._record(job, reading_copies._render(job), "")


def test_a_copy_is_asked_for_made_and_fetched_on_the_page(world: World):
    with act_as(world.who("manager")) as manager:
        letterheads.change(manager, accreditation="", text="Tel. 1", picture=drawn(), expected_version=0)
    certificate = issued(world)
    browser = world.browser("importer")
    page = reverse("certificates:detail", args=[certificate.pk])
    assert "Make the reading copy" in browser.get(page).content.decode()
    assert browser.post(reverse("certificates:reading-copy", args=[certificate.pk])).status_code == 302
    assert "It is being made" in browser.get(page).content.decode()
    with act_as(world.loop()):
        row = ReadingCopy.objects.get(certificate=certificate)
    fetch = reverse("certificates:reading-copy-file", args=[certificate.pk, row.pk])
    assert browser.get(fetch).status_code == 409
    assert make(world, row)
    assert fetch in browser.get(page).content.decode()
    answer = browser.get(fetch)
    with act_as(world.loop()):
        row.refresh_from_db()
    assert hashlib.sha256(answer.content).hexdigest() == row.sha256
    assert row.sha256 in browser.get(page).content.decode()
    assert "noeselcertificado" in words(answer.content).lower()
    assert certificate.number in words(answer.content)


def test_asked_twice_it_is_made_once(world: World):
    certificate = issued(world)
    first = ask(world, certificate)
    assert ask(world, certificate, "viewer").pk == first.pk
    assert make(world, first)
    assert not make(world, first)
    assert ask(world, certificate).state == ReadingCopy.State.READY


def test_a_copy_that_failed_is_tried_again_when_asked_for(world: World):
    certificate = issued(world)
    row = ask(world, certificate)
    with act_as(world.loop()):
        job = reading_copies._take(row.pk)
        reading_copies._record(job, None, "DOC-FONTS: gone")
    assert "It could not be made" in (
        world.browser("preparer").get(reverse("certificates:detail", args=[certificate.pk])).content.decode()
    )
    assert ask(world, certificate).state == ReadingCopy.State.WAITING
    assert make(world, row)


def test_a_worker_that_dies_of_it_each_time_ends_it(world: World):
    row = ask(world, issued(world))
    for _attempt in range(reading_copies.MAX_ATTEMPTS + 1):
        with act_as(world.loop()):
            reading_copies._take(row.pk)
            ReadingCopy.objects.update(lease_until=clock.now() - dt.timedelta(seconds=1))
    with act_as(world.loop()):
        row.refresh_from_db()
    assert (row.state, row.error) == (ReadingCopy.State.FAILED, "ATTEMPTS")


def test_a_lease_keeps_the_others_away(world: World):
    row = ask(world, issued(world))
    with act_as(world.loop()):
        assert reading_copies._take(row.pk) is not None
        assert reading_copies._take(row.pk) is None
        assert reading_copies.due(world.certifier.pk) == []


def test_a_copy_is_forgotten_after_a_day_and_comes_back_the_same(world: World):
    certificate = issued(world)
    row = ask(world, certificate)
    make(world, row)
    with act_as(world.loop()):
        first = ReadingCopy.objects.get(pk=row.pk).sha256
        ReadingCopy.objects.update(wanted_at=clock.now() - dt.timedelta(hours=25))
        assert reading_copies.forget_old(world.certifier.pk) == 1
    again = ask(world, certificate)
    make(world, again)
    with act_as(world.loop()):
        assert ReadingCopy.objects.get(pk=again.pk).sha256 == first


def test_before_the_document_there_is_no_copy(world: World):
    with pytest.raises(NotVisible):
        ask(world, numbered(world))


def test_a_copy_that_is_not_made_cannot_be_fetched(world: World):
    certificate = issued(world)
    row = ask(world, certificate)
    with act_as(world.who("preparer")) as actor, pytest.raises(Conflict):
        reading_copies.download(actor, certificate.pk, row.pk)


def test_nobody_else_asks_for_it_or_fetches_it(world: World):
    certificate, other = issued(world), make_world(2)
    mine = issued(world)
    row = ask(world, certificate)
    make(world, row)
    for role in ("manager", "signatory", "broker"):
        browser = other.browser(role)
        assert browser.post(reverse("certificates:reading-copy", args=[certificate.pk])).status_code == 404, role
        assert browser.get(reverse("certificates:reading-copy-file", args=[certificate.pk, row.pk])).status_code == 404
        with act_as(other.who(role)):
            assert not ReadingCopy.objects.exists()
    # the copy of one certificate is not to be had under another
    fetch = reverse("certificates:reading-copy-file", args=[mine.pk, row.pk])
    assert world.browser("preparer").get(fetch).status_code == 404
