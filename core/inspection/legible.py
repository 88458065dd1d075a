"""A scanned page made fit for reading: set upright, the rules of tables and boxes taken away. Runs in the limited process."""

from __future__ import annotations

import itertools
import math
import re
import struct

from PIL import Image, ImageChops

#: Degrees to each side that a page is looked at, and by which steps; a page laid more askew is left as it is.
_MOST, _STEP, _FINE = 4.0, 0.5, 0.1
_SMALL = 700
#: Below this a pixel is ink; runs of it longer than so many inches are rules, not letters.
_DARK, _ACROSS, _DOWN = 200, 0.55, 0.36


def made_legible(page: Image.Image, dpi: float) -> tuple[Image.Image, float]:
    """The grey picture of a page for reading, and the degrees by which it was turned (against the clock)."""
    grey = page.convert("L")
    tilt = _tilt(grey)
    if tilt:
        grey = grey.rotate(tilt, Image.Resampling.BICUBIC, fillcolor=255)
    return _without_rules(grey, dpi), tilt


def turned_back(x: float, y: float, width: float, height: float, tilt: float) -> tuple[float, float]:
    """Where a point of the upright page lay on the page as it came; same unit for all."""
    angle = math.radians(tilt)
    right, down = x - width / 2, y - height / 2
    return (
        width / 2 + right * math.cos(angle) - down * math.sin(angle),
        height / 2 + right * math.sin(angle) + down * math.cos(angle),
    )


def _tilt(grey: Image.Image) -> float:
    """The turn that makes lines of text sharpest: white between dark."""
    scale = min(1.0, _SMALL / grey.width)
    small = grey.resize((max(1, int(grey.width * scale)), max(1, int(grey.height * scale))), Image.Resampling.BOX)
    ink = ImageChops.invert(small).convert("F")
    rough = [_STEP * count for count in range(-int(_MOST / _STEP), int(_MOST / _STEP) + 1)]
    best = max(rough, key=lambda angle: _sharpness(ink, angle))
    fine = [best + _FINE * count for count in range(-4, 5)]
    best = max(fine, key=lambda angle: _sharpness(ink, angle))
    # what is hardly askew is not turned: turning blurs
    return round(best, 2) if abs(best) >= 2 * _FINE and _sharpness(ink, best) > 1.02 * _sharpness(ink, 0) else 0.0


def _sharpness(ink: Image.Image, angle: float) -> float:
    turned = ink.rotate(angle, Image.Resampling.BILINEAR) if angle else ink
    rows = turned.resize((1, turned.height), Image.Resampling.BOX)
    levels: tuple[float, ...] = struct.unpack(f"{rows.height}f", rows.tobytes())
    return sum((one - other) ** 2 for one, other in itertools.pairwise(levels))


def _without_rules(grey: Image.Image, dpi: float) -> Image.Image:
    across = _rules(grey, int(dpi * _ACROSS))
    down = _rules(grey.transpose(Image.Transpose.TRANSPOSE), int(dpi * _DOWN)).transpose(Image.Transpose.TRANSPOSE)
    return Image.composite(Image.new("L", grey.size, 255), grey, ImageChops.lighter(across, down))


def _rules(grey: Image.Image, least: int) -> Image.Image:
    """A mask of the runs of ink from left to right that are ``least`` pixels or longer, a pixel wider to each side."""
    ink = grey.point([255 if level < _DARK else 0 for level in range(256)]).tobytes()
    mask = bytearray(len(ink))
    width = grey.width
    for run in re.finditer(rb"\xff{%d,}" % least, ink):
        start, end = run.span()
        for row in range(start // width, (end - 1) // width + 1):
            first, last = max(start, row * width), min(end, (row + 1) * width)
            if last - first < least:
                continue
            for near in (row - 1, row, row + 1):
                if 0 <= near < grey.height:
                    mask[near * width + first % width : near * width + (last - 1) % width + 1] = b"\xff" * (
                        last - first
                    )
    return Image.frombytes("L", grey.size, bytes(mask))
