"""What the forms of the pages send: whole and true, so that only the person decides what comes of it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from collections.abc import Callable
from functools import cache
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from certificates.domain.versions import content_of
from core.clock import now
from organizations.rules import Rules
from pvf.domain import workbook_out
from tests.access.cases import Form
from tests.access.people import OTHER_EXPORTER, OTHER_STAFF, RIVAL, Person
from tests.access.scene import Holdings, Scene
from tests.pvf.support import a_row
from tests.support.continuity import OR1
from tests.support.drafts import PAPER
from tests.support.keys import PASSWORD, key_file

#: A row of a PVF.
LINE: dict[str, Any] = {
    "product_name": "Green coffee, arabica", "label_name": "Organic green coffee", "scope": "Handling",
    "hts_codes": ["0901110015"], "origins": ["PE"], "quantity": "10", "unit": "KGM",
}  # fmt: skip
#: A role that fits a colleague of each side.
COLLEAGUE = {"certifier": "reviewer", "client": "viewer", "importer": "importer", "broker": "broker"}
BOUGHT = {"bought_kg": "500", "supplier_name": "Invented Growers", "reference": "INV-500"}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def paper(name: str = "paper.pdf") -> SimpleUploadedFile:
    """A PDF to be sent."""
    return SimpleUploadedFile(name, PAPER, "application/pdf")


@cache
def _workbook() -> bytes:
    start = dt.date(now().year + 1, 1, 1)
    head = {"number": "SHEET-1", "period_start": start, "period_end": start + dt.timedelta(days=300)}
    made: bytes = workbook_out.write_pvf(head, [a_row("10")])
    return made


@cache
def _key() -> bytes:
    return key_file("Another key")


@dataclasses.dataclass(frozen=True)
class At:
    """Who sends, and to what: the address is about what the own exporter has; what it leaves open is the sender's own."""

    person: Person
    scene: Scene

    @property
    def mine(self) -> Holdings:
        """What the sender's own exporter or certifier has."""
        scene = self.scene
        if self.person.relation == RIVAL:
            return scene.rival
        return scene.other if self.person.relation in {OTHER_STAFF, OTHER_EXPORTER} else scene.own

    @property
    def new_pvf(self) -> dict[str, str]:
        """The head of a PVF of the sender's own that is not there yet."""
        return new_pvf_of(self.mine)

    @property
    def processing(self) -> dict[str, str]:
        """A processing report between two lines of the sender's own PVF."""
        return processing_of(self.mine)


def new_pvf_of(has: Holdings) -> dict[str, str]:
    """The head of a PVF of one exporter that is not there yet."""
    start = dt.date(now().year + 1, 1, 1)
    return {
        "client": str(has.world.client.pk), "number": "NEW-1", "period_start": start.isoformat(),
        "period_end": (start + dt.timedelta(days=300)).isoformat(),
    }  # fmt: skip


def processing_of(has: Holdings) -> dict[str, str]:
    """A processing report on the lines of one exporter."""
    return {
        "input_line": str(has.world.line.pk), "output_line": str(has.report.output_line_id), "quantity": "10",
        "unit": "KGM", "ratio_input": "5", "ratio_output": "1", "reason": "Wet mill",
        "processed_on": (now().date() - dt.timedelta(days=1)).isoformat(),
    }  # fmt: skip


def _rules() -> dict[str, Any]:
    """The rules in force with a longer service target: what one manager changes alone."""
    values = dataclasses.asdict(Rules()) | {"service_target_working_days": 7}
    lists = {name: "\n".join(value) for name, value in values.items() if isinstance(value, tuple)}
    plain = {name: value for name, value in values.items() if not isinstance(value, tuple) and value is not False}
    return plain | lists


def organizations(at: At) -> dict[str, Form]:
    """Forms of people, clients, grants, keys and settings. Long because a table."""
    side = at.person.membership.side if at.person.membership else ""
    world = at.mine.world
    in_a_month = (now().date() + dt.timedelta(days=30)).isoformat()
    membership = str(at.person.membership.pk) if at.person.membership else str(uuid.uuid4())
    return {
        "people": Form(email="somebody@new.example", roles=[COLLEAGUE.get(side, "viewer")]),
        "member": Form(roles=["preparer"]),
        "accept": Form(name="New Person", password="a long enough pass phrase"),
        "switch": Form(membership=membership),
        "tokens": Form(name="Another key", days="30"),
        "claim": Form({"act": "ask", "ask-nop_id": at.scene.elsewhere.nop_id}),
        "delegations": Form(act="grant", broker=str(world.broker.pk), valid_until=in_a_month),
        "clients": Form(nop_id=at.scene.elsewhere.nop_id),
        "client": Form(own_status="Suspended", reference="", contact_email="", max_period_months=""),
        "importer_confirm": Form(
            nop_id=at.scene.elsewhere.nop_id, email="desk@elsewhere.example", evidence="Seen at the fair."
        ),
        "settings": Form(version="0", **_rules()),
        "letterhead": Form(version="0", accreditation="Accredited since 2004", text=""),
        "platform": Form(
            name="Another Certifier", slug="another", code="777", country="PE", time_zone="America/Lima",
            manager_email="manager@another.example",
        ),
        "support": Form(certifier=str(world.certifier.pk), reason="Ticket 42: a number.", minutes="60"),
        "guarded_change": Form(act="refuse"),
        "sign_on": Form(
            issuer="https://login.invented.example", client_id="the-portal", client_secret="a secret", name="Invented ID"
        ),
    }  # fmt: skip


