"""Runs, drifts and planted differences for the tests of reconciliation."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import psycopg

from certificates.domain import shipments
from certificates.models import Certificate, CertificateState
from core import clock
from core.identity import act_as
from oid_sync import tasks
from oid_sync.domain import payloads
from oid_sync.domain.reconciliation import runs
from oid_sync.models import Drift, DriftKind, ReconciliationRun
from organizations.models import OperationStatus
from tests.oid_store.payloads import registration
from tests.oid_store.server import StoreServer
from tests.support import stages
from tests.support.world import World, make_operation


def reconcile(world: World, *, full: bool = True) -> ReconciliationRun:
    """One run from start to end."""
    loop = world.loop()
    with act_as(loop):
        run = runs.start(loop, world.certifier.pk, full=full)
    runs.go_on(world.certifier.pk, run.pk)
    return again(world, run)


def again(world: World, run: ReconciliationRun) -> ReconciliationRun:
    """The run as it stands now."""
    with act_as(world.loop()):
        return ReconciliationRun.objects.get(pk=run.pk)


def all_drifts(world: World) -> list[Drift]:
    """Every drift, open or closed."""
    with act_as(world.loop()):
        return list(Drift.objects.order_by("first_seen_at", "pk"))


def names(world: World) -> list[tuple[str, str]]:
    """Kind and subject of every drift row: what is in it twice stands here twice."""
    return sorted((row.kind, row.subject) for row in all_drifts(world))


def open_drifts(world: World) -> dict[str, Drift]:
    """Open drifts by kind."""
    return {row.kind: row for row in all_drifts(world) if row.closed_at is None}


def numbered(world: World, lot: str = "L1", kg: str = "1000") -> Certificate:
    """A certificate that OID has given a number."""
    certificate = stages.approved(world, kg, lot=lot, start_date=clock.now().date())
    tasks.sweep_registration()
    with act_as(world.loop()):
        return Certificate.objects.get(pk=certificate.pk)


def shipped(world: World, owner: psycopg.Connection[Any], lot: str = "L1", kg: str = "400") -> Certificate:
    """An issued certificate with a shipment that OID knows."""
    certificate = numbered(world, lot)
    owner.execute("UPDATE certificates_certificate SET state = 'issued' WHERE id = %s", [certificate.pk])
    signatory = world.who("signatory")
    with act_as(signatory):
        shipments.report(
            signatory, certificate.pk, quantity=Decimal(kg), unit="KGM",
            departure_date=clock.now().date(), key=lot,
        )  # fmt: skip
    return certificate


@dataclasses.dataclass
class Place:
    """Where differences are planted: a world with a store, one shipped certificate, and the owner's own connection."""

    world: World
    store: StoreServer
    owner: psycopg.Connection[Any]
    certificate: Certificate

    def ours(self, statement: str, *values: Any) -> None:
        """Change the portal's rows behind its back."""
        self.owner.execute(statement, list(values))  # type: ignore[arg-type]


Named = tuple[str, str]


def plant_balance(place: Place) -> Named:
    """Kilograms in a bucket that no movement brought there."""
    place.ours("UPDATE pvf_balance SET available = available + 1 WHERE line_id = %s", place.world.line.pk)
    return DriftKind.BALANCE, str(place.world.line.pk)


def plant_lost_movement(place: Place) -> Named:
    """A sequence that went on without its movement."""
    place.ours("UPDATE pvf_balance SET last_sequence = last_sequence + 1 WHERE line_id = %s", place.world.line.pk)
    return DriftKind.BALANCE, str(place.world.line.pk)


def plant_reserved(place: Place) -> Named:
    """An open request that asks for less than it holds."""
    request = stages.submitted(place.world, "500", lot="L2")
    place.ours("UPDATE requests_app_request SET net_kg = 499 WHERE id = %s", request.pk)
    return DriftKind.RESERVED, request.reference


def plant_reserved_after_the_end(place: Place) -> Named:
    """A closed request that still holds something."""
    request = stages.submitted(place.world, "500", lot="L2")
    place.ours("UPDATE requests_app_request SET state = 'lapsed' WHERE id = %s", request.pk)
    return DriftKind.RESERVED, request.reference


def plant_certified(place: Place) -> Named:
    """A certificate that is closed and still holds its rest."""
    place.ours("UPDATE certificates_certificate SET state = 'closed' WHERE id = %s", place.certificate.pk)
    return DriftKind.CERTIFIED, str(place.certificate.pk)


def plant_stray_holder(place: Place) -> Named:
    """A movement into the hands of a certificate that does not exist."""
    stray, line = uuid.uuid4(), place.world.line.pk
    place.ours(
        "INSERT INTO pvf_movement (id, certifier_id, client_id, line_id, sequence, source, target, kg, source_holder, "
        "target_holder, target_holder_id, cause, reason, idempotency_key, made_at, available_after, reserved_after, "
        "certified_after, shipped_after) SELECT %s, certifier_id, client_id, line_id, last_sequence + 1, 'available', "
        "'certified', 5, '', 'certificate', %s, 'approve', '', %s, now(), 0, 0, 0, 0 FROM pvf_balance WHERE line_id = %s",
        uuid.uuid4(), stray, f"stray:{stray}", line,
    )  # fmt: skip
    place.ours(
        "UPDATE pvf_balance SET available = available - 5, certified = certified + 5, last_sequence = last_sequence + 1 "
        "WHERE line_id = %s", line,
    )  # fmt: skip
    return DriftKind.CERTIFIED, f"{stray}:{line}"


