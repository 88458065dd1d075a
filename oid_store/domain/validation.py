"""What the register checks before it registers a certificate. Rules yield findings; warnings stay with the record."""

import datetime
import unicodedata
from collections.abc import Iterator, Sequence
from decimal import Decimal

import pycountry
from dateutil.relativedelta import relativedelta
from django.conf import settings

from oid_store.domain import clock
from oid_store.domain.codes import Code
from oid_store.domain.rejection import Finding, finding
from oid_store.domain.types import Lot, Registration
from oid_store.models import Operation, OperationStatus

ONE_DAY = datetime.timedelta(days=1)
COUNTRIES = frozenset(country.alpha_2 for country in pycountry.countries)
STATES = frozenset(
    (
        "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH "
        "OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY AS GU MP PR VI"
    ).split()
)


def errors_of(registration: Registration, key_certifier: str) -> list[Finding]:
    """All reasons for which the registration is refused; empty when it is good."""
    found = [
        *_certifier(registration, key_certifier),
        *_operations(registration),
        *_goods(registration),
        *weight_and_lots(registration.net_weight_kg, registration.lots),
        *_period(registration),
    ]
    if settings.NOP_PREFIX_RULE == "reject":
        found += _nop_prefix(registration)
    return found


def warnings_of(registration: Registration) -> list[Finding]:
    """Remarks that do not stop a registration: they stand in the answer under ``warnings``."""
    found = list(_names(registration))
    if settings.NOP_PREFIX_RULE == "warn":
        found += _nop_prefix(registration)
    return found


def _certifier(registration: Registration, key_certifier: str) -> Iterator[Finding]:
    if registration.certifier_code != key_certifier:
        yield finding(Code.CERTIFIER_NOT_KEYS, "certifier_code", given=registration.certifier_code)


def _nop_prefix(registration: Registration) -> Iterator[Finding]:
    prefix = registration.exporter_nop_id[:3]
    if prefix != registration.certifier_code:
        yield finding(
            Code.NOP_PREFIX,
            "exporter.nop_id",
            nop_id=registration.exporter_nop_id,
            prefix=prefix,
            certifier=registration.certifier_code,
        )


def _operations(registration: Registration) -> Iterator[Finding]:
    """7 CFR 205.300(c), 205.273: exporter, final handler and importer are certified operations."""
    roles = (
        ("exporter", registration.exporter_nop_id, Code.EXPORTER_UNKNOWN, Code.EXPORTER_NOT_CERTIFIED),
        ("importer", registration.importer_nop_id, Code.IMPORTER_UNKNOWN, Code.IMPORTER_NOT_CERTIFIED),
        ("final_handler", registration.final_handler_nop_id, Code.HANDLER_UNKNOWN, Code.HANDLER_NOT_CERTIFIED),
    )
    listed = dict(Operation.objects.filter(pk__in={nop_id for _, nop_id, _, _ in roles}).values_list("pk", "status"))
    for role, nop_id, unknown, not_certified in roles:
        if not nop_id:
            continue
        if nop_id not in listed:
            yield finding(unknown, f"{role}.nop_id", nop_id=nop_id)
        elif listed[nop_id] != OperationStatus.CERTIFIED:
            yield finding(not_certified, f"{role}.nop_id", nop_id=nop_id, status=listed[nop_id])


def _same_name(one: str, other: str) -> bool:
    def folded(text: str) -> str:
        return " ".join(unicodedata.normalize("NFKC", text).casefold().split())

    return folded(one) == folded(other)


def _names(registration: Registration) -> Iterator[Finding]:
    given = {
        registration.exporter_nop_id: registration.exporter_name,
        registration.importer_nop_id: registration.importer_name,
    }
    listed = dict(Operation.objects.filter(pk__in=given).values_list("pk", "name"))
    for role, nop_id in (("exporter", registration.exporter_nop_id), ("importer", registration.importer_nop_id)):
        if nop_id in listed and not _same_name(given[nop_id], listed[nop_id]):
            yield finding(Code.NAME_DIFFERS, f"{role}.name", listed=listed[nop_id])


def _goods(registration: Registration) -> Iterator[Finding]:
    if not (len(registration.hts) == 10 and registration.hts.isascii() and registration.hts.isdigit()):
        yield finding(Code.HTS_FORM, "hts")
    if registration.origin not in COUNTRIES:
        yield finding(Code.ORIGIN_UNKNOWN, "origin", given=registration.origin)
    if registration.destination_state not in STATES:
        yield finding(Code.STATE_UNKNOWN, "destination.state", given=registration.destination_state)
    if registration.standard not in settings.STANDARDS:
        known = ", ".join(sorted(settings.STANDARDS))
        yield finding(Code.STANDARD_UNKNOWN, "standard", given=registration.standard, known=known)


def weight_and_lots(net: Decimal, lots: Sequence[Lot]) -> Iterator[Finding]:
    """The weight is above zero; lots are distinct, above zero, and do not add up above it (they may stay below)."""
    if net <= 0:
        yield finding(Code.WEIGHT_NOT_POSITIVE, "net_weight_kg")
    seen: set[str] = set()
    for index, lot in enumerate(lots):
        if lot.kg is not None and lot.kg <= 0:
            yield finding(Code.LOT_NOT_POSITIVE, f"lots.{index}.kg")
        if lot.lot in seen:
            yield finding(Code.LOT_TWICE, f"lots.{index}.lot", lot=lot.lot)
        seen.add(lot.lot)
    total = sum((lot.kg for lot in lots if lot.kg is not None), Decimal("0.000"))
    if total > net:
        yield finding(Code.LOTS_ABOVE_WEIGHT, "lots", lots=total, net=net)


def _period(registration: Registration) -> Iterator[Finding]:
    start, end, departure = registration.start_date, registration.end_date, registration.departure_date
    if end < start:
        yield finding(Code.PERIOD_ORDER, "end_date", start=start, end=end)
        return
    latest = start + relativedelta(months=settings.MAX_PERIOD_MONTHS)
    if end > latest:
        yield finding(Code.PERIOD_TOO_LONG, "end_date", months=settings.MAX_PERIOD_MONTHS, latest=latest)
    yesterday = clock.today() - ONE_DAY
    earliest = yesterday - datetime.timedelta(days=settings.MAX_BACKDATE_DAYS)
    if start < earliest:
        yield finding(Code.BACKDATED, "start_date", earliest=earliest)
    if end < yesterday:
        yield finding(Code.PERIOD_OVER, "end_date", end=end)
    if departure is not None and departure < yesterday:
        yield finding(Code.DEPARTED, "departure_date", departure=departure)
    if departure is not None and departure > end:
        yield finding(Code.DEPARTURE_AFTER_END, "departure_date", departure=departure, end=end)
