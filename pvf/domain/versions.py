"""What every act on a version of a PVF shares: who may, the locks, the terms, the words to people."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.db.models import Max, Q, Sum
from django.utils.translation import gettext as _

from core import audit, clock
from core.errors import Conflict, InvalidInput, NotPermitted
from core.identity import Identity, Kind
from core.models import Audience
from core.notify import notify
from organizations.models import Client
from organizations.roles import Role
from organizations.tenancy import find
from pvf.domain import basis as volume
from pvf.domain.rows import ProposedLine
from pvf.models import PVF, Bucket, Cause, Movement, PVFDocument, PVFLine, PVFLineTerms, PVFVersion

ZERO = Decimal(0)
State = PVFVersion.State


def require_proposer(actor: Identity, client_id: uuid.UUID) -> None:
    """Refuse whoever may not propose for this client: its preparers and signatories, the certifier's reviewers and managers."""
    exporter = actor.kind is Kind.EXPORTER and actor.client_id == client_id and actor.has(Role.PREPARER, Role.SIGNATORY)
    if not exporter and not (actor.is_staff and actor.has(Role.REVIEWER, Role.MANAGER)):
        raise NotPermitted("ROLE", _("Your role does not allow this."))


def require_manager(actor: Identity) -> None:
    """Refuse whoever may not decide on a PVF."""
    if not actor.is_staff or not actor.has(Role.MANAGER):
        raise NotPermitted("ROLE", _("Only a manager decides on a PVF."))


def locked(actor: Identity, version_id: uuid.UUID) -> tuple[PVF, PVFVersion]:
    """The PVF and then the version, both FOR UPDATE: everything that changes a PVF's versions waits for its PVF."""
    seen = find(PVFVersion.objects.all(), actor, version_id)
    pvf = find(PVF.objects.select_for_update(), actor, seen.pvf_id)
    return pvf, find(PVFVersion.objects.select_for_update(), actor, version_id)


def locked_pvf(client: Client, number: str, period_start: dt.date, period_end: dt.date) -> PVF:
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


def new_version(actor: Identity, pvf: PVF, *, state: State, kind: PVFVersion.Kind, note: str = "") -> PVFVersion:
    """The next version of a locked PVF."""
    last = pvf.versions.aggregate(last=Max("number"))["last"] or 0
    version = PVFVersion(
        certifier_id=pvf.certifier_id, client_id=pvf.client_id, pvf=pvf, number=last + 1, note=note.strip(),
        state=state, kind=kind, by_certifier=actor.is_staff, proposed_by=actor.user_id,
    )  # fmt: skip
    version.save(force_insert=True)
    return version


def line_of(version: PVFVersion, line_number: int) -> PVFLine:
    """The PVF's line of this number; lines are stable over versions, so a new number makes a new line."""
    line, _made = PVFLine.objects.get_or_create(
        certifier_id=version.certifier_id, client_id=version.client_id, pvf_id=version.pvf_id, line_number=line_number
    )
    return line


def write_terms(version: PVFVersion, row: ProposedLine) -> PVFLineTerms:
    """What a line says in a version, in the place of what it said there before."""
    line = line_of(version, row.line_number)
    terms = PVFLineTerms.objects.filter(version=version, line=line).first() or PVFLineTerms(
        certifier_id=version.certifier_id, client_id=version.client_id, version=version, line=line
    )
    terms.product_name, terms.label_name, terms.scope = row.product_name, row.label_name, row.scope
    terms.hts_codes, terms.origins = list(row.hts_codes), list(row.origins)
    terms.authorised_kg, terms.entered_quantity, terms.entered_unit = row.authorised_kg, row.quantity, row.unit
    terms.volume_basis, terms.basis = row.volume_basis, volume.to_json(row.basis)
    terms.save()
    return terms


def row_of(terms: PVFLineTerms) -> ProposedLine:
    """The line as it could be proposed again."""
    return ProposedLine(
        line_number=terms.line.line_number, product_name=terms.product_name, label_name=terms.label_name,
        scope=terms.scope, hts_codes=tuple(terms.hts_codes), origins=tuple(terms.origins),
        quantity=terms.entered_quantity, unit=terms.entered_unit, volume_basis=terms.volume_basis,
        basis=volume.from_json(terms.basis),
    )  # fmt: skip


