"""Letters in the picture of a page, read by Tesseract where it is installed (Debian: tesseract-ocr, tesseract-ocr-spa).

What reaches Tesseract is never a stranger's file: the page was drawn in the limited process, and its grey levels are handed
over behind a head that is written here. Tesseract itself runs with little memory and time and without network
(:mod:`core.ocr_start`).
"""

from __future__ import annotations

import csv
import functools
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import structlog

from core.inspection.legible import turned_back

log = structlog.get_logger(__name__)

LANGUAGES = ("eng", "spa")
#: Of one page: bytes of address space, seconds.
MEMORY, SECONDS = 1024 * 1024 * 1024, 60
#: The picture that is read is so many dots an inch, within the bounds of ``core.inspection.words``.
DPI = 300
#: Tesseract's own doubt (0 to 100): a word below this is noise, mostly lines and stamps.
LEAST_SURE = 25
_EDGES = "|[]{}_~`'‘’“”\"«»—¦\\"
_START = Path(__file__).resolve().parent / "ocr_start.py"

Word = list[Any]


@functools.cache
def program() -> str | None:
    """Where Tesseract is; None where it is not installed."""
    return shutil.which("tesseract")


@functools.cache
def languages() -> tuple[str, ...]:
    """Those of ``LANGUAGES`` that are installed."""
    found = program()
    if found is None:
        return ()
    said = _run(found, ["--list-langs"], b"")
    return tuple(name for name in LANGUAGES if said is not None and name in said.split())


def available() -> bool:
    """Whether pages without text can be read on this machine."""
    return bool(languages())


def words(levels: bytes, facts: dict[str, Any]) -> list[Word]:
    """The words of a page drawn by the job "page_image" with ``legible``: ``[text, box, box on the page as it came]``.

    Boxes are points from the upper left; the first one lies on the page set upright. Nothing where Tesseract is away, fails
    or takes too long: that page counts as one without text.
    """
    found = program()
    width, height = facts["pixels"]
    if found is None or not languages() or len(levels) != width * height:
        return []
    dpi = round(width * 72 / facts["points"][0])
    options = [
        "stdin",
        "stdout",
        "-l",
        "+".join(languages()),
        "--psm",
        "4",
        "--dpi",
        str(max(70, min(dpi, 2400))),
        "tsv",
    ]
    said = _run(found, options, b"P5 %d %d 255\n" % (width, height) + levels)
    return _placed(said or "", facts)


def _run(found: str, options: list[str], given: bytes) -> str | None:
    command = [sys.executable, "-I", str(_START), str(MEMORY), str(SECONDS), found, *options]
    environment = {"LANG": "C.UTF-8", "PATH": "/usr/bin:/bin", "OMP_THREAD_LIMIT": "1"}
    try:
        done = subprocess.run(
            command, input=given, capture_output=True, check=True, timeout=SECONDS, env=environment, cwd="/"
        )
    except (OSError, subprocess.SubprocessError) as error:
        log.warning("ocr_failed", fault=type(error).__name__)
        return None
    return done.stdout.decode("utf-8", "replace")


def _placed(table: str, facts: dict[str, Any]) -> list[Word]:
    """The words of Tesseract's table, each as high as its line, in points."""
    rows = list(csv.DictReader(table.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
    lines = {_line(row): (int(row["top"]), int(row["height"])) for row in rows if row["level"] == "4"}
    width, height = facts["points"]
    scale = width / facts["pixels"][0]
    found: list[Word] = []
    for row in rows:
        if row["level"] != "5" or Decimal(row["conf"]) < LEAST_SURE:
            continue
        top, tall = lines.get(_line(row), (int(row["top"]), int(row["height"])))
        if tall > 2 * int(row["height"]) + 8:
            top, tall = int(row["top"]), int(row["height"])
        for text, first, last in _pieces(row.get("text") or ""):
            left, right = (int(row["left"]) + share * int(row["width"]) for share in (first, last))
            box = [round(side * scale, 1) for side in (left, top, right, top + tall)]
            found.append([text, box, _on_page(box, width, height, facts.get("tilt", 0.0))])
    return found


def _pieces(text: str) -> Iterator[tuple[str, float, float]]:
    """A word cut where the rest of a table's rule was taken for letters; each piece with where it begins and ends (0 to 1)."""
    for piece in re.finditer(r"[^|\[\]{}]+", text):
        bare = piece.group().strip(_EDGES)
        if bare:
            yield bare, piece.start() / len(text), piece.end() / len(text)


def _line(row: dict[str, str]) -> tuple[str, ...]:
    return (row["block_num"], row["par_num"], row["line_num"])


def _on_page(box: list[float], width: float, height: float, tilt: float) -> list[float]:
    """A box of the upright page, moved to where its middle lay on the page as it came."""
    if not tilt:
        return box
    middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    x, y = turned_back(*middle, width, height, tilt)
    right, down = x - middle[0], y - middle[1]
    return [round(box[0] + right, 1), round(box[1] + down, 1), round(box[2] + right, 1), round(box[3] + down, 1)]
