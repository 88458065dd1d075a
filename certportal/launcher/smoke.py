"""`./portal smoke`: the main job through the HTTP API of a running portal, as four demo people.

Run as `python -m certportal.launcher.smoke` with PORTAL_URL and PORTAL_DATA_DIR. One line a step with its seconds, the
certificate's number last; exit code 1 with a sentence about what failed. It knows the API only: no domain function, no
database.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import html
import json
import os
import re
import secrets
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from string import ascii_uppercase
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

import requests

CALL_SECONDS = 30
NUMBER_SECONDS, DOCUMENT_SECONDS = 120.0, 120.0
"""How long the store's number and the signed document may take; both mostly need a few seconds."""

KILOGRAMS = Decimal("1000.000")
PEOPLE = ("exporter signatory", "reviewer", "approver", "importer")
NUMBER = re.compile(r"\d{3}-\d{10}-\d{6}")
IMPORTER_NOP_ID = "3030000011"
LETTER_VALUES = [value for value in range(10, 39) if value % 11]
"""ISO 6346: the letters' values leave out the multiples of 11."""

WIDTH = 52
T = TypeVar("T")


class Failed(Exception):
    """A step that did not do what it must; the text is for the operator."""


@dataclass
class Person:
    """One demo person with a token."""

    base: str
    role: str
    email: str
    token: str
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        # the portal is on this machine: no proxy in between, no password from ~/.netrc
        self.session.trust_env = False
        if self.token:
            self.session.headers["Authorization"] = f"Bearer {self.token}"

    def call(self, method: str, path: str, *, expect: tuple[int, ...] = (200, 201), **how: Any) -> requests.Response:
        """One call. Raises Failed with the portal's own words when the answer is another than expected."""
        url = path if path.startswith("http") else f"{self.base}/api/v1/{path}"
        try:
            answer = self.session.request(method, url, timeout=CALL_SECONDS, **how)
        except requests.RequestException as error:
            raise Failed(f"{method} {url}: no answer ({type(error).__name__})") from error
        if answer.status_code not in expect:
            raise Failed(f"{self.role}: {method} {url} answered {answer.status_code}: {said(answer)}")
        return answer

    def get(self, path: str, **how: Any) -> Any:
        """The JSON at a path."""
        return self.call("GET", path, **how).json()

    def post(self, path: str, body: Any = None, **how: Any) -> Any:
        """Send JSON, get JSON."""
        return self.call("POST", path, json=body if body is not None else {}, **how).json()


def said(answer: requests.Response) -> str:
    """What a refusal says, in one line."""
    try:
        body = answer.json()
    except ValueError:
        title = re.search(r"<title>(.*?)</title>", answer.text, re.DOTALL)
        return " ".join((title.group(1) if title else answer.text).split())[:300]
    errors = body.get("errors") if isinstance(body, dict) else None
    if isinstance(errors, list) and errors:
        return "; ".join(f"{error.get('attr') or ''} {error.get('detail') or error}".strip() for error in errors)[:600]
    return json.dumps(body, ensure_ascii=False)[:600]


def rows(page: Any) -> list[dict[str, Any]]:
    """The rows of a list, paged or not."""
    found = page.get("results") if isinstance(page, dict) else page
    return [row for row in found or [] if isinstance(row, dict)]


def people(base: str, accounts_file: Path) -> dict[str, Person]:
    """The four demo people, the first of each role."""
    try:
        accounts = json.loads(accounts_file.read_text(encoding="utf-8"))["accounts"]
    except (OSError, ValueError, KeyError) as error:
        raise Failed(
            f"The demo accounts cannot be read from {accounts_file} ({type(error).__name__}): smoke needs a portal with the "
            "demo, and its user's right to read that file."
        ) from error
    found: dict[str, Person] = {}
    for account in accounts:
        if account["role"] in PEOPLE and account["role"] not in found and account.get("token"):
            found[account["role"]] = Person(base, account["role"], account["email"], account["token"])
    missing = [role for role in PEOPLE if role not in found]
    if missing:
        raise Failed(f"The demo has no account with a token for: {', '.join(missing)}.")
    return found


def until(what: str, seconds: float, probe: Callable[[], T | None]) -> T:
    """Ask until there is an answer. Raises Failed when there is none in time."""
    end = time.monotonic() + seconds
    while True:
        answer = probe()
        if answer is not None:
            return answer
        if time.monotonic() > end:
            raise Failed(
                f"{what} did not come within {seconds:.0f} s: are the workers up (./portal status, .portal/logs/)?"
            )
        time.sleep(0.25)


