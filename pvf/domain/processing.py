"""Processing: kilograms of one line become kilograms of another, as an exporter reports and a manager approves."""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from collections.abc import Sequence
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from core import audit, clock
from core.errors import Conflict, InvalidInput, NotPermitted
from core.identity import Identity
from core.models import Audience
from core.notify import notify
from core.units import to_kg
from organizations.models import Certifier
from organizations.roles import Role
from organizations.tenancy import find
from pvf.domain import basis as volume
from pvf.domain import documents, ledger, lines, versions
from pvf.domain.basis import Conversion
from pvf.domain.rows import many_lines
from pvf.models import PVF, Bucket, Cause, ProcessingReport, PVFLine

State = ProcessingReport.State


@dataclasses.dataclass(frozen=True, slots=True)
class Processed:
    """What was processed: a quantity above zero of the input, and how many kg of input gave how many kg of output."""

    quantity: Decimal
    unit: str
    ratio_input: Decimal
    ratio_output: Decimal
    processed_on: dt.date
    reason: str


@transaction.atomic
def report(
    actor: Identity,
    input_line_id: uuid.UUID,
    output_line_id: uuid.UUID,
    processed: Processed,
    papers: Sequence[documents.Paper],
) -> ProcessingReport:
    """An exporter's report, waiting for a manager. No kilogram moves yet. At least one document supports it."""
    source = find(PVFLine.objects.select_related("pvf"), actor, input_line_id)
    versions.require_proposer(actor, source.client_id)
    papers = [paper.accepted() for paper in papers]
    target = find(PVFLine.objects.all(), actor, output_line_id)
    _require_pair(source, target)
    input_kg, output_kg = _figures(processed)
    certifier = Certifier.objects.get(pk=source.certifier_id)
    _require_day(source.pvf, processed.processed_on, clock.today_in(certifier.time_zone))
    reason = many_lines(processed.reason)
    if not reason:
        raise InvalidInput("REASON", _("Say what was processed, where and when."), field="reason")
    if not papers:
        text = _("A processing report needs evidence: add the processing record.")
        raise InvalidInput("EVIDENCE", text, field="files")
    row = ProcessingReport(
        certifier_id=source.certifier_id, client_id=source.client_id, pvf=source.pvf, input_line=source,
        output_line=target, entered_quantity=processed.quantity, entered_unit=processed.unit, input_kg=input_kg,
        ratio_input=processed.ratio_input, ratio_output=processed.ratio_output, output_kg=output_kg,
        processed_on=processed.processed_on, reason=reason, reported_by=actor.user_id,
    )  # fmt: skip
    row.save(force_insert=True)
    for paper in papers:
        documents.attach(actor, source.pvf, paper, report=row)
    _record(actor, "pvf.processing_report", row, documents=len(papers))
    notify(
        "pvf.processing_reported", Audience.CERTIFIER, row.certifier_id, certifier_id=row.certifier_id,
        object_type="pvf_report", object_id=row.pk, roles=[Role.MANAGER],
        context={"number": source.pvf.number, "exporter": source.pvf.client.operation.name},
    )  # fmt: skip
    return row


def _require_pair(source: PVFLine, target: PVFLine) -> None:
    if source.pvf_id != target.pvf_id:
        text = _("Both lines stand on one PVF: kilograms of another year are carried over first.")
        raise InvalidInput("PROCESS-LINES", text, field="output_line")
    if source.pk == target.pk:
        text = _("A line cannot be processed into itself: choose the line of the output product.")
        raise InvalidInput("PROCESS-LINES", text, field="output_line")
    if source.pvf.state != PVF.State.APPROVED:
        raise Conflict("PVF-STATE", _("This PVF is not in force."), details={"state": source.pvf.state})
    for line, field in ((source, "input_line"), (target, "output_line")):
        if lines.terms_in_force(line.pk) is None:
            text = _("The version in force does not name this line: propose a new version.")
            raise InvalidInput("PROCESS-LINES", text, field=field)


def _figures(processed: Processed) -> tuple[Decimal, Decimal]:
    """Input and output kilograms, each rounded once."""
    try:
        input_kg = to_kg(processed.quantity, processed.unit)
    except ValueError as error:
        text = _("Enter a quantity above zero that a weight in the ledger can hold.")
        raise InvalidInput("PROCESS-QUANTITY", text, field="quantity") from error
    if input_kg <= 0 or processed.quantity != round(processed.quantity, 6):
        text = _("Enter a quantity of at least a gram, with at most six decimal places.")
        raise InvalidInput("PROCESS-QUANTITY", text, field="quantity")
    for field, value in (("ratio_input", processed.ratio_input), ("ratio_output", processed.ratio_output)):
        if not value.is_finite() or value <= 0 or value != round(value, 3) or value > 10**6:
            text = _("Enter kilograms above zero, with at most three decimal places.")
            raise InvalidInput("PROCESS-RATIO", text, field=field)
    try:
        output_kg = volume.convert(input_kg, processed.ratio_input, processed.ratio_output)
    except ValueError as error:
        text = _("The output is larger than any weight the ledger can hold.")
        raise InvalidInput("PROCESS-RATIO", text, field="ratio_output") from error
    if output_kg <= 0:
        raise InvalidInput("PROCESS-RATIO", _("The output is less than a gram."), field="ratio_output")
    return input_kg, output_kg


