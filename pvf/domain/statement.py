"""The statement of account of a PVF line: what was there, what moved, for whom, by whom and why, what is left.

The figures are summed up from the movements anew; what each movement noted of the balance after it is compared, so that a
ledger that does not add up says so.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.db.models import Q, Sum
from django.utils.translation import gettext as _

from core import clock
from core.errors import InvalidInput
from core.identity import Identity
from organizations.models import Membership
from organizations.tenancy import TenantQuerySet, find
from pvf.domain import holders
from pvf.models import Bucket, Cause, Movement, PVFLine

ZERO = Decimal(0)
BUCKETS = (Bucket.AVAILABLE, Bucket.RESERVED, Bucket.CERTIFIED, Bucket.SHIPPED)


@dataclasses.dataclass(frozen=True, slots=True)
class Kilograms:
    """What the buckets of a line hold (kg)."""

    available: Decimal = ZERO
    reserved: Decimal = ZERO
    certified: Decimal = ZERO
    shipped: Decimal = ZERO

    @property
    def authorised(self) -> Decimal:
        """What came in from outside less what went back."""
        return self.available + self.reserved + self.certified + self.shipped

    def after(self, row: Movement) -> Kilograms:
        """The buckets once ``row`` has moved its kilograms."""
        values = {bucket.value: getattr(self, bucket.value) for bucket in BUCKETS}
        for place, signed in ((row.source, -row.kg), (row.target, row.kg)):
            if place in values:
                values[place] += signed
        return Kilograms(**values)


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """One movement as the statement shows it. ``agrees``: the ledger's own figures after it are these."""

    sequence: int
    at: dt.datetime
    cause: Cause
    reason: str
    source: Bucket
    target: Bucket
    kg: Decimal
    source_holder: str
    target_holder: str
    made_by: str
    after: Kilograms
    agrees: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Statement:
    """A line from ``since`` (None: from its beginning) to ``until``, both inclusive. ``count``: movements in that time."""

    line: PVFLine
    since: dt.datetime | None
    until: dt.datetime
    opening: Kilograms
    closing: Kilograms
    count: int
    entries: Sequence[Entry]

    @property
    def agrees(self) -> bool:
        """Whether the ledger's own figures agree with the sums, over the entries that are here."""
        return all(entry.agrees for entry in self.entries)


def read(
    actor: Identity,
    line_id: uuid.UUID | str,
    *,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    start: int = 0,
    limit: int | None = None,
) -> Statement:
    """The statement of a line that ``actor`` may see; with ``limit`` only the entries from number ``start`` on (from 0).

    Opening and closing balance are those of the whole time. Raises ``NotVisible``, and ``InvalidInput`` STATEMENT-TIME for
    a time that ends before it begins or has not come yet.
    """
    line = find(PVFLine.objects.select_related("pvf__client__operation"), actor, line_id)
    now = clock.now()
    if until is not None and until > now:
        raise InvalidInput("STATEMENT-TIME", _("A statement is made for a moment that has passed."), field="until")
    until = until or now
    if since is not None and since > until:
        raise InvalidInput("STATEMENT-TIME", _("The statement ends before it begins."), field="until")
    rows = Movement.objects.visible_to(actor).filter(line=line)
    opening = _sum(rows.filter(made_at__lt=since)) if since else Kilograms()
    within = rows.filter(made_at__lte=until)
    within = within.filter(made_at__gte=since) if since else within
    closing = _plus(opening, _sum(within))
    count, shown = within.count(), within.order_by("sequence")
    page = list(shown[start:] if limit is None else shown[start : start + limit])
    carried = opening
    if start and page:
        carried = _plus(opening, _sum(within.filter(sequence__lt=page[0].sequence)))
    return Statement(line, since, until, opening, closing, count, _entries(actor, carried, page))


def _sum(rows: TenantQuerySet[Movement]) -> Kilograms:
    into = {f"{bucket.value}_in": Sum("kg", filter=Q(target=bucket)) for bucket in BUCKETS}
    out = {f"{bucket.value}_out": Sum("kg", filter=Q(source=bucket)) for bucket in BUCKETS}
    sums = rows.aggregate(**into, **out)
    return Kilograms(
        **{
            bucket.value: (sums[f"{bucket.value}_in"] or ZERO) - (sums[f"{bucket.value}_out"] or ZERO)
            for bucket in BUCKETS
        }
    )


def _plus(first: Kilograms, second: Kilograms) -> Kilograms:
    return Kilograms(
        **{bucket.value: getattr(first, bucket.value) + getattr(second, bucket.value) for bucket in BUCKETS}
    )


def _entries(actor: Identity, running: Kilograms, page: Sequence[Movement]) -> list[Entry]:
    names = holders.names_of(
        pair
        for row in page
        for pair in ((row.source_holder, row.source_holder_id), (row.target_holder, row.target_holder_id))
    )
    people = _people(row.made_by for row in page)
    found = []
    for row in page:
        running = running.after(row)
        noted = Kilograms(row.available_after, row.reserved_after, row.certified_after, row.shipped_after)
        found.append(
            Entry(
                row.sequence, row.made_at, Cause(row.cause), row.reason, Bucket(row.source), Bucket(row.target), row.kg,
                _holder(names, row.source_holder, row.source_holder_id),
                _holder(names, row.target_holder, row.target_holder_id),
                _person(actor, people, row.made_by), running, noted == running,
            )
        )  # fmt: skip
    return found


def _holder(names: dict[tuple[str, uuid.UUID], str], kind: str, key: uuid.UUID | None) -> str:
    """A holder's name; one that is not known is named by its key, so that nothing is held by nobody."""
    return "" if key is None else names.get((kind, key), str(key))


def _people(ids: Iterable[uuid.UUID | None]) -> dict[uuid.UUID, str]:
    """Names by key, of those people whose membership the reader may see (row policies)."""
    wanted = {person for person in ids if person}
    if not wanted:
        return {}
    return dict(Membership.objects.filter(user_id__in=wanted).values_list("user_id", "user__name"))


def _person(actor: Identity, people: dict[uuid.UUID, str], made_by: uuid.UUID | None) -> str:
    """Who entered a movement: by name where the reader may know it; an exporter is told of the certifier's side only."""
    if made_by is None:
        return _("the portal")
    return people.get(made_by) or (_("somebody") if actor.is_staff else _("the certifier"))
