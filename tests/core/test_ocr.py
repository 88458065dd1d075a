"""Letters in a picture: read by Tesseract with limits, placed on the page as it came; nothing is made up without it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from core import ocr, ocr_start
from core.inspection.legible import turned_back

_TABLE = """level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext
1\t1\t0\t0\t0\t0\t0\t0\t600\t400\t-1\t
4\t1\t1\t1\t1\t0\t60\t40\t200\t20\t-1\t
5\t1\t1\t1\t1\t1\t60\t44\t100\t16\t96.1\tNet
5\t1\t1\t1\t1\t2\t180\t44\t80\t12\t90.0\tquinoa||360
5\t1\t1\t1\t1\t3\t300\t44\t80\t12\t12.0\tnoise
5\t1\t1\t1\t1\t4\t400\t44\t80\t12\t96.0\t|
"""
_FACTS = {"pixels": [600, 400], "points": [300, 200], "tilt": 0.0}


def _behind(text: str) -> str:
    """What a Python program says that was started under the limits."""
    command = [sys.executable, "-I", str(Path(ocr_start.__file__)), str(1 << 30), "5", sys.executable, "-c", text]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30).stdout.strip()


@pytest.mark.parametrize(
    "act",
    [
        "import socket; socket.socket()",
        "import socket; socket.socket(socket.AF_UNIX)",
        "import socket; socket.socketpair()",
        "import os; os.kill(os.getppid(), 0)",
        "import os; h = os.open('/tmp', os.O_TMPFILE | os.O_WRONLY); os.write(h, b'x')",
        "bytearray(2 << 30)",
    ],
    ids=["network", "socket", "pair", "kill", "write", "memory"],
)
def test_the_program_is_started_with_limits(act: str) -> None:
    tried = f"try:\n exec({act!r})\nexcept (OSError, MemoryError):\n print('refused')\nelse:\n print('done')"
    assert _behind(tried) == "refused"


def test_the_program_computes_there() -> None:
    assert _behind("print(sum(range(1000)))") == "499500"


def test_words_of_the_table_stand_in_points_and_are_cut_at_rules() -> None:
    found = ocr._placed(_TABLE, _FACTS)
    assert [word[0] for word in found] == ["Net", "quinoa", "360"]
    assert found[0][1] == [30, 20, 80, 30]
    assert found[0][1][1::2] == found[1][1][1::2]
    assert found[1][1][2] <= found[2][1][0]
    assert found[0][2] == found[0][1]


def test_a_page_set_upright_is_turned_back_for_showing() -> None:
    x, y = turned_back(150, 0, 300, 200, 2.0)
    assert x > 150
    assert 0 < y < 1
    upright, shown = ocr._placed(_TABLE, {**_FACTS, "tilt": 2.0})[0][1:]
    assert shown != upright
    assert shown[2] - shown[0] == pytest.approx(upright[2] - upright[0], abs=0.2)


def test_without_tesseract_nothing_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "program", lambda: None)
    ocr.languages.cache_clear()
    assert not ocr.available()
    assert ocr.words(b"\0" * 240_000, _FACTS) == []
    ocr.languages.cache_clear()


def test_levels_that_are_not_the_picture_are_not_handed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer of the limited process is not believed: its length has to be that of the picture."""
    monkeypatch.setattr(ocr, "program", lambda: "/bin/true")
    monkeypatch.setattr(ocr, "languages", lambda: ("eng",))
    monkeypatch.setattr(ocr, "_run", lambda *_given: pytest.fail("it was handed over"))
    assert ocr.words(b"short", _FACTS) == []


def test_a_program_that_fails_reads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "program", lambda: "/bin/false")
    monkeypatch.setattr(ocr, "languages", lambda: ("eng",))
    assert ocr.words(b"\0" * 240_000, _FACTS) == []
