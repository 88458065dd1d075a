"""The words of a PDF with the places they stand at, and pictures of its pages. Runs in the limited process.

Both count in the same way: points (1/72 inch) from the upper left corner of the page as it is shown, turned and cropped.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
from collections.abc import Iterator
from typing import Any

import pypdfium2
from PIL import Image
from pypdfium2 import raw

from core.inspection import Unfit
from core.inspection.legible import made_legible
from core.inspection.pictures import inspect as inspect_picture

#: Pages that are read, characters of one page, and characters of the whole document.
MAX_PAGES, MAX_OF_PAGE, MAX_CHARACTERS = 60, 40_000, 400_000
#: Of one picture of a page: its width, its height, and both multiplied.
MAX_WIDTH, MAX_HEIGHT, MAX_PIXELS = 3_000, 16_000, 14_000_000
#: A picture that was not told its size counts so many dots an inch.
PICTURE_DPI = 150
#: A letter that begins so far (in heights of the word) behind the last one begins a word; level to so many points.
_GAP, _LEVEL = 0.6, 3
_GREYNESS = 6

Box = list[float]


def words(data: bytes) -> dict[str, Any]:
    """``pages`` (how many there are), ``sizes`` of those read, and ``read``: of each page its words, ``[text, box]``.

    A box is ``[left, top, right, bottom]``. A page without text has no words. Raises ``Unfit`` FILE-BROKEN, FILE-LOCKED.
    """
    read: list[list[Any]] = []
    sizes: list[list[float]] = []
    left = MAX_CHARACTERS
    with _opened(data) as document:
        count = len(document)
        for number in range(min(count, MAX_PAGES)):
            page = _flat_page(document, number)
            found, used = _of_page(page, min(left, MAX_OF_PAGE))
            left -= used
            read.append(found)
            sizes.append([round(side, 1) for side in page.get_size()])
            page.close()
            if left <= 0:
                break
    return {"pages": count, "read": read, "sizes": sizes}


def page_image(
    data: bytes, *, page: int = 1, width: int = 1000, kind: str = "PDF", legible: bool = False
) -> tuple[dict[str, Any], bytes]:
    """One page (from 1) of a "PDF", or a "PNG" or "JPEG" as a document of one page, ``width`` pixels wide or less.

    The picture is PNG, or JPEG where that is smaller. If ``legible`` it is for reading letters in it: bare grey levels, one
    byte a pixel, set upright by ``tilt`` degrees, without the rules of tables. With it: ``kind``, ``pages``, ``pixels`` and
    ``points`` (width and height of the page). Raises ``Unfit``: FILE-BROKEN, FILE-LOCKED, FILE-PAGE (there is no such page),
    FILE-PIXELS.
    """
    width = max(16, min(width, MAX_WIDTH))
    if kind != "PDF":
        inspect_picture(data, kind)
        drawn, points = _of_picture(data, width, grow=legible)
        pages = 1
    else:
        with _opened(data) as document:
            pages = len(document)
            if not 1 <= page <= pages:
                raise Unfit("FILE-PAGE", page=page, most=pages)
            drawn, points = _of_pdf(document[page - 1], width)
    if kind != "PDF" and page != 1:
        raise Unfit("FILE-PAGE", page=page, most=1)
    facts = {"pages": pages, "pixels": list(drawn.size), "points": [round(side, 1) for side in points]}
    if legible:
        upright, tilt = made_legible(drawn, drawn.width * 72 / points[0])
        return {**facts, "kind": "GREY", "tilt": tilt}, upright.tobytes()
    written, body = _written(drawn)
    return {**facts, "kind": written}, body


@contextlib.contextmanager
def _opened(data: bytes) -> Iterator[Any]:
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise Unfit("FILE-LOCKED" if "password" in str(error).lower() else "FILE-BROKEN", kind="PDF") from error
    try:
        with contextlib.suppress(pypdfium2.PdfiumError):
            document.init_forms()
        yield document
    except pypdfium2.PdfiumError as error:
        raise Unfit("FILE-BROKEN", kind="PDF") from error
    finally:
        document.close()


def _flat_page(document: Any, number: int) -> Any:
    """The page with what is written into its form fields and remarks as part of its text."""
    page = document[number]
    if raw.FPDFPage_GetAnnotCount(page) and raw.FPDFPage_Flatten(page, raw.FLAT_PRINT) == raw.FLATTEN_SUCCESS:
        page.close()
        page = document[number]
    return page


def _of_page(page: Any, most: int) -> tuple[list[Any], int]:
    text = page.get_textpage()
    count = min(text.count_chars(), most)
    place = _placing(page)
    sides = raw.FS_RECTF()
    found: list[Any] = []
    letters, box = "", [0.0] * 4
    for index in range(count):
        letter = _letter(text, index)
        if not letter.strip() or not raw.FPDFText_GetLooseCharBox(text, index, ctypes.byref(sides)):
            _keep(found, letters, box)
            letters = ""
            continue
        here = place(sides)
        if letters and _begins_a_word(here, box):
            _keep(found, letters, box)
            letters = ""
        box = (
            here
            if not letters
            else [min(box[0], here[0]), min(box[1], here[1]), max(box[2], here[2]), max(box[3], here[3])]
        )
        letters += letter
    _keep(found, letters, box)
    text.close()
    return found, count


def _letter(text: Any, index: int) -> str:
    """A letter as people type it; what stands for no letter (control characters, half of a pair) is a gap."""
    code = raw.FPDFText_GetUnicode(text, index)
    if code in (0x02, 0xAD):
        return "-"
    return chr(code) if code > 0x20 and code not in (0xFFFE, 0xFFFF) and not 0xD800 <= code < 0xE000 else " "


def _begins_a_word(here: Box, box: Box) -> bool:
    height = box[3] - box[1]
    return abs(here[3] - box[3]) > _LEVEL or here[0] - box[2] > _GAP * height or here[0] < box[0] - 1


def _placing(page: Any) -> Any:
    """How a rectangle of the page's own coordinates lies on the page as it is shown."""
    left, bottom, right, top = page.get_bbox()
    turned = page.get_rotation()

    def place(sides: Any) -> Box:
        x0, x1, y0, y1 = sides.left - left, sides.right - left, sides.bottom - bottom, sides.top - bottom
        width, height = right - left, top - bottom
        if turned == 90:
            return [y0, x0, y1, x1]
        if turned == 180:
            return [width - x1, y0, width - x0, y1]
        if turned == 270:
            return [height - y1, width - x1, height - y0, width - x0]
        return [x0, height - y1, x1, height - y0]

    return place


