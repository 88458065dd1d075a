"""The snapshot: everything a certificate says, frozen when it is approved; its canonical form and its hash.

A snapshot is a plain JSON object, kept with the certificate and never changed. It holds no number, no check code, no
time of issue: those come after it and are arguments of :func:`certificates.document.render.render_document`.

Every key is always there. A fact that is not known is the empty string, or the empty list; ``null`` and floating-point
numbers do not occur, so that the same facts have one spelling and one hash. The fields are those of the electronic NOP
Import Certificate (7 CFR 205.273; 7 U.S.C. 6502(13) for the least of them).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import uuid
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Literal, TypedDict, cast, get_args, get_origin, get_type_hints, is_typeddict

from certificates.document.datafile import canonical
from certificates.document.errors import SnapshotError

#: The form described in this module. A change of meaning or of fields is a new number and a new template folder.
SCHEMA_VERSION = 2


class Certifier(TypedDict):
    """The issuing certifying agent. ``code`` is its three digits in certificate numbers; ``address`` may hold line breaks."""

    name: str
    code: str
    address: str
    country: str
    accreditation: str


class Operation(TypedDict):
    """A party with an address. ``nop_id``: ten digits, or empty where the party need not be certified."""

    name: str
    address: str
    nop_id: str


class FinalHandler(TypedDict):
    """The last certified handler before export, and who certifies it. All empty where it is the exporter itself."""

    name: str
    nop_id: str
    certifier: str


class Recipient(TypedDict):
    """The operation that receives the goods in the United States."""

    name: str
    nop_id: str


class Consignee(TypedDict):
    """The ultimate consignee."""

    name: str
    address: str


class Destination(TypedDict):
    """Where the goods go: city and state in the United States."""

    city: str
    state: str


class Origin(TypedDict):
    """Country of origin: ISO 3166-1 alpha-2 code and English name."""

    code: str
    name: str


class Product(TypedDict):
    """``label_name``: the name exactly as on the label; ``product_name``: that of the PVF line."""

    label_name: str
    product_name: str


class Hts(TypedDict):
    """Ten digits of the Harmonized Tariff Schedule; ``certified_organic``: whether the code itself carries that suffix."""

    code: str
    description: str
    certified_organic: bool


class Packages(TypedDict):
    """Kind and number of packages, both as text."""

    kind: str
    number: str


class Lot(TypedDict):
    """One lot; ``kg`` is its net weight, decimal text with three places, or empty where it was not declared."""

    lot: str
    kg: str


class Container(TypedDict):
    """Container number (ISO 6346 for sea containers) and seal."""

    number: str
    seal: str


class Transport(TypedDict):
    """How the goods travel. ``departure_date``: plain date in the port's place, ISO 8601, or empty."""

    mode: str
    port_of_lading: str
    vessel: str
    bill_of_lading: str
    departure_date: str


class Period(TypedDict):
    """First and last day, plain dates in the certifier's place, ISO 8601."""

    start: str
    end: str


class Letterhead(TypedDict):
    """What stands beside the certifier's name: ``text`` (may hold line breaks) and the SHA-256 of its logo, or nothing.

    The logo's bytes are not here; they are kept under this hash, and a document with others is not made.
    """

    text: str
    logo_sha256: str


class SnapshotV1(TypedDict):
    """The data of one certificate, schema 1. ``reference`` is its UUID, the same that OID is asked by."""

    schema_version: int
    reference: str
    certifier: Certifier
    exporter: Operation
    final_handler: FinalHandler
    importer: Operation
    recipient: Recipient
    consignee: Consignee
    destination: Destination
    origin: Origin
    product: Product
    hts: Hts
    standard: str
    net_kg: str
    gross_kg: str
    packages: Packages
    lots: list[Lot]
    containers: list[Container]
    invoices: list[str]
    transport: Transport
    period: Period
    kind: Literal["single", "multiple"]
    request_reference: str
    approved_at: str
    approved_by: str


class Snapshot(SnapshotV1):
    """The data of one certificate, schema 2: with the letterhead. Where it comes from a schema 1, that key is not there."""

    letterhead: Letterhead


#: The schemas that can be read, old ones for the certificates that were approved under them.
SCHEMAS: dict[int, type] = {1: SnapshotV1, SCHEMA_VERSION: Snapshot}
NO_LETTERHEAD: Letterhead = {"text": "", "logo_sha256": ""}

_KG = re.compile(r"\d{1,11}\.\d{3}")
_NOP_ID = re.compile(r"\d{10}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|\+00:00)")

#: (path, form, may it be empty)
_FORMS: tuple[tuple[str, re.Pattern[str], bool], ...] = (
    ("net_kg", _KG, False),
    ("gross_kg", _KG, True),
    ("certifier.code", re.compile(r"\d{3}"), False),
    ("exporter.nop_id", _NOP_ID, False),
    ("final_handler.nop_id", _NOP_ID, True),
    ("importer.nop_id", _NOP_ID, False),
    ("recipient.nop_id", _NOP_ID, True),
    ("hts.code", re.compile(r"\d{10}"), False),
    ("origin.code", re.compile(r"[A-Z]{2}"), False),
    ("period.start", _DATE, False),
    ("period.end", _DATE, False),
    ("transport.departure_date", _DATE, True),
    ("approved_at", _MOMENT, False),
)
#: Texts that no certificate may lack (the statutory minimum of 7 U.S.C. 6502(13), and the parties).
_REQUIRED = ("certifier.name", "exporter.name", "importer.name", "origin.name", "product.label_name", "standard")


