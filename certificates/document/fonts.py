"""The fonts of the document: which files, which characters they have, and which of them a text needs.

All come from npm packages that set-up installs (`package.json`); none is taken from the machine, so that the same
snapshot looks the same, and is the same bytes, on every machine with the same libraries.

Public Sans (of the U.S. Web Design System) carries Latin with Vietnamese and Turkish. Other scripts are added one slice
of Noto Sans at a time, only to the documents whose names need them. Adding a script is adding its package to
:data:`FALLBACK_PACKAGES` and to `package.json`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fontTools.ttLib import TTFont

from certificates.document.errors import FontsMissing, UnprintableText

#: Where npm puts the packages: beside the code, at the top of the installation.
NODE_MODULES = Path(__file__).resolve().parents[2] / "node_modules"

#: Every family is renamed with this prefix, so that a font of the machine can never be meant.
FAMILY_PREFIX = "Certificate "

#: Packages of @fontsource that are searched, in this order, for characters that Public Sans lacks.
FALLBACK_PACKAGES = ("noto-sans",)

WEIGHTS = (400, 600, 700)

#: Line breaks inside addresses are laid out, not printed; joiners have no ink of their own and steer shaping only.
_INKLESS = frozenset("\n\u200c\u200d")


@dataclass(frozen=True)
class Face:
    """One font file under the family name that the style sheet uses."""

    family: str
    weight: int
    path: Path

    @property
    def css(self) -> str:
        """The ``@font-face`` rule of this file."""
        return (
            f'@font-face{{font-family:"{self.family}";font-weight:{self.weight};font-style:normal;'
            f"src:url({self.path.as_uri()})}}"
        )


_USWDS = NODE_MODULES / "@uswds" / "uswds" / "dist" / "fonts"
_PUBLIC_SANS = _USWDS / "public-sans"
SANS = FAMILY_PREFIX + "Sans"
SERIF = FAMILY_PREFIX + "Serif"
MONO = FAMILY_PREFIX + "Mono"

#: In every document. The serif face sets the fixed title only, the monospaced one numbers and codes.
BASE_FACES = (
    Face(SANS, 400, _PUBLIC_SANS / "PublicSans-Regular.ttf"),
    Face(SANS, 600, _PUBLIC_SANS / "PublicSans-SemiBold.ttf"),
    Face(SANS, 700, _PUBLIC_SANS / "PublicSans-Bold.ttf"),
    Face(SERIF, 700, _USWDS / "merriweather" / "Latin-Merriweather-Bold.ttf"),
    Face(MONO, 700, _USWDS / "roboto-mono" / "roboto-mono-v5-latin-700.ttf"),
)


def printable(text: str) -> str:
    """``text`` as it is set: composed (NFC), so that a letter and its accents are one glyph of one font."""
    return unicodedata.normalize("NFC", text)


def faces_for(texts: Iterable[tuple[str, str]]) -> tuple[Face, ...]:
    """The faces that print all of ``texts``, pairs of where the text stands and the text.

    Raises :class:`~certificates.document.errors.UnprintableText` naming every character that has no glyph in any
    bundled font, or that is a control or direction mark; :class:`~certificates.document.errors.FontsMissing` where a
    file is not installed.
    """
    base = coverage(BASE_FACES[0].path)
    needed: set[tuple[Face, ...]] = set()
    unprintable: dict[str, str] = {}
    for path, text in texts:
        for character in set(printable(text)) - base - _INKLESS:
            found = _fallback(character)
            if found:
                needed.add(found)
            else:
                unprintable.setdefault(character, path)
    if unprintable:
        raise UnprintableText(dict(sorted(unprintable.items())))
    extra = [face for slice_ in needed for face in slice_]
    return BASE_FACES + tuple(sorted(extra, key=lambda face: (face.family, face.weight)))


@lru_cache(maxsize=1024)
def coverage(path: Path) -> frozenset[str]:
    """The characters that the font file at ``path`` has a glyph for, without control and format characters."""
    if not path.is_file():
        raise FontsMissing(str(path))
    with TTFont(path, lazy=True) as font:
        characters = map(chr, font.getBestCmap())
        return frozenset(c for c in characters if unicodedata.category(c) not in {"Cc", "Cf", "Co", "Cs"})


@lru_cache(maxsize=4096)
def _fallback(character: str) -> tuple[Face, ...] | None:
    """The faces, one a weight, of the first slice that has ``character``."""
    return next((faces for faces in _slices() if character in coverage(faces[0].path)), None)


@lru_cache(maxsize=1)
def _slices() -> tuple[tuple[Face, ...], ...]:
    """All slices of the fallback packages, in a fixed order, each in all weights."""
    slices = []
    for package in FALLBACK_PACKAGES:
        folder = NODE_MODULES / "@fontsource" / package / "files"
        regular = sorted(folder.glob(f"{package}-*-400-normal.woff2"))
        if not regular:
            raise FontsMissing(str(folder))
        for file in regular:
            name = file.name.removesuffix("-400-normal.woff2")
            faces = (Face(FAMILY_PREFIX + name, w, folder / f"{name}-{w}-normal.woff2") for w in WEIGHTS)
            slices.append(tuple(faces))
    return tuple(slices)
