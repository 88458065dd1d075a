"""Proposing and approving a PVF: versions follow each other, kilograms move by what changed."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from decimal import Decimal

from django.db import IntegrityError, connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from core import audit, clock
from core.errors import Conflict, InvalidInput, NotPermitted
from core.identity import Identity, Kind
from core.models import Audience
from core.notify import notify
from organizations.models import Client
from organizations.roles import Role
from organizations.tenancy import find
from pvf.domain import ledger
from pvf.domain.rows import ProposedLine
from pvf.models import PVF, Balance, Bucket, Cause, PVFLine, PVFLineTerms, PVFVersion


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
    _require_proposer(actor, client_id)
    client = find(Client.objects.all(), actor, client_id)
    if not number.strip():
        raise InvalidInput("PVF-NUMBER", _("The PVF needs a number."), field="number")
    if period_start > period_end:
        raise InvalidInput("PVF-PERIOD", _("The period ends before it starts."), field="period_end")
    if not rows:
        raise InvalidInput("PVF-EMPTY", _("The PVF has no lines."), field="rows")
    if len({row.line_number for row in rows}) < len(rows):
        raise InvalidInput("PVF-LINE-TWICE", _("The same line number stands in two rows."), field="line_number")
    pvf = _locked_pvf(client, number.strip(), period_start, period_end)
    last = pvf.versions.aggregate(last=Max("number"))["last"] or 0
    pvf.versions.filter(state=PVFVersion.State.PROPOSED).update(state=PVFVersion.State.SUPERSEDED)
    version = PVFVersion(
        certifier_id=pvf.certifier_id, client_id=pvf.client_id, pvf=pvf, number=last + 1, note=note.strip(),
        source_file_id=source_file_id, proposed_by=actor.user_id,
    )  # fmt: skip
    version.save(force_insert=True)
    for row in rows:
        _write_terms(version, row)
    audit.record(
        actor, "pvf.propose", "pvf", pvf.pk, certifier_id=pvf.certifier_id, client_id=pvf.client_id,
        after={"number": pvf.number, "version": version.number, "lines": len(rows)},
    )  # fmt: skip
    notify(
        "pvf.proposed", Audience.CERTIFIER, pvf.certifier_id, certifier_id=pvf.certifier_id, object_type="pvf",
        object_id=pvf.pk, roles=[Role.MANAGER], context={"number": pvf.number, "exporter": client.operation.name},
    )  # fmt: skip
    return version


def _locked_pvf(client: Client, number: str, period_start: dt.date, period_end: dt.date) -> PVF:
    """The client's PVF of this number, locked, or a new one. Its period changes only while it was never in force."""
    period = (period_start, period_end)
    pvf, _made = PVF.objects.select_for_update().get_or_create(
        certifier_id=client.certifier_id, client=client, number=number,
        defaults={"period_start": period_start, "period_end": period_end},
    )  # fmt: skip
    if pvf.state == PVF.State.CLOSED:
        raise Conflict("PVF-STATE", _("This PVF is closed."), details={"state": pvf.state})
    if pvf.state == PVF.State.APPROVED and (pvf.period_start, pvf.period_end) != period:
        text = _("This PVF is in force from %(start)s to %(end)s: a version of it keeps that period.")
        words = {"start": pvf.period_start, "end": pvf.period_end}
        raise InvalidInput("PVF-PERIOD", text % words, field="period_start")
    if (pvf.period_start, pvf.period_end) != period:
        pvf.period_start, pvf.period_end = period
        pvf.save(update_fields=["period_start", "period_end"])
    return pvf


def _require_proposer(actor: Identity, client_id: uuid.UUID) -> None:
    exporter = actor.kind is Kind.EXPORTER and actor.client_id == client_id and actor.has(Role.PREPARER, Role.SIGNATORY)
    if not exporter and not (actor.is_staff and actor.has(Role.REVIEWER, Role.MANAGER)):
        raise NotPermitted("ROLE", _("Your role does not allow this."))


def _write_terms(version: PVFVersion, row: ProposedLine) -> None:
    line, _made = PVFLine.objects.get_or_create(
        certifier_id=version.certifier_id, client_id=version.client_id, pvf_id=version.pvf_id,
        line_number=row.line_number,
    )  # fmt: skip
    PVFLineTerms(
        certifier_id=version.certifier_id, client_id=version.client_id, version=version, line=line,
        product_name=row.product_name, label_name=row.label_name, scope=row.scope, hts_codes=list(row.hts_codes),
        origins=list(row.origins), authorised_kg=row.authorised_kg, entered_quantity=row.quantity,
        entered_unit=row.unit, volume_basis=row.volume_basis,
    ).save(force_insert=True)  # fmt: skip


def _locked(actor: Identity, version_id: uuid.UUID) -> tuple[PVF, PVFVersion]:
    if not actor.is_staff or not actor.has(Role.MANAGER):
        raise NotPermitted("ROLE", _("Only a manager decides on a PVF."))
    seen = find(PVFVersion.objects.all(), actor, version_id)
    pvf = find(PVF.objects.select_for_update(), actor, seen.pvf_id)
    return pvf, find(PVFVersion.objects.select_for_update(), actor, version_id)


