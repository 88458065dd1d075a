"""Secrets at rest: encrypted with the installation's keys (Fernet); the first key encrypts, all of them decrypt."""

from __future__ import annotations

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


def _keys() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.FIELD_ENCRYPTION_KEYS])


def encrypt(secret: bytes) -> bytes:
    """``secret`` as stored."""
    return _keys().encrypt(secret)


def decrypt(stored: bytes | memoryview) -> bytes:
    """The secret again. Raises ``cryptography.fernet.InvalidToken`` if no key fits."""
    return _keys().decrypt(bytes(stored))


def renewed(stored: bytes | memoryview) -> bytes | None:
    """The same secret under the first key; None where it is already. Raises ``InvalidToken`` if no key fits."""
    try:
        Fernet(settings.FIELD_ENCRYPTION_KEYS[0]).decrypt(bytes(stored))
    except InvalidToken:
        return _keys().rotate(bytes(stored))
    return None
