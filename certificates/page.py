"""What the certificate's page shows, from the snapshot: it reads no row that an importer may not see."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from certificates.document.history import AmendedField
from certificates.document.history_page import amendment_in_words, change_in_words
from certificates.domain import behalf, coop, delays, leases, receipts, replacing, versions
from certificates.domain import continuity as continuity_of
from certificates.domain import shipments as shipments_of
from certificates.domain.changes import DECIDING
from certificates.domain.oid_marks import RELIED_ON
from certificates.models import (
    SHIPPING_STATES,
    Certificate,
    CertificateChange,
    CertificateLookup,
    CertificateState,
    OidMark,
    PartyFinding,
    Shipment,
)
from core.identity import Identity, Kind
from core.ids import group_code
from core.templatetags.portal_format import day
from core.templatetags.portal_ui import hts, kg
from organizations import delegated


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def goods(snapshot: dict[str, Any], net_kg: Decimal, issued_kg: Decimal | None = None) -> list[tuple[str, Any]]:
    """Rows of the summary: the goods. ``net_kg``: certified now; ``issued_kg``: at first, if it is not ``snapshot``'s."""
    issued_kg = issued_kg or Decimal(snapshot["net_kg"])
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


def or1_rows(certificate: Certificate, known: dict[str, str], stated: set[str]) -> list[tuple[str, Any]]:
    """What the certificate itself states of the data that message set OR1 asks for."""
    content = certificate.snapshot
    rows = [
        (_("Exporter"), f"{content['exporter']['name']} · {content['exporter']['nop_id']}"),
        (_("Exporter's address"), known["exporter_address"] if "exporter_address" in stated else ""),
        (_("Ultimate consignee"), content["consignee"]["name"] or content["importer"]["name"]),
        (_("Consignee's address"), known["consignee_address"] if "consignee_address" in stated else ""),
        (_("Issuer of the certificate"), f"{content['certifier']['name']} ({content['certifier']['code']})"),
        (_("Last handler"), f"{known['last_handler_name']} · {known['last_handler_nop_id']}"),
        (_("Its certifier"), known["last_handler_certifier"] if "last_handler_certifier" in stated else ""),
    ]
    return [row for row in rows if row[1]]


def _brokers(certificate: Certificate) -> dict[tuple[str, str], dict[str, str]]:
    """Who of a broker did what on whose behalf, by act and shipment, as far as the reader may know."""
    return {
        (done.act, done.part): {"who": done.who, "on_behalf_of": done.on_behalf_of}
        for done in delegated.acts_on(certificate.certifier_id, certificate.pk)
    }


def _events_of_shipment(shipment: Shipment, brokers: dict[tuple[str, str], dict[str, str]]) -> list[dict[str, Any]]:
    """That it was reported, received, taken back."""

    def by(act: str) -> dict[str, str]:
        return brokers.get((act, str(shipment.pk)), {})

    left = {"what": _("Shipment reported"), "detail": kg(shipment.net_kg)}
    rows = [{"when": shipment.reported_at, "tone": "info", "icon": "arrow_forward", **left, **by("certificate.ship")}]
    receipt = getattr(shipment, "receipt", None)
    if receipt is not None:
        there = {"what": _("Receipt confirmed"), "detail": kg(receipt.received_kg)}
        rows.append(
            {"when": receipt.confirmed_at, "tone": "good", "icon": "check", **there, **by("certificate.received")}
        )
    if shipment.corrected_at:
        back = {"what": _("Shipment taken back"), "detail": shipment.correction_reason}
        rows.append({"when": shipment.corrected_at, "tone": "wait", "icon": "undo", **back,
                     **by("certificate.ship_corrected")})  # fmt: skip
    return rows


def events(certificate: Certificate, shipments: list[Shipment]) -> list[dict[str, Any]]:
    """The timeline, newest first."""
    brokers = _brokers(certificate)
    rows: list[dict[str, Any]] = [
        {"when": certificate.approved_at, "what": _("Request approved"), "tone": "good", "icon": "check_circle"}
    ]
    if certificate.continuity_at:
        made = {"what": _("Continuity document made"), "detail": _("while OID was out")}
        rows.append({"when": certificate.continuity_at, "tone": "wait", "icon": "flag", **made})
    if certificate.registered_at:
        what = {"what": _("Registered in OID"), "detail": certificate.number}
        rows.append({"when": certificate.registered_at, "tone": "info", "icon": "public", **what})
    if certificate.issued_at:
        rows.append(
            {"when": certificate.issued_at, "what": _("Issued and released"), "tone": "good", "icon": "verified"}
        )
    for shipment in shipments:
        rows += _events_of_shipment(shipment, brokers)
    for change in certificate.changes.select_related("amendment"):
        rows.append({**_change(change), **brokers.get((f"certificate.{change.kind}", ""), {})})
    return sorted(rows, key=lambda row: row["when"], reverse=True)


_ICONS = {"amended": "edit", "voided": "cancel", "total": "check_circle", "closed": "lock", "replaced": "autorenew"}


def _change(row: CertificateChange) -> dict[str, Any]:
    """One change after the issue, in words."""
    words = {
        CertificateChange.Kind.AMENDED: f"{_amended(row)}. {row.reason}",
        CertificateChange.Kind.TOTAL: kg(row.shipped_kg),
    }
    detail = words.get(CertificateChange.Kind(row.kind), row.reason)
    icon, tone = _ICONS.get(row.kind, "info"), "bad" if row.kind == CertificateChange.Kind.VOIDED else "info"
    what = str(CertificateChange.Kind(row.kind).label)
    return {"when": row.made_at, "what": what[:1].upper() + what[1:], "detail": detail, "tone": tone, "icon": icon}


