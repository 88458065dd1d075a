"""Takes the portal's mail in development and shows it: nothing leaves the machine.

    python -m certportal.launcher.mailcatcher --smtp-port N --web-port N --folder DIR

Each message is one file in the folder. The page is read-only, escapes everything, and carries no script. `/messages.json`
lists the same for tests.
"""

from __future__ import annotations

import argparse
import asyncio
import email
import email.policy
import html
import json
import os
import re
import secrets
import signal
import sys
import threading
import time
from email.message import EmailMessage
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from .ports import LOOPBACK

MAX_BYTES = 15 * 1024 * 1024
KEPT = 1000
"""So many messages are kept; older ones are removed."""

STYLE = """body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#1b1b1b}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.5rem;border-bottom:1px solid #dfe1e2}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f0f0f0;padding:1rem}a{color:#005ea2}
"""
LINK = re.compile(r"https?://[^\s<>\"']+")


class Box:
    """The folder of caught messages."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def put(self, envelope: Envelope) -> str:
        """Keep one message with its envelope; returns its name."""
        name = f"{time.time_ns()}-{secrets.token_hex(4)}"
        head = f"X-Envelope-From: {envelope.mail_from}\r\n" + "".join(
            f"X-Envelope-To: {recipient}\r\n" for recipient in envelope.rcpt_tos
        )
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        fresh = self.folder / f".{name}"
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(head.encode() + content)
        fresh.rename(self.folder / f"{name}.eml")
        for old in self.names()[KEPT:]:
            (self.folder / f"{old}.eml").unlink(missing_ok=True)
        return name

    def names(self) -> list[str]:
        """Names of the messages, newest first."""
        return sorted((path.stem for path in self.folder.glob("*.eml")), reverse=True)

    def read(self, name: str) -> EmailMessage | None:
        """One message; None when there is none of that name."""
        if not re.fullmatch(r"\d+-[0-9a-f]+", name):
            return None
        try:
            raw = (self.folder / f"{name}.eml").read_bytes()
        except OSError:
            return None
        message = email.message_from_bytes(raw, policy=email.policy.default)
        return message if isinstance(message, EmailMessage) else None


class Catcher:
    """aiosmtpd handler: every message is taken, for whomever it is."""

    def __init__(self, box: Box) -> None:
        self.box = box

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep the message."""
        return f"250 OK kept as {self.box.put(envelope)}"


def text_of(message: EmailMessage) -> str:
    """The plain text of a message; its HTML as source when it has no other."""
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    content: Any = part.get_content()
    return content if isinstance(content, str) else ""


def summary(name: str, message: EmailMessage) -> dict[str, Any]:
    """A message as data."""
    return {
        "id": name,
        "from": str(message.get("From", "")),
        "to": [str(value) for value in message.get_all("X-Envelope-To", [])],
        "subject": str(message.get("Subject", "")),
        "date": str(message.get("Date", "")),
        "text": text_of(message),
    }


def linked(text: str) -> str:
    """Escaped text with its http addresses made clickable."""
    out, end = [], 0
    for found in LINK.finditer(text):
        address = html.escape(found.group())
        out += [html.escape(text[end : found.start()]), f'<a rel="noreferrer" href="{address}">{address}</a>']
        end = found.end()
    return "".join([*out, html.escape(text[end:])])


def page(title: str, body: str) -> str:
    """A whole page; `body` is HTML already."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f'<link rel="stylesheet" href="/style.css"></head><body><h1>{html.escape(title)}</h1>{body}</body></html>'
    )


class Pages(BaseHTTPRequestHandler):
    """The read-only pages."""

    box: Box
    server_version = "mail"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer one of the few addresses there are."""
        host = self.headers.get("Host", "").rsplit(":", 1)[0]
        if host not in (LOOPBACK, "localhost"):
            self._answer("not here", "text/plain", HTTPStatus.BAD_REQUEST)
        elif self.path == "/":
            self._answer(self._list())
        elif self.path == "/health":
            self._answer("ok", "text/plain")
        elif self.path == "/style.css":
            self._answer(STYLE, "text/css")
        elif self.path == "/messages.json":
            found = [summary(name, message) for name in self.box.names() if (message := self.box.read(name))]
            self._answer(json.dumps(found), "application/json")
        elif self.path.startswith("/message/") and (message := self.box.read(self.path.removeprefix("/message/"))):
            self._answer(self._one(message))
        else:
            self._answer("no such page", "text/plain", HTTPStatus.NOT_FOUND)

    def _list(self) -> str:
        rows = []
        for name in self.box.names()[:200]:
            message = self.box.read(name)
            if message is not None:
                known = summary(name, message)
                subject = html.escape(known["subject"] or "(no subject)")
                rows.append(
                    f"<tr><td>{html.escape(known['date'])}</td><td>{html.escape(', '.join(known['to']))}</td>"
                    f'<td><a href="/message/{name}">{subject}</a></td></tr>'
                )
        head = "<tr><th scope='col'>Date</th><th scope='col'>To</th><th scope='col'>Subject</th></tr>"
        return page("Caught mail", f"<table>{head}{''.join(rows)}</table>" if rows else "<p>No mail yet.</p>")

    def _one(self, message: EmailMessage) -> str:
        known = summary("", message)
        body = (
            f"<p>From {html.escape(known['from'])}<br>To {html.escape(', '.join(known['to']))}<br>"
            f'{html.escape(known["date"])}</p><pre>{linked(known["text"])}</pre><p><a href="/">All mail</a></p>'
        )
        return page(known["subject"] or "(no subject)", body)

    def _answer(self, text: str, kind: str = "text/html", status: HTTPStatus = HTTPStatus.OK) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'self'; frame-ancestors 'none'")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not logged."""


async def serve(smtp_port: int, web_port: int, folder: Path) -> None:
    """Take and show mail until SIGTERM."""
    box = Box(folder)
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    smtp = await loop.create_server(
        lambda: SMTP(Catcher(box), data_size_limit=MAX_BYTES, hostname="localhost", enable_SMTPUTF8=True),
        LOOPBACK,
        smtp_port,
    )
    pages = ThreadingHTTPServer((LOOPBACK, web_port), type("BoxPages", (Pages,), {"box": box}))
    threading.Thread(target=pages.serve_forever, daemon=True).start()
    print(f"mail is taken on {LOOPBACK}:{smtp_port} and shown on http://{LOOPBACK}:{web_port}/", flush=True)
    try:
        await stop.wait()
    finally:
        smtp.close()
        pages.shutdown()
        pages.server_close()


def main() -> int:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(description="Takes mail and shows it; nothing leaves the machine.")
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--web-port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    chosen = parser.parse_args()
    asyncio.run(serve(chosen.smtp_port, chosen.web_port, chosen.folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
