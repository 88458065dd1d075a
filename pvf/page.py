"""What the pages of PVFs show, gathered for the templates."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db.models import Q, Sum
from django.utils.translation import gettext_lazy

from core.identity import Identity
from core.templatetags.portal_format import hts, kg
from organizations import history
from organizations.history import Words
from organizations.models import Client
from organizations.roles import Role
from pvf.domain import basis as volume
from pvf.domain import lines, top_ups, versions
from pvf.life_forms import sum_of
from pvf.models import PVF, Balance, Bucket, Movement, PVFLine, PVFLineTerms, PVFVersion, TopUp

ZERO = Decimal(0)
#: Acts that the page of a PVF tells. What either side does with its draft is not the other's to watch.
ACTS: Words = {
    "pvf.propose": (gettext_lazy("Version proposed"), "info", "mail"),
    "pvf.approve": (gettext_lazy("Version approved"), "good", "check_circle"),
    "pvf.reject": (gettext_lazy("Version rejected"), "bad", "cancel"),
    "pvf.carry_over": (gettext_lazy("Carry-over decided"), "info", "check"),
    "pvf.processing_report": (gettext_lazy("Processing reported"), "info", "edit"),
    "pvf.processing_approve": (gettext_lazy("Processing report approved"), "good", "check"),
    "pvf.processing_reject": (gettext_lazy("Processing report rejected"), "bad", "close"),
    "pvf.processing_withdraw": (gettext_lazy("Processing report withdrawn"), "", "undo"),
}
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


def events_of(pvf: PVF) -> list[dict[str, Any]]:
    """What has happened to a PVF, newest first."""
    rows = history.rows_of(pvf.client, "pvf", pvf.pk).filter(act__in=ACTS)[: history.LENGTH]
    return history.events(pvf.client, rows, ACTS)


def may_propose(actor: Identity) -> bool:
    """Whether the reader may import a workbook."""
    return actor.has(Role.REVIEWER, Role.MANAGER, Role.PREPARER, Role.SIGNATORY)


def shown_versions(actor: Identity) -> Any:
    """The versions that the reader may see; a draft is its own side's alone until it is proposed."""
    others = Q(state=PVFVersion.State.DRAFT) & ~Q(by_certifier=actor.is_staff)
    return PVFVersion.objects.visible_to(actor).exclude(others)


def clients_of(actor: Identity) -> list[tuple[str, str]]:
    """The exporters that staff may choose from; none for an exporter, which is its own."""
    if not actor.is_staff:
        return []
    rows = Client.objects.visible_to(actor).select_related("operation").order_by("operation__name")
    return [(str(row.pk), f"{row.operation.name} ({row.operation.nop_id})") for row in rows]


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
        "may_propose": may_propose(actor),
        "balance": Balance.objects.visible_to(actor).filter(line=line).first(),
    }


def statement(movements: Iterable[Movement]) -> list[dict[str, Any]]:
    """Movements with what they did to the available kilograms (positive: more is available)."""
    return [{"movement": row, "effect": _effect(row)} for row in movements]


def _effect(row: Movement) -> Decimal:
    into = row.kg if row.target == Bucket.AVAILABLE else Decimal(0)
    return into - (row.kg if row.source == Bucket.AVAILABLE else Decimal(0))


def comparison(actor: Identity, version: PVFVersion) -> dict[str, Any]:
    """A version beside the one it follows (or would follow), line by line, with the arithmetic of its kilograms."""
    earlier = _before(actor, version)
    old = _by_line(actor, earlier) if earlier else {}
    new = _by_line(actor, version)
    if version.kind == PVFVersion.Kind.TOP_UP and not new:
        old, new = _topped_up(version, old)
    balances = {row.line_id: row for row in Balance.objects.visible_to(actor).filter(line_id__in={*old, *new})}
    beside = versions.moved_beside(balances)
    numbered = sorted(
        {row.line_id: row.line.line_number for row in (*old.values(), *new.values())}.items(), key=_second
    )
    waits = version.state in {PVFVersion.State.DRAFT, PVFVersion.State.PROPOSED}
    carried = {row.line_id: row for row in version.carry_overs.select_related("from_line__balance", "from_line__pvf")}
    blocks = []
    for pk, number in numbered:
        block = _block(number, old.get(pk), new.get(pk))
        block["carry_over"] = carried.get(pk)
        if waits:
            block |= arithmetic(balances.get(pk), new.get(pk), beside.get(pk, ZERO))
        blocks.append(block)
    return {"earlier": earlier, "blocks": blocks, "waits": waits}


def _before(actor: Identity, version: PVFVersion) -> PVFVersion | None:
    rows = PVFVersion.objects.visible_to(actor).filter(pvf_id=version.pvf_id, in_force_from__isnull=False)
    at = version.in_force_from or version.decided_at
    if at is not None:
        rows = rows.filter(in_force_from__lte=at).exclude(pk=version.pk)
    return rows.order_by("-in_force_from", "-number").first()


def _topped_up(
    version: PVFVersion, old: dict[uuid.UUID, PVFLineTerms]
) -> tuple[dict[uuid.UUID, PVFLineTerms], dict[uuid.UUID, PVFLineTerms]]:
    """The one line of a top-up as it stands, and as it would stand."""
    top_up = TopUp.objects.get(version=version)
    terms = old.get(top_up.line_id)
    if terms is None:
        return {}, {}
    row = top_ups.with_top_up(versions.row_of(terms), top_up)
    more = PVFLineTerms(
        line=terms.line, product_name=row.product_name, label_name=row.label_name, scope=row.scope,
        hts_codes=list(row.hts_codes), origins=list(row.origins), authorised_kg=row.authorised_kg,
        volume_basis=row.volume_basis, basis=volume.to_json(row.basis),
    )  # fmt: skip
    return {top_up.line_id: terms}, {top_up.line_id: more}


def arithmetic(balance: Balance | None, new: PVFLineTerms | None, beside: Decimal) -> dict[str, Any]:
    """What the kilograms of a line are and would become: authorised, in use, processed or carried away, available."""
    used = balance.reserved + balance.certified + balance.shipped if balance else ZERO
    available = balance.available if balance else ZERO
    wanted = new.authorised_kg if new else ZERO
    granted = used + available - beside
    after = available + wanted - granted
    return {
        "used": used, "beside": beside, "authorised_before": granted, "authorised_after": wanted,
        "available_before": available, "available_after": after, "too_low": after < 0, "least": used - beside,
    }  # fmt: skip


def _second(pair: tuple[uuid.UUID, int]) -> int:
    return pair[1]


def _by_line(actor: Identity, version: PVFVersion) -> dict[uuid.UUID, PVFLineTerms]:
    rows = PVFLineTerms.objects.visible_to(actor).filter(version=version).select_related("line")
    return {row.line_id: row for row in rows}


def _block(number: int, old: PVFLineTerms | None, new: PVFLineTerms | None) -> dict[str, Any]:
    left, right = _shown(old), _shown(new)
    rows = [
        {"label": label, "left": left[field], "right": right[field], "same": left[field] == right[field]}
        for field, label in COMPARED.items()
    ]
    name = new or old
    before = old.authorised_kg if old else ZERO
    return {
        "number": number, "name": name.label_name if name else "", "rows": rows,
        "caption": f"{number} · {name.label_name if name else ''}", "added": old is None,
        "removed": new is None, "change": (new.authorised_kg if new else ZERO) - before,
        "old_sum": sum_of(old.basis, old.authorised_kg) if old and old.basis else None,
        "new_sum": sum_of(new.basis, new.authorised_kg) if new else None,
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
