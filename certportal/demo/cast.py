"""Who is in the demo. All names are invented."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal

from organizations.models import Membership
from organizations.roles import Role

PASSWORD = "organic-kilograms-count"  # noqa: S105 - the demo refuses production
#: The authenticator of everybody in the demo whose role needs two steps (base32).
TOTP_SECRET = "CERTPORTALDEMOXX"  # noqa: S105 - as the password
Side = Membership.Side


@dataclasses.dataclass(frozen=True, slots=True)
class CertifierRole:
    """A certifying agent of the demo; ``code`` as in OID's numbers."""

    slug: str
    code: str
    name: str
    country: str
    time_zone: str
    address: str
    email: str


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """A line of a demo PVF, as it stands in the workbook."""

    product_name: str
    label_name: str
    scope: str
    hts_codes: str
    origins: str
    quantity: Decimal
    unit: str
    volume_basis: str


@dataclasses.dataclass(frozen=True, slots=True)
class ClientRole:
    """An exporter of the demo: its NOP ID, its certifier and what is on its PVF."""

    key: str
    certifier: str
    nop_id: str
    pvf_number: str
    lines: tuple[Line, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can sign in. ``party`` is a certifier's slug, a client's key, an importer's NOP ID or the broker."""

    email: str
    name: str
    side: Side
    party: str
    role: Role
    language: str = "en"


ANDES = CertifierRole(
    "andes", "101", "Andes Organic Certification", "PE", "America/Lima",
    "Av. Los Tornillos 1200\nMiraflores, Lima 15074\nPeru", "desk@andes-organic.example",
)  # fmt: skip
PACIFIC = CertifierRole(
    "pacific-verde", "202", "Pacific Verde Certifiers", "MX", "America/Mexico_City",
    "Calle Jacaranda 77\n58000 Morelia, Michoacán\nMexico", "desk@pacific-verde.example",
)  # fmt: skip
CERTIFIERS = (ANDES, PACIFIC)

COFFEE = ClientRole(
    "coffee", "andes", "1010000011", "PVF-SISA",
    (
        Line(
            "Coffee, green, arabica", "Organic Green Coffee, Washed Arabica", "Handling", "0901.11.0015", "PE",
            Decimal("250"), "TNE", "Opening inventory 18 t, harvest 240 t of parchment from 412 members, 8 t kept back",
        ),
        Line(
            "Coffee, roasted, arabica", "Organic Roasted Coffee, Whole Bean", "Handling", "0901.21.0015", "PE",
            Decimal("12000"), "KGM", "14,300 kg of green coffee at a roasting yield of 0.84",
        ),
    ),
)  # fmt: skip
BANANAS = ClientRole(
    "bananas", "andes", "1010000022", "PVF-ESMERALDA",
    (
        Line(
            "Bananas, Cavendish", "Organic Bananas", "Crops", "0803.90.0025", "EC",
            Decimal("950000"), "KGM", "Expected harvest of 38 ha at 25 t a hectare",
        ),
    ),
)  # fmt: skip
AVOCADOS = ClientRole(
    "avocados", "pacific-verde", "2020000011", "PVF-MONTE-CLARO",
    (
        Line(
            "Avocados, Hass", "Organic Hass Avocados", "Crops", "0804.40.0020", "MX",
            Decimal("530000"), "LBR", "Expected harvest of 24 ha at 10 t a hectare",
        ),
    ),
)  # fmt: skip
CLIENTS = (COFFEE, BANANAS, AVOCADOS)

HARBOR, DELAWARE = "3030000011", "3030000022"
BROKER_NAME = "Gateway Customs Brokers"
BROKER_EMAIL = "desk@gateway-brokers.example"
BROKER = "broker"

PEOPLE = (
    Person("reviewer@andes-organic.example", "Rebeca Roca", Side.CERTIFIER, "andes", Role.REVIEWER),
    Person("approver@andes-organic.example", "Aurelio Alto", Side.CERTIFIER, "andes", Role.APPROVER),
    Person("manager@andes-organic.example", "Marta Meseta", Side.CERTIFIER, "andes", Role.MANAGER),
    Person("manager2@andes-organic.example", "Moisés Monte", Side.CERTIFIER, "andes", Role.MANAGER, "es"),
    Person("auditor@andes-organic.example", "Amadeo Archivo", Side.CERTIFIER, "andes", Role.AUDITOR),
    Person("preparer@valledelsisa.example", "Pilar Prado", Side.CLIENT, "coffee", Role.PREPARER, "es"),
    Person("signatory@valledelsisa.example", "Simón Selva", Side.CLIENT, "coffee", Role.SIGNATORY),
    Person("viewer@valledelsisa.example", "Violeta Valle", Side.CLIENT, "coffee", Role.VIEWER, "es"),
    Person("importer@harborgreen.example", "Iris Inlet", Side.IMPORTER, HARBOR, Role.IMPORTER),
    Person("broker@gateway-brokers.example", "Bruno Bridge", Side.BROKER, BROKER, Role.BROKER),
    Person("signatory@rioesmeralda.example", "Sara Sendero", Side.CLIENT, "bananas", Role.SIGNATORY),
    Person("importer@delawarefresh.example", "Ivo Island", Side.IMPORTER, DELAWARE, Role.IMPORTER),
    Person("reviewer@pacific-verde.example", "Ramona Río", Side.CERTIFIER, "pacific-verde", Role.REVIEWER),
    Person("approver@pacific-verde.example", "Ángel Arena", Side.CERTIFIER, "pacific-verde", Role.APPROVER),
    Person("manager@pacific-verde.example", "Mateo Mar", Side.CERTIFIER, "pacific-verde", Role.MANAGER),
    Person("manager2@pacific-verde.example", "Malva Marea", Side.CERTIFIER, "pacific-verde", Role.MANAGER),
    Person("signatory@monteclaro.example", "Sol Sierra", Side.CLIENT, "avocados", Role.SIGNATORY),
)
PLATFORM_EMAIL = "operator@certportal.example"


def certification_year(today: dt.date) -> tuple[dt.date, dt.date]:
    """A PVF's twelve months: they began on the first of the month three months ago."""
    month = today.month - 3
    start = dt.date(today.year + (month - 1) // 12, (month - 1) % 12 + 1, 1)
    return start, dt.date(start.year + 1, start.month, 1) - dt.timedelta(days=1)
