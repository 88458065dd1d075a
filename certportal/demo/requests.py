"""Requests of the demo, each brought to its state by the same functions as the pages use."""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from stdnum.iso6346 import calc_check_digit

from core import clock
from core.identity import Identity, act_as
from pvf.models import PVFLine
from requests_app.domain import corrections, documents, drafts, questions, submission
from requests_app.models import Question, Request
from review.domain import claims, decisions, recommendations
from review.models import RejectionReason

from . import cast, papers
from .organisations import Cast

KG = Decimal


@dataclasses.dataclass(frozen=True, slots=True)
class Goods:
    """What is asked for: a PVF line by its label name, kilograms, lots, and who receives them."""

    label_name: str
    hts_code: str
    origin: str
    kg: Decimal
    lots: tuple[tuple[str, Decimal], ...]
    importer: str
    consignee: tuple[str, str, str, str]
    port: tuple[str, str]
    gross: Decimal
    packages: tuple[str, int]
    contact: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Crew:
    """Who works on a request."""

    exporter: Identity
    reviewer: Identity
    approver: Identity


OAKLAND = ("Harbor Green Imports LLC", "1400 Middle Harbor Road, Oakland, CA 94607", "Oakland", "CA")
WILMINGTON = ("Delaware Fresh Produce Inc.", "55 Terminal Avenue, Wilmington, DE 19801", "Wilmington", "DE")
CALLAO, GUAYAQUIL, MANZANILLO = (
    ("Callao", "America/Lima"),
    ("Guayaquil", "America/Guayaquil"),
    (
        "Manzanillo",
        "America/Mexico_City",
    ),
)


def coffee(kg: str, lot: str) -> Goods:
    """Green coffee in bags of 69 kg."""
    weight = KG(kg)
    half = (weight / 2).quantize(KG("0.001"))
    return Goods(
        "Organic Green Coffee, Washed Arabica", "0901110015", "PE", weight,
        ((f"{lot}-A", half), (f"{lot}-B", weight - half)), cast.HARBOR, OAKLAND, CALLAO,
        weight * KG("1.012"), ("bags of 69 kg", int(weight / 69) + 1), "imports@harborgreen.example",
    )  # fmt: skip


def bananas(kg: str, lot: str) -> Goods:
    """Bananas in boxes of 18.14 kg."""
    weight = KG(kg)
    return Goods(
        "Organic Bananas", "0803900025", "EC", weight, ((lot, weight),), cast.DELAWARE, WILMINGTON, GUAYAQUIL,
        weight * KG("1.07"), ("boxes of 40 lb", int(weight / KG("18.14")) + 1), "receiving@delawarefresh.example",
    )  # fmt: skip


def avocados(kg: str, lot: str) -> Goods:
    """Hass avocados in cartons of 11.3 kg."""
    weight = KG(kg)
    return Goods(
        "Organic Hass Avocados", "0804400020", "MX", weight, ((lot, weight),), cast.HARBOR, OAKLAND, MANZANILLO,
        weight * KG("1.06"), ("cartons of 25 lb", int(weight / KG("11.3")) + 1), "imports@harborgreen.example",
    )  # fmt: skip


def container(serial: int) -> str:
    """An invented container number with its right check digit (ISO 6346)."""
    body = f"CPDU{serial:06d}"
    return body + str(calc_check_digit(body))


