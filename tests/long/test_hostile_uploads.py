"""Ten thousand hostile uploads and form bodies: nothing breaks, nothing is kept that is not on the list, memory is bounded.

Everything is made from a seed. Most go through Django's client, some to a real web server over its socket.
"""

from __future__ import annotations

import io
import json
import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
from django.conf import settings as portal
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from django.urls import reverse

from certportal.launcher.ports import free_port
from core.files import read_file
from core.identity import act_as
from core.models import StoredFile
from core.uploads import ALLOWED, accept
from pvf.domain import drafts as pvf_drafts
from pvf.domain import workbook_out
from requests_app.domain import drafts
from tests.support import hostile
from tests.support.drafts import PAPER
from tests.support.world import World

pytestmark = pytest.mark.timeout(400)

SHARDS, EACH = 8, 1240
OVER_THE_WIRE = 80
#: Parsers load and PostgreSQL's and Python's pools fill over so many requests (from then on it is flat); over all of the
#: shard, and over what follows the warm-up, the process that serves may grow by so many bytes.
WARM_UP = 400
WHOLE, GROWTH = 320 * 2**20, 100 * 2**20
ROOT = Path(__file__).resolve().parents[2]
#: What people type, or no person ever would.
WORDS = (
    "\0", "a\0b", "\u202egpj.exe", "=HYPERLINK(\"http://x.invalid\")", "+1+cmd|'/C calc'!A0", "<script>alert(1)</script>",
    "'; DROP TABLE core_storedfile; --", "%s%n%x", "{{7*7}}", "../../../etc/passwd", "😀" * 50, "\u0000\uffff", "ÿþ", "-0",
    "1e400", "NaN", "Infinity", "9" * 400,
    "0x10", "1_000", "２０２６-０７-３１", "0000-00-00", "9999-12-31T99:99",
    " ", "x" * 70_000,
    "\u0660\u0661", "null", "[]", "{}", "\r\n\r\nHTTP/1.1 200 OK", "\x1b[2J", "\ufeff",
)  # fmt: skip
NAMES = (
    "invoice.pdf", "../../../etc/passwd", "..\\..\\boot.ini", "a\0.pdf", "\u202efdp.exe", "x" * 5000 + ".pdf", "CON", "",
    ".", "a;b=c.pdf",
    'a"b.pdf', "<img src=x>.png", "=1+1.xlsx", "a\r\nX-Y: z.pdf", "ü😀.pdf", "%00.pdf", "a.pdf.exe", "/absolute.pdf",
)  # fmt: skip
TYPES = (
    "application/pdf",
    "text/html",
    "image/svg+xml",
    "",
    "x/y; charset=utf-7",
    "multipart/form-data",
    "application/x-msdownload",
)


def _pvf_book() -> bytes:
    return workbook_out.write_pvf({"number": "PVF-1", "period_start": "2026-01-01", "period_end": "2026-12-31"})


def _file(random: Random, sound: list[bytes]) -> bytes:
    """A known attack, a sound file that was mangled, two files in one, a sound one, or noise."""
    match random.randrange(8):
        case 0:
            return hostile.ATTACKS[random.choice(list(hostile.ATTACKS))][1]()
        case 1 | 2 | 3:
            return hostile.mangled(random.choice(sound), random)
        case 4:
            return random.choice(sound) + random.choice(sound)
        case 5:
            return random.choice(sound)
        case 6:
            return random.choice(
                (b"%PDF-1.7\n", b"PK\x03\x04", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"")
            ) + random.randbytes(random.randint(0, 3000))
        case _:
            size = random.choice((1, 100, 65_535, 2**31 - 1))
            return hostile.huge_png(size, random.choice((1, 100, 65_535, 2**31 - 1)))


