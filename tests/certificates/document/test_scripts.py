"""Names in any script print, in the forms of their country, and the same data give the same bytes everywhere."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pikepdf
import pypdfium2
import pytest

from certificates.document import fonts
from certificates.document.errors import LogoMissing, UnprintableText
from certificates.document.payload import Issue, read_data_file
from certificates.document.preview import render_preview
from certificates.document.reading_copy import attached_data
from certificates.document.render import document_html, remake_document, render_document
from certificates.document.snapshot import read_snapshot, texts_of
from tests.certificates.document import samples, scripts

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[3]
#: Prints the hashes of the documents named on the command line.
PROGRAM = """
import hashlib, json, sys
import django
django.setup()
from tests.certificates.document import scripts
print(json.dumps({name: hashlib.sha256(scripts.render(name)).hexdigest() for name in sys.argv[1:]}))
"""


def words(pdf: bytes) -> str:
    """The text of all pages, without white space, composed, presentation forms as letters."""
    with pypdfium2.PdfDocument(pdf) as opened:
        text = "".join(page.get_textpage().get_text_bounded() for page in opened)
    return "".join(unicodedata.normalize("NFKC", text).split())


@pytest.mark.parametrize("script", ["latin", "vietnamese", "turkish", "cyrillic", "japanese"])
def test_names_in_each_script_can_be_read_out_of_the_document(script: str):
    found = words(scripts.render(script))
    name, _address, _code, _country, label = scripts.NAMES[script]
    for text in (name, label):
        assert "".join(unicodedata.normalize("NFKC", text).split()) in found


@pytest.mark.parametrize("script", ["arabic", "thai"])
def test_names_whose_letters_are_joined_or_stacked_keep_all_of_them(script: str):
    """Readers give such text back in the order of drawing; every letter must be among it."""
    found = words(scripts.render(script))
    name, _address, _code, _country, label = scripts.NAMES[script]
    missing = {c for c in unicodedata.normalize("NFKC", name + label) if not c.isspace()} - set(found)
    assert missing == set()


@pytest.mark.parametrize("script", ["arabic", "thai"])
def test_such_names_are_spelled_out_beside_their_glyphs(script: str):
    """And each spelling stands with glyphs of its script's font: it has not slipped to another text of the page."""
    name, address, _code, _country, label = scripts.NAMES[script]
    spelled = dict(_spellings(scripts.render(script)))
    assert set(spelled) == {name, label, *address.split("\n")}
    assert all(script in font for font in spelled.values())


def test_names_of_separate_letters_need_no_spelling():
    for script in ("latin", "vietnamese", "cyrillic", "japanese"):
        assert list(_spellings(scripts.render(script))) == []


def _spellings(pdf: bytes) -> Iterator[tuple[str, str]]:
    """The spellings in the pages' content, each with the name of the font that its glyphs are of, in small letters."""
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        for page in opened.pages:
            text = ""
            for instruction in pikepdf.parse_content_stream(page):
                operator, operands = str(instruction.operator), instruction.operands
                if operator == "BDC":
                    text = str(operands[1].get("/ActualText", ""))
                elif operator == "EMC":
                    text = ""
                elif operator == "Tf" and text:
                    yield text, str(page.Resources.Font[str(operands[0])].BaseFont).lower()


def test_arabic_letters_are_joined():
    """A letter alone and the same letter inside a word are other glyphs: the font's shaping is at work."""
    alone = render_document(scripts.snapshot_of("latin", standard="ع"), **scripts.ISSUE)
    joined = render_document(scripts.snapshot_of("latin", standard="ععع"), **scripts.ISSUE)
    assert _glyphs(joined) - _glyphs(alone) >= 2


def _glyphs(pdf: bytes) -> int:
    """How many different glyphs of the Arabic font the document shows."""
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        for font in opened.objects:
            named = isinstance(font, pikepdf.Dictionary) and "arabic" in str(font.get("/BaseFont", "")).lower()
            if named and "/ToUnicode" in font:
                return len(re.findall(rb"<[0-9a-fA-F]+> <[0-9a-fA-F]+>", font["/ToUnicode"].read_bytes()))
    return 0


@pytest.mark.parametrize(("region", "package"), [("CN", "sc"), ("JP", "jp"), ("KR", "kr"), ("US", "sc"), ("", "sc")])
def test_han_characters_have_the_forms_of_the_country_of_origin(region: str, package: str):
    faces = fonts.faces_for([("name", "骨")], region=region)
    assert {face.family.split("-")[2] for face in faces if "noto" in face.family} == {package}


def test_only_the_slices_that_are_needed_go_in():
    assert fonts.faces_for(texts_of(scripts.snapshot_of("latin"))) == fonts.BASE_FACES
    thai = fonts.faces_for(texts_of(scripts.snapshot_of("thai")))
    assert {face.family for face in thai} - {face.family for face in fonts.BASE_FACES} == {
        "Certificate noto-sans-thai-thai"
    }


