"""Papers for the tests of the rules, typed in letters of one width: two spaces or more part cells."""

from __future__ import annotations

import re

from requests_app.evidence import reading
from requests_app.evidence.findings import Evidence
from requests_app.evidence.text import rows_of_pdf


def typed(text: str) -> Evidence:
    """What is read in a page that is typed like ``text``; an empty line is an empty line."""
    words = []
    for line, shown in enumerate(text.strip("\n").splitlines()):
        for match in re.finditer(r"\S+", shown):
            words.append([match.group(), [6.0 * match.start(), 12.0 * line, 6.0 * match.end(), 12.0 * line + 11]])
    return reading.of_rows(rows_of_pdf([words]))
