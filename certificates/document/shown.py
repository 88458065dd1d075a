"""What the pages of a certificate show of its data, passage by passage, in the words of its templates.

The words are written here a second time, in English and without the portal's parts, because whoever checks a document does
not run the portal. A passage names its label, so that a value counts only in the box that is its own, and where it ends.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

#: The start of the first page, and the end of the last.
START, END = "\1", "\0"
#: More lots than this are in a table of their own.
LOTS_IN_A_BOX = 6
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LABELS = (
    "Exporter", "Final handler and its certifier", "Importer of record", "Recipient", "Ultimate consignee",
    "Destination in the United States", "Product, named as on the label", "Net weight", "HTS code", "Country of origin",
    "Organic standard", "Gross weight", "Packages", "Commercial invoices", "Lots", "Period of validity", "Covers",
    "Transport", "Containers and seals",
)  # fmt: skip
#: What follows the last box of each section.
_SECTIONS = {6: "Goods", 15: "Period and transport", 19: "For the customs broker"}
_AMENDABLE = {
    "net_kg": "net weight", "lots": "lots (kg)", "mode": "transport", "port_of_lading": "port of lading",
    "vessel": "vessel or flight", "bill_of_lading": "bill of lading or air waybill",
    "departure_date": "planned departure", "containers": "containers and seals",
}  # fmt: skip
_HISTORY = "Earlier documents and amendments"
_OF_HISTORY = ("version", "first_issued_at", "replaces", "continuity_document", "amendments")


@dataclass(frozen=True)
class Passage:
    """One fact as the pages print it: its ``text`` with its label, and one of what may follow (nothing: anything)."""

    name: str
    text: str
    after: tuple[str, ...] = ()


def certificate_passages(content: Mapping[str, Any]) -> Iterator[Passage]:
    """All that a certificate prints of its data file's ``content``. Raises ``KeyError`` and the like for another form."""
    snapshot = content["snapshot"]
    yield from _head(content, snapshot)
    yield from _history_passages(content)
    boxes = [_box(*box) for box in enumerate(_boxes(snapshot), start=1)]
    for no, text in enumerate(boxes, start=1):
        follows = _SECTIONS.get(no) or f"{no + 1} {_LABELS[no]}"
        yield Passage(_LABELS[no - 1][0].lower() + _LABELS[no - 1][1:], text, (follows,))
    yield from _foot(content, snapshot)
    yield from _annex(content["number"], snapshot)


def day_shown(text: str) -> str:
    """An ISO 8601 day as pages print it; nothing for nothing."""
    if not text:
        return ""
    date = dt.date.fromisoformat(text)
    return f"{date.day} {_MONTHS[date.month - 1]} {date.year}"


def moment_shown(text: str) -> str:
    """An ISO 8601 moment as pages print it."""
    when = dt.datetime.fromisoformat(text).astimezone(dt.UTC)
    return f"{day_shown(when.date().isoformat())}, {when:%H:%M} UTC"


def weight_shown(text: str) -> str:
    """Kilograms as pages print them; nothing for nothing."""
    if not text:
        return ""
    whole, _point, thousandths = text.partition(".")
    return f"{int(whole):,}.{thousandths} kg"


def code_shown(code: str) -> str:
    """A check code in its groups of four."""
    bare = code.upper().replace("-", "").replace(" ", "")
    return "-".join(bare[start : start + 4] for start in range(0, len(bare), 4))


def tariff_shown(code: str) -> str:
    """Ten digits as the tariff prints them."""
    return f"{code[:4]}.{code[4:6]}.{code[6:]}" if code else ""


def lots_shown(lots: Sequence[Mapping[str, str]]) -> str:
    """Lots with their weights, in one line."""
    return "; ".join(f"{lot['lot']} ({weight_shown(lot['kg'])})" if lot["kg"] else lot["lot"] for lot in lots)


def _joined_by(by: str, *parts: str) -> str:
    return by.join(part for part in parts if part)


