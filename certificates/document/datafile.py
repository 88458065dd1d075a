"""The data file inside a certificate's PDF: its name, its one spelling, how it is read. Needs nothing but Python."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

#: Name of the attachment.
DATA_FILE = "certificate.json"
#: What the file says it is.
DATA_FORMAT = "nop-import-certificate/1"
#: The same of a continuity document: another kind, made in an outage of OID and without a number.
CONTINUITY_FILE = "continuity.json"
CONTINUITY_FORMAT = "nop-continuity-document/1"
#: Name space of the certificate's own properties in the metadata (XMP), and those that a verifier reads.
NAMESPACE = "urn:certportal:certificate:1:"
RECORDED = ("number", "reference", "dataSha256", "snapshotSha256", "template")


def canonical(value: Mapping[str, Any]) -> bytes:
    """The one spelling of ``value``: UTF-8, keys sorted, no white space, no NaN (in the manner of RFC 8785)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def read_data_file(data: bytes) -> dict[str, Any]:
    """The object in :data:`DATA_FILE`. Raises ``ValueError`` saying what is wrong with it."""
    content = _read_object(data, DATA_FORMAT)
    if not isinstance(content.get("snapshot"), dict):
        raise ValueError("it holds no certificate data")
    return content


def read_continuity_file(data: bytes) -> dict[str, Any]:
    """The object in :data:`CONTINUITY_FILE`. Raises ``ValueError`` saying what is wrong with it."""
    content = _read_object(data, CONTINUITY_FORMAT)
    said = content.get("data")
    if (
        not isinstance(said, dict)
        or not isinstance(said.get("snapshot"), dict)
        or not isinstance(said.get("or1"), dict)
    ):
        raise ValueError("it holds no data of a continuity document")
    return content


def _read_object(data: bytes, form: str) -> dict[str, Any]:
    try:
        content = json.loads(data, parse_float=_no_floats)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(content, dict) or content.get("format") != form:
        raise ValueError(f"it is not of the format {form}")
    if canonical(content) != data:
        raise ValueError("it is not in canonical form")
    return content


def continuity_findings(content: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What contradicts within a continuity document's data: ("snapshot", what)."""
    said = content["data"]
    if sha256(canonical(said["snapshot"])) != said.get("snapshot_sha256"):
        yield "snapshot", "the certificate's data do not have the hash that is named for them"


def data_findings(data: bytes, content: dict[str, Any], recorded: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What contradicts between the data file and the metadata (``recorded``): ("data" or "snapshot", what)."""
    if recorded.get("dataSha256") != sha256(data):
        yield "data", "the attached data are not those whose hash the metadata name"
    snapshot = content["snapshot"]
    if not sha256(canonical(snapshot)) == content.get("snapshot_sha256") == recorded.get("snapshotSha256"):
        yield "snapshot", "the certificate's data do not have the hash that is named for them"
    if content.get("number") != recorded.get("number") or snapshot.get("reference") != recorded.get("reference"):
        yield "data", "number or reference of the data are not those in the metadata"


def sha256(data: bytes) -> str:
    """SHA-256 of ``data``, 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def _no_floats(text: str) -> float:
    raise ValueError(f"it holds a floating-point number ({text})")
