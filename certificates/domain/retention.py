"""Files that were made because somebody asked: the workers take them away when their time is over; this looks once more."""

from __future__ import annotations

import uuid

from django.db.models import Q

from certificates.domain import bundle_files, previews, reading_copies, statement_files
from certificates.models import Bundle, Preview, ReadingCopy
from core import clock
from core.identity import Identity, act_as
from pvf.models import StatementFile


def expired_files(certifier_id: uuid.UUID | None) -> int:
    """Previews, bundles, reading copies and statements whose time is over (None: bundles of no certifier).

    The loop's own identity is set.
    """
    now = clock.now()
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    found = Bundle.objects.filter(Q(certifier_id=certifier_id), free, expires_at__lte=now).count()
    if certifier_id is None:
        return found
    found += Preview.objects.filter(free, certifier_id=certifier_id, expires_at__lte=now).count()
    for model, kept in ((ReadingCopy, reading_copies.KEPT), (StatementFile, reading_copies.KEPT)):
        found += model.objects.filter(certifier_id=certifier_id, wanted_at__lte=now - kept).count()
    return found


def forget_files(certifier_id: uuid.UUID | None) -> int:
    """Take them away, bytes and rows, by the functions of the workers. Returns how many."""
    gone = 0
    while count := bundle_files.forget_old(certifier_id):
        gone += count
    if certifier_id is None:
        return gone
    while count := previews.forget_old(certifier_id):
        gone += count
    with act_as(Identity.loop(certifier_id)):
        gone += reading_copies.forget_old(certifier_id) + statement_files.forget_old(certifier_id)
    return gone
