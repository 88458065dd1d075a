"""The fonts of the document: which files, which characters they have, and which of them a text needs.

All come from npm packages that set-up installs (`package.json`); none is taken from the machine, so that the same
snapshot looks the same, and is the same bytes, on every machine with the same libraries.

Public Sans (of the U.S. Web Design System) carries Latin with Vietnamese and Turkish. Other scripts are added one slice
of Noto Sans at a time, only to the documents whose names need them: Cyrillic, Greek, Devanagari, Thai, Arabic, Chinese,
Japanese, Korean. Adding a script is adding its package to :data:`FALLBACK_PACKAGES` and to `package.json`.

One Chinese character may be drawn in the Chinese, the Japanese or the Korean way: the country of origin says which.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Iterator
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
FALLBACK_PACKAGES = ("noto-sans", "noto-sans-thai", "noto-sans-arabic")
#: After them, the packages of the Han characters: in this order, but those of the country of origin first.
HAN_PACKAGES = ("noto-sans-sc", "noto-sans-jp", "noto-sans-kr")
HAN_OF_REGION = {"JP": "noto-sans-jp", "KR": "noto-sans-kr"}

WEIGHTS = (400, 600, 700)
#: A Han text needs a slice for nearly every character, and each file takes 30 ms to unpack: semibold is set in bold.
HAN_WEIGHTS = (400, 700)

#: Line breaks inside addresses are laid out, not printed; joiners have no ink of their own and steer shaping only.
_INKLESS = frozenset("\n\u200c\u200d")


@dataclass(frozen=True)
class Slice:
    """A part of a package's font: which characters it is for, as its publisher says, and its files, one a weight."""

    ranges: tuple[range, ...]
    faces: tuple[Face, ...]


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


def faces_for(texts: Iterable[tuple[str, str]], region: str = "") -> tuple[Face, ...]:
    """The faces that print all of ``texts``, pairs of where the text stands and the text.

    ``region``: the country (ISO 3166-1 alpha-2) whose forms of Han characters are preferred.

    Raises :class:`~certificates.document.errors.UnprintableText` naming every character that has no glyph in any
    bundled font, or that is a control or direction mark; :class:`~certificates.document.errors.FontsMissing` where a
    file is not installed.
    """
    packages = packages_for(region)
    needed: set[tuple[int, tuple[Face, ...]]] = set()
    unprintable: dict[str, str] = {}
    for path, character in _beyond_base(texts):
        found = next(((place, faces) for place, faces in enumerate(_holders(character, packages)) if faces), None)
        if found:
            needed.add(found)
        else:
            unprintable.setdefault(character, path)
    if unprintable:
        raise UnprintableText(dict(sorted(unprintable.items())))
    extra = [faces for _place, faces in sorted(needed, key=lambda item: (item[0], item[1][0].family))]
    return BASE_FACES + tuple(face for faces in extra for face in faces)


def missing_glyphs(texts: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """By place, the characters of ``texts`` that :func:`faces_for` would refuse. Raises ``FontsMissing``."""
    found: dict[str, list[str]] = {}
    packages = packages_for("")
    for path, character in _beyond_base(texts):
        if not any(_holders(character, packages)):
            found.setdefault(path, []).append(character)
    return found


def named_character(character: str) -> str:
    """A character as people can find it: itself, where it has an ink of its own, and its code."""
    code = f"U+{ord(character):04X}"
    visible = unicodedata.category(character) not in {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp", "Zs"}
    return f"“{character}” ({code})" if visible else code


def packages_for(region: str) -> tuple[str, ...]:
    """The packages in the order in which a character is looked for."""
    first = HAN_OF_REGION.get(region)
    return FALLBACK_PACKAGES + tuple(sorted(HAN_PACKAGES, key=lambda package: package != first))


def _beyond_base(texts: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Place and character, once each, of what the faces of every document do not have."""
    base = coverage(BASE_FACES[0].path) | _INKLESS
    for path, text in texts:
        for character in sorted(set(printable(text)) - base):
            yield path, character


def _holders(character: str, packages: tuple[str, ...]) -> Iterator[tuple[Face, ...] | None]:
    """For each package the faces of its slice that has ``character``, or None."""
    return (_slice_with(character, package) for package in packages)


@lru_cache(maxsize=1024)
def coverage(path: Path) -> frozenset[str]:
    """The characters that the font file at ``path`` has a glyph for, without control and format characters."""
    if not path.is_file():
        raise FontsMissing(str(path))
    with TTFont(path, lazy=True) as font:
        characters = map(chr, font.getBestCmap())
        return frozenset(c for c in characters if unicodedata.category(c) not in {"Cc", "Cf", "Co", "Cs"})


@lru_cache(maxsize=8192)
def _slice_with(character: str, package: str) -> tuple[Face, ...] | None:
    """The faces, one a weight, of the first slice of ``package`` that has ``character``.

    The publisher's list of ranges says which of the many files to open; the file itself says whether it is so.
    """
    code = ord(character)
    for part in _slices(package):
        if any(code in span for span in part.ranges) and character in coverage(part.faces[0].path):
            return part.faces
    return None


@lru_cache(maxsize=16)
def _slices(package: str) -> tuple[Slice, ...]:
    """All slices of a package of @fontsource, in a fixed order."""
    folder = NODE_MODULES / "@fontsource" / package
    listed = folder / "unicode.json"
    if not listed.is_file():
        raise FontsMissing(str(listed))
    spans: dict[str, str] = json.loads(listed.read_text(encoding="utf-8"))
    slices = []
    weights = HAN_WEIGHTS if package in HAN_PACKAGES else WEIGHTS
    for key, text in sorted(spans.items()):
        name = f"{package}-{key.strip('[]')}"
        paths = [(weight, folder / "files" / f"{name}-{weight}-normal.woff2") for weight in weights]
        faces = tuple(Face(FAMILY_PREFIX + name, weight, path) for weight, path in paths)
        slices.append(Slice(tuple(_span(part) for part in text.split(",")), faces))
    return tuple(slices)


def _span(text: str) -> range:
    """``U+4E00-4EFF`` or ``U+3001`` of a style sheet as a range of code points."""
    first, _dash, last = text.strip().removeprefix("U+").partition("-")
    return range(int(first, 16), int(last or first, 16) + 1)