def draft(exporter: Identity, goods: Goods, serial: int, *, departs_in: int = 12) -> Request:
    """A complete draft for one shipment."""
    today = clock.now().date()
    line = PVFLine.objects.visible_to(exporter).get(terms__label_name=goods.label_name)
    name, address, city, state = goods.consignee
    request = drafts.start(exporter, "single")
    changes: dict[str, Any] = {
        "line_id": str(line.pk), "label_name": goods.label_name, "hts_code": goods.hts_code, "origin": goods.origin,
        "standard": "USDA-NOP", "harvest_year": today.year, "entered_quantity": goods.kg, "entered_unit": "KGM",
        "gross_kg": goods.gross.quantize(KG("0.001")), "packages_kind": goods.packages[0],
        "packages_number": goods.packages[1], "importer_nop_id": goods.importer,
        "importer_contact_email": goods.contact, "recipient_name": name, "recipient_nop_id": goods.importer,
        "consignee_name": name, "consignee_address": address, "destination_city": city, "destination_state": state,
        "transport_mode": "sea", "port_of_lading": goods.port[0], "port_time_zone": goods.port[1],
        "vessel": f"MV Invented Star {serial % 7 + 1}", "departure_date": today + dt.timedelta(days=departs_in),
        "start_date": today + dt.timedelta(days=1), "end_date": today + dt.timedelta(days=120),
    }  # fmt: skip
    request = drafts.save(exporter, request.pk, changes, expected_version=request.version)
    lots = [{"lot": lot, "kg": kg} for lot, kg in goods.lots]
    request = drafts.replace_rows(exporter, request.pk, "lots", lots, expected_version=request.version)
    boxes = [{"number": container(serial), "seal": f"PE{serial:07d}"}]
    request = drafts.replace_rows(exporter, request.pk, "containers", boxes, expected_version=request.version)
    invoice = f"INV-{today.year}-{serial:04d}"
    bills = [{"number": invoice, "kg": goods.kg, "invoice_date": today}]
    request = drafts.replace_rows(exporter, request.pk, "invoices", bills, expected_version=request.version)
    paper = papers.commercial_invoice(
        invoice, today, product=goods.label_name, kg=goods.kg, buyer=name, lots=[lot for lot, _ in goods.lots]
    )
    documents.add(exporter, request.pk, "commercial_invoice", paper, f"{invoice}.pdf")
    request.refresh_from_db()
    return request


def submitted(crew: Crew, goods: Goods, serial: int, **how: Any) -> uuid.UUID:
    """A request in the queue."""
    with act_as(crew.exporter):
        request = draft(crew.exporter, goods, serial, **how)
        submission.submit(crew.exporter, request.pk, expected_version=request.version)
    return request.pk


def _version(actor: Identity, pk: uuid.UUID) -> int:
    return Request.objects.visible_to(actor).get(pk=pk).version


def recommended(crew: Crew, goods: Goods, serial: int, **how: Any) -> uuid.UUID:
    """A request claimed by the reviewer, who recommends it."""
    pk = submitted(crew, goods, serial, **how)
    with act_as(crew.reviewer):
        claims.claim(crew.reviewer, pk)
        recommendations.recommend(
            crew.reviewer, pk, approve=True, note="Invoice, lots and PVF agree.",
            expected_version=_version(crew.reviewer, pk),
        )  # fmt: skip
    return pk


def approved(crew: Crew, goods: Goods, serial: int, **how: Any) -> uuid.UUID:
    """An approved request: the workers register and issue its certificate."""
    pk = recommended(crew, goods, serial, **how)
    with act_as(crew.approver):
        decisions.approve(crew.approver, pk, expected_version=_version(crew.approver, pk))
    return pk


def asked(crew: Crew, goods: Goods, serial: int) -> uuid.UUID:
    """A request with an open question."""
    pk = submitted(crew, goods, serial)
    with act_as(crew.reviewer):
        claims.claim(crew.reviewer, pk)
        questions.ask(
            crew.reviewer, pk, text="The packing list names another seal. Which one is right?",
            fields=["bill_of_lading", "vessel"], document_kinds=["packing_list"],
            expected_version=_version(crew.reviewer, pk),
        )  # fmt: skip
    return pk


def corrected(crew: Crew, goods: Goods, serial: int) -> uuid.UUID:
    """A request for which the reviewer proposes fewer kilograms."""
    pk = submitted(crew, goods, serial)
    with act_as(crew.reviewer):
        claims.claim(crew.reviewer, pk)
        corrections.propose(
            crew.reviewer, pk, changes={"net_kg": str(goods.kg - 200)},
            note="The invoices support 200 kg less.", expected_version=_version(crew.reviewer, pk),
        )  # fmt: skip
    return pk