def rows_of(version: PVFVersion) -> list[ProposedLine]:
    """Every line of a version, by number."""
    return [row_of(terms) for terms in version.terms.select_related("line").order_by("line__line_number")]


def require_sound(pvf: PVF, rows: Sequence[ProposedLine]) -> None:
    """Refuse rows that do not fit together: none, a number twice, an input line or a document that is not there."""
    if not rows:
        raise InvalidInput("PVF-EMPTY", _("The PVF has no lines."), field="rows")
    numbers = {row.line_number for row in rows}
    if len(numbers) < len(rows):
        raise InvalidInput("PVF-LINE-TWICE", _("The same line number stands in two rows."), field="line_number")
    for row in rows:
        conversion = row.basis.conversion
        if conversion and conversion.input_line is not None and conversion.input_line not in numbers:
            words = {"line": row.line_number, "input": conversion.input_line}
            text = _("Line %(line)s is made from line %(input)s, which this PVF does not have.")
            raise InvalidInput("PVF-CONVERSION", text % words, field="input_line")
    require_documents(pvf, rows)


def require_documents(pvf: PVF, rows: Iterable[ProposedLine]) -> None:
    """Refuse purchases that name a document which is not there, or another exporter's. Raises PVF-DOCUMENT."""
    named = {item.document for row in rows for item in row.basis.purchases if item.document}
    known = PVFDocument.objects.filter(client_id=pvf.client_id, pk__in=named, removed_at=None).count()
    if known < len(named):
        text = _("A purchase names a document that is not among this exporter's: upload it or leave the cell empty.")
        raise InvalidInput("PVF-DOCUMENT", text, field="document")


def in_force(pvf: PVF) -> PVFVersion | None:
    """The version of a PVF that is in force now."""
    return pvf.versions.filter(state=State.APPROVED).first()


def moved_beside(line_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Decimal]:
    """Kilograms by line that came in or went out beside what its PVF authorises: processing, and what was carried away.

    Authorised in the ledger less this is what the approved versions have authorised.
    """
    beside = Q(cause=Cause.PROCESS) | Q(cause=Cause.CARRY_OVER, source=Bucket.AVAILABLE)
    rows = Movement.objects.filter(beside, line_id__in=list(line_ids)).values_list("line_id", "source")
    sums: dict[uuid.UUID, Decimal] = {}
    for line_id, source, kg in rows.annotate(kg=Sum("kg")):
        sums[line_id] = sums.get(line_id, ZERO) + (kg if source == Bucket.OUTSIDE else -kg)
    return sums


def decide(actor: Identity, version: PVFVersion, state: State, reason: str = "") -> None:
    """Close a version by a decision, or by its own side's second thought."""
    version.state, version.decided_by, version.decided_at = state, actor.user_id, clock.now()
    version.decision_reason = reason.strip()
    version.save(update_fields=["state", "decided_by", "decided_at", "decision_reason"])


def record(actor: Identity, act: str, version: PVFVersion, **what: object) -> None:
    """The audit row of an act on a version."""
    audit.record(
        actor, act, "pvf", version.pvf_id, certifier_id=version.certifier_id, client_id=version.client_id,
        after={"version": version.number, "kind": version.kind, **what},
    )  # fmt: skip


def tell_certifier(pvf: PVF, version: PVFVersion, topic: str) -> None:
    """A notification to the certifier's managers."""
    notify(
        topic, Audience.CERTIFIER, pvf.certifier_id, certifier_id=pvf.certifier_id, object_type="pvf_version",
        object_id=version.pk, roles=[Role.MANAGER],
        context={"number": pvf.number, "exporter": pvf.client.operation.name, "top_up": version.kind == "top_up"},
    )  # fmt: skip


def tell_exporter(pvf: PVF, version: PVFVersion, topic: str, **words: object) -> None:
    """A notification to those of the exporter who may propose."""
    notify(
        topic, Audience.CLIENT, pvf.client_id, certifier_id=pvf.certifier_id, object_type="pvf_version",
        object_id=version.pk, roles=[Role.PREPARER, Role.SIGNATORY],
        context={"number": pvf.number, "top_up": version.kind == "top_up", **words},
    )  # fmt: skip