def pvf(at: At) -> dict[str, Form]:
    """Forms of PVFs. Long because a table."""
    own = at.scene.own
    draft, start = own.pvf_draft, own.world.pvf.period_end + dt.timedelta(days=1)
    period = {
        "period_start": start.isoformat(),
        "period_end": (start + dt.timedelta(days=300)).isoformat(),
    }
    revision = str(draft.revision)
    evidence = {"kind": "purchase", "files": [paper()]}
    head = at.new_pvf
    return {
        "import": Form(client=head["client"], note="", file=SimpleUploadedFile("pvf.xlsx", _workbook(), XLSX)),
        "start": Form(head),
        "draft-head": Form(revision=revision, note="Larger.", **period),
        "draft-carry": Form({f"carry-{line.pk}": "0" for line in own.pvf_draft_lines}, revision=revision),
        "draft-line": Form(
            {
                **LINE, "hts_codes": "0901110015", "origins": "PE", "purchases-TOTAL_FORMS": "0",
                "purchases-INITIAL_FORMS": "0",
            }, revision=revision,
        ),
        "draft-line-remove": Form(revision=revision),
        "draft-documents": Form(evidence),
        "draft-propose": Form(revision=revision),
        "top-up": Form(quantity="500", unit="KGM", reason="Bought in May.", **BOUGHT, **evidence),
        "process": Form(processing_of(own), **evidence),
        "next-year": Form(number="NEXT-2", **period),
        "report-reject": Form(reason="No record."),
        "reject": Form(reason="Too much."),
        "approve": Form(compared_with=str(own.pvf_in_force)),
        "edition-save": Form(edition=str(at.scene.edition.pk), first_day="2025-07-02"),
    }  # fmt: skip


def requests(at: At) -> dict[str, Form]:
    """Forms of the exporter's requests."""
    own = at.scene.own
    draft, asked = own.draft, own.asked
    parties = (
        "importer_nop_id", "importer_contact_email", "recipient_name", "recipient_nop_id", "consignee_address",
        "destination_city", "destination_state",
    )  # fmt: skip
    return {
        "new": Form(kind="single"),
        "task": Form(
            {name: getattr(draft, name) for name in parties}, version=str(draft.version), consignee_name="Another Inc."
        ),
        "document_add": Form(kind="packing_list", file=paper()),
        "review_submit": Form(version=str(draft.version), declared="on"),
        "answer": Form(version=str(asked.version), answer="MV Answered.", vessel="MV Answered", complete="1"),
    }


def review(at: At) -> dict[str, Form]:
    """Acts of review."""
    own = at.scene.own
    seen = {"version": str(own.in_review.version)}
    decided = {"version": str(own.recommended.version)}
    return {
        "recommend": Form(approve="yes", note="In order.", **seen),
        "ask": Form(text="Which vessel?", fields_asked=["vessel"], **seen),
        "correct": Form(net_kg="80", note="Fewer.", **seen),
        "approve": Form(note="", **decided),
        "reject": Form(reason="other", note="No.", **decided),
    }


def certificates(at: At) -> dict[str, Form]:
    """Forms of certificates. Long because a table."""
    own = at.scene.own
    certificate = own.certificate
    today = now().date().isoformat()
    reason = "Entered twice."
    document = own.continuity_document
    assert document is not None
    transport = content_of(certificate)["transport"]
    here = at.mine.world.certifier.pk == own.world.certifier.pk
    return {
        "check": Form(number=certificate.number, code=certificate.check_code),
        "check-continuity": Form(reference=document.reference, code=document.check_code),
        "bundles": Form(state=""),
        "outage": Form(act="end") if here else Form(act="start", coop_code="COOP-26-9", reason="OID is out."),
        "continuity": Form(OR1),
        "signing": Form(file=SimpleUploadedFile("key.p12", _key()), password=PASSWORD.decode()),
        "shipments": Form(
            quantity="10", unit="KGM", departure_date=today, transport_document="BL-2", key=str(uuid.uuid4())
        ),
        "correct-shipment": Form(reason=reason),
        "total": Form(ending_inventory_kg="0"),
        "amend": Form(
            net_kg=str(certificate.net_kg), expected_kg=str(certificate.net_kg), expected_amendments="0", reason=reason,
            transport_mode=transport["mode"], vessel="MV Amended",
        ),
        "void": Form(reason=reason),
        "oid-seen": Form(kind="void", reason="Seen at OID on 26 Nov."),
        "receipt": Form(quantity="10", unit="KGM", received_on=today, note=""),
        "settle": Form(settlement="A new certificate."),
    }  # fmt: skip


def oid(at: At) -> dict[str, Form]:
    """Forms of the link to OID."""
    return {
        "connection": Form(connector="http", key="another key at OID", time_limit_seconds="20"),
        "resend": Form(),
        "back_to_review": Form(reason="The exporter asks for it."),
        "settle": Form(reason="Done by telephone."),
        "assisted:sheet": Form(act="begin"),
    }


FORMS: dict[str, Callable[[At], dict[str, Form]]] = {
    "organizations": organizations, "pvf": pvf, "requests": requests, "review": review, "certificates": certificates,
    "oid_sync": oid,
}  # fmt: skip
