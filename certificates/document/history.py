"""What came before this document: amendments, the certificate it replaces, a continuity document. Part of the data file.

An issued document never changes. One that follows another says so on its face and in its data, where its signature covers
it. A first document without any of it has none of these keys, so that earlier ones are still made to the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class AmendedField:
    """One field that an amendment changed; both values as text in the snapshot's spelling."""

    field: str
    before: str
    after: str


@dataclass(frozen=True)
class Amended:
    """One amendment: its number from 1, its day (ISO 8601, UTC), why, and what changed."""

    number: int
    day: str
    reason: str
    fields: tuple[AmendedField, ...]


@dataclass(frozen=True)
class History:
    """``version`` 1 is the first document of a certificate; each amendment makes the next.

    ``first_issued``: when the first was made (ISO 8601, UTC), which is when the certificate was issued; empty for the first
    one, and in files of before this was kept.

    ``replaces``: number of the certificate that this one replaces. ``continuity``: reference of the continuity document
    made for the same goods while OID was out.
    """

    version: int = 1
    replaces: str = ""
    continuity: str = ""
    amendments: tuple[Amended, ...] = ()
    first_issued: str = ""

    def as_data(self) -> dict[str, Any]:
        """The keys for the data file; none for a first document with nothing before it."""
        found: dict[str, Any] = {}
        if self.version > 1:
            found["version"] = self.version
        if self.first_issued:
            found["first_issued_at"] = self.first_issued
        if self.replaces:
            found["replaces"] = self.replaces
        if self.continuity:
            found["continuity_document"] = self.continuity
        if self.amendments:
            found["amendments"] = [
                {
                    "number": row.number,
                    "day": row.day,
                    "reason": row.reason,
                    "changes": [
                        {"field": part.field, "before": part.before, "after": part.after} for part in row.fields
                    ],
                }
                for row in self.amendments
            ]
        return found

    def texts(self) -> Iterator[tuple[str, str]]:
        """Everything in it that people typed, with where it stands: it needs glyphs."""
        yield "continuity_document", self.continuity
        for row in self.amendments:
            place = f"amendments[{row.number}]"
            yield f"{place}.reason", row.reason
            for part in row.fields:
                yield f"{place}.{part.field}", part.before
                yield f"{place}.{part.field}", part.after


#: A first document with nothing before it.
NONE = History()


def read_history(content: Mapping[str, Any]) -> History:
    """The history in a data file's object. Raises ``KeyError`` or ``TypeError`` for one of another form."""
    return History(
        version=content.get("version", 1),
        replaces=content.get("replaces", ""),
        continuity=content.get("continuity_document", ""),
        first_issued=content.get("first_issued_at", ""),
        amendments=tuple(
            Amended(
                row["number"],
                row["day"],
                row["reason"],
                tuple(AmendedField(part["field"], part["before"], part["after"]) for part in row["changes"]),
            )
            for row in content.get("amendments", ())
        ),
    )
