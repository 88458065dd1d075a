"""What the reconciliation found of issued certificates becomes a mark on them, and goes with it.

A mark follows the open drifts of a certificate; a run brings them in line at its end, and so does the sweep, for a run
that was killed between.
"""

from __future__ import annotations

import uuid
from collections import defaultdict

from certificates.domain import flags, oid_marks
from certificates.domain.oid_marks import RELIED_ON, Seen
from certificates.models import Certificate, OidMark
from core.identity import Identity, act_as
from oid_sync.models import Drift, DriftKind

_STATUSES = {"void": OidMark.Kind.VOID, "replaced": OidMark.Kind.REPLACED}
_KINDS = (DriftKind.OID_STATUS, DriftKind.OID_FIELDS, DriftKind.MISSING_IN_OID)


def settle_all(certifier_id: uuid.UUID) -> int:
    """Mark and clear the certificates of a certifier, some at a time. Returns how many were changed."""
    actor = Identity.loop(certifier_id)
    with act_as(actor):
        differing = _differing(certifier_id)
    changed = 0
    keys = sorted(differing)
    for start in range(0, len(keys), flags.TOGETHER):
        with act_as(actor):
            changed += oid_marks.settle(actor, {key: differing[key] for key in keys[start : start + flags.TOGETHER]})
    return changed


def _differing(certifier_id: uuid.UUID) -> dict[uuid.UUID, list[Seen]]:
    """Certificates whose open marks are not what the open drifts say, with what OID shows of each."""
    seen: dict[uuid.UUID, list[Seen]] = defaultdict(list)
    drifts = Drift.objects.filter(
        certifier_id=certifier_id, closed_at=None, kind__in=_KINDS, certificate_id__isnull=False
    )
    for kind, certificate_id, theirs in drifts.values_list("kind", "certificate_id", "other_value"):
        found = _seen(kind, theirs)
        if found is not None and certificate_id is not None:
            seen[certificate_id].append(found)
    have: dict[uuid.UUID, set[Seen]] = defaultdict(set)
    marks = OidMark.objects.filter(certifier_id=certifier_id, closed_at=None)
    for certificate_id, kind, fields, seen_by in marks.values_list("certificate_id", "kind", "fields", "seen_by"):
        if seen_by is None:
            have[certificate_id].add(Seen(kind, tuple(fields)))
        else:  # a person saw it, and a person clears it
            seen[certificate_id] = [found for found in seen[certificate_id] if found.kind != kind]
    unlike = [key for key in seen.keys() | have.keys() if set(seen.get(key, ())) != have.get(key, set())]
    # one that nobody relies on is not marked anew
    marked = set(have)
    relied_on = set(Certificate.objects.filter(pk__in=unlike, state__in=RELIED_ON).values_list("pk", flat=True))
    return {key: seen.get(key, []) for key in unlike if key in marked or key in relied_on}


def _seen(kind: str, theirs: object) -> Seen | None:
    if kind == DriftKind.MISSING_IN_OID:
        return Seen(OidMark.Kind.MISSING)
    if kind == DriftKind.OID_FIELDS:
        return Seen(OidMark.Kind.CHANGED, tuple(sorted(theirs)) if isinstance(theirs, dict) else ())
    mark = _STATUSES.get(str(theirs))
    return Seen(mark) if mark else None
