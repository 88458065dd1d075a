"""The data file inside the PDF: what the page shows, for machines, and how the verifier knows it is whole.

It is attached as ``certificate.json`` and holds the snapshot with everything that came after it. The document's XMP
metadata hold its SHA-256, so that a swapped file contradicts the metadata, and the signature covers both.
"""

from __future__ import annotations

import base64
import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from certificates.document.datafile import DATA_FILE, DATA_FORMAT, read_data_file, sha256
from certificates.document.errors import DocumentError
from certificates.document.history import NONE, History, read_history
from certificates.document.snapshot import Snapshot, canonical_json, snapshot_sha256

__all__ = [
    "DATA_FILE",
    "DATA_FORMAT",
    "TEMPLATE_VERSION",
    "Issue",
    "data_file",
    "issue_of",
    "logo_of",
    "read_data_file",
    "sha256",
]

#: The folder of the template; a change that alters the page is a new folder, so that old documents can be made again.
TEMPLATE_VERSION = "2"
#: All of them: a document is made again with the one that it names.
TEMPLATES = frozenset({"1", TEMPLATE_VERSION})

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


def data_file(snapshot: Snapshot, issue: Issue, *, template: str = TEMPLATE_VERSION, logo: bytes = b"") -> bytes:
    """The bytes of :data:`DATA_FILE`, in canonical JSON.

    The logo goes in too (``logo``, base64), so that the page can be made again from the file alone.
    """
    return canonical_json(
        {
            "format": DATA_FORMAT,
            "template": template,
            "number": issue.number,
            "check_code": issue.check_code,
            "check_url": issue.check_url,
            "public_origin": issue.public_origin,
            "issued_at": issue.issued_text,
            "specimen": issue.specimen,
            "snapshot_sha256": snapshot_sha256(snapshot),
            "snapshot": snapshot,
            **({"logo": base64.b64encode(logo).decode()} if logo else {}),
            **issue.history.as_data(),
        }
    )


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


def logo_of(content: dict[str, Any]) -> bytes:
    """The logo in ``content``, or nothing. Raises ``ValueError`` where it is not base64."""
    return base64.b64decode(content.get("logo", ""), validate=True)