def _rss(process: int) -> int:
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Attacker:
    """People of a world who send what a seed says; :attr:`answers` counts the statuses by the kind of what was sent."""

    def __init__(self, world: World, seed: int) -> None:
        self.random = Random(seed)
        self.sound = [
            PAPER, hostile.pdf(), hostile.picture(), hostile.picture("JPEG"), hostile.book(), _pvf_book(),
            hostile.pdf(hostile._attached("a.xml", b"<a/>")),
        ]  # fmt: skip
        self.preparer, self.manager = world.browser("preparer"), world.browser("manager")
        for browser in (self.preparer, self.manager):
            browser.raise_request_exception = False
        with act_as(world.who("preparer")) as actor:
            self.draft = drafts.start(actor, "single").pk
            pvf = pvf_drafts.start(
                actor, client_id=world.client.pk, number="P", period_start=world.pvf.period_end.replace(year=2040),
                period_end=world.pvf.period_end.replace(year=2041),
            )  # fmt: skip
        self.evidence = pvf.pk
        self.line = world.line.pk
        self.answers: Counter[tuple[str, int]] = Counter()
        self.broken: list[str] = []

    def attack(self) -> None:
        """One hostile request."""
        act: Callable[[], object] = self.random.choice(
            [self._upload] * 6 + [self._form] * 2 + [self._json, self._multipart, self._raw]
        )
        state = self.random.getstate()
        answer = act()
        status = answer.status_code  # type: ignore[attr-defined]
        self.answers[act.__name__, status] += 1
        if status >= 500:
            words = bytes(getattr(answer, "content", b""))[:200]
            self.broken.append(f"{act.__name__} {answer.request['PATH_INFO']} {hash(state)} {words!r}")  # type: ignore[attr-defined]

    def _upload(self) -> object:
        random = self.random
        name, kind = random.choice(NAMES), random.choice(TYPES)
        upload = SimpleUploadedFile("x", _file(random, self.sound), kind)
        upload._name = name  # as it stands on the wire, whatever Django would make of it
        places: list[tuple[Browser, str, str, dict[str, str]]] = [
            (
                self.preparer,
                reverse("requests:document_add", args=[self.draft]),
                "file",
                {"kind": "commercial_invoice"},
            ),
            (self.preparer, reverse("api:request-documents", args=[self.draft]), "file", {"kind": "bill_of_lading"}),
            (self.preparer, reverse("pvf:import"), "file", {"note": random.choice(WORDS)}),
            (self.preparer, reverse("pvf:draft-documents", args=[self.evidence]), "files", {"kind": "invoice"}),
            (self.preparer, reverse("api:pvf-documents", args=[self.evidence]), "files", {"kind": "invoice"}),
            (self.manager, reverse("organizations:letterhead"), "logo", {"version": "0", "text": random.choice(WORDS)}),
            (
                Browser(raise_request_exception=False),
                reverse("certificates:check"),
                "file",
                {"number": "1", "code": "2"},
            ),
        ]
        browser, path, field, others = random.choice(places)
        return browser.post(path, {**others, field: upload})

    def _form(self) -> object:
        random = self.random
        tasks = ["goods", "parties", "transport", "documents", "period", "invoices"]
        paths = [reverse("requests:task", args=[self.draft, task]) for task in tasks]
        paths += [
            reverse("pvf:start"), reverse("pvf:draft-line", args=[self.evidence, 1]), reverse("certificates:check"),
            reverse("pvf:draft-head", args=[self.evidence]), reverse("account_login"), reverse("pvf:top-up", args=[self.line]),
        ]  # fmt: skip
        path = random.choice(paths)
        page = self.preparer.get(path)
        names = [field for form in _forms_of(page) for field in form] or ["number", "text"]
        fields = {name: random.choice(WORDS) for name in random.sample(names, min(len(names), 12))}
        if random.random() < 0.1:
            fields |= {f"field{number}": "x" for number in range(random.choice((10, 6000)))}
        return self.preparer.post(path, fields)

    def _json(self) -> object:
        random = self.random
        depth = random.choice((1, 50, 2000, 100_000))
        bodies = [
            b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth, b"{" * depth,
            b"\xff\xfe{\x00}\x00", b"nul", b"",
            json.dumps({"kind": random.choice(WORDS), "product": {"x": [random.choice(WORDS)]}}).encode(),
            json.dumps({name: random.choice(WORDS) for name in ("kind", "label_name", "hts_code", "origin")}).encode(),
            b'{"kind": "single", "entered_quantity": 1e999999, "a": NaN}', b'"' + b"x" * 3_000_000 + b'"',
        ]  # fmt: skip
        kind = random.choice(
            ("application/json", "application/json; charset=utf-7", "application/json; charset=nonsense", "text/xml")
        )
        path = random.choice(
            [reverse("api:request-list"), reverse("api:request-detail", args=[self.draft]), reverse("api:certificate-check"),
             reverse("api:pvf-version-list")]
        )  # fmt: skip
        return self.preparer.generic(random.choice(("POST", "PATCH")), path, random.choice(bodies), content_type=kind)

    def _multipart(self) -> object:
        random = self.random
        mark = random.choice(("x", "--", "x" * 200, "ü", '"', "x; y"))
        head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{random.choice(NAMES)}"\r\n'.encode(
            "utf-8", "replace"
        )
        bodies = [
            head + b"\r\n" + PAPER, head + b"\r\n" + PAPER + f"\r\n--{mark}--\r\n".encode(), head, b"", b"\r\n" * 5000,
            head + b"Content-Transfer-Encoding: base64\r\n\r\n!!!!\r\n--" + mark.encode() + b"--",
            head + b"Content-Type: " + b"x" * 20_000 + b"\r\n\r\nx", head.replace(b"form-data", b"attachment") + b"\r\nx",
            head * 300, b"".join(head + b"\r\nx\r\n" for _ in range(60)) + f"--{mark}--".encode(),
        ]  # fmt: skip
        kind = random.choice(
            (f"multipart/form-data; boundary={mark}", "multipart/form-data", "multipart/form-data; boundary=")
        )
        path = random.choice(
            [reverse("requests:document_add", args=[self.draft]), reverse("api:request-documents", args=[self.draft]),
             reverse("pvf:import"), reverse("certificates:check")]
        )  # fmt: skip
        return self.preparer.generic("POST", path, random.choice(bodies), content_type=kind)

    def _raw(self) -> object:
        random = self.random
        path = random.choice(
            [reverse("requests:new"), reverse("account_login"), reverse("certificates:check"), "/", "/\0", "/%ff"]
        )
        body = random.choice(
            (b"a=" + b"%" * 3000, b"&" * 9000, b"\xff\xfe\0", b"a=b&" * 7000, b"csrfmiddlewaretoken=\0")
        )
        kind = random.choice(
            ("application/x-www-form-urlencoded; charset=utf-16", "application/x-www-form-urlencoded", "a/b", "")
        )
        extra = {"QUERY_STRING": random.choice(("page=%00", "page=" + "9" * 50, "next=//x.invalid", "%ff=%ff"))}
        return self.preparer.generic(random.choice(("POST", "GET", "PUT")), path, body, content_type=kind, **extra)


