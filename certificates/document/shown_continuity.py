"""What the pages of a continuity document show of its data, passage by passage, in the words of its template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from certificates.document.shown import (
    END,
    START,
    Passage,
    code_shown,
    day_shown,
    lots_shown,
    moment_shown,
    tariff_shown,
    weight_shown,
)

_PARTIES = {
    "exporter": "Exporter", "consignee": "Ultimate consignee", "issuer": "Issuer of the certificate",
    "last_handler": "Last handler",
}  # fmt: skip


def continuity_passages(content: Mapping[str, Any]) -> Iterator[Passage]:
    """All that a continuity document prints of its data file. Raises ``KeyError`` and the like for another form."""
    data = content["data"]
    snapshot, or1 = data["snapshot"], data["or1"]
    certifier = snapshot["certifier"]
    issuer = f"{START}{certifier['name']}, certifying agent {certifier['code']}"
    yield Passage("certifier", issuer, ("Continuity document",))
    yield Passage("COOP code", f"COOP code {data['coop_code']}", ("Reference of this document",))
    yield Passage("reference", f"Reference of this document {data['reference']}", ("Made",))
    yield Passage("time when it was made", f"Made {moment_shown(content['made_at'])}", ("Check code",))
    yield Passage("check code", f"Check code {code_shown(content['check_code'])}", ("Message set OR1",))
    use = f"Intended use {or1['intended_use']}"
    yield Passage("intended use", use, ("Parties of message set OR1",))
    titles = [*_PARTIES.values(), "Goods and transport"]
    for (key, title), following in zip(_PARTIES.items(), titles[1:], strict=True):
        yield Passage(title[0].lower() + title[1:], f"{title} {_party(key, or1[key])}", (following,))
    rows = [*((label, value) for label, value in _rows_shown(snapshot) if value), ("Approved", "")]
    heading = f"{titles[-1]} "
    for (label, value), (following, _value) in pairwise(rows):
        yield Passage(label[0].lower() + label[1:], f"{heading}{label} {value}", (following,))
        heading = ""
    approval = f"Approved {moment_shown(snapshot['approved_at'])} by {snapshot['approved_by']}"
    yield Passage("approval", f"{approval}, request {snapshot['request_reference']}.", ("Made by",))
    yield Passage("origin of the check page", f"To check it, type {content['public_origin']} into a browser")
    yield Passage("fingerprint", f"Fingerprint of the certificate's data (SHA-256) {data['snapshot_sha256']}", (END,))


def _party(key: str, party: Mapping[str, Any]) -> str:
    ident = "Code" if key == "issuer" else "NOP ID"
    shown = f"{party['name']} {party['address']} Contact: {party['contact']} {ident} {party['nop_id'] or 'none stated'}"
    certifier = party.get("certifier")
    return f"{shown} Certified by {certifier['name']}, code {certifier['nop_id']}" if certifier else shown


def _rows_shown(snapshot: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Label and value of the table of goods and transport, in its order. A row without a value is not printed."""
    transport, period, origin = snapshot["transport"], snapshot["period"], snapshot["origin"]
    importer, destination, packages = snapshot["importer"], snapshot["destination"], snapshot["packages"]
    yield "Product, named as on the label", snapshot["product"]["label_name"]
    yield "HTS code", f"{tariff_shown(snapshot['hts']['code'])} {snapshot['hts']['description']}".strip()
    yield "Net weight", weight_shown(snapshot["net_kg"])
    yield "Gross weight", weight_shown(snapshot["gross_kg"])
    yield "Packages", f"{packages['number']} {packages['kind']}".strip()
    yield "Lots", lots_shown(snapshot["lots"])
    yield "Country of origin", f"{origin['name']} ({origin['code']})"
    yield "Organic standard", snapshot["standard"]
    yield "Importer of record", f"{importer['name']}, {importer['address']}, NOP ID {importer['nop_id']}"
    yield "Destination in the United States", ", ".join(filter(None, (destination["city"], destination["state"])))
    yield "Period", f"{day_shown(period['start'])} to {day_shown(period['end'])}"
    yield "Transport", ", ".join(filter(None, (transport["mode"], transport["vessel"], transport["port_of_lading"])))
    yield "Planned departure", day_shown(transport["departure_date"])
    yield "Bill of lading or air waybill", transport["bill_of_lading"]
    yield (
        "Containers and seals",
        "; ".join(" / ".join(filter(None, (row["number"], row["seal"]))) for row in snapshot["containers"]),
    )
    yield "Commercial invoices", ", ".join(snapshot["invoices"])
