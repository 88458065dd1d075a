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
from django.utils.translation import gettext as _
from weasyprint import CSS, HTML, Attachment
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError

from certificates.document.errors import LogoMissing, ResourceRefused
from certificates.document.fonts import MONO, SANS, SERIF, Face, faces_for
from certificates.document.history import NONE, History
from certificates.document.page import Print, page_context, watermark
from certificates.document.payload import (
    DATA_FILE,
    TEMPLATE_VERSION,
    TEMPLATES,
    Issue,
    data_file,
    issue_of,
    logo_of,
    sha256,
)
from certificates.document.resources import BundledFetcher
from certificates.document.snapshot import Snapshot, letterhead_of, read_snapshot, snapshot_sha256, texts_of
from certificates.document.structure import Finisher
from certificates.document.xmp import CertificateMetadata

VARIANT = "pdf/a-3a"
LANGUAGE = "en"

_TEMPLATES = Path(__file__).resolve().parents[1] / "templates"
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
    logo: bytes = b"",
    template: str = TEMPLATE_VERSION,
    history: History = NONE,
) -> bytes:
    """The unsigned PDF of the certificate ``snapshot`` that OID holds as ``number``.

    ``issued_at`` is aware; ``check_url`` (in the QR code) must lie under ``public_origin``, the portal's configured
    address. ``specimen`` prints on every page that it is a demonstration. ``logo``: the picture (PNG or JPEG) whose hash
    the snapshot's letterhead names. ``history`` names the documents
    before it.

    Raises a :class:`~certificates.document.errors.DocumentError`: incomplete data, no number, characters without a
    glyph, another logo, a resource that is not bundled.
    """
    checked = read_snapshot(snapshot)
    check_logo(checked, logo)
    issue = Issue(number, check_code, check_url, issued_at, public_origin, specimen, history)
    data = data_file(checked, issue, template=template, logo=logo)
    html = document_html(checked, issue, logo=logo, template=template)
    prepared = prepare(faces_for(_texts(checked, issue), region=checked["origin"]["code"]), template)
    metadata = CertificateMetadata(
        number=number,
        reference=checked["reference"],
        dataSha256=sha256(data),
        snapshotSha256=snapshot_sha256(checked),
        template=template,
    )
    return write_pdf(html, prepared, sha256(data), Finisher(metadata), [data_attachment(data, issue)])


def remake_document(content: Mapping[str, Any]) -> bytes:
    """The unsigned PDF anew from the data file of one (``content``), with the template that it names.

    Raises what :func:`render_document` does, ``KeyError`` and ``ValueError`` where ``content`` is not whole.
    """
    issue = issue_of(dict(content))
    if content["template"] not in TEMPLATES:
        raise ValueError(f"there is no template {content['template']}")
    return render_document(
        content["snapshot"],
        number=issue.number,
        check_code=issue.check_code,
        check_url=issue.check_url,
        issued_at=issue.issued_at,
        public_origin=issue.public_origin,
        specimen=issue.specimen,
        history=issue.history,
        logo=logo_of(dict(content)),
        template=content["template"],
    )


def check_logo(snapshot: Snapshot, logo: bytes) -> None:
    """Raise :class:`~certificates.document.errors.LogoMissing` where ``logo`` is not the one that ``snapshot`` names."""
    wanted = letterhead_of(snapshot)["logo_sha256"]
    if (sha256(logo) if logo else "") != wanted:
        raise LogoMissing(wanted)


def document_html(
    snapshot: Snapshot,
    issue: Issue | None,
    *,
    kind: Print = Print.CERTIFICATE,
    language: str = LANGUAGE,
    logo: bytes = b"",
    template: str = TEMPLATE_VERSION,
) -> str:
    """The page as HTML, in ``language`` whatever language is active."""
    with translation.override(language):
        fingerprint = snapshot_sha256(snapshot) if issue else ""
        context = page_context(snapshot, issue, fingerprint, kind=kind, logo=logo) | {"language": language}
        page = _engine().get_template(f"{_folder(template)}/certificate.html")
        return page.render(Context(context, use_l10n=False))


def document_css(
    faces: tuple[Face, ...], template: str = TEMPLATE_VERSION, kind: Print = Print.CERTIFICATE, language: str = LANGUAGE
) -> str:
    """The style sheet with the ``@font-face`` rules of ``faces``, the families to look glyphs up in, in order, and the
    words in the margins.
    """
    families = list(dict.fromkeys(face.family for face in faces if face.family not in (SERIF, MONO)))
    sans = ",".join(f'"{family}"' for family in families)
    rules = (
        *(face.css for face in faces),
        f"html{{font-family:{sans}}}",
        f"@page{{font-family:{sans}}}",
        f'h1{{font-family:"{SERIF}","{SANS}"}}',
        f'.number,.code,.check-code,.broker td{{font-family:"{MONO}",{sans}}}',
        *(() if template == "1" else _margin_rules(kind, language)),
    )
    return _stylesheet(template) + "\n".join(rules)