def _head(content: Mapping[str, Any], snapshot: Mapping[str, Any]) -> Iterator[Passage]:
    certifier = snapshot["certifier"]
    accreditation = f" · {certifier['accreditation']}" if certifier["accreditation"] else ""
    lines = [*filter(None, map(str.strip, certifier["address"].splitlines())), certifier["country"]]
    place = "".join(f"{line}{' · ' if no < len(lines) else ''}" for no, line in enumerate(lines, start=1) if line)
    letterhead = snapshot.get("letterhead", {}).get("text", "")
    issuer = f"{START}{certifier['name']} Certifying agent {certifier['code']}{accreditation} {place} {letterhead}"
    yield Passage("certifier", issuer, ("NOP Import Certificate",))
    yield Passage("number", f"Certificate number {content['number']}", ("Issued",))
    issued = content.get("first_issued_at") or content["issued_at"]
    period = snapshot["period"]
    yield Passage("time of issue", f"Issued {moment_shown(issued)}", ("Valid from",))
    yield Passage("start of the period", f"Valid from {day_shown(period['start'])}", ("Valid to",))
    yield Passage("end of the period", f"Valid to {day_shown(period['end'])}", ("Check code",))
    follows = _HISTORY if any(content.get(key) for key in _OF_HISTORY) else "Parties"
    yield Passage("check code", f"Check code {code_shown(content['check_code'])}", (follows,))


def _history_passages(content: Mapping[str, Any]) -> Iterator[Passage]:
    """The documents before this one, under their heading; nothing where there are none."""
    lines = [*_history_lines(content), ("", "Parties")]
    heading = f"{_HISTORY} "
    for (name, text), (_name, following) in pairwise(lines):
        yield Passage(name, f"{heading}{text}", (following,))
        heading = ""


