"""A snapshot of invented goods and keys made for the test run."""

from __future__ import annotations

import datetime as dt
import functools
import tempfile
from pathlib import Path
from typing import Any

from certificates.document.issue import issue_document
from certificates.document.keys import SigningKey, load_signing_key_file, make_demo_key
from certificates.document.render import render_document

ORIGIN = "https://portal.invented.example"
NUMBER = "101-1010000011-000001"
CODE = "ABCDEFGHK"
AT = dt.datetime(2026, 2, 14, 15, 4, 5, tzinfo=dt.UTC)


def snapshot(**changes: Any) -> dict[str, Any]:
    """A complete snapshot."""
    party = {"name": "Cooperativa Inventada Ltda.", "address": "Av. Inventada 1\nJaén, Peru", "nop_id": "1010000011"}
    return {
        "schema_version": 1,
        "reference": "0190b5a0-0000-7000-8000-000000000001",
        "certifier": {
            "name": "Invented Certification", "code": "101", "address": "Calle 1, Lima", "country": "PE",
            "accreditation": "",
        },
        "exporter": party,
        "final_handler": {"name": "", "nop_id": "", "certifier": ""},
        "importer": {"name": "Invented Imports Inc.", "address": "1 Pier, Newark, NJ", "nop_id": "3030000011"},
        "recipient": {"name": "Invented Imports Inc.", "nop_id": "3030000011"},
        "consignee": {"name": "Invented Roasters", "address": "2 Pier, Newark, NJ"},
        "destination": {"city": "Newark", "state": "NJ"},
        "origin": {"code": "PE", "name": "Peru"},
        "product": {"label_name": "Organic green coffee", "product_name": "Green coffee, arabica"},
        "hts": {"code": "0901110015", "description": "Coffee, arabica, organic", "certified_organic": True},
        "standard": "USDA-NOP",
        "net_kg": "19250.000",
        "gross_kg": "19500.000",
        "packages": {"kind": "bags", "number": "275"},
        "lots": [{"lot": "LOT-26-001", "kg": "10000.000"}, {"lot": "LOT-26-002", "kg": "9250.000"}],
        "containers": [{"number": "MSKU1234565", "seal": "S-1"}],
        "invoices": ["INV-7"],
        "transport": {
            "mode": "sea", "port_of_lading": "Callao", "vessel": "MV Invented", "bill_of_lading": "BL-1",
            "departure_date": "2026-03-01",
        },
        "period": {"start": "2026-02-20", "end": "2026-05-20"},
        "kind": "single",
        "request_reference": "R-ABC123",
        "approved_at": "2026-02-14T15:00:00+00:00",
        "approved_by": "Invented Approver",
        **changes,
    }  # fmt: skip


def key(name: str = "Invented Certification") -> SigningKey:
    """A demonstration key of a certifier of this name, the same one in the whole test run."""
    return _key(name)


@functools.cache
def _key(name: str) -> SigningKey:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "key.p12"
        make_demo_key(path, b"secret", name, portal_env="test", now=AT - dt.timedelta(days=1))
        return load_signing_key_file(path, b"secret", portal_env="test", now=AT)


@functools.cache
def document(name: str = "Invented Certification") -> bytes:
    """A signed document."""
    return issue_document(
        snapshot(), number=NUMBER, check_code=CODE, check_url=f"{ORIGIN}/certificates/check/?number={NUMBER}&code={CODE}",
        issued_at=AT, public_origin=ORIGIN, key=key(name),
    )  # fmt: skip


def unsigned(**changes: Any) -> bytes:
    """A specimen of the sample, not signed."""
    return render_document(
        snapshot(**changes), number=NUMBER, check_code=CODE,
        check_url=f"{ORIGIN}/certificates/check/?number={NUMBER}&code={CODE}",
        issued_at=AT, public_origin=ORIGIN, specimen=True,
    )  # fmt: skip
