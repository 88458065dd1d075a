"""A continuity document as PDF: another kind with another face than a certificate, without a number, with the COOP code.

Made by the same renderer, fonts and signature as a certificate; its data file is ``continuity.json``. What it says comes
from :mod:`certificates.domain.continuity_data` and was frozen when it was asked for.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import pydyf
from django.template import Context, Engine
from django.utils import translation
from django.utils.translation import gettext as _
from weasyprint import CSS, HTML, Attachment
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError

from certificates.document.datafile import CONTINUITY_FILE, CONTINUITY_FORMAT
from certificates.document.errors import DocumentError, NoSigningKey, ResourceRefused
from certificates.document.fonts import MONO, SANS, SERIF, Face, faces_for, printable
from certificates.document.keys import SigningKey
from certificates.document.page import day, hts_dotted, kilograms, moment
from certificates.document.payload import sha256
from certificates.document.qr import qr_data_uri
from certificates.document.render import LANGUAGE, VARIANT
from certificates.document.resources import BundledFetcher
from certificates.document.sign import sign_document
from certificates.document.snapshot import canonical_json, walk
from certificates.document.structure import Finisher
from certificates.document.xmp import CertificateMetadata
from core.ids import group_code, normalise_code

DATA_FILE, DATA_FORMAT = CONTINUITY_FILE, CONTINUITY_FORMAT
#: The folder of the template; a change that alters the page is a new folder.
TEMPLATE_VERSION = "1"
_TEMPLATES = Path(__file__).resolve().parents[1] / "templates"
_FOLDER = f"certificates/document/continuity/v{TEMPLATE_VERSION}"


class _ContinuityFinisher(Finisher):
    """The certificate's finisher without the certificate's own metadata: there is no number to put there."""

    def __init__(self) -> None:
        super().__init__(CertificateMetadata("", "", "", "", TEMPLATE_VERSION))

    def _complete_metadata(self, pdf: pydyf.PDF) -> None:
        pass


def issue_continuity(
    data: Mapping[str, Any],
    *,
    check_code: str,
    check_url: str,
    made_at: dt.datetime,
    public_origin: str,
    key: SigningKey | None,
) -> bytes:
    """The signed PDF. Raises a :class:`~certificates.document.errors.DocumentError`; without a key nothing is rendered."""
    if key is None:
        raise NoSigningKey("no key is stored")
    pdf = render_continuity(
        data, check_code=check_code, check_url=check_url, made_at=made_at, public_origin=public_origin,
        specimen=key.is_demo,
    )  # fmt: skip
    return sign_document(pdf, key)


def render_continuity(
    data: Mapping[str, Any], *, check_code: str, check_url: str, made_at: dt.datetime, public_origin: str,
    specimen: bool = False,
) -> bytes:  # fmt: skip
    """The unsigned PDF. ``made_at`` is aware; ``check_url`` lies under ``public_origin``. Same arguments, same bytes."""
    if not check_url.startswith(public_origin.rstrip("/") + "/"):
        raise DocumentError("DOC-ORIGIN", f"The check address {check_url!r} is not under the public origin.")
    utc = made_at.astimezone(dt.UTC).replace(microsecond=0)
    facts = {
        "check_code": check_code, "check_url": check_url, "public_origin": public_origin, "specimen": specimen,
        "made_at": utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }  # fmt: skip
    attached = canonical_json({"format": DATA_FORMAT, "template": TEMPLATE_VERSION, **facts, "data": data})
    with translation.override(LANGUAGE):
        context = Context(_composed(_context(data, facts, utc)), use_l10n=False)
        html = _engine().get_template(f"{_FOLDER}/continuity.html").render(context)
    faces = faces_for(_texts(data, facts))
    fetcher, fonts = BundledFetcher(face.path for face in faces), FontConfiguration()
    attachment = Attachment(
        file_obj=io.BytesIO(attached), name=DATA_FILE, description="Data of the continuity document",
        created=utc.replace(tzinfo=None), modified=utc.replace(tzinfo=None), relationship="Data",
    )  # fmt: skip
    try:
        style = CSS(string=_css(faces), font_config=fonts, url_fetcher=fetcher)
        pdf: bytes = HTML(string=html, url_fetcher=fetcher).write_pdf(
            font_config=fonts, stylesheets=[style], attachments=[attachment], pdf_variant=VARIANT,
            pdf_identifier=sha256(attached)[:32].encode(), presentational_hints=False, finisher=_ContinuityFinisher(),
        )  # fmt: skip
    except FatalURLFetchingError as error:
        raise ResourceRefused(str(error)) from error
    return pdf


def remake_continuity(content: Mapping[str, Any]) -> bytes:
    """The unsigned PDF, made anew from its data file's ``content``. Raises as :func:`render_continuity`, and ``KeyError``."""
    return render_continuity(
        content["data"], check_code=content["check_code"], check_url=content["check_url"],
        made_at=dt.datetime.fromisoformat(content["made_at"]), public_origin=content["public_origin"],
        specimen=content["specimen"],
    )  # fmt: skip


