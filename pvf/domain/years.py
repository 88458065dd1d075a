"""A new certification year: a PVF of its own, and a carry-over for each line that someone decided."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from core.errors import Conflict, InvalidInput
from core.identity import Identity
from organizations.models import Client
from organizations.tenancy import find
from pvf.domain import drafts, versions
from pvf.domain.carrying import too_much
from pvf.models import PVF, Balance, CarryOver, PVFVersion


@transaction.atomic
def open_draft(
    actor: Identity, old_pvf_id: uuid.UUID, *, number: str, period_start: dt.date, period_end: dt.date
) -> PVFVersion:
    """A draft of the next year's PVF: the old one's lines as they stand, each asking to carry over what is available.

    Raises ``Conflict`` where the old PVF has no version in force, ``InvalidInput`` where the new period does not come after.
    """
    old = find(PVF.objects.all(), actor, old_pvf_id)
    versions.require_proposer(actor, old.client_id)
    current = versions.in_force(old)
    if current is None:
        raise Conflict("PVF-STATE", _("This PVF has no version in force to carry on from."))
    if period_start <= old.period_end:
        words = {"end": old.period_end}
        text = _("The new year begins after the last day of the old one (%(end)s).")
        raise InvalidInput("PVF-PERIOD", text % words, field="period_start")
    client = find(Client.objects.all(), actor, old.client_id)
    if PVF.objects.filter(client=client, number=number.strip()).exists():
        raise InvalidInput("PVF-NUMBER", _("There is a PVF of this number already."), field="number")
    draft = drafts.start(
        actor, client_id=client.pk, number=number, period_start=period_start, period_end=period_end
    )  # fmt: skip
    balances = {row.line_id: row for row in Balance.objects.filter(line__pvf=old)}
    for terms in current.terms.select_related("line").order_by("line__line_number"):
        new = versions.write_terms(draft, versions.row_of(terms))
        balance = balances.get(terms.line_id)
        if balance is not None:
            CarryOver(
                certifier_id=draft.certifier_id, client_id=draft.client_id, version=draft, line=new.line,
                from_line=terms.line, asked_kg=min(balance.available, new.authorised_kg),
            ).save(force_insert=True)  # fmt: skip
    versions.record(actor, "pvf.next_year", draft, number=draft.pvf.number, carries_on=old.pk)
    return draft


@transaction.atomic
def ask(actor: Identity, version_id: uuid.UUID, line_id: uuid.UUID, kg: Decimal, *, revision: int) -> PVFVersion:
    """Change what a line of a draft asks to carry over (0: nothing)."""
    version = drafts.locked(actor, version_id, revision)
    row = CarryOver.objects.filter(version=version, line_id=line_id).select_related("from_line__balance").first()
    if row is None:
        raise InvalidInput("CARRY-OVER", _("This line carries nothing on."), field="carry_over")
    if not kg.is_finite() or kg < 0 or kg != round(kg, 3):
        text = _("Enter kilograms from zero, with at most three decimal places.")
        raise InvalidInput("CARRY-OVER", text, field="carry_over")
    if kg > row.from_line.balance.available:
        raise too_much(row.from_line.line_number, kg, row.from_line.balance.available)
    row.asked_kg = kg
    row.save(update_fields=["asked_kg"])
    return drafts.touched(actor, version, carry_over={str(line_id): kg})
