"""The access review as a workbook. What people typed is written as text, never as a formula."""

from __future__ import annotations

import io
from typing import Any

from django.utils.translation import gettext as _
from openpyxl import Workbook

from core.exports import new_cell
from organizations.domain.access_review import Access
from organizations.roles import Role


def write(access: Access) -> bytes:
    """The workbook's bytes: a sheet of people, one of invitations, one of grants. Times are UTC."""
    book = Workbook(write_only=True)
    _sheet(book, _("People"), [
        _("Name"), _("E-mail address"), _("Exporter"), _("Roles"), _("Since"), _("Last sign-in"),
        _("Two-step sign-in"), _("API keys"), _("API key last used"), _("Account"),
    ], [
        (row.name, row.email, row.exporter, _roles(row.roles), row.since, row.last_sign_in,
         _("yes") if row.second_step else _("no"), row.keys, row.key_last_used,
         _("open") if row.active else _("closed"))
        for row in access.members
    ])  # fmt: skip
    _sheet(book, _("Invitations"), [
        _("E-mail address"), _("Organization"), _("Roles"), _("One certificate alone"), _("Since"), _("Until"),
    ], [
        (row.email, row.organization, _roles(row.roles), _("yes") if row.one_certificate else _("no"), row.since,
         row.until)
        for row in access.invited
    ])  # fmt: skip
    _sheet(book, _("Brokers"), [_("Broker"), _("Exporter"), _("Allowed"), _("Since"), _("Until")], [
        (row.broker, row.exporter, row.allowed, row.since, row.until)
        for row in access.grants
    ])  # fmt: skip
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _roles(roles: tuple[str, ...]) -> str:
    return ", ".join(str(Role(role).label) for role in roles)


def _sheet(book: Workbook, title: str, heads: list[str], rows: list[tuple[Any, ...]]) -> None:
    sheet: Any = book.create_sheet(title)
    for number in range(len(heads)):
        sheet.column_dimensions[chr(ord("A") + number)].width = 24
    sheet.append([new_cell(sheet, head, bold=True) for head in heads])
    for row in rows:
        sheet.append([new_cell(sheet, value) for value in row])
