"""What a caller sends, once its form is right. Weights are Decimal kilograms with three places; dates are plain."""

import datetime
import uuid
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True)
class Caller:
    """The certifier behind a key, and what the audit may say of the key."""

    certifier_code: str
    key_hint: str
    key_id: int
    is_authenticated: bool = True

    @property
    def actor(self) -> str:
        """Who acts, as written in the change log."""
        return f"certifier {self.certifier_code} key {self.key_hint}"


@dataclass(frozen=True)
class Lot:
    """A lot and its weight; None where the weight of the lot was not declared."""

    lot: str
    kg: Decimal | None


@dataclass(frozen=True)
class Registration:
    """A certificate to register. ``payload_sha256`` is the hash of everything sent."""

    reference: uuid.UUID
    certifier_code: str
    exporter_nop_id: str
    exporter_name: str
    exporter_address: str
    importer_nop_id: str
    importer_name: str
    final_handler_nop_id: str
    consignee: str
    destination_city: str
    destination_state: str
    origin: str
    product_label: str
    hts: str
    standard: str
    net_weight_kg: Decimal
    lots: tuple[Lot, ...]
    start_date: datetime.date
    end_date: datetime.date
    snapshot_sha256: str
    payload_sha256: str
    departure_date: datetime.date | None = None
    transport: dict[str, object] = field(default_factory=dict)
    replaces: str = ""


@dataclass(frozen=True)
class AmendRequest:
    """An amendment: a lower weight, its lots, transport details. None leaves a thing as it is."""

    net_weight_kg: Decimal | None = None
    lots: tuple[Lot, ...] | None = None
    transport: dict[str, object] | None = None
    departure_date: datetime.date | None = None


@dataclass(frozen=True)
class ActualsRequest:
    """An actual net weight: of one shipment, a correction of one, or the declared total."""

    kind: str
    net_weight_kg: Decimal
    shipment_ref: str = ""
    shipped_on: datetime.date | None = None
    entry_number: str = ""


@dataclass(frozen=True)
class VoidRequest:
    """A void and its reason."""

    reason: str


CallRequest = AmendRequest | ActualsRequest | VoidRequest
