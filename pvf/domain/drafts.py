"""Drafting a proposal step by step: each step is saved, nobody else is asked before the draft is proposed."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import transaction
from django.utils.translation import gettext as _

from core import clock
from core.errors import Conflict, InvalidInput
from core.identity import Identity
from organizations.models import Client
from organizations.tenancy import find
from pvf.domain import carrying, proposals, versions
from pvf.domain.rows import ProposedLine, checked, many_lines, one_line
from pvf.models import PVF, CarryOver, PVFLineTerms, PVFVersion

State, Kind = PVFVersion.State, PVFVersion.Kind


@transaction.atomic
def start(
    actor: Identity, *, client_id: uuid.UUID, number: str, period_start: dt.date, period_end: dt.date
) -> PVFVersion:
    """A draft of a client's PVF with the lines as they stand; the draft there is where this side has begun one.

    A PVF that was never in force goes on from its latest proposal.
    """
    versions.require_proposer(actor, client_id)
    client = find(Client.objects.all(), actor, client_id)
    proposals.check_head(number, period_start, period_end)
    pvf = versions.locked_pvf(client, one_line(number), period_start, period_end)
    there = pvf.versions.filter(state=State.DRAFT, by_certifier=actor.is_staff).first()
    if there is not None:
        return there
    source = versions.in_force(pvf) or pvf.versions.filter(kind=Kind.CONTENT).order_by("-number").first()
    draft = versions.new_version(actor, pvf, state=State.DRAFT, kind=Kind.CONTENT)
    if source is not None:
        for row in versions.rows_of(source):
            versions.write_terms(draft, row)
    carrying.keep(pvf, draft)
    versions.record(actor, "pvf.draft_start", draft, number=pvf.number)
    return draft


def of_pvf(actor: Identity, pvf_id: uuid.UUID) -> PVFVersion:
    """A draft of changes to a PVF."""
    pvf = find(PVF.objects.all(), actor, pvf_id)
    return start(
        actor, client_id=pvf.client_id, number=pvf.number, period_start=pvf.period_start, period_end=pvf.period_end
    )  # fmt: skip


def locked(actor: Identity, version_id: uuid.UUID, revision: int) -> PVFVersion:
    """A draft of the actor's own side, locked. Raises ``Conflict`` STALE where it was changed since ``revision``."""
    _pvf, version = versions.locked(actor, version_id)
    versions.require_proposer(actor, version.client_id)
    if version.state != State.DRAFT or version.by_certifier is not actor.is_staff:
        raise Conflict("PVF-STATE", _("This version is no draft of yours."), details={"state": version.state})
    if version.revision != revision:
        text = _("The draft was changed meanwhile. Look at what stands there now, then save again.")
        raise Conflict("STALE", text, details={"revision": version.revision})
    return version


def touched(actor: Identity, version: PVFVersion, **what: object) -> PVFVersion:
    """Count a change of a locked draft and put it on record."""
    version.revision += 1
    version.proposed_by, version.proposed_at = actor.user_id, clock.now()
    version.save(update_fields=["revision", "proposed_by", "proposed_at"])
    versions.record(actor, "pvf.draft_save", version, **what)
    return version


@transaction.atomic
def save_head(
    actor: Identity, version_id: uuid.UUID, *, period_start: dt.date, period_end: dt.date, note: str, revision: int
) -> PVFVersion:
    """Save the period (of a PVF that was never in force) and the note to the manager."""
    version = locked(actor, version_id, revision)
    pvf = version.pvf
    proposals.check_head(pvf.number, period_start, period_end)
    client = find(Client.objects.all(), actor, pvf.client_id)
    versions.locked_pvf(client, pvf.number, period_start, period_end)
    version.note = many_lines(note)
    version.save(update_fields=["note"])
    return touched(actor, version, period_start=period_start, period_end=period_end)


@transaction.atomic
def save_line(actor: Identity, version_id: uuid.UUID, row: ProposedLine, *, revision: int) -> PVFVersion:
    """Save one line of a draft, new or in the place of what it said. Raises ``InvalidInput`` at the field."""
    version = locked(actor, version_id, revision)
    row = checked(row)
    versions.require_documents(version.pvf, [row])
    versions.write_terms(version, row)
    return touched(actor, version, line=row.line_number, kg=row.authorised_kg)


@transaction.atomic
def remove_line(actor: Identity, version_id: uuid.UUID, line_number: int, *, revision: int) -> PVFVersion:
    """Take a line out of a draft. On approval its free kilograms go back outside; what is in use forbids it then."""
    version = locked(actor, version_id, revision)
    CarryOver.objects.filter(version=version, line__line_number=line_number).delete()
    gone, _rows = PVFLineTerms.objects.filter(version=version, line__line_number=line_number).delete()
    if not gone:
        raise InvalidInput("PVF-LINE", _("The draft has no such line."), field="line_number")
    return touched(actor, version, removed_line=line_number)


def next_number(version: PVFVersion) -> int:
    """The first line number that neither the PVF's lines nor the draft use."""
    taken = set(version.pvf.lines.values_list("line_number", flat=True))
    return max(taken, default=0) + 1


@transaction.atomic
def propose(actor: Identity, version_id: uuid.UUID, *, revision: int) -> PVFVersion:
    """Hand a draft to the certifier's managers. Its lines have to fit together; a second press changes nothing."""
    pvf, version = versions.locked(actor, version_id)
    versions.require_proposer(actor, version.client_id)
    if version.state == State.PROPOSED and version.by_certifier is actor.is_staff:
        return version
    version = locked(actor, version_id, revision)
    rows = [checked(row) for row in versions.rows_of(version)]
    versions.require_sound(pvf, rows)
    proposals.supersede_proposals(pvf)
    version.state, version.proposed_by, version.proposed_at = State.PROPOSED, actor.user_id, clock.now()
    version.save(update_fields=["state", "proposed_by", "proposed_at"])
    proposals.announce(actor, pvf, version, lines=len(rows))
    return version
