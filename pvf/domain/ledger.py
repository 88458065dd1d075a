"""The volume ledger: kilograms move between the buckets of a PVF line, by movements that never change.

The kilograms themselves are moved by the database function ``pvf_move`` (``pvf/sql/020_ledger.sql``); this module calls
it and says in words what it refused. Locks come before checks: line FOR SHARE, then balances FOR UPDATE by primary key.
"""

from __future__ import annotations

import dataclasses
import json
import uuid
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from core import ids
from core.errors import Conflict, DomainError, InvalidInput, NotPermitted, NotVisible
from core.identity import Identity
from core.rows import list_from_json
from core.units import round_kg
from pvf.models import Balance, Bucket, Cause, Holder

_LOCK_BALANCES = "SELECT b::text FROM pvf_lock_balances(%s) b"

HeldBy = tuple[Holder, uuid.UUID]

_MOVE = (
    "SELECT refused, rule, movement_id, repeated, available_after, reserved_after, certified_after, shipped_after "
    "FROM pvf_try_move(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)


@dataclasses.dataclass(frozen=True, slots=True)
class Moved:
    """A movement and the line's buckets after it (kg). ``repeated``: it had been made before, under the same key."""

    movement_id: uuid.UUID
    repeated: bool
    available: Decimal
    reserved: Decimal
    certified: Decimal
    shipped: Decimal


class VolumeExceeded(DomainError):
    """A bucket would have become negative (VOL-1): more was asked of it than is in it."""

    def __init__(self, source: str, asked: Decimal, there: Decimal | None) -> None:
        details: dict[str, Any] = {"source": source, "asked_kg": str(asked)}
        if there is None:
            message = _("%(asked)s kg are more than the line has in “%(source)s”.")
        else:
            details |= {"there_kg": str(there), "over_kg": str(asked - there)}
            message = _("%(asked)s kg were asked for, “%(source)s” holds %(there)s kg: %(over)s kg too many.")
        over = "" if there is None else asked - there
        words = {"asked": asked, "source": Bucket(source).label, "there": there, "over": over}
        super().__init__("VOL-1", message % words, field="entered_quantity", details=details)


def move(
    actor: Identity,
    line_id: uuid.UUID,
    cause: Cause,
    source: Bucket,
    target: Bucket,
    kg: Decimal,
    *,
    key: str,
    source_holder: HeldBy | None = None,
    target_holder: HeldBy | None = None,
    reason: str = "",
) -> Moved:
    """Move ``kg`` of a line from one bucket to another; the same ``key`` again gives the first result.

    Raises :class:`VolumeExceeded` where ``source`` holds less, ``NotVisible`` for a line that is not the actor's,
    ``NotPermitted`` for a cause that is not the exporter's, ``Conflict`` where the key was used with other figures and
    ``InvalidInput`` for a move that the ledger does not know.
    """
    holder_in, holder_in_id = source_holder or ("", None)
    holder_out, holder_out_id = target_holder or ("", None)
    values: list[Any] = [
        ids.new_id(), line_id, str(source), str(target), round_kg(kg), str(holder_in), holder_in_id,
        str(holder_out), holder_out_id, str(cause), reason[:300], key, actor.user_id,
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, values)
        state, rule, *moved = cursor.fetchone() or ("", "")
    if state is not None:
        raise _refused(state, rule, line_id, source, kg)
    return Moved(*moved)


def _refused(state: str, rule: str | None, line_id: uuid.UUID, source: Bucket, kg: Decimal) -> DomainError:
    if (rule or "").startswith("balance_"):
        there = Balance.objects.filter(line_id=line_id).values_list(str(source), flat=True).first()
        return VolumeExceeded(str(source), kg, there)
    if state == "PV404":
        return NotVisible("NOT-FOUND", _("There is no such PVF line, or it is not yours to see."))
    if state == "PV403":
        return NotPermitted("MOVE-ROLE", _("Only the certifier may move kilograms for this reason."))
    if state == "PV409":
        return Conflict("MOVE-REPEATED", _("This movement was made before, with other figures."))
    if state == "PV422":
        return InvalidInput("MOVE-UNKNOWN", _("The ledger does not know such a movement."))
    text = _("The ledger does not allow this movement (%(rule)s).") % {"rule": rule or ""}
    return InvalidInput("MOVE-REFUSED", text)


def lock_line(line_id: uuid.UUID) -> None:
    """Lock the line FOR SHARE: its PVF can be read safely and is not changed meanwhile. Raises ``NotVisible``."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pvf_lock_line(%s)", [line_id])
        (found,) = cursor.fetchone() or (None,)
    if found is None:
        raise NotVisible("NOT-FOUND", _("There is no such PVF line, or it is not yours to see."))


def lock_balances(line_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Balance]:
    """The balances of these lines, locked FOR UPDATE in the order of their keys: the last and shortest lock."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_BALANCES, [sorted(set(line_ids))])
        found = list_from_json(Balance, (json.loads(row, parse_float=Decimal) for (row,) in cursor.fetchall()))
    return {row.line_id: row for row in found}


def held(holder: Holder, holder_id: uuid.UUID, bucket: Bucket) -> Decimal:
    """Kilograms that a request or certificate holds in ``bucket``: movements in, less movements out."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pvf_held(%s, %s, %s)", [str(holder), holder_id, str(bucket)])
        (kilograms,) = cursor.fetchone() or (None,)
    return kilograms if isinstance(kilograms, Decimal) else Decimal(0)


def reserved_by(request_id: uuid.UUID) -> Decimal:
    """Kilograms that a request holds reserved."""
    return held(Holder.REQUEST, request_id, Bucket.RESERVED)
