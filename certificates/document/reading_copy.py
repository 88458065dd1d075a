"""The reading copy: an issued certificate in another language, for people who do not read English.

It is made from the same snapshot, says on every page that it is not the certificate, and is neither signed nor does it
carry the data file: only the signed document in English is the certificate (docs/adr/0006-pdf-a-and-ua.md).
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import pikepdf

from certificates.document.page import Print
from certificates.document.payload import DATA_FILE, Issue
from certificates.document.render import LANGUAGE, print_copy
from certificates.document.snapshot import read_snapshot

#: The languages a reading copy can be had in: those of the portal but the certificate's own.
LANGUAGES = ("es",)


def render_reading_copy(snapshot: Mapping[str, Any], issue: Issue, *, language: str, logo: bytes = b"") -> bytes:
    """The PDF of the copy. Figures and dates stand as on the certificate, so that the two can be laid side by side.

    Raises a :class:`~certificates.document.errors.DocumentError` like the certificate itself, ``ValueError`` for a language
    that it is not made in.
    """
    if language not in LANGUAGES or language == LANGUAGE:
        raise ValueError(f"there is no reading copy in {language!r}")
    return print_copy(read_snapshot(snapshot), issue, kind=Print.READING_COPY, language=language, logo=logo)


def attached_data(pdf: bytes) -> bytes:
    """The bytes of the data file in a document of ours. Raises ``ValueError`` where there is none."""
    try:
        with pikepdf.open(io.BytesIO(pdf)) as opened:
            return bytes(opened.attachments[DATA_FILE].get_file().read_bytes())
    except (pikepdf.PdfError, KeyError) as error:
        raise ValueError(f"the document holds no {DATA_FILE}") from error
