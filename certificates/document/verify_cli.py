"""The command that checks certificates: its arguments, what it prints, its exit codes, and the question to a check page.

Shared by ``./portal manage verify_certificate`` and ``scripts/verify_certificate.py``.

Exit codes: 0 every file is what a trusted signer issued; 1 something speaks against a file; 2 wrong use; 3 nothing speaks
against any file, but something that matters is not known: nobody was named to trust, or the portal gave no answer.
"""

from __future__ import annotations

import argparse
import http.client
import json
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TextIO

from certificates.document.proof import Finding, Problem, Trust, Verification, prove
from certificates.document.signers import read_certificates
from certificates.document.visible import compare

PROVEN, REFUTED, MISUSE, UNKNOWN = 0, 1, 2, 3
#: A certificate of a few pages has well under a megabyte; no file is read that is larger than this.
FILE_LIMIT = 50 * 1024 * 1024
ANSWER_LIMIT = 1024 * 1024
CHECK_PATH = "/api/v1/certificates/check/"
#: States in which a genuine document may not be used any more.
NOT_IN_FORCE = ("void", "replaced")

#: What is said of a continuity document.
CONTINUITY = "a continuity document, made in an outage of OID: no certificate, filed under OR1 with its COOP code"

Look = Callable[[bytes, Verification], Verification]


class Misuse(Exception):
    """The command was called in a way that cannot be answered."""


@dataclass(frozen=True)
class Answer:
    """What is known of one file. ``state``: of the certificate, as the portal says; "" where it was not asked."""

    file: str
    found: Verification
    state: str = ""
    unknown: tuple[str, ...] = ()

    @property
    def code(self) -> int:
        """The exit code for this file alone."""
        if not self.found.ok:
            return REFUTED
        return UNKNOWN if self.unknown else PROVEN


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments, the same for both commands."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="PDF of a certificate")
    parser.add_argument(
        "--trust", action="append", default=[], metavar="PEM",
        help="file with certificates that may sign, or of authorities whose certificates may (may be repeated)",
    )  # fmt: skip
    parser.add_argument(
        "--fingerprint", action="append", default=[], metavar="SHA256",
        help="SHA-256 of a certificate that may sign (may be repeated)",
    )  # fmt: skip
    parser.add_argument(
        "--trust-time", action="append", default=[], metavar="PEM",
        help="file with the certificate of the time-stamp server, or of its authority (may be repeated)",
    )  # fmt: skip
    parser.add_argument(
        "--online", default="", metavar="ORIGIN",
        help="also ask the portal there (https://…) whether this file was issued and is in force. Type the address "
        "yourself: one that stands in the file may lead to an imitation",
    )  # fmt: skip
    parser.add_argument("--seconds", type=int, default=10, help="time limit of that question (10)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")


def run(options: argparse.Namespace, out: TextIO, *, trust: Trust | None = None, look: Look | None = None) -> int:
    """Check ``options.files``; returns the exit code. Raises :class:`Misuse`.

    ``trust``: whom to trust where the options name nobody. ``look``: a further check of the portal's own.
    """
    named = _trust(options)
    trust = named if named is not None else trust
    _check_origin(options.online)
    answers = [_answer(name, options, trust, look) for name in options.files]
    if options.json:
        out.write(json.dumps({"files": [_plain(answer) for answer in answers]}, ensure_ascii=False, indent=2) + "\n")
    else:
        out.write("\n".join(_lines(answer) for answer in answers))
    codes = {answer.code for answer in answers}
    return REFUTED if REFUTED in codes else max(codes)


def main(arguments: Sequence[str] | None = None, out: TextIO | None = None) -> int:
    """The script's entry."""
    parser = argparse.ArgumentParser(description="Check NOP Import Certificates (PDF) that CertPortal issued.")
    add_arguments(parser)
    options = parser.parse_args(arguments)
    try:
        return run(options, out or sys.stdout)
    except Misuse as error:
        parser.exit(MISUSE, f"{parser.prog}: {error}\n")


def _trust(options: argparse.Namespace) -> Trust | None:
    wrong = [text for text in options.fingerprint if len(text.replace(":", "").replace(" ", "")) != 64]
    if wrong:
        raise Misuse(f"{wrong[0]!r} is no SHA-256: it has 64 hexadecimal digits")
    roots = [certificate for name in options.trust for certificate in _pem(name)]
    clocks = [certificate for name in options.trust_time for certificate in _pem(name)]
    if not (roots or options.fingerprint):
        if clocks:
            raise Misuse("--trust-time needs --trust or --fingerprint: a time alone proves no signer")
        return None
    return Trust.of(options.fingerprint, roots, clocks)


