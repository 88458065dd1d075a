"""Loading the tariff table from a CSV: codes, their organic suffix, the editions they came and went with."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from pathlib import Path

from pvf.models import HtsCode, HtsEdition

BUNDLED = Path(__file__).resolve().parent.parent / "data" / "hts10.csv"


def position_of(edition: str) -> int:
    """Where an edition such as "2025 rev 16" stands in time."""
    found = re.fullmatch(r"(\d{4})(?: rev (\d+))?", edition.strip())
    if found is None:
        raise ValueError(f"“{edition}” is no edition: write it like “2025 rev 16”")
    return int(found[1]) * 100 + int(found[2] or 0)


def load(lines: Iterable[str]) -> tuple[int, int]:
    """Load codes from CSV lines (code, description, certified_organic, unit, am8, first_edition, last_edition).

    Idempotent; an edition's first day, once entered by people, stays. Returns (codes, editions). Raises ``ValueError``
    with the line at fault.
    """
    rows = list(csv.DictReader(lines))
    names = {row[column].strip() for row in rows for column in ("first_edition", "last_edition") if row[column].strip()}
    for name in names | {name for edition in names if (name := _following(edition, names))}:
        HtsEdition.objects.get_or_create(name=name, defaults={"position": position_of(name)})
    codes = [_code(number, row) for number, row in enumerate(rows, start=2)]
    HtsCode.objects.bulk_create(
        codes, update_conflicts=True, unique_fields=["code"], batch_size=1000,
        update_fields=["description", "certified_organic", "unit", "must_file", "first_edition", "last_edition"],
    )  # fmt: skip
    return len(codes), len(names)


def _following(edition: str, names: set[str]) -> str:
    """The revision after a code's last one, where the table names it."""
    found = re.fullmatch(r"(\d{4}) rev (\d+)", edition)
    name = f"{found[1]} rev {int(found[2]) + 1}" if found else ""
    return name if name in names else ""


def _code(number: int, row: dict[str, str]) -> HtsCode:
    code = row["code"].strip()
    if not re.fullmatch(r"\d{10}", code):
        raise ValueError(f"line {number}: “{code}” is not a ten-digit HTS code")
    return HtsCode(
        code=code,
        description=row["description"].strip(),
        certified_organic=row["certified_organic"].strip() == "yes",
        unit=row["unit"].strip(),
        must_file=row["am8"].strip() == "yes",
        first_edition_id=row["first_edition"].strip() or None,
        last_edition_id=row["last_edition"].strip() or None,
    )
