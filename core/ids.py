"""Identifiers: time-ordered row ids and codes that people read aloud."""

from __future__ import annotations

import secrets
import uuid

import uuid_utils.compat

#: No I, L, O, U, 0 or 1: nothing that is mistaken for something else on paper or by telephone.
READABLE_ALPHABET = "ABCDEFGHJKMNPQRSTVWXYZ23456789"


def new_id() -> uuid.UUID:
    """A time-ordered UUID (version 7, RFC 9562): unguessable enough to name a row, kind to indexes."""
    return uuid_utils.compat.uuid7()


def readable_code(length: int = 8) -> str:
    """A random code of ``length`` characters from a CSPRNG, plus one check character (see :func:`is_readable_code`)."""
    body = "".join(secrets.choice(READABLE_ALPHABET) for _ in range(length))
    return body + _check_character(body)


def is_readable_code(text: str) -> bool:
    """Whether the last character of ``text`` is the right check character: a slip of the finger is told from a forgery."""
    text = normalise_code(text)
    return (
        len(text) > 1
        and all(character in READABLE_ALPHABET for character in text)
        and _check_character(text[:-1]) == text[-1]
    )


def normalise_code(text: str) -> str:
    """Upper case without blanks and hyphens: what people type becomes what was printed."""
    return "".join(character for character in text.upper() if character not in " -\u2011\u2013\t")


def group_code(text: str, size: int = 4) -> str:
    """``ABCDEFGHK`` as ``ABCD-EFGH-K``."""
    return "-".join(text[start : start + size] for start in range(0, len(text), size))


def _check_character(body: str) -> str:
    """Weighted sum modulo the alphabet's length; catches every single slip that a weight prime to 30 can."""
    base = len(READABLE_ALPHABET)
    weights = (1, 7, 11, 13, 17, 19, 23, 29)
    total = sum(READABLE_ALPHABET.index(c) * weights[i % len(weights)] for i, c in enumerate(body))
    return READABLE_ALPHABET[total % base]