def _pem(name: str) -> tuple[Any, ...]:
    try:
        return read_certificates(Path(name).read_bytes())
    except (OSError, ValueError) as error:
        raise Misuse(f"{name}: {error}") from error


def _check_origin(origin: str) -> None:
    parts = urllib.parse.urlsplit(origin)
    local = parts.hostname in ("127.0.0.1", "localhost", "::1")
    if origin and not (parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and local))):
        raise Misuse(f"--online needs an address that begins with https://, not {origin!r}")


def _answer(name: str, options: argparse.Namespace, trust: Trust | None, look: Look | None) -> Answer:
    try:
        with Path(name).open("rb") as file:
            pdf = file.read(FILE_LIMIT + 1)
    except OSError as error:
        raise Misuse(f"{name}: {error.strerror}") from error
    if len(pdf) > FILE_LIMIT:
        return Answer(name, Verification((Finding(Problem.NOT_READABLE, "the file is far too large"),)))
    found = prove(pdf, trust)
    if found.content:
        compared = compare(pdf, found.content)
        differs = tuple(Finding(Problem.PAGE, text) for text in compared.differences)
        remarks = tuple(f"not compared, because of its script: {name}" for name in compared.not_compared)
        remarks = (CONTINUITY, *remarks) if found.is_continuity else remarks
        found = replace(found, findings=(*found.findings, *differs), remarks=remarks)
    if look is not None:
        found = look(pdf, found)
    unknown = () if trust is not None else ("nobody was named to trust (--trust, --fingerprint)",)
    answer = Answer(name, found, unknown=unknown if found.ok else ())
    return _ask(answer, options.online, options.seconds) if options.online and found.content else answer


def _ask(answer: Answer, origin: str, seconds: int) -> Answer:
    """The portal's word on the file: whether it issued these bytes, and in which state the certificate is.

    Number and code travel in the body: an address ends up in the logs of whoever is between.
    """
    found = answer.found
    named = {"reference": found.reference} if found.is_continuity else {"number": found.number}
    url = f"{origin.rstrip('/')}{CHECK_PATH}{'continuity/' if found.is_continuity else ''}"
    try:
        status, said = _post(url, {**named, "code": str(found.content.get("check_code", ""))}, seconds)
    except (OSError, ValueError) as error:
        return replace(answer, unknown=(*answer.unknown, f"the portal gave no answer ({error})"))
    if status == 404 and _is_not_found(said):
        nothing = Finding(Problem.NOT_ISSUED, f"the portal knows nothing with this {next(iter(named))} and code")
        return replace(answer, found=replace(found, findings=(*found.findings, nothing)))
    hashes, state = said.get("document_sha256"), said.get("state")
    if found.is_continuity and isinstance(hashes, str):
        hashes = [hashes]
    if status != 200 or not isinstance(hashes, list) or not isinstance(state, str):
        return replace(answer, unknown=(*answer.unknown, f"the portal gave no usable answer (status {status})"))
    flagged = (f"the portal warns: {said['flagged_because']}",) if said.get("flagged_because") else ()
    findings = (*found.findings, *_against(found, said, hashes, state))
    return replace(answer, found=replace(found, findings=findings, remarks=(*found.remarks, *flagged)), state=state)


def _is_not_found(said: dict[str, Any]) -> bool:
    """Whether a refusal is the portal's own: another site's 404 says nothing about a certificate."""
    errors = said.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    return isinstance(first, dict) and first.get("code") == "NOT-FOUND"


def _against(found: Verification, said: dict[str, Any], hashes: list[Any], state: str) -> Iterator[Finding]:
    """What the portal's answer says against the file."""
    if found.sha256 not in hashes:
        yield Finding(Problem.NOT_ISSUED, "the portal has issued this document, but not this file")
    elif found.sha256 != hashes[-1]:
        which = f"this file is version {hashes.index(found.sha256) + 1} of {len(hashes)}: the last one counts"
        yield Finding(Problem.NOT_IN_FORCE, which)
    if said.get("amendment_pending"):
        lowered = f"; {said['net_kg']} kg net now" if said.get("net_kg") else ""
        text = f"the certificate has been amended, its new document is not made yet{lowered}"
        yield Finding(Problem.NOT_IN_FORCE, text)
    if found.is_continuity and said.get("number"):
        yield Finding(Problem.NOT_IN_FORCE, f"the certificate {said['number']} takes the place of this document")
    if state in NOT_IN_FORCE:
        follows = f", replaced by {said['replaced_by']}" if said.get("replaced_by") else ""
        yield Finding(Problem.NOT_IN_FORCE, f"the certificate is {state}{follows}")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        return None