def _margin_rules(kind: Print, language: str) -> Iterator[str]:
    """What stands round the page, in its language; a certificate's margins have no watermark."""
    with translation.override(language):
        count = _("Page %(page)s of %(pages)s") % {"page": '" counter(page) "', "pages": '" counter(pages) "'}
        continued, across = _("continued"), watermark(kind)
    yield f'@page{{@bottom-right{{content:string(specimen) "{count}"}}}}'
    yield f'@page{{@top-right{{content:string(title) "  " string(number) ", {continued}"}}}}'
    yield "@page:first{@top-right{content:none}}"
    if across:
        yield f'@page{{@left-middle{{content:"{across}";font-size:{84 if len(across) < 10 else 52}pt}}}}'


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


def prepare(
    faces: tuple[Face, ...], template: str = TEMPLATE_VERSION, kind: Print = Print.CERTIFICATE, language: str = LANGUAGE
) -> Prepared:
    """Fonts and style sheet for ``faces``, from this thread's cache (Pango's objects belong to one thread)."""
    cache: OrderedDict[tuple[object, ...], Prepared] = _local.__dict__.setdefault("prepared", OrderedDict())
    key = (faces, template, kind, language)
    if key not in cache:
        fetcher = BundledFetcher(face.path for face in faces)
        font_config = FontConfiguration()
        css = document_css(faces, template, kind, language)
        stylesheet = CSS(string=css, font_config=font_config, url_fetcher=fetcher)
        cache[key] = Prepared(font_config, stylesheet, fetcher)
        if len(cache) > _PREPARED_LIMIT:
            cache.popitem(last=False)
    cache.move_to_end(key)
    return cache[key]


def write_pdf(
    html: str, prepared: Prepared, digest: str, finisher: Finisher, attachments: list[Attachment] | None = None
) -> bytes:
    """The PDF of ``html``; its identifier is taken from ``digest``, the hash of what it was made from."""
    try:
        pdf: bytes = HTML(string=html, url_fetcher=prepared.fetcher).write_pdf(
            font_config=prepared.font_config,
            stylesheets=[prepared.stylesheet],
            attachments=attachments or None,
            pdf_variant=VARIANT,
            pdf_identifier=digest[:32].encode(),
            presentational_hints=False,
            finisher=finisher,
        )
    except FatalURLFetchingError as error:
        raise ResourceRefused(str(error)) from error
    return pdf


def print_copy(snapshot: Snapshot, issue: Issue | None, *, kind: Print, language: str, logo: bytes = b"") -> bytes:
    """The PDF of a print that is no certificate: marked on every page, without a data file and never signed."""
    check_logo(snapshot, logo)
    html = document_html(snapshot, issue, kind=kind, language=language, logo=logo)
    faces = faces_for(_texts(snapshot, issue), region=snapshot["origin"]["code"])
    prepared = prepare(faces, kind=kind, language=language)
    return write_pdf(html, prepared, sha256(html.encode()), Finisher(None))


def _texts(snapshot: Snapshot, issue: Issue | None) -> Iterator[tuple[str, str]]:
    """Every text that the page prints of the data, with its place; the template's own words are Latin."""
    yield from texts_of(snapshot)
    if issue is not None:
        yield "check_code", issue.check_code
        yield "check_url", issue.check_url
        yield from issue.history.texts()


def _folder(template: str) -> str:
    if template not in TEMPLATES:
        raise ValueError(f"there is no template {template!r}")
    return f"certificates/document/v{template}"


@lru_cache(maxsize=1)
def _engine() -> Engine:
    return Engine(
        dirs=[str(_TEMPLATES)],
        autoescape=True,
        debug=False,
        libraries={"i18n": "django.templatetags.i18n"},
        loaders=[("django.template.loaders.cached.Loader", ["django.template.loaders.filesystem.Loader"])],
    )


@lru_cache(maxsize=4)
def _stylesheet(template: str) -> str:
    return (_TEMPLATES / _folder(template) / "certificate.css").read_text(encoding="utf-8")


_local = threading.local()
_inherited: list[object] = []


def _forget_prepared() -> None:
    """After a fork the fonts' temporary folder is the parent's: keep its objects alive, so the child never deletes it."""
    _inherited.append(_local.__dict__.pop("prepared", None))


os.register_at_fork(after_in_child=_forget_prepared)
# Pango's and Fontconfig's objects must go before the libraries behind them are unloaded: at exit that is a crash.
atexit.register(_local.__dict__.clear)
