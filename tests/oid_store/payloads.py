"""What a certifier sends, good unless changed."""

import datetime
import uuid
from typing import Any

COFFEE_EXPORTER = "1010000011"
SUSPENDED = "1010000044"
AVOCADO_EXPORTER = "2020000011"
IMPORTER = "3030000011"
REVOKED_IMPORTER = "3030000044"


def day(offset: int) -> str:
    """The date ``offset`` days from today."""
    return (datetime.datetime.now(tz=datetime.UTC).date() + datetime.timedelta(days=offset)).isoformat()


def registration(**changed: Any) -> dict[str, Any]:
    """A good registration of 18 t of green coffee by certifier 101; ``changed`` replaces fields, None removes one."""
    body = {
        "reference": str(uuid.uuid4()),
        "certifier_code": "101",
        "exporter": {
            "nop_id": COFFEE_EXPORTER,
            "name": "Cooperativa Cafetalera Valle del Sisa",
            "address": "Jr. San Martín 418, 22001 Moyobamba, PE",
        },
        "importer": {"nop_id": IMPORTER, "name": "Harbor Green Imports LLC"},
        "final_handler": {"nop_id": "1010000033"},
        "consignee": "Harbor Green Imports LLC, 1400 Middle Harbor Road, Oakland CA 94607",
        "destination": {"city": "Oakland", "state": "CA"},
        "origin": "PE",
        "product_label": "Organic green coffee Valle del Sisa",
        "hts": "0901110015",
        "standard": "USDA-NOP",
        "net_weight_kg": "18000.000",
        "lots": [{"lot": "VS-26-014", "kg": "12000.000"}, {"lot": "VS-26-015", "kg": "6000.000"}],
        "start_date": day(0),
        "end_date": day(300),
        "departure_date": day(10),
        "transport": {"mode": "sea", "vessel": "Callao Star", "containers": ["MSCU6639870"]},
        "snapshot_sha256": "0" * 64,
        **changed,
    }
    return {name: value for name, value in body.items() if value is not None}


def call(**fields: Any) -> dict[str, Any]:
    """The body of a call about a record, with a call_id of its own."""
    return {"call_id": str(uuid.uuid4()), **fields}
