"""Closing certificates: all shipped and declared, or expired: then the unshipped rest goes back to the line it came from."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import transaction
from django.db.models import F, Q

from certificates.domain import changes, replacing, states
from certificates.models import SHIPPING_STATES, Certificate, CertificateState
from core import clock
from core.identity import Identity, act_as
from organizations.models import Certifier
from organizations.rules import rules_of
from pvf.models import Cause

BATCH = 200


def due(certifier: Certifier, after: uuid.UUID | None = None) -> list[uuid.UUID]:
    """Certificates under which goods leave, past their time to report, or shipped in full and declared; by key, a batch."""
    today = clock.today_in(certifier.time_zone)
    grace = dt.timedelta(days=rules_of(certifier.pk).close_out_days_after_end)
    ended = Q(end_date__lt=today - grace) | Q(total_declared_at__isnull=False, shipped_kg=F("net_kg"))
    # never registered, nothing more leaves under it: its rest need not wait for the end of the period
    ended |= Q(state=CertificateState.CONTINUITY, total_declared_at__isnull=False) & ~Q(
        continuity__unregistered_because=""
    )
    rows = Certificate.objects.filter(ended, certifier=certifier, state__in=SHIPPING_STATES)
    if after is not None:
        rows = rows.filter(pk__gt=after)
    return list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])


def _ends(certificate: Certificate, today: dt.date, grace: dt.timedelta) -> bool:
    expired = certificate.end_date + grace < today
    if certificate.total_declared_at is None:
        return expired
    stays = certificate.state == CertificateState.CONTINUITY and bool(certificate.continuity.unregistered_because)
    return expired or stays or changes.rest_of(certificate) == 0


@transaction.atomic
def close(actor: Identity, certificate_id: uuid.UUID) -> bool:
    """Close one certificate if it is still to be closed; False where it is not, or a replacement is open."""
    changes.require_decider(actor)
    certificate = changes.lock(actor, certificate_id)
    certifier = Certifier.objects.get(pk=certificate.certifier_id)
    grace = dt.timedelta(days=rules_of(certifier.pk).close_out_days_after_end)
    if certificate.state not in SHIPPING_STATES or replacing.coming(certificate):
        return False
    if not _ends(certificate, clock.today_in(certifier.time_zone), grace):
        return False
    freed = changes.rest_of(certificate)
    changes.free(actor, certificate, Cause.CLOSE_OUT, freed, f"close:{certificate.pk}", "")
    states.move(certificate, CertificateState.CLOSED)
    certificate.closed_at = clock.now()
    certificate.save(update_fields=["state", "closed_at"])
    changes.note(actor, certificate, changes.Kind.CLOSED, before_kg=certificate.net_kg, freed_kg=freed)
    return True


def sweep(certifier_id: uuid.UUID) -> int:
    """Close what is to be closed at one certifier, each in a transaction of its own. Returns how many."""
    actor, closed, after = Identity.loop(certifier_id), 0, None
    while True:
        with act_as(actor):
            waiting = due(Certifier.objects.get(pk=certifier_id), after)
        for key in waiting:
            with act_as(actor):
                closed += close(actor, key)
        if len(waiting) < BATCH:
            return closed
        after = waiting[-1]
