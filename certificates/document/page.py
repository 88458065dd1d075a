"""What stands on the page: a snapshot and its issue facts turned into words, in the fixed order of the fields.

Only wording and order live here; looks are in the template's style sheet. All texts are translatable; the certificate
itself is made in English whatever the language of the worker that makes it, its reading copy in the reader's language,
with the figures as the certificate spells them.
"""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _

from certificates.document.fonts import printable
from certificates.document.history_page import history_context
from certificates.document.payload import Issue
from certificates.document.qr import qr_data_uri
from certificates.document.snapshot import Lot, Snapshot, letterhead_of
from core.ids import group_code, normalise_code

#: Up to so many lots are named in their box; more go into a table of their own, which may run over pages.
LOTS_IN_BOX = 6
_SPACE = "\N{NO-BREAK SPACE}"


class Print(StrEnum):
    """What is printed: the certificate, a copy of it in another language, or how one would look."""

    CERTIFICATE = "certificate"
    READING_COPY = "reading-copy"
    PREVIEW = "preview"


@dataclass(frozen=True)
class Field:
    """One numbered box. ``value`` is its main line; ``lines`` follow smaller; ``ident`` is a label and an identifier."""

    no: int
    label: str
    value: str
    lines: tuple[str, ...] = ()
    ident: tuple[str, str] | None = None
    emphasis: bool = False


@dataclass(frozen=True)
class Section:
    """A heading and its rows of boxes."""

    title: str
    rows: tuple[tuple[Field, ...], ...]


@dataclass(frozen=True)
class LotCell:
    """One lot of the table. An empty cell fills the last row of a table in pairs."""

    no: str
    lot: str
    kg: str


def page_context(
    snapshot: Snapshot, issue: Issue | None, fingerprint: str, *, kind: Print = Print.CERTIFICATE, logo: bytes = b""
) -> dict[str, Any]:
    """The template's context: display text only, composed (NFC). ``fingerprint``: SHA-256 of the snapshot.

    Without an ``issue`` (a preview) there is nothing of a number, a code, a fingerprint or an approval in it.
    """
    snapshot = _composed(snapshot)
    return {
        "kind": kind.value,
        "marks": marks(kind, specimen=bool(issue and issue.specimen)),
        "certifier": snapshot["certifier"],
        "certifier_lines": [*_lines(snapshot["certifier"]["address"]), snapshot["certifier"]["country"]],
        "letterhead_lines": _lines(letterhead_of(snapshot)["text"]),
        "logo": picture_data_uri(logo) if logo else "",
        "valid_from": day(snapshot["period"]["start"]),
        "valid_to": day(snapshot["period"]["end"]),
        "sections": (_parties(snapshot), _goods(snapshot), _movement(snapshot)),
        "broker": _broker(snapshot, issue),
        "lots": _lot_rows(snapshot["lots"]),
        "lot_count": len(snapshot["lots"]),
        "net": kilograms(snapshot["net_kg"]),
        "request_reference": snapshot["request_reference"],
        **(_issued(snapshot, issue, fingerprint) if issue else {}),
    }


def _issued(snapshot: Snapshot, issue: Issue, fingerprint: str) -> dict[str, Any]:
    """What only an issued certificate has."""
    return {
        "number": issue.number,
        "code": group_code(normalise_code(issue.check_code)),
        "check_url": issue.check_url,
        "origin": issue.public_origin,
        "qr": qr_data_uri(issue.check_url),
        "specimen": issue.specimen,
        "issued_text": issue.issued_text,
        # an amended document says when the certificate was issued, not when this version of it was made
        "issued": moment(dt.datetime.fromisoformat(issue.history.first_issued or issue.issued_text)),
        "approved": moment(dt.datetime.fromisoformat(snapshot["approved_at"])),
        "approved_by": snapshot["approved_by"],
        "reference": snapshot["reference"],
        "fingerprint": [fingerprint[start : start + 8] for start in range(0, 64, 8)],
        **_composed(history_context(issue.history, moment(issue.issued_utc))),
    }


