"""Reading in a directory of 80,000 operations and 60 columns, against the same streaming reader doing nothing.

The portal's legs are the command itself (``import_directory``) in a process of its own, as the restricted role: first
into a database that has none of the operations, then the next month's workbook, in which one operation of a hundred has
another status and telephone. Each process measures its own time, without Python's and Django's start, and its own peak
of resident memory.

The baseline, also in a process of its own, goes through the same workbook with the same reader, choosing the same
columns. It leaves out everything else: hashing the file, values read and checked, the operations that are there looked
up, compared and written, the place noted after each batch, and what is no longer listed. So the ratio says what the
import costs above unpacking the XML.

Goals: ratio at most 3, peak below 300 MB.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from django.core.management import call_command

from bench import _database, _workbook
from core.identity import Identity, Kind, act_as
from core.xlsx_stream import SheetStream
from organizations.domain.directory.columns import Layout
from organizations.models import DirectoryImport, Operation
from tests.support import databases

OPERATIONS = int(os.environ.get("BENCH_OPERATIONS", "80000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
CHANGED_EVERY = 100
LEG_SECONDS = 1800
FIRST, SECOND = "INTEGRITY_Data_20250901.xlsx", "INTEGRITY_Data_20251001.xlsx"


def read_leg(path: Path) -> dict[str, Any]:
    """The reader doing nothing."""
    started = time.perf_counter()
    with SheetStream(path) as sheet:
        rows = sheet.rows()
        _number, headers = next(rows)
        sheet.choose(Layout(headers).columns)
        count = sum(1 for _row in rows)
    return {"seconds": time.perf_counter() - started, "rows": count}


def import_leg(path: Path) -> dict[str, Any]:
    """The command, and what it says of itself."""
    started = time.perf_counter()
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        call_command("import_directory", path, stdout=nowhere)
    seconds = time.perf_counter() - started
    with act_as(Identity(kind=Kind.PLATFORM)):
        row = DirectoryImport.objects.latest("started_at")
        figures = {name: getattr(row, name) for name in ("added", "changed", "unchanged", "refused", "rows_done")}
    return {"seconds": seconds, **figures}


def write_leg(path: Path) -> dict[str, Any]:
    """The workbook, made in a process of its own: a process begins with the peak of memory of the one that started it."""
    _workbook.write(path, OPERATIONS, changed_every=CHANGED_EVERY if path.name == SECOND else 0)
    return {"bytes": path.stat().st_size}


def leg(name: str, path: Path, database: str = "") -> dict[str, Any]:
    """One leg in a process of its own on ``database``, where it needs one."""
    url = databases.on_database(os.environ["DATABASE_URL"], database) if database else os.environ["DATABASE_URL"]
    done = subprocess.run(
        [sys.executable, "-m", "bench.directory", name, str(path)],
        env=os.environ | {"DATABASE_URL": url}, capture_output=True, text=True, check=False, timeout=LEG_SECONDS,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"the leg {name} has failed:\n{done.stdout}{done.stderr}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def one_round(folder: Path) -> dict[str, dict[str, Any]]:
    """Both imports, each beside the reader on the same workbook."""
    name = databases.clone(_database.fresh_name("directory"))
    first, second = folder / FIRST, folder / SECOND
    try:
        legs = {
            "read": leg("read", first, name), "import": leg("import", first, name),
            "read_again": leg("read", second, name), "import_again": leg("import", second, name),
        }  # fmt: skip
        with _database.django_on(name):
            assert Operation.objects.count() == OPERATIONS
    finally:
        databases.drop(name)
    expected = -(-OPERATIONS // CHANGED_EVERY)
    assert legs["import"]["added"] == legs["read"]["rows"] == OPERATIONS, legs
    assert (legs["import_again"]["added"], legs["import_again"]["changed"]) == (0, expected), legs
    return legs


def main() -> int:
    """Print the legs of each round, then one line of JSON."""
    rounds = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        size = leg("write", folder / FIRST)["bytes"]
        leg("write", folder / SECOND)
        for _ in range(ROUNDS):
            rounds.append(one_round(folder))
            print({name: round(figures["seconds"], 2) for name, figures in rounds[-1].items()}, flush=True)

    def seconds(name: str) -> float:
        return statistics.median(legs[name]["seconds"] for legs in rounds)

    def ratio(name: str, baseline: str) -> float:
        return round(statistics.median(legs[name]["seconds"] / legs[baseline]["seconds"] for legs in rounds), 3)

    def peak(*names: str) -> float:
        return round(max(legs[name]["peak_rss_mb"] for legs in rounds for name in names), 1)

    result = {
        "bench": "directory",
        "ratio": ratio("import", "read"),
        "peak_rss_mb": peak("import", "import_again"),
        "ratio_next_month": ratio("import_again", "read_again"),
        "import_seconds": round(seconds("import"), 2),
        "next_month_seconds": round(seconds("import_again"), 2),
        "baseline": "the same streaming reader over the same columns, doing nothing",
        "baseline_seconds": round(seconds("read"), 2),
        "baseline_peak_rss_mb": peak("read", "read_again"),
        "operations": OPERATIONS,
        "columns": len(_workbook.COLUMNS),
        "file_mb": round(size / 2**20, 1),
        "changed_next_month": rounds[-1]["import_again"]["changed"],
        "rounds": ROUNDS,
    }
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    if len(sys.argv) == 3:
        figures = {"write": write_leg, "read": read_leg, "import": import_leg}[sys.argv[1]](Path(sys.argv[2]))
        figures["peak_rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(figures))
        sys.exit(0)
    sys.exit(main())