def _history_lines(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if content.get("replaces"):
        text = f"This certificate replaces certificate {content['replaces']}, which must not be used any more."
        yield "certificate that it replaces", text
    if content.get("continuity_document"):
        reference = content["continuity_document"]
        text = f"It takes the place of continuity document {reference}, made while OID was out."
        yield "continuity document before it", text
    if content.get("version", 1) > 1:
        text = f"This is version {content['version']} of the document. It supersedes every earlier version of the same"
        yield "version", f"{text} number."
    if content.get("first_issued_at"):
        text = f"This version was made on {moment_shown(content['issued_at'])}."
        yield "time of this version", f"{text} Nothing but what is named here has changed."
    for row in content.get("amendments", ()):
        changes = " ".join(map(_change_shown, row["changes"]))
        text = f"Amendment {row['number']}, {row['day']} {changes} Reason: {row['reason']}"
        yield f"amendment {row['number']}", text


def _change_shown(part: Mapping[str, str]) -> str:
    before, after = part["before"], part["after"]
    if part["field"] == "net_kg":
        before, after = weight_shown(before), weight_shown(after)
    return f"{_AMENDABLE.get(part['field'], part['field'])} from {before or '–'} to {after or '–'}"


def _box(no: int, content: tuple[Iterable[str], str]) -> str:
    """One numbered box: its label, its lines, the party's NOP ID; an empty one says so."""
    lines, nop_id = content
    shown = " ".join(line for line in (*lines, f"NOP ID {nop_id}" if nop_id else "") if line)
    return f"{no} {_LABELS[no - 1]} {shown or 'Not stated'}"


def _boxes(snapshot: Mapping[str, Any]) -> Iterator[tuple[Iterable[str], str]]:
    """What is in the boxes 1 to 19: lines, and the NOP ID."""
    exporter, handler, importer = snapshot["exporter"], snapshot["final_handler"], snapshot["importer"]
    recipient, consignee, destination = snapshot["recipient"], snapshot["consignee"], snapshot["destination"]
    certified_by = f"Certified by {handler['certifier']}" if handler["certifier"] else ""
    yield (exporter["name"], exporter["address"]), exporter["nop_id"]
    yield (handler["name"], certified_by), handler["nop_id"]
    yield (importer["name"], importer["address"]), importer["nop_id"]
    yield (recipient["name"],), recipient["nop_id"]
    yield (consignee["name"], consignee["address"]), ""
    yield (_joined_by(", ", destination["city"], destination["state"]),), ""
    product, hts, packages = snapshot["product"], snapshot["hts"], snapshot["packages"]
    listed, label = product["product_name"], product["label_name"]
    yield (label, f"Listed by the certifier as: {listed}" if listed and listed != label else ""), ""
    yield (weight_shown(snapshot["net_kg"]),), ""
    organic = "A code for certified organic goods" if hts["certified_organic"] else ""
    yield (tariff_shown(hts["code"]), hts["description"], organic), ""
    origin = snapshot["origin"]
    yield (f"{origin['name']} ({origin['code']})" if origin["code"] else "",), ""
    yield (snapshot["standard"],), ""
    yield (weight_shown(snapshot["gross_kg"]),), ""
    yield (_joined_by(" ", packages["number"], packages["kind"]),), ""
    yield (", ".join(snapshot["invoices"]),), ""
    lots = snapshot["lots"]
    yield (_in_the_annex(lots) if len(lots) > LOTS_IN_A_BOX else lots_shown(lots),), ""
    yield from _movement_boxes(snapshot)


def _movement_boxes(snapshot: Mapping[str, Any]) -> Iterator[tuple[Iterable[str], str]]:
    transport, period, single = snapshot["transport"], snapshot["period"], snapshot["kind"] == "single"
    yield (f"{day_shown(period['start'])} to {day_shown(period['end'])}",), ""
    yield ("One shipment" if single else "Several shipments within the period",), ""
    later = "" if single else "Declared with each shipment"
    port, departure, bill = transport["port_of_lading"], transport["departure_date"], transport["bill_of_lading"]
    yield (
        (
            _joined_by(", ", transport["mode"], transport["vessel"]) or later,
            f"From {port}" if port else "",
            f"Departure {day_shown(departure)}" if departure else "",
            f"Bill of lading {bill}" if bill else "",
        ),
        "",
    )
    containers = (
        f"{row['number']}, seal {row['seal']}" if row["seal"] else row["number"] for row in snapshot["containers"]
    )
    yield ("; ".join(containers) or later,), ""


def _in_the_annex(lots: Sequence[Any]) -> str:
    return f"{len(lots)} lots, listed in the annex"


def _foot(content: Mapping[str, Any], snapshot: Mapping[str, Any]) -> Iterator[Passage]:
    lots, several = snapshot["lots"], snapshot["kind"] == "multiple"
    label = "Net weight of all shipments" if several else "Net weight"
    heads = f"Message set Certificate number HTS code {label}"
    entry = f"OR2 {content['number']} {snapshot['hts']['code']} {weight_shown(snapshot['net_kg'])}"
    yield Passage("customs broker's block", f"{heads} {entry}", ("Lots",))
    few = ", ".join(lot["lot"] for lot in lots) or "none declared"
    named = few if len(lots) <= LOTS_IN_A_BOX else _in_the_annex(lots)
    yield Passage("customs broker's lots", f"{entry} Lots {named}", ("File the 21-character",))
    request = f" Request {snapshot['request_reference']}." if snapshot["request_reference"] else ""
    approval = f"Approved {moment_shown(snapshot['approved_at'])} by {snapshot['approved_by']}.{request}"
    yield Passage("approval", approval, ("To check it, type",))
    yield Passage("origin of the check page", f"To check it, type {content['public_origin']} into a browser")
    yield Passage(
        "fingerprint", f"Fingerprint of the data (SHA-256) {content['snapshot_sha256']}", ("Annex: lots", END)
    )


def _annex(number: str, snapshot: Mapping[str, Any]) -> Iterator[Passage]:
    """Lots in pairs, as the table's rows hold them."""
    lots = snapshot["lots"]
    if len(lots) <= LOTS_IN_A_BOX:
        return
    intro = (
        f"{len(lots)} lots of certificate {number}; net weight of the certificate {weight_shown(snapshot['net_kg'])}."
    )
    yield Passage("annex", intro)
    cells = [f"{no} {lot['lot']} {weight_shown(lot['kg']) or '–'}" for no, lot in enumerate(lots, start=1)]
    for start in range(0, len(cells), 2):
        last = start + 2 >= len(cells)
        follows = (END,) if last else (cells[start + 2], "No. Lot Net weight")
        yield Passage(f"lots {start + 1} and on", " ".join(cells[start : start + 2]), follows)
