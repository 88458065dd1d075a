#!/usr/bin/env python3
"""Verifies an exported audit trail without the portal: python verify_audit.py FILE [--head SEQUENCE:HASH]

Each act of a certifier is a row, and a chain holds the rows in the order in which they were sealed:

    row_sha256   = SHA-256 of the row as canonical JSON
    chain_sha256 = SHA-256 of "previous chain_sha256" + ":" + "sequence" + ":" + "row_sha256"

The first row's previous value is 64 zeros. Who changes, removes, inserts or reorders a row breaks every later value of the
chain. Who rewrites the whole rest of the chain, or cuts its end off, ends at another head than the one that was published:
give a head that you keep outside the portal with --head.

Personal values are not hashed themselves: the row holds a digest, SHA-256 of "salt" + ":" + "value", and the value stands
beside it. A person's data can so be erased and the chain still verifies; an erased value says "erased".

Exit codes: 0 everything holds; 1 it does not, and what is wrong is printed; 2 the file cannot be read.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any

FORMAT = "portal-audit-1"
START = "0" * 64
#: A row's columns, as they are hashed. ``ip`` is hashed as its digest, ``ip_sha256``.
COLUMNS = (
    "id", "certifier_id", "client_id", "at", "actor_kind", "actor_id", "on_behalf_of", "act", "object_type", "object_id",
    "before", "after", "request_id", "ip_sha256",
)  # fmt: skip


def digest(salt: str, value: str) -> str:
    """What a row holds of a personal value."""
    return hashlib.sha256(f"{salt}:{value}".encode()).hexdigest()


def row_sha256(row: dict[str, Any]) -> str:
    """The hash of a row: its columns as JSON with sorted keys, no spaces, UTF-8."""
    plain = {name: row[name] for name in COLUMNS}
    text = json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def chain_sha256(previous: str, sequence: int, row_hash: str) -> str:
    """The chain's value after one more row."""
    return hashlib.sha256(f"{previous}:{sequence}:{row_hash}".encode()).hexdigest()


def wrong_personal(row: dict[str, Any]) -> list[str]:
    """Personal values beside the row that are not those which its digests were made of."""
    salt, personal = row.get("salt", ""), row.get("personal") or {}
    wrong = [] if not row.get("ip") or digest(salt, row["ip"]) == row["ip_sha256"] else ["ip"]
    for path, value in personal.items():
        part, _dot, key = path.partition(".")
        held = (row.get(part) or {}).get(key) if part in {"before", "after"} else None
        if not isinstance(held, dict) or held.get("sha256") != digest(salt, value):
            wrong.append(path)
    return wrong


class Chain:
    """Follows a chain from a known place and collects what is wrong with it."""

    def __init__(self, sequence: int = 0, head: str = START) -> None:
        self.sequence, self.head = sequence, head
        self.faults: list[str] = []
        #: The chain's value after each place that somebody asked for.
        self.seen: dict[int, str] = {sequence: head}

    def add(self, entry: dict[str, Any]) -> None:
        """One more entry: ``sequence``, ``row``, ``row_sha256``, ``chain_sha256``."""
        sequence, row = entry["sequence"], entry["row"]
        expected = self.sequence + 1
        if sequence != expected:
            self.faults.append(f"after {self.sequence} comes {sequence}: rows were removed, inserted or reordered")
        found = row_sha256(row)
        if found != entry["row_sha256"]:
            self.faults.append(f"{sequence}: the row was changed (act {row.get('act')}, at {row.get('at')})")
        for path in wrong_personal(row):
            self.faults.append(f"{sequence}: the personal value {path} is another one than was written")
        # goes on from what the file says, so that one change is reported once and not for every later row
        if chain_sha256(self.head, sequence, entry["row_sha256"]) != entry["chain_sha256"]:
            self.faults.append(f"{sequence}: the chain is broken here")
        self.sequence, self.head = sequence, entry["chain_sha256"]
        self.seen[sequence] = self.head

    def must_pass(self, sequence: int, head: str) -> None:
        """A head that was published: the chain must have had this value at this place."""
        if sequence > self.sequence:
            self.faults.append(
                f"the published head is at {sequence}, the file ends at {self.sequence}: the end was cut off"
            )
        elif sequence in self.seen and self.seen[sequence] != head:
            self.faults.append(f"at {sequence} the chain has another value than the published head: it was rewritten")
        elif sequence not in self.seen:
            self.faults.append(f"the published head at {sequence} lies before the first row of the file")


def read(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The objects of a JSON Lines file. Raises ``ValueError`` naming the line."""
    for number, line in enumerate(lines, start=1):
        try:
            value = json.loads(line)
        except ValueError as error:
            raise ValueError(f"line {number} is not JSON: {error}") from error
        if not isinstance(value, dict):
            raise ValueError(f"line {number} is not an object")
        yield value


def verify(lines: Iterable[str], heads: Iterable[tuple[int, str]] = ()) -> Chain:
    """Follow the chain of an export. Raises ``ValueError`` where it is no export of an audit trail."""
    entries = read(lines)
    first = next(entries, {})
    if first.get("format") != FORMAT:
        raise ValueError(f"the first line does not say {FORMAT}")
    chain = Chain(first["after"]["sequence"], first["after"]["chain_sha256"])
    if chain.sequence == 0 and chain.head != START:
        chain.faults.append("the file does not begin at the start of the chain")
    last: dict[str, Any] = {}
    for entry in entries:
        if "end" in entry:
            last = entry["end"]
        elif last:
            chain.faults.append(f"{entry.get('sequence')}: stands after the end of the file")
        elif not {"sequence", "row", "row_sha256", "chain_sha256"} <= entry.keys():
            chain.faults.append(f"after {chain.sequence}: an entry without {FORMAT}'s fields")
        else:
            chain.add(entry)
    if not last:
        chain.faults.append("the file has no end: it was cut off")
    elif (last["sequence"], last["chain_sha256"]) != (chain.sequence, chain.head):
        chain.faults.append(f"the file says that it ends at {last['sequence']}, its rows end at {chain.sequence}")
    for sequence, head in heads:
        chain.must_pass(sequence, head)
    return chain


def _head(text: str) -> tuple[int, str]:
    sequence, _colon, value = text.partition(":")
    if not sequence.isdigit() or len(value) != len(START):
        raise argparse.ArgumentTypeError("write it as SEQUENCE:HASH")
    return int(sequence), value.lower()


def main(arguments: list[str] | None = None) -> int:
    """Verify the file that is named; see the module."""
    parser = argparse.ArgumentParser(description="Verifies an exported audit trail without the portal.")
    parser.add_argument("file", help="the export, JSON Lines")
    parser.add_argument("--head", action="append", default=[], type=_head, help="a published head, SEQUENCE:HASH")
    options = parser.parse_args(arguments)
    try:
        with open(options.file, encoding="utf-8") as lines:
            chain = verify(lines, options.head)
    except (OSError, ValueError, KeyError, TypeError) as error:
        sys.stderr.write(f"{options.file} cannot be read: {error}\n")
        return 2
    for fault in chain.faults:
        sys.stdout.write(f"{fault}\n")
    verdict = "does not hold" if chain.faults else "holds"
    sys.stdout.write(f"The chain {verdict}. It ends at {chain.sequence}:{chain.head}\n")
    return 1 if chain.faults else 0


if __name__ == "__main__":
    sys.exit(main())
