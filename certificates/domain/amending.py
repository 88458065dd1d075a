"""Amending an issued certificate: its weight downwards, its transport; each time a new version of its document.

The version before is valid until the new one is made: there is no moment without a document. What an amendment may not
change (product, tariff code, parties, period) is a matter for a replacement.
"""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from certificates.document.errors import SnapshotError, UnprintableText
from certificates.document.fonts import faces_for
from certificates.document.snapshot import read_snapshot, snapshot_sha256
from certificates.domain import changes, marks, replacing, versions
from certificates.models import Amendment, Certificate
from core import clock
from core.errors import Conflict, InvalidInput
from core.identity import Identity
from core.units import Unit, to_kg
from core.wake import wake
from organizations.models import Certifier
from pvf.models import Cause
from requests_app.domain import service_clock
from requests_app.models import TransportMode

#: Texts of the snapshot's transport that may be amended, with the most characters of each.
TRANSPORT = {"mode": 4, "port_of_lading": 100, "vessel": 100, "bill_of_lading": 60}
#: Form fields whose name differs from the snapshot's.
_FORM_FIELD = {"mode": "transport_mode"}
CONTAINERS_MOST, CONTAINER_LENGTH, SEAL_LENGTH = 100, 20, 40


@dataclasses.dataclass(frozen=True)
class Asked:
    """What is to read differently; None leaves it as it is. ``containers``: number and seal of each."""

    net_kg: Decimal | None = None
    lots: Sequence[Mapping[str, Any]] | None = None
    mode: str | None = None
    port_of_lading: str | None = None
    vessel: str | None = None
    bill_of_lading: str | None = None
    departure_date: dt.date | None = None
    containers: Sequence[Mapping[str, str]] | None = None


def amend_down(
    actor: Identity, certificate_id: uuid.UUID | str, net_kg: Decimal, *, reason: str,
    expected_kg: Decimal | None = None,
) -> Certificate:  # fmt: skip
    """:func:`amend` of the weight alone."""
    return amend(actor, certificate_id, Asked(net_kg=net_kg), reason=reason, expected_kg=expected_kg)


@transaction.atomic
def amend(
    actor: Identity, certificate_id: uuid.UUID | str, asked: Asked, *, reason: str, expected_kg: Decimal | None = None,
    expected_amendments: int | None = None,
) -> Certificate:  # fmt: skip
    """Amend what ``asked`` names; what becomes free goes back to the PVF line. Documents loop and OID follow.

    The same content again changes nothing. ``expected_kg``, ``expected_amendments``: weight and number of amendments that
    the person saw. Raises ``InvalidInput`` NET-KG, LOTS or AMEND-… at its field, ``Conflict`` CERTIFICATE-STATE, STALE or
    FROZEN, ``NotPermitted``.
    """
    changes.require_decider(actor)
    certificate = changes.lock(actor, certificate_id)
    before = versions.content_of(certificate)
    after = _amended(certificate, before, asked)
    content = differences(before, after)
    if not content:
        return certificate
    changes.require_issued(certificate)
    replacing.require_no_replacement(certificate)
    reason = changes.require_reason(reason)
    number = Amendment.objects.filter(certificate=certificate).count() + 1
    _require_fresh(certificate, expected_kg, expected_amendments, number)
    _require_period(certificate)
    _require_allowed(certificate, before, after, content)
    _require_printable(after, content, reason)
    _record(actor, certificate, after, content, number, reason)
    return certificate


def _record(
    actor: Identity, certificate: Certificate, after: dict[str, Any], content: list[dict[str, str]], number: int,
    reason: str,
) -> None:  # fmt: skip
    """Move the kilograms, keep the amendment, wake the loops."""
    change_id, before_kg = uuid.uuid4(), certificate.net_kg
    certificate.net_kg = Decimal(after["net_kg"])
    freed = before_kg - certificate.net_kg
    changes.free(actor, certificate, Cause.AMEND_DOWN, freed, f"amend:{change_id}", reason)
    day = after["transport"]["departure_date"]
    certificate.departure_date = dt.date.fromisoformat(day) if day else None
    certificate.save(update_fields=["net_kg", "departure_date"])
    change = changes.note(
        actor, certificate, changes.Kind.AMENDED, before_kg=before_kg, freed_kg=freed, reason=reason, change_id=change_id,
        amendment=number, changes=content,
    )  # fmt: skip
    Amendment(
        certifier_id=certificate.certifier_id, client_id=certificate.client_id, certificate=certificate, change=change,
        number=number, content=content, snapshot=after, snapshot_sha256=snapshot_sha256(after),
    ).save(force_insert=True)  # fmt: skip
    marks.keep_more(certificate, after)


