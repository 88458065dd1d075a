"""The batch as a workbook: a line for each field of each call, to key from or to upload where OID takes one."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _
from openpyxl import Workbook

from core.exports import new_cell
from oid_sync.connectors.assisted.fields import fields_of
from oid_sync.models import OidCall


def write(calls: Iterable[OidCall]) -> bytes:
    """One row a call, one column a field; every cell is text, so nothing that a person typed becomes a formula."""
    kept = [(call, fields_of(call)) for call in calls]
    names = list(dict.fromkeys(label for _call, fields in kept for label, _value in fields))
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("To key"))
    sheet.freeze_panes = "D2"
    sheet.append([_text(sheet, name) for name in (_("Request"), _("What to do"), _("Reference"), *names)])
    for call, fields in kept:
        values = dict(fields)
        head = (call.certificate.snapshot["request_reference"], call.get_operation_display(), str(call.pk))
        sheet.append([_text(sheet, value) for value in (*head, *(values.get(name, "") for name in names))])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _text(sheet: Any, value: object) -> Any:
    return new_cell(sheet, str(value))