def read_snapshot(data: Mapping[str, Any]) -> Snapshot:
    """``data`` as a :class:`Snapshot`, after every field was checked.

    Raises :class:`~certificates.document.errors.SnapshotError` with all that is wrong, path by path.
    """
    problems = list(_type_problems(data, _schema_of(data), ""))
    if not problems:
        problems = list(_form_problems(cast(Snapshot, data)))
    if problems:
        raise SnapshotError(problems)
    return cast(Snapshot, data)


def read_unfinished(data: Mapping[str, Any]) -> Snapshot:
    """``data`` of a request that is not approved: every field must be there, of its kind; any text may be empty.

    Raises :class:`~certificates.document.errors.SnapshotError` with all that is wrong, path by path.
    """
    problems = list(_type_problems(data, _schema_of(data), ""))
    if problems:
        raise SnapshotError(problems)
    return cast(Snapshot, data)


def letterhead_of(snapshot: Mapping[str, Any]) -> Letterhead:
    """The snapshot's letterhead; an empty one for schema 1, which had none."""
    return cast(Letterhead, snapshot.get("letterhead", NO_LETTERHEAD))


def canonical_json(snapshot: Mapping[str, Any]) -> bytes:
    """The one spelling of ``snapshot``: UTF-8, keys sorted, no white space, no floats (in the manner of RFC 8785).

    Raises :class:`~certificates.document.errors.SnapshotError` where a value has no single spelling (a float).
    """
    floats = [path for path, value in walk(snapshot) if isinstance(value, float)]
    if floats:
        raise SnapshotError([f"{path}: floating-point numbers have no exact spelling" for path in floats])
    return canonical(snapshot)


def snapshot_sha256(snapshot: Mapping[str, Any]) -> str:
    """SHA-256 of :func:`canonical_json`, 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(snapshot)).hexdigest()


def walk(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Every leaf of a JSON value with its path (``lots[3].kg``)."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from walk(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from walk(item, f"{path}[{index}]")
    else:
        yield path, value


def texts_of(snapshot: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every text in ``snapshot`` with its place: all that a document prints of it."""
    return ((path, value) for path, value in walk(snapshot) if isinstance(value, str))


def _schema_of(data: object) -> type:
    version = data.get("schema_version") if isinstance(data, Mapping) else None
    return SCHEMAS.get(version, Snapshot) if type(version) is int else Snapshot


def _type_problems(value: object, expected: Any, path: str) -> Iterator[str]:
    if is_typeddict(expected):
        yield from _object_problems(value, expected, path)
    elif get_origin(expected) is list:
        if not isinstance(value, list):
            yield f"{path}: a list is expected"
            return
        for index, item in enumerate(value):
            yield from _type_problems(item, get_args(expected)[0], f"{path}[{index}]")
    elif get_origin(expected) is Literal:
        if value not in get_args(expected):
            yield f"{path}: one of {', '.join(get_args(expected))} is expected"
    elif type(value) is not expected:  # a bool is an int to isinstance
        yield f"{path}: {expected.__name__} is expected, not {type(value).__name__}"


@lru_cache(maxsize=64)
def _hints_of(expected: Any) -> dict[str, Any]:
    """The fields of a typed dictionary and their types, resolved once a process."""
    return get_type_hints(expected)


def _object_problems(value: object, expected: Any, path: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{path or 'snapshot'}: an object is expected"
        return
    hints = _hints_of(expected)
    prefix = f"{path}." if path else ""
    yield from (f"{prefix}{key}: missing" for key in hints if key not in value)
    yield from (f"{prefix}{key}: not a field of this schema" for key in value if key not in hints)
    for key, hint in hints.items():
        if key in value:
            yield from _type_problems(value[key], hint, f"{prefix}{key}")


def _form_problems(snapshot: Snapshot) -> Iterator[str]:
    if snapshot["schema_version"] not in SCHEMAS:
        yield f"schema_version: {SCHEMA_VERSION} is expected, not {snapshot['schema_version']}"
    logo = letterhead_of(snapshot)["logo_sha256"]
    if logo and not _SHA256.fullmatch(logo):
        yield f"letterhead.logo_sha256: {logo!r} is no SHA-256"
    leaves = dict(walk(snapshot))
    for path, form, may_be_empty in _FORMS:
        text = str(leaves[path])
        if not (text == "" and may_be_empty) and not form.fullmatch(text):
            yield f"{path}: {text!r} does not have the form {form.pattern}"
        elif form is _DATE and text and not _is_date(text):
            yield f"{path}: {text!r} is no day of the calendar"
    yield from (f"{path}: must not be empty" for path in _REQUIRED if not str(leaves[path]).strip())
    for index, lot in enumerate(snapshot["lots"]):
        if not lot["lot"].strip():
            yield f"lots[{index}].lot: must not be empty"
        if lot["kg"] and not _KG.fullmatch(lot["kg"]):
            yield f"lots[{index}].kg: {lot['kg']!r} is not a weight with three decimal places"
    if snapshot["period"]["start"] > snapshot["period"]["end"]:
        yield "period: ends before it starts"
    if not _is_uuid(snapshot["reference"]):
        yield "reference: a UUID in its usual spelling is expected"


def _is_date(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