class Smoke:
    """The main job, step by step. What a step finds out, later steps use."""

    def __init__(self, base: str, cast: dict[str, Person]) -> None:
        self.exporter, self.reviewer, self.approver, self.importer = (cast[role] for role in PEOPLE)
        self.stranger = Person(base, "somebody signed out", "", "")
        self.mark = secrets.token_hex(3).upper()
        self.line: dict[str, Any] = {}
        self.request: dict[str, Any] = {}
        self.certificate: dict[str, Any] = {}
        self.check_url = ""
        self.number = ""
        self.pdf = b""

    # -- exporter ---------------------------------------------------------------------------------------------------

    def healthy(self) -> str:
        """The portal answers."""
        self.stranger.call("GET", f"{self.stranger.base}/healthz")
        return self.stranger.base

    def balance(self) -> str:
        """The exporter sees what remains on the PVF, and takes the line with the most."""
        lines = [line for line in rows(self.exporter.get("pvf-lines/")) if available(line) >= KILOGRAMS]
        if not lines:
            raise Failed(f"No PVF line has {KILOGRAMS} kg left: load a fresh demo.")
        self.line = max(lines, key=available)
        return f"{self.line['label_name']}: {available(self.line)} kg available"

    def draft(self) -> str:
        """The exporter fills in a request for one shipment, with an invoice."""
        self.request = self.exporter.post("requests/", self.content())
        paper = {"file": (f"INV-{self.mark}.pdf", small_pdf(f"Commercial invoice INV-{self.mark}"), "application/pdf")}
        self.exporter.call("POST", self.path("documents"), files=paper, data={"kind": "commercial_invoice"})
        return str(self.request["reference"])

    def content(self) -> dict[str, Any]:
        """What the exporter types: all names and numbers are invented, none was used before."""
        today = dt.datetime.now(tz=dt.UTC).date()
        return {
            "kind": "single", "line_id": self.line["id"], "label_name": self.line["label_name"],
            "hts_code": self.line["hts_codes"][0], "origin": self.line["origins"][0], "standard": "USDA-NOP",
            "entered_quantity": str(KILOGRAMS), "entered_unit": "KGM", "gross_kg": "1012.000",
            "packages_kind": "bags", "packages_number": 15, "importer_nop_id": IMPORTER_NOP_ID,
            "importer_contact_email": self.importer.email, "recipient_name": "Harbor Green Imports LLC",
            "recipient_nop_id": IMPORTER_NOP_ID, "consignee_name": "Harbor Green Imports LLC",
            "consignee_address": "1400 Middle Harbor Road, Oakland, CA 94607", "destination_city": "Oakland",
            "destination_state": "CA", "transport_mode": "sea", "port_of_lading": "Callao",
            "port_time_zone": "America/Lima", "vessel": "MV Smoke Test",
            "departure_date": str(today + dt.timedelta(days=14)), "start_date": str(today + dt.timedelta(days=1)),
            "end_date": str(today + dt.timedelta(days=90)),
            "lots": [{"lot": f"SMOKE-{self.mark}", "kg": str(KILOGRAMS)}],
            "containers": [{"number": container(int(self.mark, 16) % 1_000_000), "seal": f"S{self.mark}"}],
            "invoices": [{"number": f"INV-{self.mark}", "kg": str(KILOGRAMS), "invoice_date": str(today)}],
        }  # fmt: skip

    def path(self, act: str = "") -> str:
        """The address of the request, or of something about it."""
        return f"requests/{self.request['id']}/" + (f"{act}/" if act else "")

    def queued(self, person: Person) -> dict[str, Any]:
        """The request as it stands in the certifier's queue."""
        for row in rows(person.get("review/queue/", params={"text": self.request["reference"]})):
            if row["id"] == self.request["id"]:
                return row
        raise Failed(f"The {person.role}'s queue does not show {self.request['reference']}.")

    def submit(self) -> str:
        """The exporter submits: the kilograms are reserved."""
        answer = self.exporter.post(
            self.path("submit"), {"expected_version": self.exporter.get(self.path())["version"]}
        )
        if answer["state"] != "submitted":
            raise Failed(f"The request is {answer['state']} after it was submitted.")
        after = next(line for line in rows(self.exporter.get("pvf-lines/")) if line["id"] == self.line["id"])
        if available(self.line) - available(after) != KILOGRAMS:
            raise Failed(
                f"{KILOGRAMS} kg were reserved, but {available(after)} kg are left of {available(self.line)} kg."
            )
        return f"{KILOGRAMS} kg reserved"

    # -- certifier --------------------------------------------------------------------------------------------------

    def review(self) -> str:
        """The reviewer claims the request and recommends it."""
        row = self.queued(self.reviewer)
        row = self.reviewer.post(f"review/requests/{row['id']}/claim/")
        body = {"approve": True, "note": "Smoke: invoice, lot and PVF agree.", "expected_version": row["version"]}
        self.reviewer.post(f"review/requests/{row['id']}/recommend/", body)
        return "recommended"

    def approve(self) -> str:
        """The approver approves: there is a certificate without a number."""
        row = self.queued(self.approver)
        answer = self.approver.post(f"review/requests/{row['id']}/approve/", {"expected_version": row["version"]})
        self.certificate = {"id": answer["certificate_id"]}
        return "approved"

    def registered(self) -> str:
        """The worker registers the certificate in the store, which gives the number."""
        self.number = until("The number", NUMBER_SECONDS, lambda: self.look().get("number") or None)
        if not NUMBER.fullmatch(self.number):
            raise Failed(f"{self.number!r} is no certificate number.")
        return self.number

    def issued(self) -> str:
        """The documents worker renders and signs the PDF."""
        until("The signed document", DOCUMENT_SECONDS, lambda: True if self.look()["state"] == "issued" else None)
        return "issued"

    def look(self) -> dict[str, Any]:
        """The certificate as the exporter sees it now."""
        self.certificate = self.exporter.get(f"certificates/{self.certificate['id']}/")
        return self.certificate

    # -- importer and stranger --------------------------------------------------------------------------------------

    def download(self) -> str:
        """The importer finds the certificate and downloads its PDF."""
        listed = [row for row in rows(self.importer.get("certificates/")) if row.get("number") == self.number]
        if not listed:
            raise Failed(f"The importer's list does not show {self.number}.")
        answer = self.importer.call("GET", f"certificates/{listed[0]['id']}/pdf/")
        self.pdf = answer.content
        if not self.pdf.startswith(b"%PDF-") or b"/ByteRange" not in self.pdf:
            raise Failed("The download is no signed PDF.")
        return f"{len(self.pdf) / 1024:.0f} kB, signed"

    def check(self) -> str:
        """Somebody signed out opens the address in the QR code; signed out, the PDF itself stays closed."""
        url = self.certificate["check_url"]
        page = html.unescape(self.stranger.call("GET", self.local(url)).text)
        for shown in (self.number, self.line["label_name"]):
            if shown not in page:
                raise Failed(f"The check page does not show {shown}.")
        asked = dict(parse_qsl(urlsplit(url).query))
        answer = self.stranger.get("certificates/check/", params={name: asked[name] for name in ("number", "code")})
        if answer["state"] != "issued" or hashlib.sha256(self.pdf).hexdigest() not in answer["document_sha256"]:
            raise Failed("The public check does not confirm the document that the importer downloaded.")
        self.stranger.call("GET", f"certificates/{self.certificate['id']}/pdf/", expect=(401, 403, 404))
        return "confirmed"

    def local(self, url: str) -> str:
        """A public address as it is reached on this machine, whatever proxy stands before it."""
        return self.stranger.base + urlsplit(url)._replace(scheme="", netloc="").geturl()

    def steps(self) -> list[tuple[str, Callable[[], str]]]:
        """The steps in order, as they are shown."""
        return [
            ("portal answers", self.healthy),
            ("exporter: balance of the PVF", self.balance),
            ("exporter: request with invoice", self.draft),
            ("exporter: submit", self.submit),
            ("reviewer: claim and recommend", self.review),
            ("approver: approve", self.approve),
            ("worker: number from the OID-style store", self.registered),
            ("worker: signed document", self.issued),
            ("importer: download", self.download),
            ("anybody: check page", self.check),
        ]


