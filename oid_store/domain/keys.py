"""Keys of certifiers: kept as hashes, looked up by hash."""

import hashlib
import logging

from django.core.exceptions import ImproperlyConfigured

from oid_store.domain import clock
from oid_store.domain.types import Caller
from oid_store.models import ApiKey

logger = logging.getLogger(__name__)
SHORTEST = 16


def key_sha256(key: str) -> str:
    """SHA-256 (hex) of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def parse_keys(text: str) -> dict[str, str]:
    """``"key:code,key:code"`` as {key: certifier code}; raises ImproperlyConfigured, without repeating a key."""
    keys: dict[str, str] = {}
    for index, pair in enumerate(filter(None, (part.strip() for part in text.split(","))), start=1):
        key, _, code = pair.rpartition(":")
        if len(key) < SHORTEST or not (len(code) == 3 and code.isascii() and code.isdigit()):
            raise ImproperlyConfigured(
                f"OID_STORE_API_KEYS, entry {index}: write key:code with a key of {SHORTEST} characters or more "
                "and a three-digit certifier code."
            )
        keys[key] = code
    return keys


def load_keys(keys: dict[str, str], *, revoke_others: bool = False) -> int:
    """Add the keys that are not known yet and return how many were added.

    A key that was revoked stays revoked. With ``revoke_others``, keys that are not among the given are revoked.
    """
    now = clock.now()
    known = set(ApiKey.objects.values_list("sha256", flat=True))
    rows = [
        ApiKey(sha256=key_sha256(key), hint=key_sha256(key)[:8], certifier_code=code, created_at=now)
        for key, code in keys.items()
        if key_sha256(key) not in known
    ]
    ApiKey.objects.bulk_create(rows, ignore_conflicts=True)
    if revoke_others:
        others = ApiKey.objects.exclude(sha256__in=[key_sha256(key) for key in keys]).filter(revoked_at__isnull=True)
        logger.info("keys revoked: %d", others.update(revoked_at=now))
    return len(rows)


def caller_of(key: str) -> Caller | None:
    """The caller behind a key, or None when the key is unknown or revoked."""
    known = ApiKey.objects.filter(sha256=key_sha256(key), revoked_at__isnull=True).first()
    if known is None:
        return None
    return Caller(certifier_code=known.certifier_code, key_hint=known.hint, key_id=known.pk)
