"""PNG and JPEG: measured by their head, decoded whole, refused where anything follows the picture; and drawn anew."""

from __future__ import annotations

import io
import struct
import warnings

from PIL import Image, UnidentifiedImageError

from core.inspection import Unfit, refuse_second_face

#: Width times height of a document's picture: an A4 page scanned in 600 dpi has 35 million.
MAX_PIXELS = 40_000_000
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_FORMATS = ("PNG", "JPEG")
_BROKEN = (OSError, ValueError, SyntaxError, struct.error, IndexError, KeyError, ZeroDivisionError, EOFError)


def inspect(data: bytes, kind: str) -> None:
    """Raise ``Unfit``: FILE-PIXELS, FILE-BROKEN, FILE-MIXED. ``kind``: "PNG" or "JPEG"."""
    picture = _opened(data, (kind,))
    width, height = picture.size
    if width * height > MAX_PIXELS:
        raise Unfit("FILE-PIXELS", width=width, height=height, most=MAX_PIXELS // 1_000_000)
    try:
        picture.load()
        if kind == "PNG":
            # the check sums of the chunks, which decoding alone does not ask for
            Image.open(io.BytesIO(data), formats=("PNG",)).verify()
    except _BROKEN as error:
        raise Unfit("FILE-BROKEN", kind=kind) from error
    end = _end_of_png(data) if kind == "PNG" else _end_of_jpeg(data)
    if data[end:].strip(b"\0"):
        raise Unfit("FILE-MIXED", kind=kind, found="")
    refuse_second_face(data, kind)


def _end_of_png(data: bytes) -> int:
    at = len(_SIGNATURE)
    while at + 12 <= len(data):
        name = data[at + 4 : at + 8]
        at += 12 + int.from_bytes(data[at : at + 4], "big")
        if name == b"IEND":
            return at
    raise Unfit("FILE-BROKEN", kind="PNG")


def _end_of_jpeg(data: bytes) -> int:
    """Phones put smaller pictures behind the picture, each with an end of its own: the last end counts."""
    at = data.rfind(b"\xff\xd9")
    if at < 0:
        raise Unfit("FILE-BROKEN", kind="JPEG")
    return at + 2


def _opened(data: bytes, formats: tuple[str, ...]) -> Image.Image:
    try:
        with warnings.catch_warnings():
            # its size is judged by us
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return Image.open(io.BytesIO(data), formats=formats)
    except Image.DecompressionBombError as error:
        raise Unfit("FILE-PIXELS", width=0, height=0, most=MAX_PIXELS // 1_000_000) from error
    except (UnidentifiedImageError, *_BROKEN) as error:
        raise Unfit("FILE-BROKEN", kind=formats[0]) from error


def logo(data: bytes, *, max_pixels: int, min_side: int, width: int, height: int, kept_bytes: int) -> bytes:
    """The picture on white, at most ``width`` × ``height``, as PNG, or as JPEG where that is above ``kept_bytes``.

    The same bytes give the same bytes, on machines with the same libraries. Raises ``Unfit``: LOGO-TYPE, LOGO-PIXELS,
    LOGO-BROKEN.
    """
    picture = _logo_opened(data)
    if picture.width * picture.height > max_pixels or min(picture.size) < min_side:
        raise Unfit("LOGO-PIXELS", width=picture.width, height=picture.height)
    try:
        _require_whole(data, picture)
        flat = _on_white(picture)
    except (*_BROKEN, MemoryError) as error:
        raise Unfit("LOGO-BROKEN") from error
    flat.thumbnail((width, height), Image.Resampling.LANCZOS)
    png = _written(flat, "PNG", optimize=True)
    return png if len(png) <= kept_bytes else _written(flat, "JPEG", quality=85, optimize=True)


def _logo_opened(data: bytes) -> Image.Image:
    """The picture, its head alone read. A file that begins with anything else is none, whatever its name says."""
    try:
        picture = _opened(data, _FORMATS)
        frames = getattr(picture, "n_frames", 1)
    except Unfit as error:
        code = "LOGO-HUGE" if error.code == "FILE-PIXELS" else "LOGO-TYPE"
        raise Unfit(code) from error
    except _BROKEN as error:
        raise Unfit("LOGO-TYPE") from error
    if frames != 1:
        raise Unfit("LOGO-MOVES")
    return picture


def _require_whole(data: bytes, picture: Image.Image) -> None:
    """Raise ``ValueError`` or what Pillow raises where the file is cut off: decoding alone may fill the rest with grey."""
    if picture.format == "PNG":
        Image.open(io.BytesIO(data), formats=("PNG",)).verify()
    elif b"\xff\xd9" not in data:
        raise ValueError("the picture has no end")


def _on_white(picture: Image.Image) -> Image.Image:
    """The decoded picture in RGB, what is transparent white as the paper is."""
    drawn = picture.convert("RGBA")
    paper = Image.new("RGBA", drawn.size, (255, 255, 255, 255))
    return Image.alpha_composite(paper, drawn).convert("RGB")


def _written(picture: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    # no metadata goes along: the canvas was made by us
    picture.save(out, kind, **options)
    return out.getvalue()
