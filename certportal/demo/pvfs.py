"""The demo's Product Verification Forms: written as workbooks, read by the importer, approved by a manager."""

from __future__ import annotations

from django.core.management.base import CommandError

from core import clock
from core.files import store_file
from core.identity import Identity, act_as
from core.models import StoredFile
from organizations.models import Client
from pvf.domain import proposals, workbook, workbook_out
from pvf.models import PVF

from . import cast
from .organisations import Cast


def workbook_of(role: cast.ClientRole) -> bytes:
    """The workbook as the exporter would send it."""
    start, end = cast.certification_year(clock.now().date())
    rows = [
        proposals.ProposedLine(
            line_number=number, product_name=line.product_name, label_name=line.label_name, scope=line.scope,
            hts_codes=tuple(line.hts_codes.split(", ")), origins=tuple(line.origins.split(", ")),
            quantity=line.quantity, unit=line.unit, volume_basis=line.volume_basis,
        )
        for number, line in enumerate(role.lines, start=1)
    ]  # fmt: skip
    return workbook_out.write_pvf({"number": role.pvf_number, "period_start": start, "period_end": end}, rows)


def all_pvfs(everyone: Cast) -> int:
    """Load every demo PVF that is not there; returns how many were loaded."""
    loaded = 0
    for role in cast.CLIENTS:
        client = everyone.clients[role.key]
        manager = next(who for who in cast.PEOPLE if who.party == role.certifier and who.role == cast.Role.MANAGER)
        loaded += _load(everyone.who(manager.email), client, role)
    return loaded


def _load(manager: Identity, client: Client, role: cast.ClientRole) -> int:
    with act_as(manager):
        if PVF.objects.filter(client=client, number=role.pvf_number).exists():
            return 0
        data = workbook_of(role)
        parsed = workbook.read_pvf(data)
        if parsed.errors or parsed.period_start is None or parsed.period_end is None:
            raise CommandError(f"The demo's workbook {role.pvf_number} has errors: {parsed.errors}")
        kept = store_file(
            manager, data, name=f"{role.pvf_number}.xlsx", purpose=StoredFile.Kind.SHEET,
            certifier_id=client.certifier_id, client_id=client.pk,
        )  # fmt: skip
        version = proposals.propose(
            manager, client_id=client.pk, number=parsed.number, period_start=parsed.period_start,
            period_end=parsed.period_end, rows=parsed.rows, source_file_id=kept.pk,
        )  # fmt: skip
        proposals.approve(manager, version.pk)
    return 1