def _forms_of(page: object) -> Iterator[list[str]]:
    for context in getattr(page, "context", None) or []:
        for value in getattr(context, "dicts", [context]):
            for form in value.values() if isinstance(value, dict) else []:
                if hasattr(form, "fields") and hasattr(form, "add_prefix"):
                    yield [form.add_prefix(name) for name in form.fields]


@pytest.mark.django_db
@pytest.mark.parametrize("shard", range(SHARDS))
def test_hostile_requests_break_nothing_and_leave_nothing(world: World, settings: object, shard: int) -> None:
    settings.UPLOAD_DAY_FILES = settings.UPLOAD_MAX_FILES = 10**6  # type: ignore[attr-defined]
    attacker = Attacker(world, 20_261_100 + shard)
    attacker.attack()
    at_first = _rss(os.getpid())
    for _ in range(WARM_UP):
        attacker.attack()
    before = _rss(os.getpid())
    for _ in range(EACH - WARM_UP - 1):
        attacker.attack()
    whole, grown = _rss(os.getpid()) - at_first, _rss(os.getpid()) - before
    assert attacker.broken == []
    refused = sum(count for (kind, status), count in attacker.answers.items() if kind == "_upload" and status == 422)
    kept = sum(
        count for (kind, status), count in attacker.answers.items() if kind == "_upload" and status in {201, 302}
    )
    assert refused > EACH // 4 and kept > 10, attacker.answers
    assert (whole < WHOLE, grown < GROWTH) == (True, True), (whole, grown)
    _only_what_is_allowed(world)
    growth = f"grown {whole / 2**20:.0f} MiB, {grown / 2**20:.0f} of it late"
    print(f"shard {shard}: {EACH} requests, {kept} uploads kept, {refused} refused, {growth}")  # noqa: T201


