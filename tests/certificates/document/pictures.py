"""Pages as pictures, and their comparison with the stored ones.

    python -m tests.certificates.document.pictures           # which pages differ, and by how much
    python -m tests.certificates.document.pictures --store   # make the stored pictures anew

A change of the page is committed first, with the comparison failing; the new pictures come in a commit of their own, where
a reviewer sees them next to the old ones. ``--store`` therefore refuses while a source of the page is not committed, and
`test_pictures.py` fails for a commit that holds both.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import django
import numpy as np
import pypdfium2
from PIL import Image

ROOT = Path(__file__).resolve().parents[3]
STORED = Path(__file__).with_name("pictures")
DPI, GREYS = 100, 16
#: What makes the page look as it does.
SOURCES = (
    "certificates/document", "certificates/templates/certificates/document", "package-lock.json",
    "requirements/runtime.txt", "tests/certificates/document/scripts.py", "tests/certificates/document/samples.py",
)  # fmt: skip
#: Documents and their pages (0 is the first).
PAGES = (
    ("latin", 0), ("vietnamese", 0), ("turkish", 0), ("thai", 0), ("arabic", 0), ("chinese", 0), ("japanese", 0),
    ("korean", 0), ("cyrillic", 0), ("letterhead", 0), ("specimen", 0), ("lots", 0), ("lots", 1), ("lots", 2),
    ("preview", 0), ("preview-empty", 0), ("copy", 0), ("template1", 0),
)  # fmt: skip

#: These take seconds to make, and are looked at by the long suite.
SLOW = frozenset({"chinese", "korean"})

#: A page is compared in squares of so many pixels; in none may the mean difference be larger (of 255). Other versions of the
#: libraries move edges by fractions of a pixel, which stays far below; a single changed digit is above.
SQUARE, LIMIT = 20, 16.0


def name_of(document: str, page: int) -> str:
    """The name of a stored picture."""
    return f"{document}-{page + 1}.png"


def picture_of(pdf: bytes, page: int) -> Image.Image:
    """A page in shades of grey."""
    with pypdfium2.PdfDocument(pdf) as opened:
        drawn = opened[page].render(scale=DPI / 72, grayscale=True).to_pil().convert("L")
    return coarse(drawn)


def coarse(picture: Image.Image) -> Image.Image:
    """The picture in few shades: stored pictures are small, and say the same to the eye."""
    return picture.point([round(shade / 255 * (GREYS - 1)) * 255 // (GREYS - 1) for shade in range(256)])


def difference(one: Image.Image, other: Image.Image) -> float:
    """The largest mean difference in any square; infinite where the sizes differ."""
    if one.size != other.size:
        return float("inf")
    apart = np.abs(np.asarray(one, dtype=np.int16) - np.asarray(other, dtype=np.int16)).astype(np.float64)
    found = 0.0
    # squares overlap by half, so that what lies on a border of one lies in the middle of another
    for top in range(0, apart.shape[0], SQUARE // 2):
        for left in range(0, apart.shape[1], SQUARE // 2):
            found = max(found, float(apart[top : top + SQUARE, left : left + SQUARE].mean()))
    return found


def stored(document: str, page: int) -> Image.Image:
    """The stored picture."""
    return Image.open(STORED / name_of(document, page)).convert("L")


def store(picture: Image.Image, path: Path) -> None:
    """Write a picture as small as it can be: sixteen shades need four bits."""
    shades = picture.point([round(shade / 255 * (GREYS - 1)) for shade in range(256)])
    small = Image.frombytes("P", picture.size, shades.tobytes())
    small.putpalette([shade * 255 // (GREYS - 1) for shade in range(GREYS) for _channel in range(3)])
    small.save(path, "PNG", optimize=True, bits=4)


def uncommitted() -> list[str]:
    """Sources of the page that differ from the last commit."""
    answer = subprocess.run(
        ["git", "status", "--porcelain", "--", *SOURCES],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return [line[3:] for line in answer.stdout.splitlines()]


def commits_with_both() -> Iterator[str]:
    """Commits that change a stored picture together with a source of the page."""
    folder = str(STORED.relative_to(ROOT))
    log = ["git", "log", "--no-merges", "--format=%H", "--diff-filter=M", "--", f"{folder}/*.png"]
    answer = subprocess.run(log, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    for commit in answer.stdout.split():
        show = ["git", "show", "--format=", "--name-only", commit]
        names = subprocess.run(show, cwd=ROOT, capture_output=True, text=True, check=True, timeout=30).stdout.split(
            "\n"
        )
        if any(name.startswith(SOURCES) for name in names if name):
            yield commit


def main(arguments: list[str]) -> int:
    """Compare, or store anew; returns the exit code."""
    django.setup()
    from tests.certificates.document import scripts

    say = sys.stdout.write
    if "--store" in arguments and uncommitted():
        say(f"Commit the change of the page first: {', '.join(uncommitted())}\n")
        return 2
    worst = 0.0
    for document, page in PAGES:
        now, path = picture_of(scripts.render(document), page), STORED / name_of(document, page)
        apart = difference(now, stored(document, page)) if path.exists() else float("inf")
        worst = max(worst, apart)
        if "--store" in arguments and apart > 0:
            store(now, path)
        say(f"{path.name}: {apart:.1f}\n")
    return 0 if "--store" in arguments or worst <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
