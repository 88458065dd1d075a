"""Every secret at rest under the newest key: what is to be done before an old ``FIELD_ENCRYPTION_KEY`` may be taken away.

All places that hold an encrypted secret stand here; a test compares them with the code that encrypts.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken
from django.db.models import Model, QuerySet

from certificates.models import SigningKey
from core import audit
from core.identity import NOBODY, Identity, act_as
from core.secrets import renewed
from oid_sync.models import OidConnection
from organizations.models import Certifier
from organizations.models_changes import GuardedChange
from organizations.models_sign_on import SignOnProvider

#: Values of a second step that are encrypted: of an authenticator app, and of recovery codes (older ones are a list).
MFA_VALUES = ("secret", "seed", "migrated_codes")
#: People whose second steps are locked together, at most.
BATCH = 200


@dataclasses.dataclass
class Tally:
    """One kind of secret. ``newest``: under the first key already; ``old``: under another (renewed unless only counted).

    ``unreadable``: the ids of rows that no key opens; nothing of them was changed.
    """

    kind: str
    newest: int = 0
    old: int = 0
    unreadable: list[str] = dataclasses.field(default_factory=list)


def renew(*, count_only: bool = False) -> list[Tally]:
    """Encrypt every secret that is not under the newest key anew. Twice changes nothing more; it may be broken off.

    Each certifier, and each batch of people, is one transaction; rows are locked while they are rewritten. What was
    renewed is on record: how many of which kind, never a secret. ``count_only`` changes nothing.
    """
    return [
        _column("signing keys", SigningKey.objects.all(), "encrypted_pkcs12", count_only),
        _column("keys to OID", OidConnection.objects.exclude(encrypted_key=b""), "encrypted_key", count_only),
        _column("secrets of single sign-on", SignOnProvider.objects.all(), "encrypted_secret", count_only),
        _column(
            "changes that wait for a second manager", GuardedChange.objects.exclude(secret=b""), "secret", count_only
        ),
        _second_steps(count_only),
    ]


def _column(kind: str, rows: QuerySet[Any], column: str, count_only: bool) -> Tally:
    """A column of rows that belong to certifiers."""
    tally = Tally(kind)
    for certifier_id in list(Certifier.objects.order_by("pk").values_list("pk", flat=True)):
        with act_as(Identity.loop(certifier_id)) as actor:
            before = tally.old
            for row in rows.filter(certifier_id=certifier_id).select_for_update(of=("self",)).order_by("pk"):
                _renew(tally, row, partial(_one, row, column), count_only)
            _record(actor, tally, tally.old - before, count_only, certifier_id)
    return tally


def _one(row: Any, column: str) -> list[str]:
    fresh = renewed(getattr(row, column))
    if fresh is None:
        return []
    setattr(row, column, fresh)
    return [column]


def _second_steps(count_only: bool) -> Tally:
    """Authenticator apps and recovery codes: found as sign-in finds them, before anybody is known."""
    tally = Tally("second steps")
    for ids in _batches():
        with act_as(NOBODY):
            before = tally.old
            for row in Authenticator.objects.filter(pk__in=ids).select_for_update().order_by("pk"):
                if any(row.data.get(name) for name in MFA_VALUES):
                    _renew(tally, row, partial(_values, row), count_only)
            renewed_now = tally.old - before
        if renewed_now and not count_only:
            with act_as(Identity.loop()) as actor:
                _record(actor, tally, renewed_now, count_only, None)
    return tally


def _batches() -> Iterator[list[int]]:
    last = 0
    while True:
        with act_as(NOBODY):
            rows = Authenticator.objects.filter(pk__gt=last, type__in=("totp", "recovery_codes")).order_by("pk")
            ids = list(rows.values_list("pk", flat=True)[:BATCH])
        if not ids:
            return
        last = ids[-1]
        yield ids


def _values(row: Authenticator) -> list[str]:
    data = dict(row.data)
    for name in MFA_VALUES:
        value = data.get(name)
        if isinstance(value, list):
            data[name] = [_text(each) for each in value]
        elif value:
            data[name] = _text(value)
    if data == row.data:
        return []
    row.data = data
    return ["data"]


def _text(stored: str) -> str:
    fresh = renewed(stored.encode())
    return stored if fresh is None else fresh.decode()


def _renew(tally: Tally, row: Model, change: Callable[[], list[str]], count_only: bool) -> None:
    try:
        changed = change()
    except InvalidToken:
        tally.unreadable.append(str(row.pk))
        return
    if not changed:
        tally.newest += 1
        return
    tally.old += 1
    if not count_only:
        row.save(update_fields=changed)


def _record(actor: Identity, tally: Tally, count: int, count_only: bool, certifier_id: uuid.UUID | None) -> None:
    if count and not count_only:
        audit.record(
            actor, "secrets.renewed", "certifier", certifier_id or "portal", certifier_id=certifier_id,
            after={"kind": tally.kind, "renewed": count},
        )  # fmt: skip
