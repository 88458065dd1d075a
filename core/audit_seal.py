"""The sealer: chains committed audit rows, in an order of its own (``core.audit_chain``).

One transaction seals one certifier's next rows, under an advisory lock: two sealers never extend one chain at a time. A row
is taken once its transaction has committed; which came late does not matter, since the order is the sealer's. So that the
search stays short, ``AuditSealing.sealed_before`` says before which transaction nothing can be unsealed any more: only rows
of later transactions are looked at, and of them those without a seal.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Iterator
from typing import Any

from django.db import connection

from core import clock
from core.audit_chain import COLUMNS, FORMAT, START, Chain, chain_sha256, row_sha256
from core.identity import Identity, act_as
from core.models import Audience, AuditHead, AuditRow, AuditSeal, AuditSealing
from core.notify import notify

#: The chain of acts that belong to no certifier.
NOBODYS = uuid.UUID(int=0)
BATCH = 1000
#: The next rows of a certifier, and those of none: two texts, so that an index serves each.
_NEXT = """
SELECT r.id, r.transaction FROM core_auditrow r
 WHERE r.certifier_id = %s AND r.transaction >= %s
   AND NOT EXISTS (SELECT 1 FROM core_auditseal s WHERE s.row_id = r.id)
 ORDER BY r.transaction, r.id LIMIT %s
"""
_NEXT_OF_NONE = """
SELECT r.id, r.transaction FROM core_auditrow r
 WHERE r.certifier_id IS NULL AND r.transaction >= %s
   AND NOT EXISTS (SELECT 1 FROM core_auditseal s WHERE s.row_id = r.id)
 ORDER BY r.transaction, r.id LIMIT %s
"""
_HORIZON = """
SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint, pg_snapshot_xmax(pg_current_snapshot())::text::bigint
"""
#: Transactions after which a sealer that finds nothing notes all the same how far it has looked.
SELDOM = 10_000
_INSERT = """
INSERT INTO core_auditseal (row_id, chain, sequence, row_sha256, chain_sha256, sealed_at)
SELECT row_id, %s, sequence, row_sha256, chain_sha256, %s
  FROM unnest(%s::uuid[], %s::bigint[], %s::text[], %s::text[]) AS t (row_id, sequence, row_sha256, chain_sha256)
"""


def chain_of(certifier_id: uuid.UUID | None) -> uuid.UUID:
    """The name of a certifier's chain."""
    return certifier_id or NOBODYS


def hashed(row: AuditRow) -> dict[str, Any]:
    """A row as it is hashed and exported: ids as text, the time in UTC to the microsecond."""
    plain = {name: getattr(row, name) for name in COLUMNS}
    for name, value in plain.items():
        if isinstance(value, uuid.UUID):
            plain[name] = str(value)
        elif isinstance(value, dt.datetime):
            plain[name] = value.astimezone(dt.UTC).isoformat(timespec="microseconds")
    return plain


def seal(certifier_id: uuid.UUID | None, *, limit: int = BATCH) -> int:
    """Seal the next rows of a certifier (None: those of no certifier). Returns how many; 0 where another sealer is at it."""
    with act_as(Identity.loop(certifier_id)), connection.cursor() as cursor:
        chain = chain_of(certifier_id)
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"audit:{chain}"])
        if not cursor.fetchone()[0]:
            return 0
        state = AuditSealing.objects.filter(pk=chain).first() or AuditSealing(chain=chain, chain_sha256=START)
        # taken before the rows are looked at: what commits meanwhile belongs to a later transaction or is still under way
        cursor.execute(_HORIZON)
        horizon, next_one = cursor.fetchone()
        if next_one < state.sealed_before:
            # restored into a server that counts transactions anew: look at all once
            state.sealed_before = 0
        if certifier_id:
            cursor.execute(_NEXT, [certifier_id, state.sealed_before, limit])
        else:
            cursor.execute(_NEXT_OF_NONE, [state.sealed_before, limit])
        found = cursor.fetchall()
        _extend(state, [row_id for row_id, _transaction in found])
        # a full batch may have left rows of its last transaction; else nothing older than the horizon is left
        reached = found[-1][1] if len(found) == limit else horizon
        before = max(state.sealed_before, min(reached, horizon))
        if found or before - state.sealed_before > SELDOM:
            state.sealed_before, state.worked_at = before, clock.now()
            state.save()
    return len(found)


def _extend(state: AuditSealing, row_ids: list[uuid.UUID]) -> None:
    rows = AuditRow.objects.in_bulk(row_ids)
    hashes, links, sequences = [], [], []
    for row_id in row_ids:
        row_hash = row_sha256(hashed(rows[row_id]))
        state.sequence += 1
        state.chain_sha256 = chain_sha256(state.chain_sha256, state.sequence, row_hash)
        hashes.append(row_hash)
        links.append(state.chain_sha256)
        sequences.append(state.sequence)
    if row_ids:
        with connection.cursor() as cursor:
            cursor.execute(_INSERT, [state.chain, clock.now(), row_ids, sequences, hashes, links])