@transaction.atomic
def confirmed(actor: Identity, certificate_id: uuid.UUID, change_id: uuid.UUID) -> bool:
    """OID has an amendment, or a person has settled it there: the document's next version is made. Twice changes nothing.

    Nothing leaves before OID has it: until then the version before is the one that counts.
    """
    certificate = changes.lock(actor, certificate_id)
    waiting = Amendment.objects.filter(certificate=certificate, change_id=change_id, confirmed_at=None)
    if not waiting.update(confirmed_at=clock.now()):
        return False
    certificate.documents_due += 1
    certificate.document_attempts, certificate.document_error = 0, ""
    certificate.save(update_fields=["documents_due", "document_attempts", "document_error"])
    wake("documents", certificate.certifier_id, certificate.pk)
    return True


def _amended(certificate: Certificate, before: dict[str, Any], asked: Asked) -> dict[str, Any]:
    """The content as it is to read. Raises ``InvalidInput`` for what is asked in a wrong form."""
    after = copy.deepcopy(before)
    if asked.net_kg is not None:
        after["net_kg"] = f"{to_kg(asked.net_kg, Unit.KGM):.3f}"
    if asked.lots is not None:
        after["lots"] = [_lot(row) for row in asked.lots]
    for name, length in TRANSPORT.items():
        value = getattr(asked, name)
        if value is not None:
            after["transport"][name] = " ".join(str(value).split())[:length]
    if asked.departure_date is not None:
        after["transport"]["departure_date"] = asked.departure_date.isoformat()
    if asked.containers is not None:
        after["containers"] = [_container(row) for row in asked.containers][:CONTAINERS_MOST]
    return after


def _lot(row: Mapping[str, Any]) -> dict[str, str]:
    kg = row["kg"]
    return {
        "lot": str(row["lot"]).strip()[:60],
        "kg": "" if kg in (None, "") else f"{to_kg(Decimal(kg), Unit.KGM):.3f}",
    }


def _container(row: Mapping[str, str]) -> dict[str, str]:
    number = str(row["number"]).strip().upper()[:CONTAINER_LENGTH]
    return {"number": number, "seal": str(row.get("seal", "")).strip()[:SEAL_LENGTH]}


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, str]]:
    """What reads differently, as text: field, before, after."""
    found = []
    for field in ("net_kg", "lots", *TRANSPORT, "departure_date", "containers"):
        old, new = _text(before, field), _text(after, field)
        if old != new:
            found.append({"field": field, "before": old, "after": new})
    return found


def _text(content: Mapping[str, Any], field: str) -> str:
    if field == "net_kg":
        return str(content["net_kg"])
    if field == "lots":
        return "; ".join(f"{row['lot']} {row['kg']}".strip() for row in content["lots"])
    if field == "containers":
        return "; ".join(f"{row['number']} / {row['seal']}" if row["seal"] else row["number"] for row in content[field])
    return str(content["transport"][field])


def _require_fresh(certificate: Certificate, kg: Decimal | None, amendments: int | None, number: int) -> None:
    """Refuse what was filled in on other figures. Raises ``Conflict`` STALE."""
    if kg is not None and kg != certificate.net_kg:
        text = _("The certified weight is %(now)s kg now. Look at it again.") % {"now": f"{certificate.net_kg:,.3f}"}
        raise Conflict("STALE", text)
    if amendments is not None and amendments != number - 1:
        raise Conflict("STALE", _("Somebody has amended the certificate meanwhile. Look at it again."))


def _require_allowed(
    certificate: Certificate, before: dict[str, Any], after: dict[str, Any], content: list[dict[str, str]]
) -> None:
    """Weight only down, never below what has shipped; transport only of one shipment, never emptied."""
    changed = {part["field"] for part in content}
    _require_weight(certificate, Decimal(after["net_kg"]))
    if changed - {"net_kg", "lots"} and before["kind"] != "single":
        raise InvalidInput("AMEND-KIND", _("Transport is declared with each shipment: there is none to amend here."))
    for part in content:
        if not part["after"].strip():
            text = _("What a certificate states may be amended, not emptied.")
            raise InvalidInput("AMEND-EMPTY", text, field=_FORM_FIELD.get(part["field"], part["field"]))
    if "mode" in changed and after["transport"]["mode"] not in TransportMode.values:
        raise InvalidInput("AMEND-MODE", _("Choose how the goods travel."), field="transport_mode")
    if "containers" in changed and not all(row["number"] for row in after["containers"]):
        raise InvalidInput("AMEND-CONTAINER", _("Each container needs its number."), field="containers")
    _require_lots(before, after)
    if "departure_date" in changed:
        _require_departure(certificate, after["transport"]["departure_date"])


