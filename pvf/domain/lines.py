"""PVF lines as they stand: the terms in force, what may be offered to an exporter, and a line's fingerprint."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
import uuid

from django.db.models import Q

from core.audit import plain
from core.identity import Identity
from pvf.models import PVF, Balance, PVFLine, PVFLineTerms, PVFVersion


@dataclasses.dataclass(frozen=True, slots=True)
class OfferedLine:
    """A line that a request can be made for, with its terms in force and its kilograms."""

    line: PVFLine
    terms: PVFLineTerms
    pvf: PVF
    balance: Balance


def terms_in_force(line_id: uuid.UUID) -> PVFLineTerms | None:
    """What the line says in the approved version of its PVF; None where no version in force names it."""
    return (
        PVFLineTerms.objects.filter(line_id=line_id, version__state=PVFVersion.State.APPROVED)
        .select_related("version", "line__pvf")
        .first()
    )


def terms_at(line_id: uuid.UUID, moment: dt.datetime) -> PVFLineTerms | None:
    """What the line said at a moment: in the version that was in force then; None where none named it.

    Versions of a PVF are never in force together (an exclusion constraint), so there is one answer.
    """
    covers = Q(version__in_force_until=None) | Q(version__in_force_until__gt=moment)
    return (
        PVFLineTerms.objects.filter(covers, line_id=line_id, version__in_force_from__lte=moment)
        .select_related("version", "line__pvf")
        .first()
    )


def offered(actor: Identity, on: dt.date, *, client_id: uuid.UUID | None = None) -> list[OfferedLine]:
    """The lines visible to ``actor`` on approved PVFs whose period covers the day ``on``, by PVF and line number.

    ``client_id``: of this exporter alone; a broker may see the lines of several.
    """
    rows = (
        PVFLineTerms.objects.visible_to(actor)
        .filter(
            version__state=PVFVersion.State.APPROVED,
            line__pvf__state=PVF.State.APPROVED,
            line__pvf__period_start__lte=on,
            line__pvf__period_end__gte=on,
        )
        .select_related("line__pvf", "line__balance")
        .order_by("line__pvf__number", "line__line_number")
    )
    if client_id is not None:
        rows = rows.filter(client_id=client_id)
    return [OfferedLine(row.line, row, row.line.pvf, row.line.balance) for row in rows]


def line_sha256(terms: PVFLineTerms) -> str:
    """SHA-256 over what the line says: what a decision was founded on can be told from what the line says later."""
    content = {
        "line": terms.line_id,
        "version": terms.version_id,
        "product_name": terms.product_name,
        "label_name": terms.label_name,
        "scope": terms.scope,
        "hts_codes": terms.hts_codes,
        "origins": terms.origins,
        "authorised_kg": terms.authorised_kg,
    }
    canonical = json.dumps(plain(content), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
