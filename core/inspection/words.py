"""The words of a PDF with the places they stand at. Runs in the limited process: it parses strangers' bytes."""

from __future__ import annotations

from typing import Any

import pypdfium2

from core.inspection import Unfit

#: Pages that are read, characters of one page, and characters of the whole document.
MAX_PAGES, MAX_OF_PAGE, MAX_CHARACTERS = 60, 40_000, 400_000

Box = list[float]


def words(data: bytes) -> dict[str, Any]:
    """``pages`` (how many there are) and ``read``: of each page read its ``words``, ``[text, [left, top, right, bottom]]``.

    Boxes are PDF points from the page's upper left corner. A page without text has no words. Raises ``Unfit`` FILE-BROKEN.
    """
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise Unfit("FILE-BROKEN", kind="PDF") from error
    read: list[list[Any]] = []
    left = MAX_CHARACTERS
    for number in range(min(len(document), MAX_PAGES)):
        page = document[number]
        found, used = _of_page(page, min(left, MAX_OF_PAGE))
        left -= used
        read.append(found)
        page.close()
        if left <= 0:
            break
    return {"pages": len(document), "read": read}


def _of_page(page: Any, most: int) -> tuple[list[Any], int]:
    text = page.get_textpage()
    count = min(text.count_chars(), most)
    _left, bottom, _right, top = page.get_mediabox()
    found: list[Any] = []
    letters, box = "", [0.0] * 4
    for place in range(count):
        letter = text.get_text_range(place, 1)
        if not letter.strip():
            _keep(found, letters, box)
            letters = ""
            continue
        x0, y0, x1, y1 = text.get_charbox(place, loose=True)
        here = [x0, top - y1, x1, top - y0]
        if letters and (abs(here[3] - box[3]) > 3 or here[0] - box[2] > 0.6 * (box[3] - box[1]) or here[0] < box[0] - 1):
            _keep(found, letters, box)
            letters = ""
        box = here if not letters else [min(box[0], x0), min(box[1], here[1]), max(box[2], x1), max(box[3], here[3])]
        letters += letter
    _keep(found, letters, box)
    return found, count


def _keep(found: list[Any], letters: str, box: Box) -> None:
    if letters:
        found.append([letters, [round(side, 1) for side in box]])