def marks(kind: Print, *, specimen: bool) -> tuple[str, ...]:
    """What must stand on every page so that nobody takes it for what it is not."""
    found = []
    if kind is Print.PREVIEW:
        found.append(_("Preview: not a certificate"))
    if kind is Print.READING_COPY:
        found.append(_("Reading copy: not the certificate"))
    if specimen:
        found.append(_("Demonstration: not for customs use"))
    return tuple(found)


def watermark(kind: Print) -> str:
    """The words across every page; none on a certificate."""
    if kind is Print.PREVIEW:
        return _("PREVIEW")
    return _("READING COPY") if kind is Print.READING_COPY else ""


def picture_data_uri(data: bytes) -> str:
    """A PNG or JPEG as a `data:` URL."""
    kind = "png" if data.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def kilograms(text: str) -> str:
    """``"18750.000"`` as ``"18,750.000 kg"``; nothing for nothing."""
    if not text:
        return ""
    whole, _point, thousandths = text.partition(".")
    return f"{int(whole):,}.{thousandths}{_SPACE}kg"


def day(text: str) -> str:
    """An ISO 8601 day as ``14 Feb 2026``: the month in letters, so that no reader takes it for another day."""
    if not text:
        return ""
    date = dt.date.fromisoformat(text)
    return _SPACE.join((str(date.day), _month(date.month), str(date.year)))


def moment(when: dt.datetime) -> str:
    """A moment as ``14 Feb 2026, 15:04 UTC``."""
    utc = when.astimezone(dt.UTC)
    return f"{day(utc.date().isoformat())}, {utc:%H:%M}{_SPACE}UTC"


def hts_dotted(code: str) -> str:
    """Ten digits as the tariff prints them: ``0901.11.0025``; nothing for nothing."""
    return f"{code[:4]}.{code[4:6]}.{code[6:]}" if code else ""


def _parties(snapshot: Snapshot) -> Section:
    exporter, handler, importer = snapshot["exporter"], snapshot["final_handler"], snapshot["importer"]
    recipient, consignee, destination = snapshot["recipient"], snapshot["consignee"], snapshot["destination"]
    certified_by = _("Certified by %(name)s") % {"name": handler["certifier"]} if handler["certifier"] else ""
    place = _joined(destination["city"], destination["state"])
    return Section(
        _("Parties"),
        (
            (
                _field(1, _("Exporter"), exporter["name"], _lines(exporter["address"]), exporter["nop_id"]),
                _field(2, _("Final handler and its certifier"), handler["name"], (certified_by,), handler["nop_id"]),
                _field(3, _("Importer of record"), importer["name"], _lines(importer["address"]), importer["nop_id"]),
            ),
            (
                _field(4, _("Recipient"), recipient["name"], (), recipient["nop_id"]),
                _field(5, _("Ultimate consignee"), consignee["name"], _lines(consignee["address"])),
                _field(6, _("Destination in the United States"), place),
            ),
        ),
    )


def _goods(snapshot: Snapshot) -> Section:
    product, hts, packages = snapshot["product"], snapshot["hts"], snapshot["packages"]
    other_name = product["product_name"] if product["product_name"] != product["label_name"] else ""
    listed_as = _("Listed by the certifier as: %(name)s") % {"name": other_name} if other_name else ""
    suffix = _("A code for certified organic goods") if hts["certified_organic"] else ""
    net, gross = kilograms(snapshot["net_kg"]), kilograms(snapshot["gross_kg"])
    origin = f"{snapshot['origin']['name']} ({snapshot['origin']['code']})" if snapshot["origin"]["code"] else ""
    return Section(
        _("Goods"),
        (
            (
                _field(7, _("Product, named as on the label"), product["label_name"], (listed_as,), emphasis=True),
                _field(8, _("Net weight"), net, emphasis=True),
            ),
            (
                _field(9, _("HTS code"), hts_dotted(hts["code"]), (hts["description"], suffix)),
                _field(10, _("Country of origin"), origin),
                _field(11, _("Organic standard"), snapshot["standard"]),
            ),
            (
                _field(12, _("Gross weight"), gross),
                _field(13, _("Packages"), _joined(packages["number"], packages["kind"], by=" ")),
                _field(14, _("Commercial invoices"), ", ".join(snapshot["invoices"])),
            ),
            (_field(15, _("Lots"), _lots_in_box(snapshot["lots"])),),
        ),
    )


