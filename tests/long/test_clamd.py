"""ClamAV's own clamd, with a signature of ours: what the portal says to it and what it understands of the answers."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import clamd, tasks
from core.files import store_file
from core.identity import act_as
from core.models import StoredFile
from tests.support.drafts import PAPER
from tests.support.hostile import pdf
from tests.support.world import World

EVIL = pdf()
PACKAGES = ("clamav-daemon", "libclamav12", "libmspack0")


def _program(folder: Path) -> tuple[str, dict[str, str]]:
    """clamd: the machine's, or Debian's packages unpacked into a folder. No test is left out for want of it."""
    there = shutil.which("clamd") or shutil.which("clamd", path="/usr/sbin")
    if there:
        return there, {}
    subprocess.run(["apt-get", "download", *PACKAGES], cwd=folder, check=True, capture_output=True, timeout=120)
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg", "-x", str(package), str(folder)], check=True, timeout=60)
    library = next(folder.rglob("libclamav.so.*")).parent
    return str(folder / "usr/sbin/clamd"), {"LD_LIBRARY_PATH": str(library)}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("clam")
    folder.chmod(0o755)
    program, env = _program(folder)
    signatures, place = folder / "signatures", folder / "s"
    signatures.mkdir()
    whole = hashlib.sha256(EVIL).hexdigest()
    (signatures / "portal.hsb").write_text(f"{whole}:{len(EVIL)}:Invented.Whole\n")
    (signatures / "portal.ndb").write_text(f"Invented.Part:0:*:{b'EVIL-TEST-BYTES'.hex()}\n")
    (folder / "clamd.conf").write_text(
        f"DatabaseDirectory {signatures}\nLocalSocket {place}\nForeground yes\nStreamMaxLength 25M\nOfficialDatabaseOnly no\n"
    )
    log = (folder / "log").open("wb")
    command = [program, "-c", str(folder / "clamd.conf")]
    with subprocess.Popen(command, env=os.environ | env, stdout=log, stderr=log) as server:
        try:
            until = time.monotonic() + 60
            while not place.exists():
                assert server.poll() is None and time.monotonic() < until, (folder / "log").read_text()
                time.sleep(0.1)
            yield str(place)
        finally:
            server.kill()
            log.close()


@pytest.mark.parametrize(
    ("data", "found"),
    [(PAPER, ""), (b"x" * 3_000_000, ""), (EVIL, "Invented.Whole"), (b"x" * 100_000 + b"EVIL-TEST-BYTES", "Invented.Part")],
)  # fmt: skip
def test_clamd_s_answers_are_understood(address: str, data: bytes, found: str) -> None:
    assert clamd.scan(io.BytesIO(data), address, 30).removesuffix(".UNOFFICIAL") == found


def test_what_clamd_does_not_scan_is_not_clean(address: str) -> None:
    with pytest.raises(clamd.ScannerAway):
        clamd.scan(io.BytesIO(bytes(30 * 2**20)), address, 30)


@pytest.mark.django_db
def test_uploads_wait_for_clamd_and_its_word_counts(address: str, world: World, settings: object) -> None:
    settings.CLAMD = address  # type: ignore[attr-defined]
    with act_as(world.who("preparer")) as actor:
        for data in (PAPER, EVIL):
            store_file(actor, data, name="a.pdf", certifier_id=world.certifier.pk, client_id=world.client.pk)
    assert tasks.sweep_scans() == 2
    with act_as(world.who("manager")):
        said = dict(StoredFile.objects.values_list("sha256", "scan"))
    assert said[hashlib.sha256(PAPER).hexdigest()] == StoredFile.Scan.CLEAN
    assert said[hashlib.sha256(EVIL).hexdigest()] == StoredFile.Scan.INFECTED
