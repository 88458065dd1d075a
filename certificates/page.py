"""What the certificate's page shows, from the snapshot: it reads no row that an importer may not see."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from certificates.domain import receipts, replacing
from certificates.domain import shipments as shipments_of
from certificates.domain.changes import DECIDING
from certificates.models import (
    Certificate,
    CertificateChange,
    CertificateDocument,
    CertificateLookup,
    CertificateState,
    PartyFinding,
    Shipment,
)
from core.identity import Identity, Kind
from core.ids import group_code
from core.templatetags.portal_format import day
from core.templatetags.portal_ui import hts, kg


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def goods(snapshot: dict[str, Any], net_kg: Decimal) -> list[tuple[str, Any]]:
    """Rows of the summary: the goods. ``net_kg``: the weight certified now, which may have been amended."""
    issued_kg = Decimal(snapshot["net_kg"])
    amended = [(_("Amended to"), kg(net_kg))] if net_kg != issued_kg else []
    code = snapshot["hts"]
    packages = snapshot["packages"]
    return [
        (_("Product as on the label"), snapshot["product"]["label_name"]),
        (_("HTS code"), hts(code["code"])),
        (_("Net weight"), kg(issued_kg)),
        *amended,
        (_("Gross weight"), kg(Decimal(snapshot["gross_kg"])) if snapshot["gross_kg"] else ""),
        (_("Packages"), f"{packages['number']} {packages['kind']}".strip()),
        (_("Country of origin"), snapshot["origin"]["name"]),
        (_("Organic standard"), snapshot["standard"]),
        (_("Lots"), ", ".join(row["lot"] for row in snapshot["lots"])),
    ]


def parties(snapshot: dict[str, Any]) -> list[tuple[str, Any]]:
    """Rows of the summary: who takes part."""
    exporter, importer, certifier = snapshot["exporter"], snapshot["importer"], snapshot["certifier"]
    consignee, destination = snapshot["consignee"], snapshot["destination"]
    return [
        (_("Certifier"), f"{certifier['name']} ({certifier['code']})"),
        (_("Exporter"), f"{exporter['name']} · {exporter['nop_id']}"),
        (_("Importer of record"), f"{importer['name']} · {importer['nop_id']}"),
        (_("Ultimate consignee"), _joined(consignee["name"], consignee["address"])),
        (_("Destination"), _joined(destination["city"], destination["state"])),
    ]


def transport(snapshot: dict[str, Any]) -> list[tuple[str, Any]]:
    """Rows of the summary: transport; nothing for a certificate of several shipments."""
    if snapshot["kind"] != "single":
        return []
    how = snapshot["transport"]
    return [
        (_("Port of lading"), how["port_of_lading"]),
        (_("Vessel or flight"), how["vessel"]),
        (_("Bill of lading or air waybill"), how["bill_of_lading"]),
        (_("Planned departure"), day(how["departure_date"])),
        (_("Containers"), ", ".join(row["number"] for row in snapshot["containers"])),
    ]


def events(certificate: Certificate, shipments: list[Shipment]) -> list[dict[str, Any]]:
    """The timeline, newest first."""
    rows: list[dict[str, Any]] = [
        {"when": certificate.approved_at, "what": _("Request approved"), "tone": "good", "icon": "check_circle"}
    ]
    if certificate.registered_at:
        what = {"what": _("Registered in OID"), "detail": certificate.number}
        rows.append({"when": certificate.registered_at, "tone": "info", "icon": "public", **what})
    if certificate.issued_at:
        rows.append(
            {"when": certificate.issued_at, "what": _("Issued and released"), "tone": "good", "icon": "verified"}
        )
    for shipment in shipments:
        left = {"what": _("Shipment reported"), "detail": kg(shipment.net_kg)}
        rows.append({"when": shipment.reported_at, "tone": "info", "icon": "arrow_forward", **left})
        if shipment.corrected_at:
            back = {"what": _("Shipment taken back"), "detail": shipment.correction_reason}
            rows.append({"when": shipment.corrected_at, "tone": "wait", "icon": "undo", **back})
    rows += [_change(row) for row in certificate.changes.all()]
    return sorted(rows, key=lambda row: row["when"], reverse=True)


_ICONS = {"amended": "edit", "voided": "cancel", "total": "check_circle", "closed": "lock", "replaced": "autorenew"}


def _change(row: CertificateChange) -> dict[str, Any]:
    """One change after the issue, in words."""
    words = {
        CertificateChange.Kind.AMENDED: f"{kg(row.net_kg_before)} → {kg(row.net_kg_after)}. {row.reason}",
        CertificateChange.Kind.TOTAL: kg(row.shipped_kg),
    }
    detail = words.get(CertificateChange.Kind(row.kind), row.reason)
    icon, tone = _ICONS.get(row.kind, "info"), "bad" if row.kind == CertificateChange.Kind.VOIDED else "info"
    what = str(CertificateChange.Kind(row.kind).label)
    return {"when": row.made_at, "what": what[:1].upper() + what[1:], "detail": detail, "tone": tone, "icon": icon}


def context_of(actor: Identity, certificate: Certificate) -> dict[str, Any]:
    """Everything the page shows to ``actor``."""
    shipments = list(
        Shipment.objects.visible_to(actor)
        .filter(certificate=certificate)
        .select_related("receipt")
        .order_by("-sequence")
    )
    documents = CertificateDocument.objects.visible_to(actor).filter(certificate=certificate)
    snapshot = certificate.snapshot
    period = f"{date_format(certificate.start_date)} – {date_format(certificate.end_date)}"
    return {
        "certificate": certificate,
        "document": documents.order_by("-version").first(),
        "shipments": shipments,
        "goods": [*goods(snapshot, certificate.net_kg), (_("Period"), period)],
        "parties": parties(snapshot),
        "transport": transport(snapshot),
        "rest_kg": certificate.net_kg - certificate.shipped_kg,
        "events": events(certificate, shipments),
        "check_code": group_code(certificate.check_code, 3),
        "takes_shipments": certificate.state == CertificateState.ISSUED and not _frozen(actor, certificate),
        "frozen": _frozen(actor, certificate),
        "acts": _acts(actor, certificate),
        "may_confirm": receipts.may_confirm(actor, certificate),
        "warnings": [
            {"sequence": row.sequence, "message": found["message"]}
            for row in shipments
            if row.corrected_at is None and (actor.is_staff or actor.kind is Kind.EXPORTER)
            for found in row.findings
            if found["outcome"] == "warn"
        ],
        "lookups": _lookups(actor, certificate),
        "party_findings": PartyFinding.objects.visible_to(actor)
        .filter(certificate=certificate, closed_at=None)
        .order_by("found_at", "pk"),
    }


def _frozen(actor: Identity, certificate: Certificate) -> bool:
    """Whether a replacement is open; importers need not know of it."""
    if not (actor.is_staff or actor.kind is Kind.EXPORTER):
        return False
    return certificate.state == CertificateState.ISSUED and replacing.coming(certificate)


def _acts(actor: Identity, certificate: Certificate) -> list[tuple[str, str]]:
    """What the actor may do with an issued certificate that is not frozen: name of the URL and label."""
    if certificate.state != CertificateState.ISSUED or _frozen(actor, certificate):
        return []
    found: list[tuple[str, str]] = []
    if shipments_of.may_report(actor) and certificate.total_declared_at is None:
        found.append(("certificates:total", _("Declare the total")))
    if actor.is_staff and actor.has(*DECIDING):
        found += [("certificates:amend", _("Lower the weight")), ("certificates:void", _("Void"))]
    return found


def _lookups(actor: Identity, certificate: Certificate) -> dict[str, Any] | None:
    """When it was checked in public, for the certifier and the exporter: how often, and the last times."""
    if not (actor.is_staff or actor.kind is Kind.EXPORTER):
        return None
    rows = CertificateLookup.objects.visible_to(actor).filter(certificate_id=certificate.pk)
    last = list(rows.order_by("-asked_at")[:10])
    # most were never checked: one question to the database is enough for them
    return {"last": last, "count": rows.count() if len(last) == 10 else len(last)}
