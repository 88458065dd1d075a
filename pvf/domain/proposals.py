"""Proposing and deciding on a PVF: versions follow each other, kilograms move by what changed."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from core import audit, clock
from core.errors import Conflict, InvalidInput, NotPermitted
from core.identity import Identity
from organizations.models import Client
from organizations.tenancy import find
from pvf.domain import carrying, documents, ledger, top_ups, versions
from pvf.domain.rows import ProposedLine, checked, is_printable, one_line
from pvf.models import PVF, Balance, Bucket, Cause, PVFLineTerms, PVFVersion

State, Kind = PVFVersion.State, PVFVersion.Kind
ZERO = Decimal(0)
#: ``compared_with`` of somebody who saw that no version was in force.
NONE_IN_FORCE = "none"


@transaction.atomic
def propose(
    actor: Identity,
    *,
    client_id: uuid.UUID,
    number: str,
    period_start: dt.date,
    period_end: dt.date,
    rows: Sequence[ProposedLine],
    source_file_id: uuid.UUID | None = None,
    note: str = "",
) -> PVFVersion:
    """A new version of a client's PVF, waiting for a manager. All rows or none. Raises ``InvalidInput``, ``NotPermitted``."""
    versions.require_proposer(actor, client_id)
    client = find(Client.objects.all(), actor, client_id)
    check_head(number, period_start, period_end)
    cleaned = [checked(row) for row in rows]
    pvf = versions.locked_pvf(client, one_line(number), period_start, period_end)
    versions.require_sound(pvf, cleaned)
    supersede_proposals(pvf)
    version = versions.new_version(actor, pvf, state=State.PROPOSED, kind=Kind.CONTENT, note=note)
    if source_file_id is not None:
        version.source_file_id = source_file_id
        version.save(update_fields=["source_file_id"])
    for row in cleaned:
        versions.write_terms(version, row)
    carrying.keep(pvf, version)
    announce(actor, pvf, version, lines=len(cleaned))
    return version


def check_head(number: str, period_start: dt.date, period_end: dt.date) -> None:
    """Refuse a PVF without a number, or one whose period ends before it starts."""
    cleaned = one_line(number)
    if not cleaned or len(cleaned) > 40 or not is_printable(cleaned):
        raise InvalidInput("PVF-NUMBER", _("The PVF needs a number of at most 40 characters."), field="number")
    if period_start > period_end:
        raise InvalidInput("PVF-PERIOD", _("The period ends before it starts."), field="period_end")


def supersede_proposals(pvf: PVF) -> None:
    """A proposal of the lines takes the place of the one that waits; top-ups wait on their own."""
    pvf.versions.filter(state=State.PROPOSED, kind=Kind.CONTENT).update(state=State.SUPERSEDED)


def announce(actor: Identity, pvf: PVF, version: PVFVersion, **what: Any) -> None:
    """Put the proposal on record and tell the certifier's managers."""
    versions.record(actor, "pvf.propose", version, number=pvf.number, **what)
    versions.tell_certifier(pvf, version, "pvf.proposed")


def approve(
    actor: Identity,
    version_id: uuid.UUID,
    *,
    compared_with: str = "",
    carried: Mapping[uuid.UUID, Decimal] | None = None,
    reason: str = "",
) -> PVFVersion:
    """Put a proposed version in force and move the kilograms that it authorises more or less. Twice changes nothing.

    ``compared_with``: the id of the version that the manager saw in force (or ``"none"``); another one is a ``Conflict``.
    ``carried``: kilograms by line of this PVF that a new certification year takes over, each of them decided, with
    ``reason``. Raises ``InvalidInput`` PVF-USED where a line would authorise less than is in use, PVF-OVERLAP where
    another PVF of the client is in force on a day of its period, and CARRY-OVER where more is carried than there is.
    """
    versions.require_manager(actor)
    with transaction.atomic():
        pvf, version = versions.locked(actor, version_id)
        if version.in_force_from is not None:
            # approved before, and perhaps followed by another one since
            return version
        if version.state != State.PROPOSED:
            raise Conflict("PVF-STATE", _("This version is no longer proposed."), details={"state": version.state})
        documents.require_passed(version=version)
        current = versions.in_force(pvf)
        _require_same(current, compared_with)
        if version.kind == Kind.TOP_UP:
            top_ups.write_terms(pvf, version, current)
        before = _terms(current)
        after = _terms(version)
        _come_into_force(actor, pvf, version, current)
        _move(actor, version, before, after, carrying.decided(actor, version, carried, reason))
        _announce_approval(actor, pvf, version, before, after)
    return version


