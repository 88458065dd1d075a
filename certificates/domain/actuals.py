"""Actual weights: the total that the exporter declares, reminders before the end, and what is overdue.

Each reported shipment goes to OID at once; the total at the latest the day before the certificate ends, and again
whenever a later report or correction has taken it back.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from certificates.domain import changes
from certificates.domain.shipments import reporting
from certificates.models import SHIPPING_STATES, ActualsReminder, Certificate
from core import clock
from core.errors import InvalidInput
from core.identity import Identity, act_as
from core.models import Audience
from core.notify import notify
from core.units import Unit, to_kg
from organizations.models import Certifier
from organizations.roles import Role
from organizations.rules import rules_of
from organizations.tenancy import find

#: Days before the end on which exporter and certifier are reminded.
REMINDERS = (30, 14, 7)
BATCH = 200
#: Overdue certificates that a check names.
SHOWN = 20
#: See ``certificates/sql/060_overdue.sql``.
_OVERDUE = "SELECT * FROM certificates_overdue(%s, %s, %s, %s, %s)"


@transaction.atomic
def declare_total(
    actor: Identity, certificate_id: uuid.UUID | str, *, ending_inventory_kg: Decimal | None = None
) -> Certificate:
    """Say that nothing more leaves under a certificate: the sum of its shipments is the total. Twice changes nothing.

    ``ending_inventory_kg``: what the exporter has left of the goods. A shipment reported or corrected afterwards takes
    the total back. Raises ``Conflict`` CERTIFICATE-STATE, ``InvalidInput`` INVENTORY, ``NotPermitted``.
    """
    actor = reporting(actor, find(Certificate.objects.all(), actor, certificate_id))
    certificate = changes.lock(actor, certificate_id)
    changes.require_shipping(certificate)
    if certificate.total_declared_at is not None:
        return certificate
    if ending_inventory_kg is not None:
        ending_inventory_kg = to_kg(ending_inventory_kg, Unit.KGM)
        if ending_inventory_kg < 0:
            raise InvalidInput("INVENTORY", _("Enter a weight of zero or more."), field="ending_inventory_kg")
    certificate.total_declared_at, certificate.ending_inventory_kg = clock.now(), ending_inventory_kg
    certificate.save(update_fields=["total_declared_at", "ending_inventory_kg"])
    changes.note(
        actor, certificate, changes.Kind.TOTAL, before_kg=certificate.net_kg, ending_inventory_kg=ending_inventory_kg
    )
    return certificate


@dataclasses.dataclass(frozen=True)
class Overdue:
    """A certificate whose total should have been declared: its number, end, and kilograms."""

    number: str
    end_date: dt.date
    shipped_kg: Decimal
    net_kg: Decimal


def overdue(
    certifier_id: uuid.UUID, client_id: uuid.UUID, before: dt.date, *, beside: uuid.UUID | None = None
) -> list[Overdue]:
    """A client's shipping certificates that end before a day without a declared total, at most ``SHOWN``, first end first.

    ``beside``: a certificate that does not count. The database's function plans the query once a session.
    """
    with connection.cursor() as cursor:
        cursor.execute(_OVERDUE, [certifier_id, client_id, before, beside, SHOWN])
        return [Overdue(*row) for row in cursor.fetchall()]


def sweep(certifier_id: uuid.UUID) -> dict[str, int]:
    """Declare the totals that are due and send the reminders of one certifier, each in a transaction of its own."""
    actor = Identity.loop(certifier_id)
    done = {"totals": 0, "reminders": 0}
    with act_as(actor):
        today = clock.today_in(Certifier.objects.get(pk=certifier_id).time_zone)
        totals = _totals_due(certifier_id, today)
        reminders = _reminders_due(certifier_id, today)
    for key in totals:
        with act_as(actor):
            done["totals"] += declare_total(actor, key).total_declared_at is not None
    for key, days in reminders:
        with act_as(actor):
            done["reminders"] += remind(actor, key, days)
    return done


def _totals_due(certifier_id: uuid.UUID, today: dt.date) -> list[uuid.UUID]:
    """Certificates that end tomorrow or have ended, and whose total nobody has declared."""
    rows = Certificate.objects.filter(
        certifier_id=certifier_id, state__in=SHIPPING_STATES, total_declared_at=None,
        end_date__lte=today + dt.timedelta(days=1),
    )  # fmt: skip
    return list(rows.order_by("end_date", "pk").values_list("pk", flat=True)[:BATCH])


def _reminders_due(certifier_id: uuid.UUID, today: dt.date) -> list[tuple[uuid.UUID, int]]:
    """Certificates near their end with the reminder whose turn it is: of several that are due the nearest alone."""
    rows = Certificate.objects.filter(
        certifier_id=certifier_id, state__in=SHIPPING_STATES, total_declared_at=None, end_date__gte=today,
        end_date__lte=today + dt.timedelta(days=max(REMINDERS)),
    )  # fmt: skip
    found: list[tuple[uuid.UUID, int]] = []
    for key, end in rows.order_by("end_date", "pk").values_list("pk", "end_date"):
        days = min(days for days in REMINDERS if (end - today).days <= days)
        found.append((key, days))
    sent = ActualsReminder.objects.filter(certificate_id__in=[key for key, _days in found])
    known = set(sent.values_list("certificate_id", "days_before_end"))
    return [entry for entry in found if entry not in known][:BATCH]


def remind(actor: Identity, certificate_id: uuid.UUID, days: int) -> bool:
    """Remind exporter and certifier of a certificate's actual weights; each of the reminders once. False: it was sent."""
    certificate = changes.lock(actor, certificate_id)
    if certificate.state not in SHIPPING_STATES or certificate.total_declared_at is not None:
        return False
    _row, made = ActualsReminder.objects.get_or_create(
        certificate=certificate, days_before_end=days,
        defaults={"certifier_id": certificate.certifier_id, "client_id": certificate.client_id},
    )  # fmt: skip
    if not made:
        return False
    common: dict[str, Any] = {
        "certifier_id": certificate.certifier_id, "object_type": "certificate", "object_id": certificate.pk,
        "context": {
            "number": certificate.called, "exporter": certificate.snapshot["exporter"]["name"],
            "end": certificate.end_date, "rest": changes.rest_of(certificate), "shipped": certificate.shipped_kg,
            "due": certificate.end_date - dt.timedelta(days=rules_of(certificate.certifier_id).actuals_due_days_before_end),
        },
    }  # fmt: skip
    topic = "certificate.actuals_due"
    notify(topic, Audience.CLIENT, certificate.client_id, roles=[Role.PREPARER, Role.SIGNATORY], **common)
    notify(topic, Audience.CERTIFIER, certificate.certifier_id, roles=[Role.REVIEWER], **common)
    return True
