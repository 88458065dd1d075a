"""Where a virus scanner is configured, nobody gets an upload, and no check counts it, before the scanner has passed it."""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from django.db import DatabaseError, IntegrityError, connection
from django.urls import reverse

from core import clamd, scanning, tasks
from core.checks import Moment
from core.errors import Conflict
from core.files import read_file, store_file
from core.identity import act_as
from core.models import AuditRow, Notification, StoredFile
from requests_app.domain import documents, drafts
from requests_app.domain.facts import gather
from tests.support.drafts import PAPER
from tests.support.scanner import EVIL, Scanner, scanner
from tests.support.world import World, make_world

INFECTED = PAPER.replace(b"\nxref", b"\n%" + EVIL + b"\nxref")


@pytest.fixture
def clam(tmp_path: Path, settings: object) -> Iterator[Scanner]:
    # a path of a socket is short
    place = tmp_path / "c"
    settings.CLAMD = str(place)  # type: ignore[attr-defined]
    settings.CLAMD_SECONDS = 2  # type: ignore[attr-defined]
    with scanner(place) as server:
        yield server


def _stored(world: World, data: bytes = PAPER) -> StoredFile:
    with act_as(world.who("preparer")) as actor:
        return store_file(actor, data, name="a.pdf", certifier_id=world.certifier.pk, client_id=world.client.pk)


def _again(world: World, row: StoredFile) -> StoredFile:
    with act_as(world.who("manager")):
        return StoredFile.objects.get(pk=row.pk)


@pytest.mark.django_db
def test_without_a_scanner_a_file_counts_and_says_that_it_was_not_scanned(world: World) -> None:
    row = _stored(world)
    assert (row.scan, row.is_usable) == (StoredFile.Scan.NONE, True)
    assert "not checked for viruses" in world.browser("manager").get(reverse("organizations:settings")).content.decode()


@pytest.mark.django_db
def test_a_file_waits_until_it_is_passed(world: World, clam: Scanner) -> None:
    row = _stored(world)
    with pytest.raises(Conflict) as refusal:
        read_file(row)
    assert refusal.value.code == "FILE-SCAN"
    assert scanning.oldest_waiting(world.certifier.pk) is None  # nobody's rows without an identity
    assert tasks.scan_files(str(world.certifier.pk), str(row.pk)) == 1
    assert clam.seen == [PAPER]
    passed = _again(world, row)
    assert (passed.scan, passed.scanned_at is not None) == (StoredFile.Scan.CLEAN, True)
    assert read_file(passed) == PAPER
    assert tasks.scan_files(str(world.certifier.pk), str(row.pk)) == 0


@pytest.mark.django_db
def test_an_infected_file_is_locked_away_and_people_are_told(world: World, clam: Scanner) -> None:
    row = _stored(world, INFECTED)
    assert tasks.sweep_scans() == 1
    locked = _again(world, row)
    assert (locked.scan, locked.scan_note) == (StoredFile.Scan.INFECTED, "Invented.Test")
    with pytest.raises(Conflict) as refusal:
        read_file(locked)
    assert refusal.value.code == "FILE-INFECTED"
    with act_as(world.loop()):
        told = Notification.objects.filter(topic="file.infected")
        assert {one.audience for one in told} == {"certifier", "client"}
        assert AuditRow.objects.filter(act="file.infected", object_id=str(row.pk)).count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("answer", ["INSTREAM size limit exceeded. ERROR", "", "nonsense"])
def test_what_is_no_judgement_passes_nothing(world: World, clam: Scanner, answer: str) -> None:
    clam.answer = answer or "\0"
    row = _stored(world)
    assert tasks.scan_files(str(world.certifier.pk)) == 0
    assert _again(world, row).scan == StoredFile.Scan.WAITING


