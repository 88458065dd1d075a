"""Carry-overs into a new certification year: they wait with the proposal, are decided with it and move with it."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping
from decimal import Decimal

from django.utils.translation import gettext as _

from core import clock
from core.errors import InvalidInput
from core.identity import Identity
from pvf.domain import ledger, versions
from pvf.models import PVF, Balance, Bucket, CarryOver, Cause, PVFLineTerms, PVFVersion

ZERO = Decimal(0)


@dataclasses.dataclass(frozen=True, slots=True)
class Carried:
    """A decided carry-over: kilograms from a line of the old year to a line of the new one."""

    pk: uuid.UUID
    line_id: uuid.UUID
    from_line_id: uuid.UUID
    kg: Decimal
    reason: str


def keep(pvf: PVF, version: PVFVersion) -> None:
    """Ask again, in a new version, for what the version before asked to carry over and nobody has decided."""
    if pvf.state != PVF.State.DRAFT:
        return
    last = (
        CarryOver.objects.filter(version__pvf=pvf, decided_kg=None)
        .exclude(version=version)
        .order_by("-version__number")
        .values_list("version_id", flat=True)
        .first()
    )
    kept = set(version.terms.values_list("line_id", flat=True))
    for row in CarryOver.objects.filter(version_id=last, line_id__in=kept):
        CarryOver(
            certifier_id=row.certifier_id, client_id=row.client_id, version=version, line_id=row.line_id,
            from_line_id=row.from_line_id, asked_kg=row.asked_kg,
        ).save(force_insert=True)  # fmt: skip


def decided(
    actor: Identity, version: PVFVersion, carried: Mapping[uuid.UUID, Decimal] | None, reason: str
) -> list[Carried]:
    """Put the decision on each carry-over of a version on record. All of them are decided, with a reason, or none is."""
    rows = list(CarryOver.objects.select_for_update().filter(version=version).order_by("pk"))
    if not rows:
        if carried:
            raise InvalidInput("CARRY-OVER", _("This version carries nothing on."), field="carried")
        return []
    given = dict(carried or {})
    missing = [row for row in rows if row.line_id not in given]
    if missing or len(given) > len(rows):
        text = _("Decide for every line how many kilograms it takes over; 0 is a decision too.")
        raise InvalidInput("CARRY-UNDECIDED", text, field="carried")
    if not reason.strip():
        raise InvalidInput("REASON", _("Give a reason for the carry-over."), field="reason")
    for row in rows:
        row.decided_kg, row.reason = given[row.line_id], reason.strip()[:300]
        row.decided_by, row.decided_at = actor.user_id, clock.now()
        if not row.decided_kg.is_finite() or row.decided_kg < 0 or row.decided_kg != round(row.decided_kg, 3):
            text = _("Enter kilograms from zero, with at most three decimal places.")
            raise InvalidInput("CARRY-OVER", text, field="carried")
        row.save(update_fields=["decided_kg", "reason", "decided_by", "decided_at"])
    versions.record(
        actor, "pvf.carry_over", version, reason=reason.strip(),
        carried={str(row.from_line_id): row.decided_kg for row in rows},
    )  # fmt: skip
    return [Carried(row.pk, row.line_id, row.from_line_id, given[row.line_id], row.reason) for row in rows]


def move(
    actor: Identity,
    carried: list[Carried],
    balances: dict[uuid.UUID, Balance],
    terms: dict[uuid.UUID, PVFLineTerms],
) -> dict[uuid.UUID, Decimal]:
    """Move each carry-over out of its old line and into its new one; returns what each new line got.

    The balances are locked. Raises ``InvalidInput`` CARRY-OVER with the figures where the old line has less available or
    the new line authorises less.
    """
    brought: dict[uuid.UUID, Decimal] = {}
    for row in sorted(carried, key=_by_lines):
        available = balances[row.from_line_id].available
        new = terms.get(row.line_id)
        if row.kg > available:
            raise too_much(new.line.line_number if new else 0, row.kg, available)
        if new is None or row.kg > new.authorised_kg:
            words = {"line": new.line.line_number if new else "–", "kg": f"{row.kg:,.3f}",
                     "authorised": f"{new.authorised_kg if new else ZERO:,.3f}"}  # fmt: skip
            text = _("Line %(line)s: %(kg)s kg carried over are more than the %(authorised)s kg that it authorises.")
            raise InvalidInput("CARRY-OVER", text % words, field="carried")
        if not row.kg:
            continue
        stem = f"carry_over:{row.pk}"
        for line_id, source, target, side in (
            (row.from_line_id, Bucket.AVAILABLE, Bucket.OUTSIDE, "out"),
            (row.line_id, Bucket.OUTSIDE, Bucket.AVAILABLE, "in"),
        ):
            ledger.move(
                actor, line_id, Cause.CARRY_OVER, source, target, row.kg, key=f"{stem}:{side}", reason=row.reason
            )  # fmt: skip
        brought[row.line_id] = row.kg
    return brought


def _by_lines(row: Carried) -> tuple[uuid.UUID, uuid.UUID]:
    return (row.from_line_id, row.line_id)


def too_much(number: int, kg: Decimal, available: Decimal) -> InvalidInput:
    """The refusal of a carry-over of more than the old line has available, with the figures."""
    words = {"line": number, "kg": f"{kg:,.3f}", "available": f"{available:,.3f}"}
    text = _("Line %(line)s: %(kg)s kg are more than the %(available)s kg available on the old line.")
    details = {"line": number, "asked_kg": f"{kg:.3f}", "available_kg": f"{available:.3f}"}
    return InvalidInput("CARRY-OVER", text % words, field="carried", details=details)