def approve(actor: Identity, version_id: uuid.UUID) -> PVFVersion:
    """Put a proposed version in force and move the kilograms that it authorises more or less. Twice changes nothing.

    Raises ``InvalidInput`` PVF-USED where a line would authorise less than it has reserved, certified and shipped, and
    PVF-OVERLAP where another PVF of the client is in force on a day of its period.
    """
    pvf, version = _locked(actor, version_id)
    if version.state == PVFVersion.State.APPROVED:
        return version
    if version.state != PVFVersion.State.PROPOSED:
        raise Conflict("PVF-STATE", _("This version is no longer proposed."), details={"state": version.state})
    before = {row.line_id: row for row in PVFLineTerms.objects.filter(version__pvf=pvf, version__state="approved")}
    after = {row.line_id: row for row in version.terms.select_related("line").order_by("line_id")}
    with transaction.atomic():
        pvf.versions.filter(state=PVFVersion.State.APPROVED).update(state=PVFVersion.State.SUPERSEDED)
        version.state, version.decided_by, version.decided_at = PVFVersion.State.APPROVED, actor.user_id, clock.now()
        version.save(update_fields=["state", "decided_by", "decided_at"])
        _enforce(pvf)
        for line_id in sorted(set(before) | set(after)):
            _authorise(actor, version, line_id, after.get(line_id))
    audit.record(
        actor, "pvf.approve", "pvf", pvf.pk, certifier_id=pvf.certifier_id, client_id=pvf.client_id,
        before={str(key): row.authorised_kg for key, row in before.items()},
        after={"version": version.number, **{str(key): row.authorised_kg for key, row in after.items()}},
    )  # fmt: skip
    notify(
        "pvf.approved", Audience.CLIENT, pvf.client_id, certifier_id=pvf.certifier_id, object_type="pvf",
        object_id=pvf.pk, roles=[Role.PREPARER, Role.SIGNATORY], context={"number": pvf.number},
    )  # fmt: skip
    return version


def _enforce(pvf: PVF) -> None:
    pvf.state = PVF.State.APPROVED
    try:
        with transaction.atomic():
            pvf.save(update_fields=["state"])
    except IntegrityError as error:
        text = _("Another PVF of this client is in force on some days from %(start)s to %(end)s.")
        words = {"start": pvf.period_start, "end": pvf.period_end}
        raise InvalidInput("PVF-OVERLAP", text % words, field="period_start") from error


def _authorise(actor: Identity, version: PVFVersion, line_id: uuid.UUID, terms: PVFLineTerms | None) -> None:
    """Move the difference between what the ledger has authorised and what the version authorises."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pvf_open_balance(%s)", [line_id])
    balance = ledger.lock_balances([line_id])[line_id]
    wanted = terms.authorised_kg if terms else Decimal(0)
    used = balance.reserved + balance.certified + balance.shipped
    authorised = used + balance.available
    if wanted < used:
        line = PVFLine.objects.get(pk=line_id)
        words = {"line": line.line_number, "wanted": f"{wanted:,.3f}", "used": f"{used:,.3f}"}
        text = _("Line %(line)s: %(wanted)s kg are less than the %(used)s kg reserved, certified and shipped.")
        raise InvalidInput("PVF-USED", text % words, field="quantity", details={"used_kg": str(used)})
    key = f"authorise:{version.pk}:{line_id}"
    if wanted > authorised:
        cause = Cause.AUTHORISE if _is_new(balance) else Cause.TOP_UP
        ledger.move(actor, line_id, cause, Bucket.OUTSIDE, Bucket.AVAILABLE, wanted - authorised, key=key)
    elif wanted < authorised:
        ledger.move(actor, line_id, Cause.REDUCE, Bucket.AVAILABLE, Bucket.OUTSIDE, authorised - wanted, key=key)


def _is_new(balance: Balance) -> bool:
    return balance.last_sequence == 0


@transaction.atomic
def reject(actor: Identity, version_id: uuid.UUID, reason: str) -> PVFVersion:
    """Refuse a proposed version with a reason."""
    pvf, version = _locked(actor, version_id)
    if version.state == PVFVersion.State.REJECTED:
        return version
    if version.state != PVFVersion.State.PROPOSED:
        raise Conflict("PVF-STATE", _("This version is no longer proposed."), details={"state": version.state})
    if not reason.strip():
        raise InvalidInput("REASON", _("Give a reason."), field="reason")
    version.state, version.decided_by, version.decided_at = PVFVersion.State.REJECTED, actor.user_id, clock.now()
    version.save(update_fields=["state", "decided_by", "decided_at"])
    audit.record(
        actor, "pvf.reject", "pvf", pvf.pk, certifier_id=pvf.certifier_id, client_id=pvf.client_id,
        after={"version": version.number, "reason": reason.strip()},
    )  # fmt: skip
    notify(
        "pvf.rejected", Audience.CLIENT, pvf.client_id, certifier_id=pvf.certifier_id, object_type="pvf",
        object_id=pvf.pk, roles=[Role.PREPARER, Role.SIGNATORY],
        context={"number": pvf.number, "reason": reason.strip()},
    )  # fmt: skip
    return version
