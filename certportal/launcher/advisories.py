"""Known weaknesses of the locked packages: one question to an advisory service (OSV), for Python and for npm.

    python -m certportal.launcher.advisories

A package with a known weakness fails the check unless `requirements/advisories.toml` accepts it, with a reason and a day on
which the acceptance ends. Without an answer nothing is known: that is said, and fails nothing (the tests run offline too).
"""

from __future__ import annotations

import datetime as dt
import json
import os
import queue
import re
import sys
import threading
import tomllib
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .places import PROJECT

ADDRESS = "https://api.osv.dev/v1/querybatch"
SECONDS = 8.0
MOST_BYTES = 16 * 2**20
PYTHON_LOCKS = ("requirements/runtime.txt", "requirements/dev.txt")
NPM_LOCK = "package-lock.json"
ACCEPTED = "requirements/advisories.toml"


class NoAnswer(Exception):
    """The service did not answer in time, or not what was asked."""


class Misfit(Exception):
    """The file of accepted advisories cannot be used; the text says why."""


@dataclass(frozen=True, order=True)
class Package:
    """One locked package. ``ecosystem`` as the service names it: PyPI, npm."""

    ecosystem: str
    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name} {self.version} ({self.ecosystem})"


@dataclass(frozen=True)
class Acceptance:
    """One advisory that somebody looked at and accepts until a day (included)."""

    id: str
    package: str
    reason: str
    until: dt.date


@dataclass
class Report:
    """What came out: ``summary`` in a few words, then a line for each thing to do or to know."""

    summary: str
    failed: bool = False
    lines: list[str] = field(default_factory=list)


def locked(root: Path) -> list[Package]:
    """Every package of the lock files that are there, each once, sorted."""
    found = set()
    for name in PYTHON_LOCKS:
        text = (root / name).read_text(encoding="utf-8")
        for package, version in re.findall(r"^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?==([^\s;\\]+)", text, re.MULTILINE):
            found.add(Package("PyPI", package.lower(), version))
    lock = root / NPM_LOCK
    if lock.exists():
        for path, entry in json.loads(lock.read_text(encoding="utf-8"))["packages"].items():
            if "node_modules/" in path and "version" in entry:
                found.add(Package("npm", path.rsplit("node_modules/", 1)[1], entry["version"]))
    return sorted(found)


def accepted(root: Path) -> list[Acceptance]:
    """The reviewed list. Raises ``Misfit`` for an entry without id, package, reason or day."""
    path = root / ACCEPTED
    if not path.exists():
        return []
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("accepted", [])
    except tomllib.TOMLDecodeError as error:
        raise Misfit(f"{ACCEPTED}: {error}") from error
    found = []
    for number, entry in enumerate(entries, start=1):
        one, package, reason = (str(entry.get(key, "")).strip() for key in ("id", "package", "reason"))
        if not (one and package and reason) or not isinstance(entry.get("until"), dt.date):
            raise Misfit(f"{ACCEPTED}: entry {number} needs id, package, reason and until (a day such as 2026-12-31)")
        found.append(Acceptance(one, package, reason, entry["until"]))
    return found


def ask(address: str, packages: Sequence[Package], seconds: float) -> list[list[str]]:
    """The ids of the advisories on each package. The limit is for the whole answer: a trickle counts as none.

    Raises ``NoAnswer``.
    """
    answers: queue.Queue[list[list[str]] | Exception] = queue.Queue()

    def work() -> None:
        try:
            answers.put(_fetch(address, packages, seconds))
        except Exception as error:  # handed over to the caller, whatever it is
            answers.put(error)

    threading.Thread(target=work, daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except queue.Empty:
        raise NoAnswer(f"no answer from the advisory service within {seconds:g} s") from None
    if isinstance(answer, TimeoutError) or isinstance(getattr(answer, "reason", None), TimeoutError):
        raise NoAnswer(f"no answer from the advisory service within {seconds:g} s")
    if isinstance(answer, urllib.error.HTTPError):
        raise NoAnswer(f"the advisory service answered {answer.code}")
    if isinstance(answer, OSError):
        raise NoAnswer(f"no answer from the advisory service within {seconds:g} s (it cannot be reached)")
    if isinstance(answer, Exception):
        raise NoAnswer("the advisory service answered something else than was asked")
    return answer


def _fetch(address: str, packages: Sequence[Package], seconds: float) -> list[list[str]]:
    queries = [{"package": {"name": p.name, "ecosystem": p.ecosystem}, "version": p.version} for p in packages]
    request = urllib.request.Request(
        address, json.dumps({"queries": queries}).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=seconds) as response:
        results = json.loads(response.read(MOST_BYTES))["results"]
    if len(results) != len(packages):
        raise ValueError("not one result for each package")
    return [[str(entry["id"]) for entry in (result or {}).get("vulns", [])] for result in results]


def judge(known: Mapping[Package, Sequence[str]], allowed: Sequence[Acceptance], today: dt.date) -> Report:
    """What is known against what is accepted."""
    lines, used, open_ones = [], set(), 0
    for package, ids in known.items():
        for one in ids:
            entry = next((each for each in allowed if (each.id, each.package) == (one, package.name)), None)
            if entry is None:
                open_ones += 1
                lines.append(f"{package}: {one}. Take a version without it, or accept it in {ACCEPTED} with a reason.")
                continue
            used.add(entry)
            if entry.until < today:
                open_ones += 1
                lines.append(f"{package}: {one} was accepted until {entry.until} ({entry.reason}). Decide anew.")
            else:
                lines.append(f"{package}: {one} is accepted until {entry.until}: {entry.reason}")
    lines += [
        f"{one.package}: {one.id} is not reported any more: take it out of {ACCEPTED}"
        for one in allowed
        if one not in used
    ]
    if open_ones:
        return Report(f"{open_ones} known weaknesses", failed=True, lines=lines)
    return Report(f"none in {len(known)} packages" if not used else f"{len(used)} accepted", lines=lines)


def examine(root: Path, environ: Mapping[str, str], today: dt.date) -> Report:
    """Ask and judge. `PORTAL_ADVISORIES_URL`, `PORTAL_ADVISORIES_SECONDS`: another service, another limit."""
    address = environ.get("PORTAL_ADVISORIES_URL") or ADDRESS
    seconds = float(environ.get("PORTAL_ADVISORIES_SECONDS") or SECONDS)
    packages = locked(root)
    try:
        allowed = accepted(root)
        answers = ask(address, packages, seconds)
    except Misfit as error:
        return Report("the list of accepted advisories is wrong", failed=True, lines=[str(error)])
    except NoAnswer as error:
        return Report(f"not checked: {error}")
    return judge(dict(zip(packages, answers, strict=True)), allowed, today)


def main(environ: Mapping[str, str] | None = None, root: Path = PROJECT) -> int:
    """Print the report; 1 where a weakness is known and not accepted."""
    today = dt.datetime.now(dt.UTC).date()
    report = examine(root, os.environ if environ is None else environ, today)
    for line in (report.summary, *report.lines):
        print(line)
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