def plant_shipped_cache(place: Place) -> Named:
    """The certificate's own shipped weight differs from its shipments and the ledger, which agree."""
    place.ours("UPDATE certificates_certificate SET shipped_kg = 399 WHERE id = %s", place.certificate.pk)
    return DriftKind.SHIPPED, str(place.certificate.pk)


def plant_shipped_report(place: Place) -> Named:
    """A shipment whose weight was changed, here and in OID alike: only the ledger knows better."""
    place.ours("UPDATE certificates_shipment SET net_kg = 398")
    place.store.execute("UPDATE oid_store_actual SET net_weight_kg = 398")
    return DriftKind.SHIPPED, str(place.certificate.pk)


def plant_missing(place: Place) -> Named:
    """OID has lost the record."""
    place.store.empty()
    return DriftKind.MISSING_IN_OID, str(place.certificate.pk)


def plant_unknown(place: Place) -> Named:
    """OID has a record that the portal never sent."""
    number = place.store.post("/v1/certificates", registration()).json()["number"]
    return DriftKind.UNKNOWN_TO_PORTAL, number


def plant_number(place: Place) -> Named:
    """OID has registered what the portal still waits for."""
    certificate = stages.approved(place.world, lot="L3")
    with act_as(place.world.loop()):
        body = payloads.registration(Certificate.objects.get(pk=certificate.pk))
    place.store.post("/v1/certificates", body).raise_for_status()
    return DriftKind.NUMBER, str(certificate.pk)


def plant_fields(place: Place) -> Named:
    """OID's record names another importer."""
    place.store.execute(
        "UPDATE oid_store_certificate SET importer_nop_id = '3030000022' WHERE reference = %s", place.certificate.pk
    )
    return DriftKind.OID_FIELDS, str(place.certificate.pk)


def plant_weight(place: Place) -> Named:
    """OID's record has another weight."""
    place.store.execute(
        "UPDATE oid_store_certificate SET net_weight_kg = 999 WHERE reference = %s", place.certificate.pk
    )
    return DriftKind.OID_FIELDS, str(place.certificate.pk)


def plant_status(place: Place) -> Named:
    """NOP has voided the record over the certifier's head."""
    place.store.void_as_nop(str(place.certificate.number))
    return DriftKind.OID_STATUS, str(place.certificate.pk)


def plant_actual_lost(place: Place) -> Named:
    """OID was told of a shipment and does not show it."""
    place.store.execute("DELETE FROM oid_store_actual")
    place.store.execute("UPDATE oid_store_certificate SET actual_kg = 0")
    return DriftKind.ACTUALS, str(place.certificate.pk)


def plant_actual_differs(place: Place) -> Named:
    """OID shows a shipment with another weight."""
    place.store.execute("UPDATE oid_store_actual SET net_weight_kg = 401")
    return DriftKind.ACTUALS, str(place.certificate.pk)


def plant_party(place: Place) -> Named:
    """The importer of a live certificate was revoked."""
    importer = make_operation("3030009999", "Revoked Imports", "US", status=OperationStatus.REVOKED)
    place.ours("UPDATE certificates_certificate SET importer_id = %s WHERE id = %s", importer.pk, place.certificate.pk)
    return DriftKind.PARTY_STATUS, f"{place.certificate.pk}:{importer.nop_id}"


def plant_receipt(place: Place) -> Named:
    """The importer weighed less than the exporter had reported."""
    place.ours(
        "INSERT INTO certificates_receipt (id, certifier_id, client_id, importer_id, certificate_id, shipment_id, "
        "entered_quantity, entered_unit, received_kg, received_on, note, confirmed_at) SELECT gen_random_uuid(), "
        "s.certifier_id, s.client_id, c.importer_id, c.id, s.id, 399, 'KGM', 399, s.departure_date, '', now() "
        "FROM certificates_shipment s JOIN certificates_certificate c ON c.id = s.certificate_id WHERE c.id = %s LIMIT 1",
        place.certificate.pk,
    )
    return DriftKind.RECEIPT, f"{place.certificate.pk}:1"


PLANTS: dict[str, Callable[[Place], Named]] = {
    name.removeprefix("plant_"): function for name, function in globals().items() if name.startswith("plant_")
}
#: What is put right at once, or set about.
HEALED_AT_ONCE = {"shipped_cache", "number"}
SET_ABOUT = {"actual_lost"}


def state_of(world: World, certificate: Certificate) -> str:
    """The certificate's state now."""
    with act_as(world.loop()):
        return CertificateState(Certificate.objects.get(pk=certificate.pk).state)
