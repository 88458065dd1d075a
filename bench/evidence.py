"""How well documents are read: recall and precision of each field that DOC-3 compares, over documents with known values.

The documents are those of ``tests/requests_app/evidence``: ``own`` was made by the person who wrote the rules, ``blind`` by
somebody who had never seen them, and is not changed afterwards. Beside each document stands a JSON file with what is true.

Counted per field over the documents of a half:

- a document *has* a true value (or several lots, each counted by itself; "organic" where the goods are called so);
- the reader *states* its best candidate, of lots all candidates, if it is sure enough (``compare.stated``); it may be silent;
- recall = true values that were stated / true values;
- precision = stated values that are true / all that were stated. A value stated where the document has none is a fault.

A weight is right if it has the same kilograms, to a gram or to the last digit printed; a lot and an invoice's number are
right if they are the same letters and figures; a name if it is alike (``compare.ALIKE``). ``n`` is how many true values
there are.

DOC-3 itself knows what to look for and takes any candidate (``compare.find_value``): ``found`` in ``sought`` is the share
of the true values that it finds.

The last line: ``own`` and ``blind`` per field over all documents of the half, ``own_text`` and ``blind_text`` over its PDFs
with text alone; ``recall`` and ``precision`` are those of the worst field of the latter. Nothing of a blind document is
printed. With ``--show`` the faults in own documents are.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench import _database
from core import ocr
from requests_app.evidence import compare, reading
from requests_app.evidence.findings import Evidence

assert _database.__name__  # imported first: it sets Django up

_HALVES = Path(__file__).resolve().parent.parent / "tests" / "requests_app" / "evidence"
KINDS = {".pdf": "PDF", ".xlsx": "XLSX", ".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}


@dataclasses.dataclass
class Count:
    """Of one field: true values, those stated, statements, and true values that a search for them finds."""

    true: int = 0
    hit: int = 0
    said: int = 0
    right: int = 0
    found: int = 0

    def figures(self) -> dict[str, Any]:
        """Recall and precision; None where nothing could be counted."""
        return {
            "recall": round(self.hit / self.true, 4) if self.true else None,
            "precision": round(self.right / self.said, 4) if self.said else None,
            "n": self.true,
        }


@dataclasses.dataclass(frozen=True)
class Read:
    """A document that was read, and what is true of it."""

    path: Path
    evidence: Evidence
    known: dict[str, Any]

    @property
    def is_text(self) -> bool:
        """Whether it is a PDF whose pages have text of their own."""
        return self.path.suffix == ".pdf" and self.evidence.has_text and not self.evidence.pages_by_ocr


def documents(half: str) -> list[Read]:
    """All documents of ``half``, read."""
    found = []
    for path in sorted((_HALVES / half).glob("*")):
        known = path.with_suffix(".json")
        if path.suffix.lower() in KINDS and known.exists():
            evidence = reading.read(path.read_bytes(), KINDS[path.suffix.lower()])
            true = json.loads(known.read_text(encoding="utf-8"))
            # the blind ones keep what is true apart from where it stands
            found.append(Read(path, evidence, true.get("fields", true)))
    return found


def true_values(field: str, known: dict[str, Any]) -> list[Any]:
    """The true values of ``field`` of one document."""
    value = known.get(field)
    if field == "lots":
        return list(value or [])
    return [value] if value not in (None, False, "") else []


def counted(reads: Iterable[Read]) -> dict[str, Count]:
    """The counts of every field."""
    counts = {field: Count() for field in compare.FIELDS}
    for read in reads:
        for field, count in counts.items():
            stated = compare.stated(read.evidence, field)
            truths = true_values(field, read.known)
            count.true += len(truths)
            count.said += len(stated)
            count.right += sum(compare.is_right(field, one, read.known.get(field)) for one in stated)
            for value in truths:
                wanted = [value] if field == "lots" else value
                count.hit += any(compare.is_right(field, one, wanted) for one in stated)
                count.found += compare.find_value(read.evidence, field, str(value)) is not None
    return counts


def figures(reads: list[Read]) -> dict[str, Any] | None:
    """Per field; None where there are no documents."""
    return {field: count.figures() for field, count in counted(reads).items()} if reads else None


def sought(reads: list[Read]) -> dict[str, float] | None:
    """Per field, the share of true values that a search for them finds."""
    counts = counted(reads)
    return {field: round(one.found / one.true, 4) for field, one in counts.items() if one.true} if reads else None


def worst(found: dict[str, Any] | None, name: str) -> float | None:
    """The lowest figure of all fields."""
    return min((one[name] for one in (found or {}).values() if one[name] is not None), default=None)


def show(reads: list[Read]) -> None:
    """What was missed or wrongly stated in own documents."""
    for read in reads:
        for field in compare.FIELDS:
            stated = compare.stated(read.evidence, field)
            truths = true_values(field, read.known)
            wrong = [one for one in stated if not compare.is_right(field, one, read.known.get(field))]
            wanted = [(value, [value] if field == "lots" else value) for value in truths]
            missed = [value for value, want in wanted if not any(compare.is_right(field, one, want) for one in stated)]
            if wrong or missed:
                shown = [(one.value, one.score, one.why, one.text) for one in wrong]
                print(f"{read.path.name} {field}: missed {missed}, wrong {shown}")
                print("    ", [(one.value, one.score) for one in getattr(read.evidence, field)][:5])


def main(arguments: list[str]) -> int:
    """Print one line of JSON."""
    own, blind = documents("own"), documents("blind")
    if "--show" in arguments:
        show(own)
    blind_text = figures([one for one in blind if one.is_text])
    result = {
        "bench": "evidence", "recall": worst(blind_text, "recall"), "precision": worst(blind_text, "precision"),
        "own": figures(own), "blind": figures(blind), "own_text": figures([one for one in own if one.is_text]),
        "blind_text": blind_text, "sought": {"own": sought(own), "blind": sought(blind)},
        "documents": {"own": len(own), "blind": len(blind)}, "ocr": list(ocr.languages()),
    }  # fmt: skip
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