@pytest.mark.parametrize(
    "text", ["\u202eabc", "\u2066abc", "\U000e0041", "\ue000", "\U0001f9ff", "𒀀", "\u0000", "\ufeff"]
)
def test_what_cannot_be_printed_is_named_before_and_at_rendering(text: str):
    snapshot = scripts.snapshot_of("latin", standard=f"USDA {text}")
    assert set(fonts.missing_glyphs(texts_of(snapshot))) == {"standard"}
    with pytest.raises(UnprintableText) as refused:
        render_document(snapshot, **scripts.ISSUE)
    assert set(refused.value.characters.values()) == {"standard"}


def hashes_elsewhere(names: tuple[str, ...], zone: str, seconds: int = 110) -> dict[str, str]:
    """The hashes of the documents, made in another process and time zone and in the opposite order."""
    environment = {**os.environ, "TZ": zone, "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "7"}
    answer = subprocess.run(
        [sys.executable, "-c", PROGRAM, *reversed(names)], env=environment, cwd=ROOT, capture_output=True, text=True,
        check=True, timeout=seconds,
    )  # fmt: skip
    found: dict[str, str] = json.loads(answer.stdout.splitlines()[-1])
    return found


def hashes_here(names: tuple[str, ...]) -> dict[str, str]:
    """The hashes of the documents as this process makes them."""
    return {name: hashlib.sha256(scripts.render(name)).hexdigest() for name in names}


def test_the_same_data_give_the_same_bytes_in_another_process_and_time_zone():
    """All scripts and prints: in the long suite."""
    names = ("arabic", "letterhead", "copy")
    assert hashes_elsewhere(names, "Pacific/Kiritimati") == hashes_here(names)


def test_a_document_is_made_again_from_its_own_data_file():
    for name in ("letterhead", "template1"):
        pdf = scripts.render(name)
        assert remake_document(read_data_file(attached_data(pdf))) == pdf


def test_no_document_is_made_with_another_logo():
    other = scripts.logo() + b"\x00"
    for wrong in (b"", other):
        with pytest.raises(LogoMissing):
            render_document(scripts.lettered(), logo=wrong, **scripts.ISSUE)
    with pytest.raises(LogoMissing):
        render_document(scripts.snapshot_of("latin"), logo=scripts.logo(), **scripts.ISSUE)


def test_the_first_template_still_says_what_it_said():
    """Documents already issued are verified by making them again: neither its words nor its order may change."""
    issue = Issue(**scripts.ISSUE)
    html = document_html(read_snapshot(samples.snapshot()), issue, template="1")
    assert hashlib.sha256(html.encode()).hexdigest() == FIRST_TEMPLATE


FIRST_TEMPLATE = "93af7f6cf635ddd00c6f48cc8ffdbeea7683b5134c5978cc6dc63925a38be137"


def test_every_page_says_which_certificate_and_which_page():
    with pypdfium2.PdfDocument(scripts.render("lots")) as opened:
        texts = [page.get_textpage().get_text_bounded() for page in opened]
    assert len(texts) >= 3
    for number, text in enumerate(texts, start=1):
        assert samples.NUMBER in text
        assert f"Page {number} of {len(texts)}" in " ".join(text.split())
    heads = [" ".join(text.split()) for text in texts[1:]]
    assert all("No. Lot Net weight" in head for head in heads)


def test_the_broker_finds_what_the_entry_asks_for():
    text = words(scripts.render("latin"))
    block = text[text.index("Forthecustomsbroker") :][:200]
    for value in ("OR2", samples.NUMBER, "0901110015", "19,250.000kg", "LOT-26-001"):
        assert value in block


def test_a_preview_holds_nothing_of_an_issued_certificate():
    pdf = render_preview(scripts.lettered(), logo=scripts.logo())
    with pypdfium2.PdfDocument(pdf) as opened:
        texts = [page.get_textpage().get_text_bounded() for page in opened]
    assert all("PREVIEW" in text and "not a certificate" in text.lower() for text in texts)
    text = words(pdf)
    assert not any(each in text for each in (samples.NUMBER, "Checkcode", "Fingerprint", "InventedApprover"))
    with pytest.raises(ValueError, match="holds no"):
        attached_data(pdf)


def test_a_preview_of_an_empty_draft_says_what_is_not_stated():
    assert "Notstated" in words(render_preview(scripts.unknown()))


def test_a_reading_copy_says_on_every_page_that_it_is_none():
    with pypdfium2.PdfDocument(scripts.render("copy-lots")) as opened:
        texts = [page.get_textpage().get_text_bounded() for page in opened]
    assert len(texts) >= 3
    for text in texts:
        assert samples.NUMBER in text
        assert "no es el certificado" in text.lower()
    with pytest.raises(ValueError, match="holds no"):
        attached_data(scripts.render("copy"))
