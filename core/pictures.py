"""Pictures that people upload to be printed: known by their content, small, and drawn anew before they are kept.

What is kept is never the uploaded file: the picture is decoded in the limited process, laid on white and written again, so
that nothing of the file but its pixels (no metadata, no second file hidden in it, no malformed part) reaches a document.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from core import sandbox
from core.errors import InvalidInput
from core.inspection import Unfit

#: Of the uploaded file.
MAX_BYTES = 1024 * 1024
#: Width times height, told from the head of the file before a pixel is decoded.
MAX_PIXELS = 6_000_000
MIN_SIDE = 16
#: What is kept fits into so many pixels: 300 dpi in the space that a letterhead has.
KEPT_WIDTH, KEPT_HEIGHT = 720, 204
#: What is kept, as PNG; a picture with more detail (a photograph) is kept as JPEG.
KEPT_BYTES = 64 * 1024


def logo(data: bytes) -> bytes:
    """The picture in ``data`` (PNG or JPEG) as it is kept: PNG or JPEG, without transparency, at most 720 × 204 pixels.

    The same bytes give the same bytes, on machines with the same libraries. Raises ``InvalidInput`` at the field "logo":
    LOGO-SIZE, LOGO-TYPE, LOGO-PIXELS, LOGO-BROKEN; ``SandboxAway``.
    """
    if len(data) > MAX_BYTES:
        text = _("The picture is larger than %(limit)s MB.") % {"limit": MAX_BYTES // (1024 * 1024)}
        raise InvalidInput("LOGO-SIZE", text, field="logo")
    sizes = {"width": KEPT_WIDTH, "height": KEPT_HEIGHT, "kept_bytes": KEPT_BYTES}
    try:
        drawn: bytes = sandbox.run("logo", data, max_pixels=MAX_PIXELS, min_side=MIN_SIDE, **sizes)
    except Unfit as refusal:
        raise _in_words(refusal) from refusal
    return drawn


def _in_words(refusal: Unfit) -> InvalidInput:
    code = refusal.code
    if code == "LOGO-HUGE":
        code, text = "LOGO-PIXELS", _("The picture has far too many pixels.")
    elif code == "LOGO-PIXELS":
        words = {**refusal.words, "least": MIN_SIDE, "most": MAX_PIXELS // 1_000_000}
        text = _(
            "The picture is %(width)s × %(height)s pixels: each side needs at least %(least)s, "
            "and together they may be %(most)s million."
        )
        text %= words
    elif code == "LOGO-TYPE":
        text = _("This is no PNG or JPEG picture. Other kinds, SVG among them, are not accepted.")
    elif code == "LOGO-MOVES":
        code, text = "LOGO-TYPE", _("The picture moves. Choose one that stands still.")
    else:
        code, text = "LOGO-BROKEN", _("The picture cannot be read: it is damaged or not complete.")
    return InvalidInput(code, text, field="logo")