def _require_same(current: PVFVersion | None, compared_with: str) -> None:
    now = str(current.pk) if current else NONE_IN_FORCE
    if compared_with and compared_with != now:
        text = _("Version %(number)s came into force meanwhile: look at the comparison again, then decide.")
        words = {"number": current.number if current else "–"}
        raise Conflict("PVF-CHANGED", text % words, details={"in_force": now})


def _terms(version: PVFVersion | None) -> dict[uuid.UUID, PVFLineTerms]:
    rows = version.terms.select_related("line").order_by("line_id") if version else ()
    return {row.line_id: row for row in rows}


def _come_into_force(actor: Identity, pvf: PVF, version: PVFVersion, current: PVFVersion | None) -> None:
    """End the version before at the moment this one begins: at no moment are there two, at none is there a gap."""
    now = clock.now()
    if current is not None:
        # a clock that was set back must not give a period that ends before it began
        now = max(now, current.in_force_from or now)
        current.state, current.in_force_until = State.SUPERSEDED, now
        current.save(update_fields=["state", "in_force_until"])
    version.state, version.decided_by, version.decided_at = State.APPROVED, actor.user_id, now
    version.in_force_from = now
    version.save(update_fields=["state", "decided_by", "decided_at", "in_force_from"])
    pvf.state = PVF.State.APPROVED
    try:
        with transaction.atomic():
            pvf.save(update_fields=["state"])
    except IntegrityError as error:
        text = _("Another PVF of this client is in force on some days from %(start)s to %(end)s.")
        words = {"start": pvf.period_start, "end": pvf.period_end}
        raise InvalidInput("PVF-OVERLAP", text % words, field="period_start") from error


def _move(
    actor: Identity,
    version: PVFVersion,
    before: dict[uuid.UUID, PVFLineTerms],
    after: dict[uuid.UUID, PVFLineTerms],
    carried: list[carrying.Carried],
) -> None:
    """All balances locked at once in the order of their keys, then the carry-over, then what each line gains or loses."""
    own = sorted(set(before) | set(after))
    everything = sorted({*own, *(row.from_line_id for row in carried)})
    with connection.cursor() as cursor:
        for line_id in own:
            cursor.execute("SELECT pvf_open_balance(%s)", [line_id])
    for line_id in everything:
        ledger.lock_line(line_id)
    balances = ledger.lock_balances(everything)
    beside = versions.moved_beside(own)
    brought = carrying.move(actor, carried, balances, after)
    for line_id in own:
        _authorise(
            actor, version, balances[line_id], (after.get(line_id) or before[line_id]).line.line_number,
            after[line_id].authorised_kg if line_id in after else ZERO,
            beside.get(line_id, ZERO), brought.get(line_id, ZERO),
        )  # fmt: skip


