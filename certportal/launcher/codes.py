"""Codes of an authenticator app (TOTP, RFC 6238: SHA-1, 6 digits, 30 seconds), for the people of the demo."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct

PERIOD_SECONDS = 30
_DIGITS = 6


def code_at(secret: str, seconds: int) -> str:
    """The code that an app with this base32 ``secret`` shows at ``seconds`` since 1970."""
    key = base64.b32decode(secret, casefold=True)
    digest = hmac.new(key, struct.pack(">Q", seconds // PERIOD_SECONDS), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**_DIGITS:0{_DIGITS}}"


def seconds_left(seconds: int) -> int:
    """How long the code of this moment is still shown."""
    return PERIOD_SECONDS - seconds % PERIOD_SECONDS