def _post(url: str, asked: dict[str, str], seconds: int) -> tuple[int, dict[str, Any]]:
    """Status and JSON object of the answer; the time limit holds for the whole answer. Raises ``OSError``, ``ValueError``."""
    end = time.monotonic() + seconds
    opener = urllib.request.build_opener(_NoRedirect)
    request = urllib.request.Request(  # noqa: S310 (the scheme was checked)
        url, json.dumps(asked).encode(), {"Accept": "application/json", "Content-Type": "application/json"}
    )
    try:
        response = opener.open(request, timeout=seconds)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, _object(_whole(error, end)) if _is_json(error) else {}
    with response:
        said = json.loads(_whole(response, end)) if _is_json(response) else {}
    return response.status, said if isinstance(said, dict) else {}


def _is_json(answer: Any) -> bool:
    """Whether an answer says of itself that it is JSON, as all of the portal's are."""
    return str(answer.headers.get_content_type()) == "application/json"


def _whole(answer: Any, end: float) -> bytes:
    """All of an answer, or of a refusal, before ``end``. Raises ``OSError`` for one that is late, too long or broken off."""
    data = bytearray()
    try:
        while chunk := answer.read1(65536):
            data += chunk
            if time.monotonic() > end or len(data) > ANSWER_LIMIT:
                raise TimeoutError("it took too long or sent too much")
    except http.client.HTTPException as error:
        raise OSError(f"it broke off ({type(error).__name__})") from error
    return bytes(data)


def _object(data: bytes) -> dict[str, Any]:
    """The JSON object of a refusal; empty for anything else: another site's 404 says nothing about a certificate."""
    try:
        said = json.loads(data)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _plain(answer: Answer) -> dict[str, Any]:
    found, signer = answer.found, answer.found.signer
    return {
        "file": answer.file, "exit_code": answer.code, "number": found.number, "sha256": found.sha256,
        "demonstration": found.is_demo, "state": answer.state or None,
        "findings": [{"problem": str(each.problem), "detail": each.detail} for each in found.findings],
        "not_known": list(answer.unknown), "remarks": list(found.remarks),
        "signer": None if signer is None else {
            "name": signer.name, "fingerprint_sha256": signer.fingerprint, "trusted": signer.trusted,
            "level": signer.level, "signed_at": _moment(signer.signed_at), "stamped_at": _moment(signer.stamped_at),
            "stamped_by": signer.stamped_by or None, "revocation_data": signer.revocation,
            "valid_from": _moment(signer.valid_from), "valid_to": _moment(signer.valid_to),
        },
    }  # fmt: skip


def _lines(answer: Answer) -> str:
    found, signer = answer.found, answer.found.signer
    verdict = {
        PROVEN: "is what a trusted signer issued",
        REFUTED: "IS NOT TO BE RELIED ON",
        UNKNOWN: "is whole, but it is not known whether to rely on it",
    }[answer.code]
    lines = [f"{answer.file}: {verdict}"]
    lines += [f"  no: {finding.detail} ({finding.problem})" for finding in found.findings]
    lines += [f"  not known: {text}" for text in answer.unknown]
    if found.is_demo:
        lines.append("  a demonstration: no certificate for customs")
    if found.number:
        lines.append(f"  number {found.number}")
    if signer is not None:
        stamped = f", stamped {_moment(signer.stamped_at)} by {signer.stamped_by}" if signer.stamped_at else ""
        lines.append(f"  signer {signer.name}, {signer.level}, signed {_moment(signer.signed_at)}{stamped}")
        lines.append(f"  certificate of the signer, SHA-256 {signer.fingerprint}")
    lines += [f"  {text}" for text in found.remarks]
    if answer.state:
        lines.append(f"  the portal says: {answer.state}")
    lines.append(f"  SHA-256 of the file {found.sha256}")
    return "\n".join(lines) + "\n"


def _moment(when: Any) -> str | None:
    return None if when is None else when.strftime("%Y-%m-%dT%H:%M:%S%z")
