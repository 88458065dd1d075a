"""Complete drafts for tests and benches, made by the same functions as the pages use."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from core import clock
from core.identity import Identity, act_as
from requests_app.domain import documents, drafts
from requests_app.models import Request
from tests.support.world import GREEN_COFFEE, World

#: The least that is a PDF by its content.
PAPER = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\n"
    b"xref\n0 4\n0000000000 65535 f \n0000000009 00000 n \n0000000052 00000 n \n0000000101 00000 n \n"
    b"trailer<</Size 4/Root 1 0 R>>\nstartxref\n164\n%%EOF\n"
)


def complete_changes(world: World, kg: Decimal | str = "1000", **changes: Any) -> dict[str, Any]:
    """Every field of a request for one shipment that no check finds fault with."""
    today = clock.now().date()
    kg = Decimal(kg)
    values: dict[str, Any] = {
        "line_id": str(world.line.pk), "label_name": world.terms.label_name, "hts_code": GREEN_COFFEE, "origin": "PE",
        "standard": "USDA-NOP", "harvest_year": today.year, "entered_quantity": kg, "entered_unit": "KGM",
        "gross_kg": kg + 50, "packages_kind": "bags", "packages_number": 20,
        "importer_nop_id": world.importer.nop_id, "importer_contact_email": "contact@importer.example",
        "recipient_name": world.importer.name, "recipient_nop_id": world.importer.nop_id,
        "consignee_name": world.importer.name, "consignee_address": "1 Invented Pier, Newark, NJ",
        "destination_city": "Newark", "destination_state": "NJ", "transport_mode": "sea", "port_of_lading": "Callao",
        "port_time_zone": "America/Lima", "vessel": "MV Invented", "departure_date": today + dt.timedelta(days=20),
        "start_date": today + dt.timedelta(days=2), "end_date": today + dt.timedelta(days=90),
    }  # fmt: skip
    return {**values, **changes}


def complete_draft(
    world: World, kg: Decimal | str = "1000", *, lot: str = "", actor: Identity | None = None, **changes: Any
) -> Request:
    """A draft of ``world``'s exporter that is ready to be submitted. ``changes`` overrides fields."""
    actor = actor or world.who("signatory")
    with act_as(actor):
        request = drafts.start(actor, "single")
        values = complete_changes(world, kg, **changes)
        request = drafts.save(actor, request.pk, values, expected_version=request.version)
        if lot:
            rows = [{"lot": lot, "kg": Decimal(kg)}]
            request = drafts.replace_rows(actor, request.pk, "lots", rows, expected_version=request.version)
        bills = [{"number": f"INV-{request.reference}", "kg": Decimal(kg), "invoice_date": clock.now().date()}]
        request = drafts.replace_rows(actor, request.pk, "invoices", bills, expected_version=request.version)
        documents.add(actor, request.pk, "commercial_invoice", PAPER, "invoice.pdf")
        request.refresh_from_db()
    return request