def available(line: dict[str, Any]) -> Decimal:
    """Kilograms that a PVF line has left."""
    return Decimal(line["balance"]["available"])


def container(serial: int) -> str:
    """An invented container number with its check digit (ISO 6346)."""
    body = f"CPDU{serial:06d}"
    letters = dict(zip(ascii_uppercase, LETTER_VALUES, strict=True))
    total = sum((letters.get(sign) or int(sign)) * 2**place for place, sign in enumerate(body))
    return body + str(total % 11 % 10)


def small_pdf(text: str) -> bytes:
    """A PDF of one page with one line of text."""
    stream = f"BT /F1 14 Tf 72 720 Td ({text}) Tj ET".encode("ascii")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size, start = len(objects) + 1, len(out)
    return out + b"xref\n0 %d\n0000000000 65535 f \n%strailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        size, table, size, start,
    )  # fmt: skip


def main() -> int:
    """All steps; 0 with the number as the last line, 1 with a sentence about the step that failed."""
    begun = time.monotonic()
    try:
        cast = people(os.environ["PORTAL_URL"], Path(os.environ["PORTAL_DATA_DIR"]) / "demo_accounts.json")
        smoke = Smoke(os.environ["PORTAL_URL"], cast)
        for name, step in smoke.steps():
            start = time.monotonic()
            try:
                told = step()
            except (KeyError, TypeError, ValueError, StopIteration) as error:
                raise Failed(
                    f"the API answered in another form than expected ({type(error).__name__}: {error})"
                ) from error
            except Failed:
                print(f"  {name} ".ljust(WIDTH, ".") + f" FAILED {time.monotonic() - start:6.2f} s")
                raise
            print(f"  {name} ".ljust(WIDTH, ".") + f" {time.monotonic() - start:6.2f} s  {told}")
    except Failed as error:
        print(f"smoke: {error}", file=sys.stderr)
        return 1
    print("  all steps ".ljust(WIDTH, ".") + f" {time.monotonic() - begun:6.2f} s")
    print(smoke.number)
    return 0


if __name__ == "__main__":
    sys.exit(main())
