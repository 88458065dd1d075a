"""Pictures that people upload to be printed: known by their content, small, and drawn anew before they are kept.

What is kept is never the uploaded file: the picture is decoded, laid on white and written again, so that nothing of the
file but its pixels (no metadata, no second file hidden in it, no malformed part) reaches a document.
"""

from __future__ import annotations

import io
import warnings

from django.utils.translation import gettext as _
from PIL import Image, UnidentifiedImageError

from core.errors import InvalidInput

#: Of the uploaded file.
MAX_BYTES = 1024 * 1024
#: Width times height, told from the head of the file before a pixel is decoded.
MAX_PIXELS = 6_000_000
MIN_SIDE = 16
#: What is kept fits into so many pixels: 300 dpi in the space that a letterhead has.
KEPT_WIDTH, KEPT_HEIGHT = 720, 204
#: What is kept, as PNG; a picture with more detail (a photograph) is kept as JPEG.
KEPT_BYTES = 64 * 1024

_FORMATS = ("PNG", "JPEG")


def logo(data: bytes) -> bytes:
    """The picture in ``data`` (PNG or JPEG) as it is kept: PNG or JPEG, without transparency, at most 720 × 204 pixels.

    The same bytes give the same bytes, on machines with the same libraries. Raises ``InvalidInput`` at the field "logo":
    LOGO-SIZE, LOGO-TYPE, LOGO-PIXELS, LOGO-BROKEN.
    """
    if len(data) > MAX_BYTES:
        text = _("The picture is larger than %(limit)s MB.") % {"limit": MAX_BYTES // (1024 * 1024)}
        raise InvalidInput("LOGO-SIZE", text, field="logo")
    picture = _opened(data)
    width, height = picture.size
    if width * height > MAX_PIXELS or min(width, height) < MIN_SIDE:
        words = {"width": width, "height": height, "least": MIN_SIDE, "most": MAX_PIXELS // 1_000_000}
        text = _(
            "The picture is %(width)s × %(height)s pixels: each side needs at least %(least)s, "
            "and together they may be %(most)s million."
        )
        raise InvalidInput("LOGO-PIXELS", text % words, field="logo")
    try:
        _require_whole(data, picture)
        flat = _on_white(picture)
    except (OSError, ValueError, SyntaxError, MemoryError) as error:
        text = _("The picture cannot be read: it is damaged or not complete.")
        raise InvalidInput("LOGO-BROKEN", text, field="logo") from error
    flat.thumbnail((KEPT_WIDTH, KEPT_HEIGHT), Image.Resampling.LANCZOS)
    png = _written(flat, "PNG", optimize=True)
    return png if len(png) <= KEPT_BYTES else _written(flat, "JPEG", quality=85, optimize=True)


def _opened(data: bytes) -> Image.Image:
    """The picture, its head alone read. A file that begins with anything else is none, whatever its name says."""
    try:
        with warnings.catch_warnings():
            # its size is judged by us
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(data), formats=_FORMATS)
    except Image.DecompressionBombError as error:
        text = _("The picture has far too many pixels.")
        raise InvalidInput("LOGO-PIXELS", text, field="logo") from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        text = _("This is no PNG or JPEG picture. Other kinds, SVG among them, are not accepted.")
        raise InvalidInput("LOGO-TYPE", text, field="logo") from error
    if getattr(picture, "n_frames", 1) != 1:
        text = _("The picture moves. Choose one that stands still.")
        raise InvalidInput("LOGO-TYPE", text, field="logo")
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