def _context(data: Mapping[str, Any], facts: Mapping[str, Any], made_at: dt.datetime) -> dict[str, Any]:
    content, or1 = data["snapshot"], data["or1"]
    return {
        **facts,
        "certifier": content["certifier"],
        "reference": data["reference"],
        "coop_code": data["coop_code"],
        "code": group_code(normalise_code(str(facts["check_code"]))),
        "qr": qr_data_uri(str(facts["check_url"])),
        "made": moment(made_at),
        "intended_use": or1["intended_use"],
        "parties": _parties(or1),
        "rows": _rows(content),
        "approved": moment(dt.datetime.fromisoformat(content["approved_at"])),
        "approved_by": content["approved_by"],
        "request_reference": content["request_reference"],
        "fingerprint": [data["snapshot_sha256"][start : start + 8] for start in range(0, 64, 8)],
    }


def _parties(or1: Mapping[str, Any]) -> list[dict[str, Any]]:
    titles = {
        "exporter": _("Exporter"),
        "consignee": _("Ultimate consignee"),
        "issuer": _("Issuer of the certificate"),
        "last_handler": _("Last handler"),
    }
    found = []
    for key, title in titles.items():
        party = or1[key]
        entry = {**party, "title": title, "ident": party["nop_id"] or _("none stated")}
        entry["ident_label"] = _("Code") if key == "issuer" else _("NOP ID")
        certifier = party.get("certifier")
        if certifier:
            words = {"name": certifier["name"], "code": certifier["nop_id"]}
            entry["certified_by"] = _("Certified by %(name)s, code %(code)s") % words
        found.append(entry)
    return found


def _rows(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    transport, period, origin = content["transport"], content["period"], content["origin"]
    lots = "; ".join(f"{row['lot']} ({kilograms(row['kg'])})" if row["kg"] else row["lot"] for row in content["lots"])
    containers = "; ".join(" / ".join(filter(None, (row["number"], row["seal"]))) for row in content["containers"])
    importer, destination = content["importer"], content["destination"]
    rows = [
        (_("Product, named as on the label"), content["product"]["label_name"]),
        (_("HTS code"), f"{hts_dotted(content['hts']['code'])} {content['hts']['description']}".strip()),
        (_("Net weight"), kilograms(content["net_kg"])),
        (_("Gross weight"), kilograms(content["gross_kg"])),
        (_("Packages"), f"{content['packages']['number']} {content['packages']['kind']}".strip()),
        (_("Lots"), lots),
        (_("Country of origin"), f"{origin['name']} ({origin['code']})"),
        (_("Organic standard"), content["standard"]),
        (_("Importer of record"), f"{importer['name']}, {importer['address']}, {_('NOP ID')} {importer['nop_id']}"),
        (_("Destination in the United States"), ", ".join(filter(None, (destination["city"], destination["state"])))),
        (_("Period"), _("%(start)s to %(end)s") % {"start": day(period["start"]), "end": day(period["end"])}),
        (
            _("Transport"),
            ", ".join(filter(None, (transport["mode"], transport["vessel"], transport["port_of_lading"]))),
        ),
        (_("Planned departure"), day(transport["departure_date"])),
        (_("Bill of lading or air waybill"), transport["bill_of_lading"]),
        (_("Containers and seals"), containers),
        (_("Commercial invoices"), ", ".join(content["invoices"])),
    ]
    return [row for row in rows if row[1]]


def _texts(data: Mapping[str, Any], facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for part in (data, facts):
        yield from ((path, value) for path, value in walk(part) if isinstance(value, str))


def _composed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _composed(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_composed(item) for item in value]
    return printable(value) if isinstance(value, str) else value


def _css(faces: tuple[Face, ...]) -> str:
    families = list(dict.fromkeys(face.family for face in faces if face.family not in (SERIF, MONO)))
    sans = ",".join(f'"{family}"' for family in families)
    rules = (
        *(face.css for face in faces),
        f"html{{font-family:{sans}}}",
        f"@page{{font-family:{sans}}}",
        f'h1{{font-family:"{SERIF}","{SANS}"}}',
        f'.code{{font-family:"{MONO}",{sans}}}',
    )
    return _stylesheet() + "\n".join(rules)


@lru_cache(maxsize=1)
def _engine() -> Engine:
    return Engine(dirs=[str(_TEMPLATES)], autoescape=True, debug=False, libraries={"i18n": "django.templatetags.i18n"})


@lru_cache(maxsize=1)
def _stylesheet() -> str:
    return (_TEMPLATES / _FOLDER / "continuity.css").read_text(encoding="utf-8")
