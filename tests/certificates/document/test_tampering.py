"""Whatever is done to an issued certificate: both verifiers say no and why, and the portal knows that it issued other bytes.

The script is run as people run it who do not have the portal: in a process of its own, with neither Django nor the
portal's modules to be had.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from certificates.document.keys import SigningKey, load_signing_key
from certificates.document.onefile import SCRIPT, assembled
from certificates.document.payload import sha256
from certificates.document.proof import Problem, Trust, check_signature
from certificates.document.services import Services
from certificates.document.sign import sign_document
from certificates.document.verify import verify_document
from certificates.document.visible import compare
from certificates.domain import public_check
from certificates.models import CertificateDocument
from core.files import PDF, store_own
from core.identity import Identity, Kind, act_as
from core.models import StoredFile
from tests.certificates.document import samples
from tests.certificates.document.mutations import CASES, Keys
from tests.support import pki
from tests.support.certificates import issued
from tests.support.world import World

pytestmark = pytest.mark.long

NAME = "Invented Certification, Signing"
ALONE = (
    "import runpy, sys; sys.modules.update(dict.fromkeys(('django', 'certificates', 'core', 'organizations')));"
    "sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
)


@dataclasses.dataclass(frozen=True)
class Stage:
    """An issued document, how it was before it was signed, whom a verifier trusts, and all mutations of it as files."""

    pdf: bytes
    trust: Trust
    folder: Path
    mutated: dict[str, bytes]
    script_says: dict[str, dict[str, Any]]


def opened(holder: pki.Holder, services: Services, *chain: pki.Holder, at: dt.datetime | None = None) -> SigningKey:
    now = at or dt.datetime.now(dt.UTC)
    key = load_signing_key(holder.pkcs12(*chain), pki.PASSWORD, portal_env="test", now=now)
    return dataclasses.replace(key, services=services)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    authority = pki.holder("Invented Authority", ca=True)
    own = pki.holder(NAME, authority)
    long_ago = pki.holder("Ended Signer", authority, days=(-400, -35))
    namesake = pki.holder(NAME, key_of="A forger")
    with pki.serving(pki.holder("Invented Clock", authority, stamps=True)) as server:
        stamps = Services(server.url, (authority.asn1,), seconds=5)
        then = dt.datetime.now(dt.UTC) - dt.timedelta(days=100)
        keys = Keys(
            own=opened(own, stamps, authority), other=opened(pki.holder("Somebody Else"), Services()),
            namesake=opened(namesake, Services()), ended=opened(long_ago, Services(), at=then),
        )  # fmt: skip
        unsigned = samples.unsigned()
        pdf = sign_document(unsigned, keys.own)
        mutated = {each.name: each.make(pdf, unsigned, keys) for each in CASES}
    folder = tmp_path_factory.mktemp("mutations")
    files = {"as issued": pdf, **mutated}
    for number, data in enumerate(files.values()):
        (folder / f"{number:02}.pdf").write_bytes(data)
    (folder / "authority.pem").write_bytes(authority.pem)
    trusted = [own.fingerprint, long_ago.fingerprint]
    says = run_script(folder, trusted, len(files))
    trust = Trust.of(trusted, clocks=[authority.asn1])
    return Stage(pdf, trust, folder, mutated, dict(zip(files, says, strict=True)))


def run_script(folder: Path, trusted: list[str], count: int) -> list[dict[str, Any]]:
    """What the one-file script says of all files."""
    named = [argument for each in trusted for argument in ("--fingerprint", each)]
    files = [f"{number:02}.pdf" for number in range(count)]
    done = subprocess.run(
        [sys.executable, "-I", "-c", ALONE, str(SCRIPT), "--json", *named, "--trust-time", "authority.pem", *files],
        cwd=folder, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    told: list[dict[str, Any]] = json.loads(done.stdout)["files"]
    return told


def test_there_are_thirty_and_more_each_of_its_own() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 30


def test_as_issued_it_is_proven_by_both(stage: Stage) -> None:
    found = verify_document(stage.pdf, trust=stage.trust, remake_page=True)
    assert (found.findings, compare(stage.pdf, found.content).differences) == ((), ())
    said = stage.script_says["as issued"]
    assert (said["exit_code"], said["findings"], said["number"]) == (0, [], samples.NUMBER)
    assert said["signer"]["level"] == "PAdES B-T"


@pytest.mark.parametrize("name", [case.name for case in CASES])
def test_both_say_no_and_why(stage: Stage, name: str) -> None:
    (case,) = [each for each in CASES if each.name == name]
    pdf = stage.mutated[name]
    assert sha256(pdf) != sha256(stage.pdf)
    script = {Problem(each["problem"]) for each in stage.script_says[name]["findings"]}
    assert case.says <= script
    assert set(verify_document(pdf, trust=stage.trust).problems) == script - {Problem.PAGE}
    assert stage.script_says[name]["exit_code"] == 1
    assert all(each["detail"] for each in stage.script_says[name]["findings"])


@pytest.mark.django_db
def test_the_check_page_says_that_it_issued_other_bytes(stage: Stage, world: World) -> None:
    certificate = issued(world)
    with act_as(world.loop()) as loop:
        tenant = {"certifier_id": certificate.certifier_id, "client_id": certificate.client_id}
        stored = store_own(
            loop, stage.pdf, name="again.pdf", purpose=StoredFile.Kind.CERTIFICATE, content_type=PDF, **tenant
        )
        CertificateDocument(
            certificate=certificate, version=2, file=stored, sha256=sha256(stage.pdf), template_version="1", **tenant
        ).save(force_insert=True)  # fmt: skip
    stranger = Identity(kind=Kind.NOBODY, ip="192.0.2.7")
    for name in (None, "bytes added at the end", "a digit of the weight on the page, signed again"):
        sent = stage.pdf if name is None else stage.mutated[name]
        answer = public_check.ask(stranger, certificate.number or "", certificate.check_code, pdf=sent)
        assert answer is not None
        assert answer.file_is_issued is (name is None)
        assert not {sha256(pdf) for pdf in stage.mutated.values()} & set(answer.documents)


def test_no_byte_of_the_signature_can_be_changed_unseen(stage: Stage) -> None:
    start = stage.pdf.rindex(b"/Contents <") + 11
    end = stage.pdf.index(b">", start)
    used = start + len(stage.pdf[start:end].rstrip(b"0"))
    unseen = []
    for position in [*range(start, used, (used - start) // 40), *range(used + 2, end, (end - used) // 3)]:
        other = b"1" if stage.pdf[position : position + 1] != b"1" else b"2"
        changed = stage.pdf[:position] + other + stage.pdf[position + 1 :]
        if check_signature(changed, stage.trust)[1] == []:
            unseen.append(position - start)
    assert unseen == []


def test_the_script_is_assembled_from_the_portals_modules() -> None:
    assert SCRIPT.read_text(encoding="utf-8") == assembled(), "run python -m certificates.document.onefile"