def _movement(snapshot: Snapshot) -> Section:
    transport, period = snapshot["transport"], snapshot["period"]
    single = snapshot["kind"] == "single"
    covers = _("One shipment") if single else _("Several shipments within the period")
    dates = _("%(start)s to %(end)s") % {"start": day(period["start"]) or "–", "end": day(period["end"]) or "–"}
    departure, bill, port = transport["departure_date"], transport["bill_of_lading"], transport["port_of_lading"]
    lines = (
        _("From %(place)s") % {"place": port} if port else "",
        _("Departure %(day)s") % {"day": day(departure)} if departure else "",
        _("Bill of lading %(number)s") % {"number": bill} if bill else "",
    )
    means = _joined(transport["mode"], transport["vessel"])
    containers = "; ".join(
        _("%(number)s, seal %(seal)s") % container if container["seal"] else container["number"]
        for container in snapshot["containers"]
    )
    if not single:
        means = means or _("Declared with each shipment")
        containers = containers or _("Declared with each shipment")
    return Section(
        _("Period and transport"),
        (
            (
                _field(16, _("Period of validity"), dates),
                _field(17, _("Covers"), covers),
                _field(18, _("Transport"), means, lines),
                _field(19, _("Containers and seals"), containers),
            ),
        ),
    )


def _lots_in_box(lots: list[Lot]) -> str:
    """The lots with their weights where they are few, else where to find them."""
    if len(lots) > LOTS_IN_BOX:
        return _("%(count)d lots, listed in the annex") % {"count": len(lots)}
    return "; ".join(f"{lot['lot']} ({kilograms(lot['kg'])})" if lot["kg"] else lot["lot"] for lot in lots)


def _broker(snapshot: Snapshot, issue: Issue | None) -> dict[str, Any]:
    """What the entry asks for, in its order: a row of label and value, and the lots."""
    lots = snapshot["lots"]
    if not lots:
        named = _("none declared")
    elif len(lots) > LOTS_IN_BOX:
        named = _("%(count)d lots, listed in the annex") % {"count": len(lots)}
    else:
        named = ", ".join(lot["lot"] for lot in lots)
    several = snapshot["kind"] == "multiple"
    return {
        "entries": [
            (_("Message set"), "OR2"),
            (_("Certificate number"), issue.number if issue else "–"),
            (_("HTS code"), snapshot["hts"]["code"]),
            (_("Net weight of all shipments") if several else _("Net weight"), kilograms(snapshot["net_kg"])),
        ],
        "lots": named,
        "several": several,
    }


def _lot_rows(lots: list[Lot]) -> list[tuple[LotCell, ...]]:
    """The annex: two lots in a row. Empty where the box of the page names them all."""
    if len(lots) <= LOTS_IN_BOX:
        return []
    cells = [LotCell(str(i), lot["lot"], kilograms(lot["kg"]) or "–") for i, lot in enumerate(lots, start=1)]
    if len(cells) % 2:
        cells.append(LotCell("", "", ""))
    return list(zip(cells[::2], cells[1::2], strict=True))


def _field(
    no: int, label: str, value: str, lines: Iterable[str] = (), nop_id: str = "", *, emphasis: bool = False
) -> Field:
    """A box. An empty one says that it is: an empty box invites a pen."""
    kept = tuple(line for line in lines if line)
    if not value and not kept and not nop_id:
        return Field(no, label, "", (_("Not stated"),))
    return Field(no, label, value, kept, (_("NOP ID"), nop_id) if nop_id else None, emphasis)


def _joined(*parts: str, by: str = ", ") -> str:
    return by.join(part for part in parts if part)


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _month(month: int) -> str:
    return (
        _("Jan"), _("Feb"), _("Mar"), _("Apr"), _("May"), _("Jun"),
        _("Jul"), _("Aug"), _("Sep"), _("Oct"), _("Nov"), _("Dec"),
    )[month - 1]  # fmt: skip


def _composed(value: Any) -> Any:
    """The snapshot with every text composed, as :func:`certificates.document.fonts.printable` sets it."""
    if isinstance(value, dict):
        return {key: _composed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_composed(item) for item in value]
    return printable(value) if isinstance(value, str) else value
