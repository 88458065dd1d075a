"""A line's statement of account as PDF: WeasyPrint with the bundled fonts and style sheet, and nothing else.

It is a print of what the ledger says, not a certificate: it carries no number and no signature.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.template import Context, Engine
from django.utils import translation
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError

from certificates.document.errors import ResourceRefused
from certificates.document.fonts import MONO, SERIF, Face, faces_for, printable
from certificates.document.resources import BundledFetcher
from pvf.domain.statement import Statement

_TEMPLATES = Path(__file__).resolve().parents[1] / "templates"
_FOLDER = "certificates/statement"


def render_statement(statement: Statement, *, certifier: str, language: str) -> bytes:
    """The PDF of a statement whose rows have all been read. Raises a ``DocumentError``; reads no database."""
    with translation.override(language):
        html = printable(
            _engine().get_template(f"{_FOLDER}/statement.html").render(Context(_context(statement, certifier)))
        )
    faces = faces_for(_texts(statement, certifier))
    fetcher = BundledFetcher(face.path for face in faces)
    fonts = FontConfiguration()
    try:
        style = CSS(string=_css(faces), font_config=fonts, url_fetcher=fetcher)
        pdf: bytes = HTML(string=html, url_fetcher=fetcher).write_pdf(
            font_config=fonts, stylesheets=[style], presentational_hints=False
        )
    except FatalURLFetchingError as error:
        raise ResourceRefused(str(error)) from error
    return pdf


def _context(statement: Statement, certifier: str) -> dict[str, Any]:
    pvf = statement.line.pvf
    return {
        "s": statement, "line": statement.line, "pvf": pvf, "exporter": pvf.client.operation.name, "certifier": certifier,
        "language": translation.get_language(),
    }  # fmt: skip


def _texts(statement: Statement, certifier: str) -> Iterator[tuple[str, str]]:
    """What people typed; the portal's own words are Latin."""
    yield "certifier", certifier
    yield "exporter", statement.line.pvf.client.operation.name
    yield "number", statement.line.pvf.number
    for entry in statement.entries:
        place = f"movement {entry.sequence}"
        for text in (entry.reason, entry.made_by, entry.source_holder, entry.target_holder):
            yield place, text


def _css(faces: tuple[Face, ...]) -> str:
    families = list(dict.fromkeys(face.family for face in faces if face.family not in (SERIF, MONO)))
    sans = ",".join(f'"{family}"' for family in families)
    rules = (*(face.css for face in faces), f"html{{font-family:{sans}}}", f"@page{{font-family:{sans}}}")
    return _stylesheet() + "\n".join(rules)


@lru_cache(maxsize=1)
def _stylesheet() -> str:
    return (_TEMPLATES / _FOLDER / "statement.css").read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _engine() -> Engine:
    return Engine(
        dirs=[str(_TEMPLATES)], autoescape=True, debug=False,
        libraries={"i18n": "django.templatetags.i18n", "portal_format": "core.templatetags.portal_format"},
    )  # fmt: skip