def seal_all(certifier_id: uuid.UUID | None, *, most: int = 100 * BATCH) -> int:
    """`seal` until nothing is left, or ``most`` rows are sealed."""
    done = 0
    while done < most:
        now = seal(certifier_id)
        done += now
        if now < BATCH:
            break
    return done


def unsealed_age(certifier_id: uuid.UUID | None) -> dt.timedelta | None:
    """How long the oldest row without a seal has waited; None where none waits. For health: more than a minute is late."""
    with act_as(Identity.loop(certifier_id)):
        state = AuditSealing.objects.filter(pk=chain_of(certifier_id)).first()
        since = state.sealed_before if state else 0
        rows = AuditRow.objects.filter(certifier_id=certifier_id, transaction__gte=since, seal=None)
        oldest = rows.order_by("at").values_list("at", flat=True).first()
    return max(clock.now() - oldest, dt.timedelta()) if oldest else None


def publish_head(certifier_id: uuid.UUID, day: dt.date) -> AuditHead | None:
    """Note where the chain ends on ``day`` and tell the certifier's auditors and managers; None where that is done."""
    with act_as(Identity.loop(certifier_id)):
        chain = chain_of(certifier_id)
        state = AuditSealing.objects.filter(pk=chain).first()
        if state is None or AuditHead.objects.filter(chain=chain, day=day).exists():
            return None
        head = AuditHead(chain=chain, day=day, sequence=state.sequence, chain_sha256=state.chain_sha256)
        head.save(force_insert=True)
        notify(
            "audit.head", Audience.CERTIFIER, certifier_id, certifier_id=certifier_id, object_type="audit_head",
            object_id=head.pk, roles=["auditor", "manager"],
            context={"day": day.isoformat(), "sequence": head.sequence, "chain_sha256": head.chain_sha256},
        )  # fmt: skip
    return head


def entries(certifier_id: uuid.UUID | None, *, first: int = 1, last: int | None = None) -> Iterator[dict[str, Any]]:
    """The chain's entries in order, as exports hold them; to be read inside a transaction of the certifier's loop or staff."""
    seals = AuditSeal.objects.filter(chain=chain_of(certifier_id), sequence__gte=first)
    if last is not None:
        seals = seals.filter(sequence__lte=last)
    for one in seals.select_related("row").order_by("sequence").iterator(chunk_size=BATCH):
        beside = {"ip": one.row.ip, "personal": one.row.personal, "salt": one.row.salt}
        yield {
            "sequence": one.sequence, "row": hashed(one.row) | beside, "row_sha256": one.row_sha256,
            "chain_sha256": one.chain_sha256,
        }  # fmt: skip


def export(certifier_id: uuid.UUID | None, *, first: int = 1, last: int | None = None) -> Iterator[str]:
    """The lines of an export that ``core.audit_chain`` verifies; to be read inside a transaction, as `entries`."""
    before = AuditSeal.objects.filter(chain=chain_of(certifier_id), sequence=first - 1).first()
    after = {"sequence": first - 1, "chain_sha256": before.chain_sha256 if before else START}
    yield _line(
        {"format": FORMAT, "chain": str(chain_of(certifier_id)), "after": after, "written_at": clock.now().isoformat()}
    )
    for entry in entries(certifier_id, first=first, last=last):
        after = {"sequence": entry["sequence"], "chain_sha256": entry["chain_sha256"]}
        yield _line(entry)
    yield _line({"end": after})


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"


def verify(certifier_id: uuid.UUID | None) -> Chain:
    """Follow a certifier's chain in the database: every row, every seal, every published head, and the sealer's own place."""
    with act_as(Identity.loop(certifier_id)):
        chain = Chain()
        for entry in entries(certifier_id):
            chain.add(entry)
        name = chain_of(certifier_id)
        for head in AuditHead.objects.filter(chain=name).order_by("sequence"):
            chain.must_pass(head.sequence, head.chain_sha256)
        state = AuditSealing.objects.filter(pk=name).first()
        if state is not None:
            chain.must_pass(state.sequence, state.chain_sha256)
        if (state.sequence if state else 0) < chain.sequence:
            chain.faults.append(
                f"the chain has {chain.sequence} rows, the sealer wrote {state.sequence if state else 0}"
            )
        late = AuditRow.objects.filter(certifier_id=certifier_id, seal=None, at__lt=clock.now() - dt.timedelta(hours=1))
        if missing := late.count():
            chain.faults.append(f"{missing} rows have waited for their seal for more than an hour")
    return chain
