"""What may be taken away after years, and is: the table for people is in docs/retention.md.

Certificates and their documents, requests that were submitted, movements, PVFs and audit rows are never among it, whatever
their age: no function here or below touches them, and the application's role has no right to.
"""

from __future__ import annotations

import dataclasses
import uuid

from django.conf import settings
from django.db import IntegrityError

from certificates.domain.retention import expired_files, forget_files
from core import audit
from core.identity import Identity, act_as
from core.retention import ended_sessions, forget_bytes, forget_sessions, forget_texts, old_texts, years_ago
from oid_sync.domain import retention as exchanges
from organizations.models import Certifier
from requests_app.domain.retention import forget_draft, old_drafts

NOBODYS = "-"


@dataclasses.dataclass
class Found:
    """Of one kind at one certifier ("-": of none): how many may go or went, and what was left because something needs it."""

    kind: str
    certifier: str
    count: int = 0
    kept: list[str] = dataclasses.field(default_factory=list)


def take_away(*, dry_run: bool = False) -> list[Found]:
    """Take away what is old enough, or only say what is. Each certifier's is on record there; twice finds nothing more."""
    everyone: list[tuple[str, uuid.UUID | None]] = [(NOBODYS, None)]
    everyone += [(row.slug, row.pk) for row in Certifier.objects.order_by("slug")]
    found = [_sessions(dry_run)]
    for slug, certifier_id in everyone:
        of_certifier = [_files(slug, certifier_id, dry_run), _texts(slug, certifier_id, dry_run)]
        if certifier_id is not None:
            # previews first: a draft's own stands in its way
            of_certifier += [_drafts(slug, certifier_id, dry_run), _exchanges(slug, certifier_id, dry_run)]
        if not dry_run:
            _record(certifier_id, of_certifier)
        found += of_certifier
    return [one for one in found if one.count or one.kept]


def _sessions(dry_run: bool) -> Found:
    if dry_run:
        with act_as(Identity.loop()):
            return Found("ended sessions", NOBODYS, ended_sessions().count())
    return Found("ended sessions", NOBODYS, forget_sessions())


def _files(slug: str, certifier_id: uuid.UUID | None, dry_run: bool) -> Found:
    if dry_run:
        with act_as(Identity.loop(certifier_id)):
            return Found("expired files", slug, expired_files(certifier_id))
    return Found("expired files", slug, forget_files(certifier_id))


def _texts(slug: str, certifier_id: uuid.UUID | None, dry_run: bool) -> Found:
    before = years_ago(settings.RETENTION_YEARS)
    if dry_run:
        with act_as(Identity.loop(certifier_id)):
            return Found("texts of notifications", slug, old_texts(certifier_id, before).count())
    return Found("texts of notifications", slug, forget_texts(certifier_id, before))


def _drafts(slug: str, certifier_id: uuid.UUID, dry_run: bool) -> Found:
    before = years_ago(settings.RETENTION_YEARS)
    with act_as(Identity.loop(certifier_id)):
        drafts = old_drafts(certifier_id, before)
    found = Found("drafts never submitted", slug)
    if dry_run:
        found.count = len(drafts)
        return found
    for draft in drafts:
        try:
            paths = forget_draft(certifier_id, draft, before)
        except IntegrityError:
            found.kept.append(draft.reference)
            continue
        if paths is not None:
            found.count += 1
            forget_bytes(certifier_id, paths)
    return found


def _exchanges(slug: str, certifier_id: uuid.UUID, dry_run: bool) -> Found:
    before = years_ago(max(settings.RETENTION_YEARS, exchanges.YEARS))
    if dry_run:
        with act_as(Identity.loop(certifier_id)):
            return Found("questions to OID and answers", slug, exchanges.old_exchanges(certifier_id, before))
    return Found("questions to OID and answers", slug, exchanges.forget_exchanges(certifier_id, before))


def _record(certifier_id: uuid.UUID | None, found: list[Found]) -> None:
    counts = {one.kind: one.count for one in found if one.count}
    if counts:
        with act_as(Identity.loop(certifier_id)) as actor:
            audit.record(
                actor, "retention.taken_away", "certifier", certifier_id or "portal", certifier_id=certifier_id,
                after={**counts, "years": settings.RETENTION_YEARS},
            )  # fmt: skip
