"""The command that verifies certificates: what it answers, by which exit code, and what it asks a portal."""

from __future__ import annotations

import datetime as dt
import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from certificates.document import verify_cli
from certificates.document.keys import load_signing_key
from certificates.document.payload import sha256
from certificates.document.proof import prove
from certificates.document.sign import sign_document
from certificates.document.verify import page_matches_data
from certificates.document.visible import Comparison, compare
from certificates.models import ContinuityDocument, SigningKey
from core import clock
from core.files import read_file
from core.identity import act_as
from tests.certificates.document import samples
from tests.support import pki, stages
from tests.support.certificates import issued
from tests.support.continuity import asked as continuity_asked
from tests.support.continuity import declare, make
from tests.support.world import World, make_world


@pytest.fixture
def file(tmp_path: Path) -> str:
    """The sample as a file."""
    path = tmp_path / "certificate.pdf"
    path.write_bytes(samples.document())
    return str(path)


def asked(*arguments: str) -> tuple[int, dict[str, Any]]:
    """Exit code and what is said of the first file."""
    out = io.StringIO()
    code = verify_cli.main([*arguments, "--json"], out)
    return code, json.loads(out.getvalue())["files"][0]


def test_without_anybody_to_trust_the_answer_is_not_yes(file: str) -> None:
    code, said = asked(file)
    assert (code, said["findings"]) == (verify_cli.UNKNOWN, [])
    assert "nobody was named to trust" in said["not_known"][0]


def test_the_certifiers_certificate_or_its_fingerprint_makes_it_yes(file: str, tmp_path: Path) -> None:
    key = samples.key()
    code, said = asked("--fingerprint", key.fingerprint.upper(), file)
    assert (code, said["signer"]["trusted"], said["demonstration"]) == (verify_cli.PROVEN, True, True)
    (tmp_path / "signer.der").write_bytes(key.certificate.dump())
    assert asked("--trust", str(tmp_path / "signer.der"), file)[0] == verify_cli.PROVEN


def test_one_bad_file_among_good_ones_decides(file: str, tmp_path: Path) -> None:
    bad = tmp_path / "bad.pdf"
    bad.write_bytes(samples.document() + b"more")
    out = io.StringIO()
    assert verify_cli.main(["--fingerprint", samples.key().fingerprint, file, str(bad)], out) == verify_cli.REFUTED
    assert "IS NOT TO BE RELIED ON" in out.getvalue()
    assert "not-whole-file-signed" in out.getvalue()