def rejected(crew: Crew, goods: Goods, serial: int) -> uuid.UUID:
    """A rejected request."""
    pk = submitted(crew, goods, serial)
    with act_as(crew.reviewer):
        claims.claim(crew.reviewer, pk)
    with act_as(crew.approver):
        decisions.reject(
            crew.approver, pk, expected_version=_version(crew.approver, pk), reason=RejectionReason.DOCUMENTS,
            note="The invoice is for another lot.",
        )  # fmt: skip
    return pk


def withdrawn(crew: Crew, goods: Goods, serial: int) -> uuid.UUID:
    """A request that the exporter took back."""
    pk = submitted(crew, goods, serial)
    with act_as(crew.exporter):
        submission.withdraw(crew.exporter, pk)
    return pk


def lapsed(crew: Crew, goods: Goods, serial: int) -> uuid.UUID:
    """A request whose question stayed unanswered past its deadline. The demo puts the deadline into the past."""
    pk = asked(crew, goods, serial)
    with act_as(crew.reviewer):
        yesterday = clock.now().date() - dt.timedelta(days=2)
        Question.objects.filter(request_id=pk).update(deadline=yesterday)
        Request.objects.filter(pk=pk).update(question_deadline=yesterday)
        questions.lapse(crew.reviewer, pk)
    return pk


def drafted(crew: Crew, goods: Goods, serial: int) -> uuid.UUID:
    """A draft that is complete but not submitted."""
    with act_as(crew.exporter):
        return draft(crew.exporter, goods, serial).pk


def begun(crew: Crew, goods: Goods, serial: int) -> uuid.UUID:
    """A draft for several shipments with little in it."""
    with act_as(crew.exporter):
        request = drafts.start(crew.exporter, "multiple")
        changes = {"label_name": goods.label_name, "standard": "USDA-NOP"}
        return drafts.save(crew.exporter, request.pk, changes, expected_version=request.version).pk


Maker = Callable[[Crew, Goods, int], uuid.UUID]


def stories() -> list[tuple[str, Maker, Goods]]:
    """(client key, how, goods) of every demo request, in the order they are made."""
    return [
        ("coffee", approved, coffee("19200", "SISA-0714")),
        ("coffee", approved, coffee("18975", "SISA-0721")),
        ("bananas", approved, bananas("21500", "ESM-W40")),
        ("avocados", approved, avocados("20300", "MC-118")),
        ("coffee", recommended, coffee("19320", "SISA-0802")),
        ("coffee", submitted, coffee("9660", "SISA-0809")),
        ("coffee", asked, coffee("18630", "SISA-0816")),
        ("coffee", corrected, coffee("12420", "SISA-0818")),
        ("coffee", rejected, coffee("6900", "SISA-0611")),
        ("coffee", withdrawn, coffee("3450", "SISA-0605")),
        ("coffee", lapsed, coffee("4140", "SISA-0530")),
        ("coffee", drafted, coffee("19200", "SISA-0901")),
        ("coffee", begun, coffee("0", "-")),
        ("bananas", submitted, bananas("21500", "ESM-W41")),
        ("avocados", submitted, avocados("19800", "MC-121")),
    ]


def all_requests(everyone: Cast) -> int:
    """Make the demo's requests unless they are there; returns how many were made."""
    made = 0
    for key, client in everyone.clients.items():
        role = next(item for item in cast.CLIENTS if item.key == key)
        crew = _crew(everyone, key, role.certifier)
        with act_as(crew.exporter):
            if Request.objects.visible_to(crew.exporter).exists():
                continue
        mine = [(how, goods) for owner, how, goods in stories() if owner == key]
        for number, (how, goods) in enumerate(mine, start=1):
            how(crew, goods, int(client.operation.nop_id[-4:]) * 10 + number)
            made += 1
    return made


def _crew(everyone: Cast, key: str, slug: str) -> Crew:
    signatory = next(who.email for who in cast.PEOPLE if who.party == key and who.role == cast.Role.SIGNATORY)
    staff = {who.role: who.email for who in cast.PEOPLE if who.party == slug}
    return Crew(
        everyone.who(signatory), everyone.who(staff[cast.Role.REVIEWER]), everyone.who(staff[cast.Role.APPROVER])
    )