def _keep(found: list[Any], letters: str, box: Box) -> None:
    if letters:
        found.append([letters, [round(side, 1) for side in box]])


def _of_pdf(page: Any, width: int) -> tuple[Image.Image, tuple[float, float]]:
    points = page.get_size()
    if min(points) <= 0:
        raise Unfit("FILE-BROKEN", kind="PDF")
    # the library rounds its pixels up
    scale = min((width - 0.5) / points[0], MAX_HEIGHT / points[1], (MAX_PIXELS / (points[0] * points[1])) ** 0.5)
    bitmap = page.render(scale=scale, may_draw_forms=True)
    return bitmap.to_pil().convert("RGB"), points


def _of_picture(data: bytes, width: int, *, grow: bool) -> tuple[Image.Image, tuple[float, float]]:
    picture = Image.open(io.BytesIO(data), formats=("PNG", "JPEG"))
    points = (picture.width * 72 / PICTURE_DPI, picture.height * 72 / PICTURE_DPI)
    drawn = picture.convert("RGBA") if picture.mode in ("P", "LA", "PA") else picture
    if drawn.mode == "RGBA":
        paper = Image.new("RGBA", drawn.size, (255, 255, 255, 255))
        drawn = Image.alpha_composite(paper, drawn)
    drawn = drawn.convert("RGB")
    scale = min(
        2.0 if grow else 1.0,
        width / drawn.width,
        MAX_HEIGHT / drawn.height,
        (MAX_PIXELS / (drawn.width * drawn.height)) ** 0.5,
    )
    if scale != 1:
        size = (max(1, int(drawn.width * scale)), max(1, int(drawn.height * scale)))
        drawn = drawn.resize(size, Image.Resampling.LANCZOS)
    return drawn, points


def _written(drawn: Image.Image) -> tuple[str, bytes]:
    if _is_grey(drawn):
        drawn = drawn.convert("L")
    png = _saved(drawn, "PNG", compress_level=6)
    jpeg = _saved(drawn, "JPEG", quality=82)
    return ("PNG", png) if len(png) <= len(jpeg) else ("JPEG", jpeg)


def _is_grey(drawn: Image.Image) -> bool:
    """Whether its colours differ by nothing that an eye sees."""
    red, green, blue = drawn.resize((64, 64), Image.Resampling.BILINEAR).split()
    pairs = zip(red.tobytes(), green.tobytes(), blue.tobytes(), strict=True)
    return all(max(each) - min(each) <= _GREYNESS for each in pairs)


def _saved(drawn: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    drawn.save(out, kind, **options)
    return out.getvalue()