def _require_day(pvf: PVF, day: dt.date, today: dt.date) -> None:
    if not pvf.period_start <= day <= min(pvf.period_end, today):
        words = {"start": pvf.period_start, "end": min(pvf.period_end, today)}
        text = _("The day of processing lies between %(start)s and %(end)s.")
        raise InvalidInput("PROCESS-DAY", text % words, field="processed_on")


def _locked(actor: Identity, report_id: uuid.UUID) -> ProcessingReport:
    return find(ProcessingReport.objects.select_for_update(of=("self",)).select_related(
        "pvf", "input_line", "output_line"), actor, report_id)  # fmt: skip


@transaction.atomic
def approve(actor: Identity, report_id: uuid.UUID) -> ProcessingReport:
    """Move the kilograms of a report: out of the input line and into the output line, together. Twice changes nothing.

    Raises :class:`~pvf.domain.ledger.VolumeExceeded` with the figures where the input line has less available.
    """
    versions.require_manager(actor)
    row = _locked(actor, report_id)
    if row.state == State.APPROVED:
        return row
    _require_waiting(row)
    documents.require_passed(report=row)
    _require_pair(row.input_line, row.output_line)
    both = sorted((row.input_line_id, row.output_line_id))
    for line_id in both:
        ledger.lock_line(line_id)
    ledger.lock_balances(both)
    stem, reason = f"process:{row.pk}", row.reason
    ledger.move(
        actor, row.input_line_id, Cause.PROCESS, Bucket.AVAILABLE, Bucket.OUTSIDE, row.input_kg, key=f"{stem}:out",
        reason=reason,
    )  # fmt: skip
    ledger.move(
        actor, row.output_line_id, Cause.PROCESS, Bucket.OUTSIDE, Bucket.AVAILABLE, row.output_kg, key=f"{stem}:in",
        reason=reason,
    )  # fmt: skip
    _close(actor, row, State.APPROVED, "")
    _record(actor, "pvf.processing_approve", row)
    _tell_exporter(row, "pvf.processing_approved")
    return row


@transaction.atomic
def reject(actor: Identity, report_id: uuid.UUID, reason: str) -> ProcessingReport:
    """Refuse a report with a reason; nothing moves."""
    versions.require_manager(actor)
    row = _locked(actor, report_id)
    if row.state == State.REJECTED:
        return row
    _require_waiting(row)
    if not reason.strip():
        raise InvalidInput("REASON", _("Give a reason."), field="reason")
    _close(actor, row, State.REJECTED, reason)
    _record(actor, "pvf.processing_reject", row, refused_because=reason.strip())
    _tell_exporter(row, "pvf.processing_rejected", reason=reason.strip())
    return row


@transaction.atomic
def withdraw(actor: Identity, report_id: uuid.UUID) -> ProcessingReport:
    """The exporter takes a report back before it is decided. Twice changes nothing."""
    row = _locked(actor, report_id)
    versions.require_proposer(actor, row.client_id)
    if actor.is_staff and row.reported_by != actor.user_id:
        raise NotPermitted("ROLE", _("Only the side that reported takes a report back."))
    if row.state == State.WITHDRAWN:
        return row
    _require_waiting(row)
    _close(actor, row, State.WITHDRAWN, "")
    _record(actor, "pvf.processing_withdraw", row)
    return row


def _require_waiting(row: ProcessingReport) -> None:
    if row.state != State.REPORTED:
        raise Conflict("PROCESS-STATE", _("This report was decided or taken back."), details={"state": row.state})


def _close(actor: Identity, row: ProcessingReport, state: State, reason: str) -> None:
    row.state, row.decided_by, row.decided_at, row.decision_reason = state, actor.user_id, clock.now(), reason.strip()
    row.save(update_fields=["state", "decided_by", "decided_at", "decision_reason"])


def _record(actor: Identity, act: str, row: ProcessingReport, **what: object) -> None:
    audit.record(
        actor, act, "pvf", row.pvf_id, certifier_id=row.certifier_id, client_id=row.client_id,
        after={
            "report": row.pk, "input_line": row.input_line_id, "output_line": row.output_line_id,
            "input_kg": row.input_kg, "output_kg": row.output_kg, "ratio": f"{row.ratio_input}:{row.ratio_output}",
            "reason": row.reason, **what,
        },
    )  # fmt: skip


def _tell_exporter(row: ProcessingReport, topic: str, **words: object) -> None:
    notify(
        topic, Audience.CLIENT, row.client_id, certifier_id=row.certifier_id, object_type="pvf_report",
        object_id=row.pk, roles=[Role.PREPARER, Role.SIGNATORY], context={"number": row.pvf.number, **words},
    )  # fmt: skip


def ratio_on_pvf(row: ProcessingReport) -> Conversion | None:
    """The conversion that the output line's terms in force state, to be compared with the report's."""
    terms = lines.terms_in_force(row.output_line_id)
    return volume.from_json(terms.basis).conversion if terms else None


def departs_from_pvf(row: ProcessingReport) -> bool:
    """Whether the report uses another ratio, or another input line, than the PVF states."""
    stated = ratio_on_pvf(row)
    if stated is None:
        return True
    other_line = stated.input_line is not None and stated.input_line != row.input_line.line_number
    return other_line or stated.input_kg * row.ratio_output != stated.output_kg * row.ratio_input