@pytest.mark.parametrize(
    "arguments",
    [
        ["no such file.pdf"], ["--trust", "no such file.pem", "x.pdf"], ["--fingerprint", "abc", "x.pdf"],
        ["--online", "http://portal.invented.example", "x.pdf"], ["--online", "file:///etc", "x.pdf"],
    ],
    ids=["file", "trust", "fingerprint", "plain http", "no web"],
)  # fmt: skip
def test_wrong_use_is_said_and_is_no_verdict(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        verify_cli.main(arguments)
    assert left.value.code == verify_cli.MISUSE
    assert capsys.readouterr().err


@pytest.mark.parametrize("name", ["Cooperativa Inventada Ltda.", "Công ty Bịa Đặt", "İnanılmaz Üretici"])
def test_names_are_found_on_the_page_whatever_their_letters(name: str) -> None:
    party = {"name": name, "address": "Av. Inventada 1", "nop_id": "1010000011"}
    pdf = sign_document(samples.unsigned(exporter=party), samples.key())
    assert compare(pdf, prove(pdf).content) == Comparison()


def test_a_page_with_many_lots_is_compared_to_the_last_one() -> None:
    lots = [{"lot": f"LOT-{number:03}", "kg": "100.000"} for number in range(90)]
    pdf = sign_document(samples.unsigned(lots=lots, net_kg="9000.000"), samples.key())
    assert compare(pdf, prove(pdf).content) == Comparison()
    fewer = samples.unsigned(lots=lots[:-1], net_kg="9000.000")
    assert any("LOT-089" in text for text in compare(fewer, prove(pdf).content).differences)


def test_a_weight_or_number_that_the_data_do_not_know_is_found() -> None:
    pdf = samples.document()
    for changes in ({"net_kg": "19260.000"}, {"lots": [{"lot": "LOT-26-001", "kg": "10000.001"}]}):
        differences = compare(samples.unsigned(**changes), prove(pdf).content).differences
        assert any("which is not in the data" in text for text in differences)


def test_what_this_comparison_cannot_read_is_said() -> None:
    party = {"name": "شركة مخترعة", "address": "Calle 1", "nop_id": "1010000011"}
    content = {**prove(samples.document()).content}
    content["snapshot"] = {**content["snapshot"], "exporter": party}
    assert compare(samples.document(), content).not_compared == ("exporter",)


@contextmanager
def portal(
    status: int, answer: Any, *, drip: bool = False, kind: str = "application/json"
) -> Iterator[tuple[str, list[str]]]:
    """A check page that answers so; yields its origin and what was asked: the path and the body."""
    paths: list[str] = []
    done = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked_for = self.rfile.read(int(self.headers["Content-Length"])).decode()
            paths.append(f"{self.path} {asked_for}")
            body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Location", "https://imitation.invented.example/")
            self.end_headers()
            while drip and not done.is_set():
                try:
                    self.wfile.write(b" ")
                except OSError:
                    return
                done.wait(0.2)
            self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", paths
    finally:
        done.set()
        server.shutdown()
        thread.join()
        server.server_close()


SAME = {"state": "issued", "document_sha256": [sha256(samples.document())], "replaced_by": "", "flagged_because": ""}


@pytest.mark.parametrize(
    ("status", "answer", "code", "says"),
    [
        (200, SAME, verify_cli.PROVEN, None),
        (200, {**SAME, "amendment_pending": True, "net_kg": "640.500"}, verify_cli.REFUTED, "not-in-force"),
        (200, {**SAME, "state": "void"}, verify_cli.REFUTED, "not-in-force"),
        (200, {**SAME, "state": "replaced", "replaced_by": "1"}, verify_cli.REFUTED, "not-in-force"),
        (200, {**SAME, "document_sha256": ["0" * 64]}, verify_cli.REFUTED, "not-the-issued-file"),
        (200, {**SAME, "document_sha256": [*SAME["document_sha256"], "0" * 64]}, verify_cli.REFUTED, "not-in-force"),
        (200, {**SAME, "document_sha256": ["0" * 64, *SAME["document_sha256"]]}, verify_cli.PROVEN, None),
        (404, {"errors": [{"code": "NOT-FOUND"}]}, verify_cli.REFUTED, "not-the-issued-file"),
        (404, b"<html>no such page</html>", verify_cli.UNKNOWN, None),
        (404, {"errors": [{"message": "no such route"}]}, verify_cli.UNKNOWN, None),
        (404, {"errors": ["no such route"]}, verify_cli.UNKNOWN, None),
        (429, {}, verify_cli.UNKNOWN, None),
        (302, {}, verify_cli.UNKNOWN, None),
        (200, b"<html>", verify_cli.UNKNOWN, None),
        (200, {"state": 1}, verify_cli.UNKNOWN, None),
    ],
    ids=[
        "same",
        "amended since",
        "void",
        "replaced",
        "other file",
        "older version",
        "newest version",
        "unknown",
        "another site",
        "another site with a list",
        "another site with words",
        "too many",
        "redirect",
        "no JSON",
        "no answer",
    ],
)
def test_the_portals_word_counts(file: str, status: int, answer: Any, code: int, says: str | None) -> None:
    with portal(status, answer) as (origin, paths):
        given, said = asked("--fingerprint", samples.key().fingerprint, "--online", origin, file)
    assert given == code
    assert [each["problem"] for each in said["findings"]] == ([says] if says else [])
    assert bool(said["not_known"]) is (code == verify_cli.UNKNOWN)
    body = json.dumps({"number": samples.NUMBER, "code": samples.CODE})
    assert paths == [f"/api/v1/certificates/check/ {body}"]


@pytest.mark.parametrize("status", [200, 404])
def test_a_portal_that_drips_is_left_in_time(file: str, status: int) -> None:
    with portal(status, SAME, drip=True) as (origin, _paths):
        given, said = asked("--fingerprint", samples.key().fingerprint, "--online", origin, "--seconds", "1", file)
    assert given == verify_cli.UNKNOWN
    assert "took too long" in said["not_known"][0]


def test_a_portal_that_is_away_is_no_verdict(file: str) -> None:
    given, _said = asked("--fingerprint", samples.key().fingerprint, "--online", "http://127.0.0.1:9", file)
    assert given == verify_cli.UNKNOWN


@pytest.mark.django_db(transaction=True)
def test_the_command_trusts_the_keys_installed_here(world: World, tmp_path: Path) -> None:
    certificate = issued(world)
    with act_as(world.loop()):
        document = certificate.documents.get()
        data = read_file(document.file)
    (tmp_path / "issued.pdf").write_bytes(data)
    out = io.StringIO()
    call_command("verify_certificate", str(tmp_path / "issued.pdf"), json=True, stdout=out)
    (said,) = json.loads(out.getvalue())["files"]
    assert (said["exit_code"], said["number"], said["sha256"]) == (0, certificate.number, document.sha256)
    assert "the page made anew from the data has the same bytes" in said["remarks"]

    (tmp_path / "foreign.pdf").write_bytes(samples.document("Somebody Else"))
    with pytest.raises(SystemExit) as left:
        call_command("verify_certificate", str(tmp_path / "foreign.pdf"), stdout=out)
    assert left.value.code == verify_cli.REFUTED
    with pytest.raises(CommandError) as wrong:
        call_command("verify_certificate", str(tmp_path / "nothing.pdf"), stdout=out)
    assert wrong.value.returncode == verify_cli.MISUSE


def test_an_authority_may_be_trusted_instead_of_each_signer(tmp_path: Path) -> None:
    authority = pki.holder("Invented Authority", ca=True)
    data = pki.holder("Invented Signer", authority).pkcs12(authority)
    signer = load_signing_key(data, pki.PASSWORD, portal_env="test", now=dt.datetime.now(dt.UTC))
    (tmp_path / "authority.pem").write_bytes(authority.pem)
    (tmp_path / "other.pem").write_bytes(pki.holder("Another Authority", ca=True).pem)
    (tmp_path / "certificate.pdf").write_bytes(sign_document(samples.unsigned(), signer))
    file = str(tmp_path / "certificate.pdf")
    assert asked("--trust", str(tmp_path / "authority.pem"), file)[0] == verify_cli.PROVEN
    code, said = asked("--trust", str(tmp_path / "other.pem"), file)
    assert (code, said["findings"][0]["problem"]) == (verify_cli.REFUTED, "signer-not-trusted")


@pytest.mark.django_db(transaction=True)
def test_another_certifiers_key_does_not_speak_for_the_certifier_that_the_data_name(
    world: World, tmp_path: Path
) -> None:
    certificate = issued(world)
    with act_as(world.loop()):
        data = read_file(certificate.documents.get().file)
    (tmp_path / "issued.pdf").write_bytes(data)
    # the key is now the other certifier's: signature and data are whole, and the certifier is one of this portal
    other = make_world(2)
    with act_as(world.loop()):
        row = SigningKey.objects.get()
        row.retired_at = clock.now()
        row.save(update_fields=["retired_at"])
    with act_as(other.loop()):
        SigningKey(
            certifier=other.certifier, encrypted_pkcs12=row.encrypted_pkcs12, subject=row.subject,
            fingerprint_sha256=row.fingerprint_sha256, not_after=row.not_after,
        ).save(force_insert=True)  # fmt: skip
    with act_as(world.loop()):
        SigningKey.objects.filter(pk=row.pk).update(fingerprint_sha256="0" * 64)
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("verify_certificate", str(tmp_path / "issued.pdf"), json=True, stdout=out)
    (said,) = json.loads(out.getvalue())["files"]
    assert said["exit_code"] == verify_cli.REFUTED
    assert said["findings"] == [
        {
            "problem": "signer-not-trusted",
            "detail": f"the data name certifier {world.certifier.code}, whose key this is not",
        }
    ]


@pytest.fixture
def continuity_file(world: World, tmp_path: Path) -> tuple[Path, ContinuityDocument]:
    """A continuity document as people get it."""
    certificate = stages.approved(world, start_date=clock.now().date())
    declare(world)
    row = continuity_asked(world, certificate)
    path = tmp_path / "continuity.pdf"
    path.write_bytes(make(world, row))
    return path, row


@pytest.mark.django_db
def test_a_continuity_document_is_said_to_be_one_and_its_text_is_compared(
    continuity_file: tuple[Path, ContinuityDocument],
) -> None:
    path, row = continuity_file
    pdf = path.read_bytes()
    found = prove(pdf)
    assert (found.ok, found.reference, found.number) == (True, row.reference, "")
    assert compare(pdf, found.content) == Comparison()
    assert page_matches_data(pdf, found.content)
    fingerprint = found.signer.fingerprint  # type: ignore[union-attr]
    given, said = asked("--fingerprint", fingerprint, str(path))
    assert (given, said["findings"], said["not_known"]) == (verify_cli.PROVEN, [], [])
    assert "a continuity document" in said["remarks"][0]
    path.write_bytes(pdf[:-40] + b"x" + pdf[-39:])
    given, said = asked("--fingerprint", fingerprint, str(path))
    assert given == verify_cli.REFUTED


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({}, verify_cli.PROVEN),
        ({"number": samples.NUMBER}, verify_cli.REFUTED),
        ({"state": "void"}, verify_cli.REFUTED),
    ],
    ids=["stands", "a certificate has taken its place", "void"],
)
def test_the_portal_is_asked_for_a_continuity_document_by_its_reference(
    continuity_file: tuple[Path, ContinuityDocument], answer: dict[str, str], code: int
) -> None:
    path, row = continuity_file
    found = prove(path.read_bytes())
    word = {"state": "continuity", "document_sha256": found.sha256, "number": "", "flagged_because": "", **answer}
    fingerprint = found.signer.fingerprint  # type: ignore[union-attr]
    with portal(200, word) as (origin, asked_for):
        given, _said = asked("--fingerprint", fingerprint, "--online", origin, str(path))
    assert given == code
    body = json.dumps({"reference": row.reference, "code": row.check_code})
    assert asked_for == [f"/api/v1/certificates/check/continuity/ {body}"]
