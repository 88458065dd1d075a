"""One spelling of a payload, so that a repeat can be told from other data under the same identifier."""

import datetime
import decimal
import hashlib
import json
import uuid
from collections.abc import Mapping


def _plain(value: object) -> str:
    if isinstance(value, (datetime.date, uuid.UUID, decimal.Decimal)):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no canonical spelling")


def payload_sha256(payload: Mapping[str, object]) -> str:
    """SHA-256 (hex) of the payload as JSON with sorted keys; dates ISO, weights with their three places."""
    text = json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()
