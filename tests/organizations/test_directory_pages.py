"""The platform operator reads the directory in from a page; nobody else sees it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser

from core.errors import InvalidInput
from core.identity import act_as
from organizations.domain.directory import uploads
from organizations.models import DirectoryImport, Operation, User
from organizations.tasks import run_directory_import, sweep_directory_imports
from organizations.views.directory import DirectoryUpload
from tests.organizations.test_directory_import import row, workbook
from tests.support.statements import asked
from tests.support.world import PLATFORM, World, sign_in_user

pytestmark = pytest.mark.django_db
PAGE = "/organization/directory/imports/"


@pytest.fixture
def operator() -> Browser:
    """The platform operator, signed in."""
    browser = Browser()
    sign_in_user(
        browser, User.objects.create(email="operator@portal.example", name="Operator", is_platform_operator=True)
    )
    return browser


def upload(path: Path) -> SimpleUploadedFile:
    return SimpleUploadedFile(path.name, path.read_bytes())


def only() -> DirectoryImport:
    with act_as(PLATFORM):
        return DirectoryImport.objects.get()


def test_a_file_is_received_read_in_by_the_worker_and_told_of(operator: Browser, tmp_path: Path) -> None:
    path = workbook(tmp_path / "INTEGRITY_Data_20260901.xlsx", [row("1010000011"), row("1", "Nobody")])
    answer = operator.post(PAGE, {"file": upload(path)})
    assert answer.status_code == 302, answer.content.decode()
    page = operator.get(answer["Location"]).content.decode()
    assert '<progress id="progress" max="100" value="0">' in page
    stored = only().stored_path
    assert default_storage.exists(stored)
    run_directory_import(None, str(only().pk))
    done = only()
    assert (done.state, done.added, done.refused, done.as_of) == ("done", 1, 1, dt.date(2026, 9, 1))
    assert not default_storage.exists(stored)
    page = operator.get(answer["Location"]).content.decode()
    assert "exactly 10 digits" in page and "<progress" not in page
    assert "INTEGRITY_Data_20260901.xlsx" in operator.get(PAGE).content.decode()


def test_its_limit_is_its_own_and_holds(operator: Browser, tmp_path: Path, settings: Any, monkeypatch: Any) -> None:
    """A month's workbook is larger than any document; and of what is larger than its own limit nothing is read in."""
    path = workbook(tmp_path / "INTEGRITY_Data_20260901.xlsx", [row("1010000011")])
    settings.UPLOAD_MAX_BYTES = settings.UPLOAD_MAX_REQUEST_BYTES = 100
    assert operator.post(PAGE, {"file": upload(path)}).status_code == 302
    monkeypatch.setattr(DirectoryUpload, "most", 100)
    answer = operator.post(PAGE, {"file": upload(path)})
    assert answer.status_code == 422 and "is larger than" in answer.content.decode()


def test_what_cannot_be_read_is_said_at_the_form_or_with_the_import(operator: Browser, tmp_path: Path) -> None:
    answer = operator.post(PAGE, {"file": SimpleUploadedFile("a.xlsx", b"nothing of the kind")})
    assert answer.status_code == 422 and "neither an XLSX workbook" in answer.content.decode()
    nameless = workbook(tmp_path / "a.xlsx", [row("1010000011")])
    answer = operator.post(PAGE, {"file": upload(nameless)})
    assert answer.status_code == 422 and "does not tell the day" in answer.content.decode()
    assert default_storage.listdir(uploads.FOLDER)[1] == []
    wrong = workbook(tmp_path / "b.xlsx", [row("1010000011")], ["op_nopOpID", "op_name"])
    answer = operator.post(PAGE, {"file": upload(wrong), "as_of": "2026-09-01"})
    with pytest.raises(InvalidInput):
        uploads.go_on()
    assert only().state == "failed"
    assert "no column op_status" in operator.get(answer["Location"]).content.decode()
    assert default_storage.listdir(uploads.FOLDER)[1] == []


def test_the_sweep_goes_on_where_a_worker_was_killed_and_does_nothing_twice(operator: Browser, tmp_path: Path) -> None:
    path = workbook(tmp_path / "INTEGRITY_Data_20260901.xlsx", [row("1010000011")])
    operator.post(PAGE, {"file": upload(path)})
    sweep_directory_imports()
    sweep_directory_imports()
    assert only().state == "done" and Operation.objects.count() == 1


def test_an_upload_whose_file_is_gone_ends_with_that_reason(operator: Browser, tmp_path: Path) -> None:
    path = workbook(tmp_path / "INTEGRITY_Data_20260901.xlsx", [row("1010000011")])
    operator.post(PAGE, {"file": upload(path)})
    default_storage.delete(only().stored_path)
    run_directory_import()
    assert (only().state, only().note) == ("failed", "The uploaded file is gone. Upload it again.")


def test_a_second_file_waits_for_the_first(operator: Browser, tmp_path: Path) -> None:
    first = workbook(tmp_path / "INTEGRITY_Data_20260901.xlsx", [row("1010000011")])
    second = workbook(tmp_path / "INTEGRITY_Data_20261001.xlsx", [row("1010000022")])
    operator.post(PAGE, {"file": upload(first)})
    answer = operator.post(PAGE, {"file": upload(second)})
    assert answer.status_code == 422 and "under way" in answer.content.decode()
    assert len(default_storage.listdir(uploads.FOLDER)[1]) == 1


def test_nobody_else_opens_the_pages(operator: Browser, world: World, tmp_path: Path) -> None:
    path = workbook(tmp_path / "INTEGRITY_Data_20260901.xlsx", [row("1010000033")])
    where = operator.post(PAGE, {"file": upload(path)})["Location"]
    for role in ("manager", "auditor", "signatory", "importer", "broker"):
        for address in (PAGE, where):
            assert world.browser(role).get(address).status_code == 403, (role, address)
        assert world.browser(role).post(PAGE, {"file": upload(path)}).status_code == 403
    assert Browser().get(PAGE).status_code == 302
    assert operator.get(f"{PAGE}{world.client.pk}/").status_code == 404


def test_the_page_of_problems_costs_the_same_with_one_and_with_many(operator: Browser, tmp_path: Path) -> None:
    counts = []
    for day, bad in (("20260901", 1), ("20261001", 30)):
        path = workbook(tmp_path / f"INTEGRITY_Data_{day}.xlsx", [row(str(number)) for number in range(bad)])
        where = operator.post(PAGE, {"file": upload(path)})["Location"]
        uploads.go_on()
        with asked() as queries:
            assert operator.get(where).content.decode().count("exactly 10 digits") == bad
        counts.append(len(queries))
    assert counts[0] == counts[1] > 0


def test_the_directory_says_what_the_newest_data_do_not_confirm(
    operator: Browser, world: World, tmp_path: Path
) -> None:
    for day, numbers in (("20260901", (3, 4)), ("20261001", (3,))):
        rows = [row(f"101000005{number}", f"Farm {number}") for number in numbers]
        operator.post(PAGE, {"file": upload(workbook(tmp_path / f"INTEGRITY_Data_{day}.xlsx", rows))})
        uploads.go_on()
    page = world.browser("manager").get("/organization/directory/", {"q": "Farm"}).content.decode()
    assert page.count("not in the newest directory") == 1
    assert "1010000054" in operator.get(PAGE).content.decode()