def _authorise(
    actor: Identity, version: PVFVersion, balance: Balance, number: int, wanted: Decimal, beside: Decimal,
    brought: Decimal,
) -> None:  # fmt: skip
    """Move the difference between what versions have authorised so far and what this one authorises.

    ``beside``: net kilograms of processing and carry-over away; ``brought``: carried over into the line just now.
    """
    line_id = balance.line_id
    used = balance.reserved + balance.certified + balance.shipped
    granted = used + balance.available + brought - beside
    key, reason = f"authorise:{version.pk}:{line_id}", version.note
    if wanted > granted:
        cause = Cause.AUTHORISE if balance.last_sequence == 0 else Cause.TOP_UP
        if version.kind == Kind.TOP_UP:
            cause = Cause.TOP_UP
        ledger.move(
            actor, line_id, cause, Bucket.OUTSIDE, Bucket.AVAILABLE, wanted - granted, key=key, reason=reason
        )  # fmt: skip
    elif wanted < granted:
        if granted - wanted > balance.available + brought:
            raise _too_low(number, wanted, used, beside)
        ledger.move(
            actor, line_id, Cause.REDUCE, Bucket.AVAILABLE, Bucket.OUTSIDE, granted - wanted, key=key, reason=reason
        )  # fmt: skip


def _too_low(number: int, wanted: Decimal, used: Decimal, beside: Decimal) -> InvalidInput:
    words = {"line": number, "wanted": f"{wanted:,.3f}", "used": f"{used:,.3f}", "beside": f"{-beside:,.3f}"}
    text = _("Line %(line)s: %(wanted)s kg are less than the %(used)s kg reserved, certified and shipped.")
    details = {"line": number, "wanted_kg": f"{wanted:.3f}", "used_kg": f"{used:.3f}"}
    if beside:
        text = _(
            "Line %(line)s: %(wanted)s kg are less than the %(used)s kg reserved, certified and shipped and the "
            "%(beside)s kg processed or carried away."
        )
        details["processed_or_carried_away_kg"] = f"{-beside:.3f}"
    return InvalidInput("PVF-USED", text % words, field="quantity", details=details)


def _announce_approval(
    actor: Identity,
    pvf: PVF,
    version: PVFVersion,
    before: dict[uuid.UUID, PVFLineTerms],
    after: dict[uuid.UUID, PVFLineTerms],
) -> None:
    audit.record(
        actor, "pvf.approve", "pvf", pvf.pk, certifier_id=pvf.certifier_id, client_id=pvf.client_id,
        before={str(key): row.authorised_kg for key, row in before.items()},
        after={
            "version": version.number, "kind": version.kind,
            **{str(key): row.authorised_kg for key, row in after.items()},
        },
    )  # fmt: skip
    versions.tell_exporter(pvf, version, "pvf.approved")


@transaction.atomic
def reject(actor: Identity, version_id: uuid.UUID, reason: str) -> PVFVersion:
    """Refuse a proposed version with a reason."""
    versions.require_manager(actor)
    pvf, version = versions.locked(actor, version_id)
    if version.state == State.REJECTED:
        return version
    if version.state != State.PROPOSED:
        raise Conflict("PVF-STATE", _("This version is no longer proposed."), details={"state": version.state})
    if not reason.strip():
        raise InvalidInput("REASON", _("Give a reason."), field="reason")
    versions.decide(actor, version, State.REJECTED, reason)
    versions.record(actor, "pvf.reject", version, reason=reason.strip())
    versions.tell_exporter(pvf, version, "pvf.rejected", reason=reason.strip())
    return version


@transaction.atomic
def withdraw(actor: Identity, version_id: uuid.UUID, reason: str = "") -> PVFVersion:
    """Take a draft or a proposal back: the side that made it, until it is decided. Twice changes nothing."""
    pvf, version = versions.locked(actor, version_id)
    versions.require_proposer(actor, version.client_id)
    if version.by_certifier is not actor.is_staff:
        raise NotPermitted("ROLE", _("Only the side that proposed takes a proposal back."))
    if version.state == State.WITHDRAWN:
        return version
    if version.state not in {State.DRAFT, State.PROPOSED}:
        raise Conflict("PVF-STATE", _("This version is no longer proposed."), details={"state": version.state})
    was_proposed = version.state == State.PROPOSED
    versions.decide(actor, version, State.WITHDRAWN, reason)
    versions.record(actor, "pvf.withdraw", version, reason=reason.strip(), was_proposed=was_proposed)
    if was_proposed and not version.by_certifier:
        versions.tell_certifier(pvf, version, "pvf.withdrawn")
    return version
