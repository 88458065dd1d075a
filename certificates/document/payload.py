"""The data file inside the PDF: what the page shows, for machines, and how the verifier knows it is whole.

It is attached as ``certificate.json`` and holds the snapshot with everything that came after it. The document's XMP
metadata hold its SHA-256, so that a swapped file contradicts the metadata, and the signature covers both.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from certificates.document.errors import DocumentError
from certificates.document.history import NONE, History, read_history
from certificates.document.snapshot import Snapshot, canonical_json, snapshot_sha256

#: Name of the attachment.
DATA_FILE = "certificate.json"
#: What the file says it is.
DATA_FORMAT = "nop-import-certificate/1"
#: The folder of the template; a change that alters the page is a new folder, so that old documents can be made again.
TEMPLATE_VERSION = "1"

#: Certifier code – NOP ID – serial, 21 characters.
NUMBER = re.compile(r"\d{3}-\d{10}-\d{6}")


@dataclass(frozen=True)
class Issue:
    """What is known only when OID has answered. ``issued_at`` is aware; ``check_url`` lies under ``public_origin``.

    ``specimen`` marks a document of a demonstration: it says so on every page. ``history``: the documents before it.
    """

    number: str
    check_code: str
    check_url: str
    issued_at: dt.datetime
    public_origin: str
    specimen: bool = False
    history: History = NONE

    def __post_init__(self) -> None:
        if not NUMBER.fullmatch(self.number):
            raise DocumentError("DOC-NUMBER", f"A document needs OID's number (21 characters), not {self.number!r}.")
        if not self.check_url.startswith(self.public_origin.rstrip("/") + "/"):
            raise DocumentError("DOC-ORIGIN", f"The check address {self.check_url!r} is not under the public origin.")
        if self.issued_at.tzinfo is None:
            raise DocumentError("DOC-TIME", "The time of issue must name its zone.")

    @property
    def issued_utc(self) -> dt.datetime:
        """Time of issue in UTC, whole seconds."""
        return self.issued_at.astimezone(dt.UTC).replace(microsecond=0)

    @property
    def issued_text(self) -> str:
        """Time of issue, ISO 8601 in UTC (``2026-02-14T15:04:05Z``)."""
        return self.issued_utc.strftime("%Y-%m-%dT%H:%M:%SZ")


def data_file(snapshot: Snapshot, issue: Issue) -> bytes:
    """The bytes of :data:`DATA_FILE`, in canonical JSON."""
    return canonical_json(
        {
            "format": DATA_FORMAT,
            "template": TEMPLATE_VERSION,
            "number": issue.number,
            "check_code": issue.check_code,
            "check_url": issue.check_url,
            "public_origin": issue.public_origin,
            "issued_at": issue.issued_text,
            "specimen": issue.specimen,
            "snapshot_sha256": snapshot_sha256(snapshot),
            "snapshot": snapshot,
            **issue.history.as_data(),
        }
    )


def read_data_file(data: bytes) -> dict[str, Any]:
    """The object in :data:`DATA_FILE`. Raises ``ValueError`` saying what is wrong with it."""
    content = json.loads(data, parse_float=_no_floats)
    if not isinstance(content, dict) or content.get("format") != DATA_FORMAT:
        raise ValueError(f"it is not of the format {DATA_FORMAT}")
    if not isinstance(content.get("snapshot"), dict):
        raise ValueError("it holds no certificate data")
    if canonical_json(content) != data:
        raise ValueError("it is not in canonical form")
    return content


def issue_of(content: dict[str, Any]) -> Issue:
    """The :class:`Issue` that ``content`` (of :func:`read_data_file`) was made with."""
    return Issue(
        number=content["number"],
        check_code=content["check_code"],
        check_url=content["check_url"],
        issued_at=dt.datetime.fromisoformat(content["issued_at"]),
        public_origin=content["public_origin"],
        specimen=content["specimen"],
        history=read_history(content),
    )


def sha256(data: bytes) -> str:
    """SHA-256 of ``data``, 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def _no_floats(text: str) -> float:
    raise ValueError(f"it holds a floating-point number ({text})")
