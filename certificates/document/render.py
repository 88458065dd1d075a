"""Snapshot → PDF: WeasyPrint with the bundled template, fonts and style sheet, and nothing else.

The result is PDF/A-3a and claims PDF/UA-1; the data file is attached. The same arguments give the same bytes, over
processes and time zones, on machines with the same libraries: every date in the file is the time of issue, and nothing
is drawn from a clock, a random source or the machine's fonts.

A document of this module is not signed and therefore not a certificate. Hand it to
:func:`certificates.document.sign.sign_document`, or use :func:`certificates.document.issue.issue_document`.
"""

from __future__ import annotations

import atexit
import datetime as dt
import io
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.template import Context, Engine
from django.utils import translation
from weasyprint import CSS, HTML, Attachment
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError

from certificates.document.errors import ResourceRefused
from certificates.document.fonts import MONO, SANS, SERIF, Face, faces_for
from certificates.document.history import NONE, History
from certificates.document.page import page_context
from certificates.document.payload import DATA_FILE, TEMPLATE_VERSION, Issue, data_file, sha256
from certificates.document.resources import BundledFetcher
from certificates.document.snapshot import Snapshot, read_snapshot, snapshot_sha256, walk
from certificates.document.structure import Finisher
from certificates.document.xmp import CertificateMetadata

VARIANT = "pdf/a-3a"
LANGUAGE = "en"

_TEMPLATES = Path(__file__).resolve().parents[1] / "templates"
_FOLDER = f"certificates/document/v{TEMPLATE_VERSION}"
#: Prepared sets of fonts kept by a thread. Nearly all documents need the base set alone.
_PREPARED_LIMIT = 4


@dataclass(frozen=True)
class Prepared:
    """A set of fonts loaded, and the style sheet read, once for all documents that need just these fonts."""

    font_config: FontConfiguration
    stylesheet: CSS
    fetcher: BundledFetcher


def render_document(
    snapshot: Mapping[str, Any],
    *,
    number: str,
    check_code: str,
    check_url: str,
    issued_at: dt.datetime,
    public_origin: str,
    specimen: bool = False,
    history: History = NONE,
) -> bytes:
    """The unsigned PDF of the certificate ``snapshot`` that OID holds as ``number``.

    ``issued_at`` is aware; ``check_url`` (in the QR code) must lie under ``public_origin``, the portal's configured
    address. ``specimen`` prints on every page that it is a demonstration; ``history`` names the documents before it.

    Raises a :class:`~certificates.document.errors.DocumentError`: incomplete data, no number, characters without a
    glyph, a resource that is not bundled.
    """
    checked = read_snapshot(snapshot)
    issue = Issue(number, check_code, check_url, issued_at, public_origin, specimen, history)
    data = data_file(checked, issue)
    html = document_html(checked, issue)
    prepared = prepare(faces_for(_texts(checked, issue)))
    metadata = CertificateMetadata(
        number=number,
        reference=checked["reference"],
        dataSha256=sha256(data),
        snapshotSha256=snapshot_sha256(checked),
        template=TEMPLATE_VERSION,
    )
    return _write(html, prepared, data_attachment(data, issue), data, metadata)


def document_html(snapshot: Snapshot, issue: Issue) -> str:
    """The page as HTML, in English whatever language is active."""
    with translation.override(LANGUAGE):
        context = page_context(snapshot, issue, snapshot_sha256(snapshot))
        return _engine().get_template(f"{_FOLDER}/certificate.html").render(Context(context, use_l10n=False))


def document_css(faces: tuple[Face, ...]) -> str:
    """The style sheet with the ``@font-face`` rules of ``faces`` and the families to look glyphs up in, in order."""
    families = list(dict.fromkeys(face.family for face in faces if face.family not in (SERIF, MONO)))
    sans = ",".join(f'"{family}"' for family in families)
    rules = (
        *(face.css for face in faces),
        f"html{{font-family:{sans}}}",
        f"@page{{font-family:{sans}}}",
        f'h1{{font-family:"{SERIF}","{SANS}"}}',
        f'.number,.code,.check-code,.broker td{{font-family:"{MONO}",{sans}}}',
    )
    return _stylesheet() + "\n".join(rules)


def data_attachment(data: bytes, issue: Issue) -> Attachment:
    """The data file as an attachment, dated with the time of issue."""
    moment = issue.issued_utc.replace(tzinfo=None)
    return Attachment(
        file_obj=io.BytesIO(data),
        name=DATA_FILE,
        description="Data of the NOP Import Certificate",
        created=moment,
        modified=moment,
        relationship="Data",
    )


def prepare(faces: tuple[Face, ...]) -> Prepared:
    """Fonts and style sheet for ``faces``, from this thread's cache (Pango's objects belong to one thread)."""
    cache: OrderedDict[tuple[Face, ...], Prepared] = _local.__dict__.setdefault("prepared", OrderedDict())
    if faces not in cache:
        fetcher = BundledFetcher(face.path for face in faces)
        font_config = FontConfiguration()
        stylesheet = CSS(string=document_css(faces), font_config=font_config, url_fetcher=fetcher)
        cache[faces] = Prepared(font_config, stylesheet, fetcher)
        if len(cache) > _PREPARED_LIMIT:
            cache.popitem(last=False)
    cache.move_to_end(faces)
    return cache[faces]


def _write(html: str, prepared: Prepared, attachment: Attachment, data: bytes, metadata: CertificateMetadata) -> bytes:
    try:
        pdf: bytes = HTML(string=html, url_fetcher=prepared.fetcher).write_pdf(
            font_config=prepared.font_config,
            stylesheets=[prepared.stylesheet],
            attachments=[attachment],
            pdf_variant=VARIANT,
            pdf_identifier=sha256(data)[:32].encode(),
            presentational_hints=False,
            finisher=Finisher(metadata),
        )
    except FatalURLFetchingError as error:
        raise ResourceRefused(str(error)) from error
    return pdf


def _texts(snapshot: Snapshot, issue: Issue) -> Iterator[tuple[str, str]]:
    yield from ((path, value) for path, value in walk(snapshot) if isinstance(value, str))
    yield "check_code", issue.check_code
    yield "check_url", issue.check_url
    yield from issue.history.texts()


@lru_cache(maxsize=1)
def _engine() -> Engine:
    return Engine(
        dirs=[str(_TEMPLATES)],
        autoescape=True,
        debug=False,
        libraries={"i18n": "django.templatetags.i18n"},
        loaders=[("django.template.loaders.cached.Loader", ["django.template.loaders.filesystem.Loader"])],
    )


@lru_cache(maxsize=1)
def _stylesheet() -> str:
    return (_TEMPLATES / _FOLDER / "certificate.css").read_text(encoding="utf-8")


_local = threading.local()
_inherited: list[object] = []


def _forget_prepared() -> None:
    """After a fork the fonts' temporary folder is the parent's: keep its objects alive, so the child never deletes it."""
    _inherited.append(_local.__dict__.pop("prepared", None))


os.register_at_fork(after_in_child=_forget_prepared)
# Pango's and Fontconfig's objects must go before the libraries behind them are unloaded: at exit that is a crash.
atexit.register(_local.__dict__.clear)
