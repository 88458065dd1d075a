"""Workbooks from outside: bounded before they are opened."""

from __future__ import annotations

import io
import zipfile

from django.utils.translation import gettext as _
from python_calamine import CalamineError, CalamineWorkbook

from core.errors import InvalidInput

MAX_ENTRIES = 500
MAX_UNPACKED = 200 * 1024 * 1024
MAX_RATIO = 200
MAX_ROWS = 20_000


def refuse_bombs(data: bytes) -> None:
    """Refuse a workbook that unpacks into too much. Raises ``InvalidInput`` FILE-BOMB or FILE-BROKEN."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise InvalidInput("FILE-BROKEN", _("The workbook is damaged. Save it again as XLSX."), field="file") from error
    unpacked = sum(entry.file_size for entry in entries)
    squeezed = sum(entry.compress_size for entry in entries) or 1
    if len(entries) > MAX_ENTRIES or unpacked > MAX_UNPACKED or (unpacked > 2**20 and unpacked / squeezed > MAX_RATIO):
        text = _("The workbook unpacks into far more than it should. Save only the sheet that is asked for.")
        raise InvalidInput("FILE-BOMB", text, field="file")


def safe_workbook(data: bytes) -> CalamineWorkbook:
    """The workbook, after its bounds were checked. Raises ``InvalidInput`` for anything that is not a sound XLSX."""
    refuse_bombs(data)
    try:
        return CalamineWorkbook.from_filelike(io.BytesIO(data))
    except (CalamineError, ValueError, OSError) as error:
        raise InvalidInput("FILE-BROKEN", _("The workbook cannot be read. Save it again as XLSX."), field="file") from error
