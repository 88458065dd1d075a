"""How the certificate of a request would look: for exporter and reviewer, before anything is decided.

A preview carries PREVIEW across every page, no number, no check code, no data file and no signature: nothing in it can be
taken for an issued certificate, by a person or by a machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from certificates.document.page import Print
from certificates.document.render import LANGUAGE, print_copy
from certificates.document.snapshot import read_unfinished


def render_preview(snapshot: Mapping[str, Any], *, logo: bytes = b"") -> bytes:
    """The PDF of the preview, in English as the certificate would be.

    ``snapshot``: the data as they stand (`certificates.domain.snapshots.unfinished`), in the form of
    :class:`~certificates.document.snapshot.Snapshot`; what is not known yet is empty text. ``logo``: the picture whose
    hash the letterhead names. The same arguments give the same bytes.

    Raises a :class:`~certificates.document.errors.DocumentError`: a field that is missing or of another kind, characters
    without a glyph, another logo.
    """
    return print_copy(read_unfinished(snapshot), None, kind=Print.PREVIEW, language=LANGUAGE, logo=logo)
