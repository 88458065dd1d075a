"""What the pages of PVFs show, gathered for the templates."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.utils.translation import gettext_lazy

from core.identity import Identity
from core.templatetags.portal_format import hts, kg
from organizations.models import Client, Membership
from organizations.roles import Role
from pvf.domain import lines
from pvf.models import PVF, Balance, Bucket, Movement, PVFLine, PVFLineTerms, PVFVersion

BUCKETS = (Bucket.AVAILABLE, Bucket.RESERVED, Bucket.CERTIFIED, Bucket.SHIPPED)
#: Fields of a line's terms as the comparison shows them.
COMPARED = {
    "product_name": gettext_lazy("Product"),
    "label_name": gettext_lazy("Name on the label"),
    "scope": gettext_lazy("Scope"),
    "hts_codes": gettext_lazy("HTS codes"),
    "origins": gettext_lazy("Origins"),
    "authorised_kg": gettext_lazy("Authorised volume"),
    "volume_basis": gettext_lazy("Volume basis"),
}


def may_propose(actor: Identity) -> bool:
    """Whether the reader may import a workbook."""
    return actor.has(Role.REVIEWER, Role.MANAGER, Role.PREPARER, Role.SIGNATORY)


def clients_of(actor: Identity) -> list[tuple[str, str]]:
    """The exporters that staff may choose from; none for an exporter, which is its own."""
    if not actor.is_staff:
        return []
    rows = Client.objects.visible_to(actor).select_related("operation").order_by("operation__name")
    return [(str(row.pk), f"{row.operation.name} ({row.operation.nop_id})") for row in rows]


def names_of(people: Iterable[uuid.UUID | None]) -> dict[uuid.UUID | None, str]:
    """Names of people by id; only those that the reader may see."""
    wanted = {person for person in people if person}
    rows = Membership.objects.filter(user_id__in=wanted).values_list("user_id", "user__name") if wanted else []
    return dict(rows)


def totals(actor: Identity, pvfs: Iterable[PVF]) -> list[dict[str, Any]]:
    """Each PVF with the kilograms of all its lines by bucket."""
    shown = list(pvfs)
    sums = (
        Balance.objects.visible_to(actor)
        .filter(line__pvf__in=shown)
        .values("line__pvf_id")
        .annotate(**{f"{bucket}_kg": Sum(bucket.value) for bucket in BUCKETS})
    )
    by_pvf = {row["line__pvf_id"]: row for row in sums}
    return [{"pvf": row, "balance": by_pvf.get(row.pk)} for row in shown]


def lines_of(actor: Identity, pvf: PVF) -> list[dict[str, Any]]:
    """The lines of a PVF that have a balance, with the terms in force (None for one that a later version left out)."""
    terms = {
        row.line_id: row
        for row in PVFLineTerms.objects.visible_to(actor).filter(
            line__pvf=pvf, version__state=PVFVersion.State.APPROVED
        )
    }
    rows = Balance.objects.visible_to(actor).filter(line__pvf=pvf).select_related("line").order_by("line__line_number")
    return [{"line": row.line, "terms": terms.get(row.line_id), "balance": row} for row in rows]


def line_context(actor: Identity, line: PVFLine) -> dict[str, Any]:
    """The terms in force and the balance of one line."""
    return {
        "terms": lines.terms_in_force(line.pk),
        "balance": Balance.objects.visible_to(actor).filter(line=line).first(),
    }


def statement(movements: Iterable[Movement]) -> list[dict[str, Any]]:
    """Movements with what they did to the available kilograms (positive: more is available)."""
    return [{"movement": row, "effect": _effect(row)} for row in movements]


def _effect(row: Movement) -> Decimal:
    into = row.kg if row.target == Bucket.AVAILABLE else Decimal(0)
    return into - (row.kg if row.source == Bucket.AVAILABLE else Decimal(0))


def comparison(actor: Identity, version: PVFVersion) -> dict[str, Any]:
    """A version beside the one before it: line by line, with the kilograms in use where they limit a reduction."""
    earlier = (
        PVFVersion.objects.visible_to(actor)
        .filter(pvf_id=version.pvf_id, number__lt=version.number, decided_at__isnull=False)
        .exclude(state=PVFVersion.State.REJECTED)
        .order_by("-number")
        .first()
    )
    old = _by_line(actor, earlier) if earlier else {}
    new = _by_line(actor, version)
    balances = {row.line_id: row for row in Balance.objects.visible_to(actor).filter(line_id__in={*old, *new})}
    numbered = sorted(
        {row.line_id: row.line.line_number for row in (*old.values(), *new.values())}.items(), key=_second
    )
    blocks = [_block(number, old.get(pk), new.get(pk), balances.get(pk)) for pk, number in numbered]
    return {"earlier": earlier, "blocks": blocks}


def _second(pair: tuple[uuid.UUID, int]) -> int:
    return pair[1]


def _by_line(actor: Identity, version: PVFVersion) -> dict[uuid.UUID, PVFLineTerms]:
    rows = PVFLineTerms.objects.visible_to(actor).filter(version=version).select_related("line")
    return {row.line_id: row for row in rows}


def _block(number: int, old: PVFLineTerms | None, new: PVFLineTerms | None, balance: Balance | None) -> dict[str, Any]:
    used = balance.reserved + balance.certified + balance.shipped if balance else Decimal(0)
    wanted = new.authorised_kg if new else Decimal(0)
    left, right = _shown(old), _shown(new)
    rows = [{"label": label, "left": left[field], "right": right[field]} for field, label in COMPARED.items()]
    change = wanted - (old.authorised_kg if old else Decimal(0))
    name = new or old
    return {
        "number": number, "name": name.label_name if name else "", "rows": rows, "change": change, "used": used,
        "too_low": wanted < used, "added": old is None, "removed": new is None,
    }  # fmt: skip


def _shown(terms: PVFLineTerms | None) -> dict[str, Any]:
    if terms is None:
        return dict.fromkeys(COMPARED, "")
    return {
        "product_name": terms.product_name,
        "label_name": terms.label_name,
        "scope": terms.get_scope_display(),
        "hts_codes": ", ".join(hts(code) for code in terms.hts_codes),
        "origins": ", ".join(terms.origins),
        "authorised_kg": kg(terms.authorised_kg),
        "volume_basis": terms.volume_basis,
    }
