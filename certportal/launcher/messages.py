"""Compiles message catalogues (.po → .mo) with Babel, so that no gettext has to be on the machine.

Run as `python -m certportal.launcher.messages FILE.po …`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po


def compile_catalogue(source: Path) -> int:
    """Write the .mo beside a .po; returns the number of messages. Raises PoFileError with the line at fault."""
    with source.open("rb") as text:
        catalogue = read_po(text, abort_invalid=True)
    fresh = source.with_suffix(".mo.new")
    with fresh.open("wb") as out:
        write_mo(out, catalogue)
    fresh.replace(source.with_suffix(".mo"))
    return len(catalogue)


def main(arguments: list[str]) -> int:
    """Compile each file; 1 when one is faulty."""
    worst = 0
    for name in arguments:
        try:
            print(f"{name}: {compile_catalogue(Path(name))} messages")
        except (PoFileError, OSError, ValueError) as error:
            print(f"{name}: {error}")
            worst = 1
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