def _amended(row: CertificateChange) -> str:
    """What an amendment changed."""
    amendment = getattr(row, "amendment", None)
    if amendment is None:
        return f"{kg(row.net_kg_before)} → {kg(row.net_kg_after)}"
    return "; ".join(change_in_words(AmendedField(**part)) for part in amendment.content)


def standing_of(actor: Identity, certificate: Certificate) -> dict[str, Any]:
    """What stands above everything else: void, replaced or being replaced, amended, under a continuity document."""
    ended = certificate.changes.filter(kind__in=["voided", "replaced"]).first()
    insider = actor.is_staff or actor.kind is Kind.EXPORTER
    continuity = continuity_of.of(actor, certificate) if certificate.continuity_at or insider else None
    outage = coop.open_outage(actor.certifier_id) if actor.is_staff and actor.certifier_id else None
    awaits = certificate.state == CertificateState.AWAITING_NUMBER
    being_made = continuity is not None and continuity.made_at is None
    return {
        "ended": ended,
        "successor": Certificate.objects.visible_to(actor).filter(replaces=certificate, number__isnull=False).first(),
        "replacement_pending": certificate.state == CertificateState.ISSUED
        and certificate.replacement_approved_at is not None,
        "version_due": certificate.documents_due > 0
        and certificate.state in {CertificateState.ISSUED, CertificateState.CLOSED},
        "version_waits": certificate.amendments.filter(confirmed_at=None).exists()
        and certificate.state in {CertificateState.ISSUED, CertificateState.CLOSED},
        "continuity": continuity,
        "continuity_given_up": being_made and continuity_of.given_up(continuity),
        "continuity_code": group_code(continuity.check_code) if continuity else "",
        "may_continue": bool(outage) and awaits and continuity_of.may_ask(actor) and (
            continuity is None or (being_made and continuity_of.given_up(continuity))
        ),
    }  # fmt: skip


def version_rows(actor: Identity, certificate: Certificate) -> list[dict[str, Any]]:
    """The document's versions for the page, the newest first; what each amendment changed."""
    return [
        {"row": row, "amendment": amendment_in_words(row.amendment) if row.amendment else None}
        for row in versions.of(actor, certificate)
    ]


def context_of(actor: Identity, certificate: Certificate) -> dict[str, Any]:
    """Everything the page shows to ``actor``."""
    shipments = list(
        Shipment.objects.visible_to(actor)
        .filter(certificate=certificate)
        .select_related("receipt")
        .order_by("-sequence")
    )
    documents = version_rows(actor, certificate)
    snapshot, content = certificate.snapshot, versions.content_of(certificate)
    period = f"{date_format(certificate.start_date)} – {date_format(certificate.end_date)}"
    return {
        "certificate": certificate,
        "document": documents[0]["row"].document if documents else None,
        "versions": documents,
        **standing_of(actor, certificate),
        "shipments": shipments,
        "goods": [*goods(content, certificate.net_kg, Decimal(snapshot["net_kg"])), (_("Period"), period)],
        "parties": parties(snapshot),
        "transport": transport(content),
        "rest_kg": certificate.net_kg - certificate.shipped_kg,
        "events": events(certificate, shipments),
        "check_code": group_code(certificate.check_code, 3),
        "takes_shipments": certificate.state in SHIPPING_STATES and not _frozen(actor, certificate),
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
        "oid_marks": OidMark.objects.visible_to(actor)
        .filter(certificate=certificate, closed_at=None)
        .order_by("found_at", "pk"),
        "delay": delays.of(actor, certificate),
        "document_heals": certificate.state == CertificateState.AWAITING_DOCUMENT
        and leases.heals(certificate.document_error),
        "acts_for": behalf.acts_for(actor, certificate),
    }


def _frozen(actor: Identity, certificate: Certificate) -> bool:
    """Whether a replacement is open; importers need not know of it."""
    if not (actor.is_staff or actor.kind is Kind.EXPORTER):
        return False
    return certificate.state == CertificateState.ISSUED and replacing.coming(certificate)


def _acts(actor: Identity, certificate: Certificate) -> list[tuple[str, str]]:
    """What the actor may do with an issued certificate (little with one that is frozen): name of the URL and label."""
    found: list[tuple[str, str]] = []
    if certificate.state in RELIED_ON and actor.is_staff and actor.has(*DECIDING):
        found.append(("certificates:oid-seen", _("What OID shows")))
    if certificate.state not in SHIPPING_STATES or _frozen(actor, certificate):
        return found
    if shipments_of.may_report(actor, certificate) and certificate.total_declared_at is None:
        found.append(("certificates:total", _("Declare the total")))
    if certificate.state == CertificateState.ISSUED and actor.is_staff and actor.has(*DECIDING):
        found += [("certificates:amend", _("Amend")), ("certificates:void", _("Void"))]
    return found


def _lookups(actor: Identity, certificate: Certificate) -> dict[str, Any] | None:
    """When it was checked in public, for the certifier and the exporter: how often, and the last times."""
    if not (actor.is_staff or actor.kind is Kind.EXPORTER):
        return None
    rows = CertificateLookup.objects.visible_to(actor).filter(certificate_id=certificate.pk)
    last = list(rows.order_by("-asked_at")[:10])
    # most were never checked: one question to the database is enough for them
    return {"last": last, "count": rows.count() if len(last) == 10 else len(last)}
