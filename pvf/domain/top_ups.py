"""Topping up a line during its year: traders buy as they go, each purchase with its evidence."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Sequence
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from core import clock
from core.errors import Conflict, InvalidInput
from core.identity import Identity
from organizations.models import Certifier
from organizations.tenancy import find
from pvf.domain import basis as volume
from pvf.domain import documents, versions
from pvf.domain.basis import VolumeBasis
from pvf.domain.rows import ProposedLine, checked
from pvf.models import PVF, PVFLine, PVFLineTerms, PVFVersion, TopUp


@dataclasses.dataclass(frozen=True, slots=True)
class More:
    """What is to be added to a line: a quantity above zero in a unit, why, and what supports it in figures."""

    quantity: Decimal
    unit: str
    reason: str
    basis: VolumeBasis = volume.EMPTY


@transaction.atomic
def propose(actor: Identity, line_id: uuid.UUID, more: More, papers: Sequence[documents.Paper]) -> PVFVersion:
    """A proposal that adds kilograms to one line in force, waiting for a manager. At least one document supports it.

    Raises ``InvalidInput`` for what cannot be used, ``Conflict`` where the PVF or the line is not in force.
    """
    line = find(PVFLine.objects.select_related("pvf"), actor, line_id)
    versions.require_proposer(actor, line.client_id)
    papers = [paper.accepted() for paper in papers]
    pvf = find(PVF.objects.select_for_update(), actor, line.pvf_id)
    terms = _terms_in_force(pvf, line)
    reason = more.reason.strip()
    if not reason:
        raise InvalidInput("REASON", _("Say what the additional volume comes from."), field="reason")
    if not papers:
        text = _("A top-up needs evidence: add the invoice or the harvest record.")
        raise InvalidInput("EVIDENCE", text, field="files")
    addition = _checked(terms, more)
    version = versions.new_version(
        actor, pvf, state=PVFVersion.State.PROPOSED, kind=PVFVersion.Kind.TOP_UP, note=reason
    )  # fmt: skip
    TopUp(
        version=version, certifier_id=pvf.certifier_id, client_id=pvf.client_id, line=line,
        kg=addition.authorised_kg, entered_quantity=addition.quantity, entered_unit=addition.unit,
        basis=volume.to_json(addition.basis),
    ).save(force_insert=True)  # fmt: skip
    for paper in papers:
        documents.attach(actor, pvf, paper, version=version)
    versions.record(
        actor, "pvf.propose", version, number=pvf.number, line=line.line_number, kg=addition.authorised_kg,
        documents=len(papers), reason=reason,
    )  # fmt: skip
    versions.tell_certifier(pvf, version, "pvf.proposed")
    return version


def _terms_in_force(pvf: PVF, line: PVFLine) -> PVFLineTerms:
    certifier = Certifier.objects.get(pk=pvf.certifier_id)
    if pvf.state != PVF.State.APPROVED or clock.today_in(certifier.time_zone) > pvf.period_end:
        text = _("A line is topped up during its certification year, while its PVF is in force.")
        raise Conflict("TOP-UP-YEAR", text, details={"state": pvf.state, "period_end": pvf.period_end.isoformat()})
    terms = PVFLineTerms.objects.filter(line=line, version=versions.in_force(pvf)).select_related("line").first()
    if terms is None:
        raise Conflict("TOP-UP-LINE", _("The version in force does not name this line: propose a new version."))
    return terms


def _checked(terms: PVFLineTerms, more: More) -> ProposedLine:
    """What is added, as a line of its own, so that the rules of a line hold for it."""
    row = dataclasses.replace(
        versions.row_of(terms), quantity=more.quantity, unit=more.unit,
        basis=dataclasses.replace(more.basis, conversion=volume.from_json(terms.basis).conversion),
    )  # fmt: skip
    row = checked(row)
    if row.authorised_kg <= 0:
        raise InvalidInput("PVF-QUANTITY", _("Enter a quantity above zero."), field="quantity")
    return dataclasses.replace(row, basis=dataclasses.replace(row.basis, conversion=None))


def write_terms(pvf: PVF, version: PVFVersion, current: PVFVersion | None) -> None:
    """The terms of a top-up's version: those in force at its approval, one line of them with more.

    Raises ``Conflict`` where the line is no longer in force.
    """
    top_up = TopUp.objects.select_related("line").get(version=version)
    terms = {row.line_id: row for row in current.terms.select_related("line")} if current else {}
    if top_up.line_id not in terms:
        raise Conflict("TOP-UP-LINE", _("The version in force does not name this line: propose a new version."))
    _terms_in_force(pvf, top_up.line)
    for line_id, row in terms.items():
        same = versions.row_of(row)
        versions.write_terms(version, with_top_up(same, top_up) if line_id == top_up.line_id else same)


def with_top_up(row: ProposedLine, top_up: TopUp) -> ProposedLine:
    """The line with the top-up added: in the line's own unit where both were entered in it, else in kilograms."""
    basis = row.basis.with_more(volume.from_json(top_up.basis))
    kg = row.authorised_kg + top_up.kg
    if row.unit == top_up.entered_unit:
        both = dataclasses.replace(row, quantity=row.quantity + top_up.entered_quantity, basis=basis)
        if both.authorised_kg == kg:
            return both
    # what was authorised and what is added were each rounded: their sum is what counts
    return dataclasses.replace(row, quantity=kg, unit="KGM", basis=basis)
