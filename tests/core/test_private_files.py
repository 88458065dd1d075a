"""What the portal writes is its own user's alone, whatever the umask of whoever started the process."""

from __future__ import annotations

import io
import os
import runpy
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from certificates.document import keys
from certportal.celery import write_for_nobody_else
from certportal.launcher.mailcatcher import Box
from certportal.launcher.places import PROJECT
from core.files import store_file
from core.identity import act_as
from core.private import private_folder
from tests.support.drafts import PAPER
from tests.support.world import World


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=["umask 000", "umask 022", "umask 077"])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def open_to_others(top: Path) -> list[str]:
    """Files that are not 0600 and folders that are not 0700, ``top`` itself included; at least one file is there."""
    everything = [top, *top.rglob("*")]
    assert any(path.is_file() for path in everything)
    wanted = {path: 0o700 if path.is_dir() else 0o600 for path in everything}
    found = {path: stat.S_IMODE(path.stat().st_mode) for path in everything}
    return [f"{path.name}: {mode:o}" for path, mode in found.items() if mode != wanted[path]]


@pytest.mark.django_db
def test_uploads_are_nobody_elses(world: World, umask: int, settings: Any) -> None:
    with act_as(world.who("preparer")) as actor:
        store_file(actor, io.BytesIO(PAPER), name="a.pdf", certifier_id=world.certifier.pk, client_id=world.client.pk)
    assert open_to_others(Path(settings.PORTAL_DATA_DIR)) == []


def test_made_files_are_nobody_elses(umask: int, settings: Any) -> None:
    default_storage.save("short-lived/deep/below/one", ContentFile(PAPER))
    assert open_to_others(Path(settings.PORTAL_DATA_DIR)) == []


def test_without_the_settings_the_umask_would_decide(settings: Any) -> None:
    settings.FILE_UPLOAD_PERMISSIONS = settings.FILE_UPLOAD_DIRECTORY_PERMISSIONS = None
    before = os.umask(0o000)
    try:
        default_storage.save("below/one", ContentFile(PAPER))
    finally:
        os.umask(before)
    assert open_to_others(Path(settings.PORTAL_DATA_DIR)) != []


def test_keys_on_the_disk_are_nobody_elses(umask: int, tmp_path: Path) -> None:
    folder = tmp_path / "keys" / "below"
    keys._write_private(folder / "demo.p12", b"a key")
    assert open_to_others(tmp_path / "keys") == []


def test_caught_mail_is_nobody_elses(umask: int, tmp_path: Path) -> None:
    box = Box(tmp_path / "mail")
    box.put(SimpleNamespace(mail_from="a@b.example", rcpt_tos=["c@d.example"], content=b"Subject: x\r\n\r\nx"))  # type: ignore[arg-type]
    assert open_to_others(tmp_path / "mail") == []


def test_folders_that_are_there_keep_what_they_are(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir(mode=0o750)
    private_folder(tmp_path / "there" / "a" / "b")
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("there", "there/a", "there/a/b")]
    assert modes == [0o750 & ~_umask(), 0o700, 0o700]


def _umask() -> int:
    now = os.umask(0)
    os.umask(now)
    return now


def test_web_and_workers_start_with_a_closed_umask() -> None:
    assert runpy.run_path(str(PROJECT / "deploy" / "gunicorn.conf.py"))["umask"] == 0o077
    before = os.umask(0o022)
    try:
        write_for_nobody_else()
        assert _umask() == 0o077
    finally:
        os.umask(before)


def test_a_workers_start_says_so_to_the_kernel() -> None:
    program = (
        "import os; os.umask(0o022); import django; django.setup(); from celery.signals import worker_init;"
        "from certportal import celery; worker_init.disconnect(celery.refuse_a_powerful_role); worker_init.send(None);"
        "print(oct(os.umask(0)))"
    )
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "certportal.settings"}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, env=env, text=True, timeout=60, capture_output=True, check=True
    )
    assert done.stdout.strip() == oct(0o077)