@pytest.mark.django_db
def test_a_scanner_that_is_away_or_silent_passes_nothing(world: World, settings: object, tmp_path: Path) -> None:
    settings.CLAMD_SECONDS = 1  # type: ignore[attr-defined]
    row = None
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "s"))
        silent.listen()
        for address in (str(tmp_path / "nobody"), "127.0.0.1:1", str(tmp_path / "s")):
            settings.CLAMD = address  # type: ignore[attr-defined]
            row = row or _stored(world)
            started = time.monotonic()
            assert tasks.scan_files(str(world.certifier.pk)) == 0
            assert time.monotonic() - started < 5
    assert _again(world, row).scan == StoredFile.Scan.WAITING


@pytest.mark.django_db
def test_a_document_that_waits_does_not_count_and_is_not_given_out(world: World, clam: Scanner) -> None:
    with act_as(world.who("preparer")) as actor:
        draft = drafts.start(actor, "single")
        paper = documents.add(actor, draft.pk, "commercial_invoice", PAPER, "a.pdf")
        draft.refresh_from_db()
        assert gather(draft, Moment.DRAFT).documents == []
    browser = world.browser("preparer")
    address = reverse("requests:document", args=[draft.pk, paper.pk])
    answer = browser.get(address)
    assert (answer.status_code, PAPER in answer.content) == (409, False)
    page = browser.get(reverse("requests:task", args=[draft.pk, "documents"])).content.decode()
    assert "being checked for viruses" in page and f'href="{address}"' not in page
    assert tasks.scan_files(str(world.certifier.pk)) == 1
    with act_as(world.who("preparer")):
        assert [row.pk for row in gather(draft, Moment.DRAFT).documents] == [paper.pk]
    assert browser.get(address).content == PAPER


@pytest.mark.django_db
def test_one_certifier_s_loop_scans_no_other_s_files(world: World, clam: Scanner) -> None:
    other = make_world(2)
    row = _stored(world)
    assert tasks.scan_files(str(other.certifier.pk), str(row.pk)) == 0
    assert clam.seen == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "change"),
    [("manager", "scan = 'clean'"), ("preparer", "scan = 'clean'"), ("loop", "scan = 'none'"), ("loop", "sha256 = 'x'"),
     ("loop", "content_type = 'text/html'")],
)  # fmt: skip
def test_only_the_scanner_s_loop_says_what_a_file_is(world: World, clam: Scanner, role: str, change: str) -> None:
    row = _stored(world)
    actor = world.loop() if role == "loop" else world.who(role)
    refused = pytest.raises(DatabaseError, match=r"only the scanner|permission denied")
    with refused, act_as(actor), connection.cursor() as cursor:
        cursor.execute(f"UPDATE core_storedfile SET {change} WHERE id = %s", [row.pk])  # noqa: S608
    assert _again(world, row).scan == StoredFile.Scan.WAITING


@pytest.mark.django_db
def test_a_judgement_stands(world: World, clam: Scanner) -> None:
    row = _stored(world, INFECTED)
    tasks.scan_files(str(world.certifier.pk))
    with pytest.raises(IntegrityError, match="only once"), act_as(world.loop()):
        StoredFile.objects.filter(pk=row.pk).update(scan=StoredFile.Scan.CLEAN)


def test_the_file_is_sent_whole_and_over_tcp_too(tmp_path: Path) -> None:
    data = bytes(range(256)) * 3000
    with scanner(tmp_path / "c") as server, socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen()

        def forward() -> None:
            caller, _ = door.accept()
            with caller, socket.socket(socket.AF_UNIX) as line:
                line.connect(str(tmp_path / "c"))
                while not (part := caller.recv(65536)).endswith(b"\0\0\0\0"):
                    line.sendall(part)
                line.sendall(part)
                caller.sendall(line.recv(100))

        Thread(target=forward, daemon=True).start()
        # the last bytes of the file are no zeros, so that the end of the stream is seen as such
        assert clamd.scan(io.BytesIO(data), f"127.0.0.1:{door.getsockname()[1]}", 5) == ""
        assert server.seen == [data]