def _only_what_is_allowed(world: World) -> None:
    """Every stored file is of an allowed kind, is what it says, and has a harmless name; nothing else lies about."""
    paths = set()
    with act_as(world.loop()):
        for row in StoredFile.objects.all():
            paths.add(row.path)
            assert row.content_type in ALLOWED[StoredFile.Kind.UPLOAD]
            if row.kind in ALLOWED:
                assert accept(read_file(row), name="again", kind=row.kind).content_type == row.content_type
            assert not set(row.original_name) & set('\0\r\n\u202e/\\<>"')
            assert len(row.original_name) <= 200
    root = Path(portal.PORTAL_DATA_DIR) / "files"
    assert {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()} == paths


@pytest.mark.django_db(transaction=True)
def test_a_real_server_survives_them(world: World, process_env: dict[str, str], tmp_path: Path) -> None:
    with act_as(world.who("preparer")) as actor:
        draft = drafts.start(actor, "single").pk
    browser = world.browser("preparer")
    browser.get(reverse("requests:task", args=[draft, "documents"]))
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in browser.cookies.items())
    token = browser.cookies["csrftoken"].value
    port = free_port()
    env = {
        **process_env,
        "PORTAL_BIND": f"127.0.0.1:{port}",
        "WEB_CONCURRENCY": "1",
        "WEB_THREADS": "4",
        "WEB_TIMEOUT": "30",
    }
    command = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "deploy" / "gunicorn.conf.py"), "certportal.wsgi"]
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log) as server,
    ):
        try:
            _wait_for(port)
            most = _bombard(port, reverse("requests:document_add", args=[draft]), cookies, token, server.pid)
            assert _status(_send(port, b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")) == 200
        finally:
            server.terminate()
            server.wait(timeout=30)
    assert most < 600 * 2**20
    assert b"Traceback" not in (tmp_path / "log").read_bytes()
    print(f"{OVER_THE_WIRE} over the wire, {most / 2**20:.0f} MiB at most in one process")  # noqa: T201


def _bombard(port: int, path: str, cookies: str, token: str, server: int) -> int:
    """Send what no browser sends; returns the most memory that one process of the server had, in bytes."""
    random = Random(20_261_126)
    sound = [PAPER, hostile.picture(), hostile.book()]
    most = 0
    for number in range(OVER_THE_WIRE):
        head = b"--x\r\nContent-Disposition: form-data; "
        part = head + b'name="kind"\r\n\r\ncommercial_invoice\r\n' + head
        body = part + b'name="file"; filename="a.pdf"\r\n\r\n' + _file(random, sound) + b"\r\n--x--\r\n"
        length = str(len(body))
        match number % 8:
            case 0:
                length = str(len(body) + 10_000)
            case 1:
                length = str(max(len(body) - 50, 0))
            case 2:
                length = random.choice(("-1", "1e3", "99999999999999999999", "0x10", "", "1, 2"))
            case 3:
                body = (
                    part
                    + b'name="file"; filename="big.pdf"\r\n\r\n%PDF-1.7\n'
                    + b"\0" * (70 * 2**20)
                    + b"\r\n--x--\r\n"
                )
                length = str(len(body))
            case 4:
                body = body[: len(body) // 2]
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookies}\r\nX-CSRFToken: {token}\r\nConnection: close\r\n"
            f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {length}\r\n\r\n"
        ).encode()
        status = _status(_send(port, head + body))
        assert status == 0 or status < 500, (number, length, status)
        children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
        most = max([most, *(_rss(int(child)) for child in children)])
    return most


def _send(port: int, data: bytes) -> bytes:
    """Send, hang up our side, and take what comes back."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        try:
            line.sendall(data)
            line.shutdown(socket.SHUT_WR)
            answer = io.BytesIO()
            while part := line.recv(65_536):
                answer.write(part)
        except (ConnectionError, TimeoutError):
            return b""
    return answer.getvalue()


def _status(answer: bytes) -> int:
    """The status of an answer; 0 where the server hung up on us."""
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.") else 0


def _wait_for(port: int) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server did not start")