def _require_weight(certificate: Certificate, asked: Decimal) -> None:
    figures = {
        "certified": f"{certificate.net_kg:,.3f}", "shipped": f"{certificate.shipped_kg:,.3f}", "asked": f"{asked:,.3f}",
    }  # fmt: skip
    if asked > certificate.net_kg:
        text = _("A certificate's weight only goes down: %(asked)s kg is more than the %(certified)s kg certified.")
        raise InvalidInput("NET-KG", text % figures, field="net_kg")
    if asked <= 0 or asked < certificate.shipped_kg:
        text = _("%(asked)s kg is less than the %(shipped)s kg that have shipped, or nothing: void it instead.")
        raise InvalidInput("NET-KG", text % figures, field="net_kg")


def _require_lots(before: dict[str, Any], after: dict[str, Any]) -> None:
    """The lots are those that were certified, none heavier than it was, and together no more than the net weight."""
    known = {row["lot"]: row["kg"] for row in before["lots"]}
    names = [row["lot"] for row in after["lots"]]
    if len(set(names)) != len(names) or not set(names) <= set(known):
        raise InvalidInput(
            "LOTS", _("Only the lots that were certified, each once: others need a replacement."), field="lots"
        )
    for row in after["lots"]:
        had = known[row["lot"]]
        if row["kg"] and (Decimal(row["kg"]) <= 0 or (had and Decimal(row["kg"]) > Decimal(had))):
            words = {"lot": row["lot"], "kg": had or "–"}
            raise InvalidInput(
                "LOTS", _("Lot %(lot)s was certified with %(kg)s kg: it only goes down.") % words, field="lots"
            )
    total = sum((Decimal(row["kg"]) for row in after["lots"] if row["kg"]), Decimal(0))
    if total > Decimal(after["net_kg"]):
        words = {"total": f"{total:,.3f}", "net": f"{Decimal(after['net_kg']):,.3f}"}
        text = _("The lots add up to %(total)s kg, more than %(net)s kg net: say how much of each lot is left.")
        raise InvalidInput("LOTS", text % words, field="lots")


def _require_period(certificate: Certificate) -> None:
    """OID takes no amendment of a certificate whose period is over: the unshipped rest is closed out instead."""
    today = clock.today_in(Certifier.objects.get(pk=certificate.certifier_id).time_zone)
    if today > certificate.end_date:
        text = _(
            "The certificate's period is over: OID takes no amendment any more. What was not shipped is closed out."
        )
        raise Conflict("AMEND-ENDED", text)


def _require_departure(certificate: Certificate, day: str) -> None:
    """7 CFR 205.273: the certificate comes before the export; and its period covers the departure."""
    departure = dt.date.fromisoformat(day)
    issued = certificate.issued_at or certificate.approved_at
    earliest = issued.astimezone(ZoneInfo(service_clock.departure_zone(certificate.request))).date()
    if not max(earliest, certificate.start_date) <= departure <= certificate.end_date:
        words = {"first": max(earliest, certificate.start_date).isoformat(), "last": certificate.end_date.isoformat()}
        text = _("The departure must lie between the issue and the end of the period, %(first)s to %(last)s.") % words
        raise InvalidInput("AMEND-DEPARTURE", text, field="departure_date")


def _require_printable(after: dict[str, Any], content: list[dict[str, str]], reason: str) -> None:
    """What cannot be printed is refused now, not by the documents loop when nobody looks."""
    try:
        read_snapshot(after)
        faces_for([("reason", reason), *((part["field"], part["after"]) for part in content)])
    except SnapshotError as error:
        raise InvalidInput("SNAPSHOT", error.message, details=error.details) from error
    except UnprintableText as error:
        field = next(iter(error.characters.values()))
        raise InvalidInput(
            "TXT-1", error.message, field=_FORM_FIELD.get(field, field), details=error.details
        ) from error
