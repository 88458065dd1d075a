"""The words of a page and the picture of it come from the limited process, and lie on one another."""

from __future__ import annotations

import io

import pikepdf
import pytest
from PIL import Image

from core import sandbox
from core.inspection import Unfit
from tests.support.hostile import picture


def _paper(*, turned: int = 0, font: str = "Helvetica", shift: int = 0, mark: bool = False) -> bytes:
    """A page of 300 by 200 points with a text whose line stands 50 points above its lower edge."""
    document = pikepdf.new()
    page = document.add_blank_page(page_size=(300 + shift, 200 + shift))
    face = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name(f"/{font}"))
    page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary({"/F1": face}))
    if shift:
        page.MediaBox = pikepdf.Array([0, 0, 300 + shift, 200 + shift])
        page.CropBox = pikepdf.Array([shift, shift, 300 + shift, 200 + shift])
    if turned:
        page.Rotate = turned
    shown = (
        f"{40 + shift} {50 + shift} 60 10 re f"
        if mark
        else f"BT /F1 10 Tf {40 + shift} {50 + shift} Td (Net 18,000.00 kg) Tj ET"
    )
    page.Contents = document.make_stream(shown.encode())
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def test_words_have_their_places() -> None:
    found = sandbox.run("words", _paper())
    assert found["pages"] == 1
    assert found["sizes"] == [[300, 200]]
    assert [word for word, _box in found["read"][0]] == ["Net", "18,000.00", "kg"]
    left, top, right, bottom = found["read"][0][1][1]
    assert 55 < left < right < 110
    assert 135 < top < 150 < bottom < 156


@pytest.mark.parametrize("font", ["Times-Bold", "Courier", "Arial", "Nobody-Has-This"])
def test_a_font_of_the_machine_is_not_needed(font: str) -> None:
    """The door is closed: a font that is not in the document cannot be fetched."""
    paper = _paper(font=font)
    assert sandbox.run("words", paper)["read"][0][1][0] == "18,000.00"
    facts, body = sandbox.run("page_image", paper, width=600)
    assert facts["points"] == [300, 200]
    assert min(Image.open(io.BytesIO(body)).convert("L").tobytes()) < 128


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
@pytest.mark.parametrize("shift", [0, 30])
def test_the_picture_lies_under_the_words(turned: int, shift: int) -> None:
    """Where the box of the text is, there the picture of the same page has its ink: turned and cropped pages too."""
    left, top, right, bottom = sandbox.run("words", _paper(turned=turned, shift=shift))["read"][0][0][1]
    facts, body = sandbox.run("page_image", _paper(turned=turned, shift=shift, mark=True), width=900)
    drawn = Image.open(io.BytesIO(body)).convert("L")
    assert facts["points"] == ([200, 300] if turned in (90, 270) else [300, 200])
    assert list(drawn.size) == facts["pixels"]
    scale = drawn.width / facts["points"][0]
    middle = (round((left + right) / 2 * scale), round((top + bottom) / 2 * scale))
    assert drawn.getpixel(middle) == 0
    assert drawn.getpixel((2, 2)) == 255


def test_what_is_written_into_a_form_is_read() -> None:
    document = pikepdf.open(io.BytesIO(_paper()))
    page = document.pages[0]
    look = document.make_stream(b"BT /F1 10 Tf 2 4 Td (INV-7781) Tj ET")
    look.Type, look.Subtype = pikepdf.Name.XObject, pikepdf.Name.Form
    look.BBox = pikepdf.Array([0, 0, 100, 20])
    look.Resources = page.Resources
    field = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Widget, FT=pikepdf.Name.Tx, T="number", V="INV-7781", F=4,
        Rect=pikepdf.Array([40, 100, 140, 120]), AP=pikepdf.Dictionary(N=look),
    )  # fmt: skip
    held = document.make_indirect(field)
    page.Annots = pikepdf.Array([held])
    document.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([held]))
    out = io.BytesIO()
    document.save(out)
    assert "INV-7781" in [word for word, _box in sandbox.run("words", out.getvalue())["read"][0]]


def test_pixels_of_a_page_are_bounded() -> None:
    document = pikepdf.new()
    document.add_blank_page(page_size=(10, 14_000))
    out = io.BytesIO()
    document.save(out)
    facts, _body = sandbox.run("page_image", out.getvalue(), width=100_000)
    assert facts["pixels"][0] * facts["pixels"][1] <= 14_100_000
    assert sandbox.run("page_image", _paper(), width=700)[0]["pixels"][0] <= 700


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_picture_is_a_document_of_one_page(kind: str) -> None:
    facts, body = sandbox.run("page_image", picture(kind), width=400, kind=kind)
    assert facts["pages"] == 1
    assert Image.open(io.BytesIO(body)).size == tuple(facts["pixels"])
    with pytest.raises(Unfit) as refused:
        sandbox.run("page_image", picture(kind), page=2, kind=kind)
    assert refused.value.code == "FILE-PAGE"


@pytest.mark.parametrize("page", [0, -1, 2])
def test_a_page_that_is_not_there(page: int) -> None:
    with pytest.raises(Unfit) as refused:
        sandbox.run("page_image", _paper(), page=page)
    assert refused.value.code == "FILE-PAGE"


@pytest.mark.parametrize("job", ["words", "page_image"])
def test_what_is_no_pdf_is_said_to_be_broken(job: str) -> None:
    with pytest.raises(Unfit) as refused:
        sandbox.run(job, b"%PDF-1.7\nnothing")
    assert refused.value.code == "FILE-BROKEN"
