"""A picture that is printed is known by its content, small, and drawn anew before it is kept."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image, PngImagePlugin

from core import pictures
from core.errors import InvalidInput


def drawn(size: tuple[int, int] = (300, 120), kind: str = "PNG", mode: str = "RGBA", **options: object) -> bytes:
    picture = Image.new(mode, size, (10, 90, 160, 128) if mode == "RGBA" else (10, 90, 160))
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that says it is huge."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\x00" * 100)) + chunk(b"IEND", b"")


def code_of(data: bytes) -> str:
    with pytest.raises(InvalidInput) as refused:
        pictures.logo(data)
    assert refused.value.field == "logo"
    return refused.value.code


@pytest.mark.parametrize(("kind", "mode"), [("PNG", "RGBA"), ("PNG", "RGB"), ("JPEG", "RGB")])
def test_a_picture_is_kept_on_white_and_fits_its_place(kind: str, mode: str):
    kept = Image.open(io.BytesIO(pictures.logo(drawn((2000, 800), kind, mode))))
    assert kept.mode == "RGB"
    assert kept.width <= pictures.KEPT_WIDTH and kept.height <= pictures.KEPT_HEIGHT
    assert abs(kept.width / kept.height - 2.5) < 0.02


def test_what_is_transparent_is_white():
    clear = io.BytesIO()
    Image.new("RGBA", (40, 40), (0, 0, 0, 0)).save(clear, "PNG")
    assert Image.open(io.BytesIO(pictures.logo(clear.getvalue()))).getpixel((5, 5)) == (255, 255, 255)


def test_the_same_picture_is_kept_as_the_same_bytes():
    assert pictures.logo(drawn()) == pictures.logo(drawn())


def test_nothing_but_pixels_is_kept():
    about = PngImagePlugin.PngInfo()
    about.add_text("Comment", "secret words")
    assert b"secret words" not in pictures.logo(drawn(pnginfo=about) + b"PK\x03\x04 another file")


def test_a_photograph_is_kept_small():
    noise = Image.effect_noise((720, 204), 90).convert("RGB")
    out = io.BytesIO()
    noise.save(out, "PNG")
    assert len(pictures.logo(out.getvalue())) <= 2 * pictures.KEPT_BYTES


@pytest.mark.parametrize(
    "data",
    [b"", b"%PDF-1.7", b"GIF89a" + b"\x00" * 40, b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"BM" + b"\x00" * 60],
)
def test_other_kinds_are_refused_whatever_their_name(data: bytes):
    assert code_of(data) == "LOGO-TYPE"


def test_a_moving_picture_is_refused():
    frames = [Image.new("RGB", (40, 40), (shade, 0, 0)) for shade in (0, 200)]
    out = io.BytesIO()
    frames[0].save(out, "PNG", save_all=True, append_images=frames[1:])
    assert code_of(out.getvalue()) == "LOGO-TYPE"


@pytest.mark.parametrize("size", [(30_000, 30_000), (4_000, 4_000), (2_000_000, 20)])
def test_a_decompression_bomb_is_refused_by_its_head(size: tuple[int, int]):
    assert code_of(bomb(*size)) == "LOGO-PIXELS"


def test_a_picture_that_is_too_small_to_print_is_refused():
    assert code_of(drawn((300, 8))) == "LOGO-PIXELS"


def test_a_file_beyond_the_limit_is_not_even_opened():
    assert code_of(drawn() + b"\x00" * pictures.MAX_BYTES) == "LOGO-SIZE"


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_half_a_picture_is_refused(kind: str):
    whole = drawn((600, 300), kind, "RGB")
    assert code_of(whole[: len(whole) - 60]) == "LOGO-BROKEN"
