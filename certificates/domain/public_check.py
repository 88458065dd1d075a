"""The public check: number and code, both right, say what is certified; anything else says nothing."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
import uuid
from decimal import Decimal
from typing import Any

import structlog
from django.core.cache import cache
from django.db import connection
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from certificates.domain.numbers import NUMBER
from certificates.models import CertificateLookup
from core import ids
from core.errors import DomainError
from core.identity import Identity, Kind, act_as

log = structlog.get_logger(__name__)

#: Questions from one address within the window, in seconds.
LIMIT, WINDOW = 30, 600
NOT_FOUND, FOUND, SAME_FILE, OTHER_FILE = "not_found", "found", "file_issued", "file_not_issued"
_SQL = (
    "SELECT certificate_id, certifier_id, client_id, number, state, snapshot, net_kg, issued_at, flagged_because, "
    "replaced_by, documents FROM certificates_public_check(%s, %s)"
)


class TooManyQuestions(DomainError):
    """One address asked too often; ``details["retry_after"]`` in seconds."""

    status = 429


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """What the public sees of a certificate. ``file_is_issued``: None where no file was sent."""

    certificate_id: uuid.UUID
    certifier_id: uuid.UUID
    client_id: uuid.UUID
    number: str
    state: str
    snapshot: dict[str, Any]
    net_kg: Decimal
    issued_at: dt.datetime
    flagged_because: str
    replaced_by: str
    documents: list[str]
    file_is_issued: bool | None = None


def ask(actor: Identity, number: str, code: str, *, pdf: bytes | None = None) -> Answer | None:
    """The certificate with this number and this code, or None; a file is compared by its hash and never opened.

    Every question leaves a row. Raises :class:`TooManyQuestions`.
    """
    _limit(actor.ip)
    number, code = number.strip(), ids.normalise_code(code)
    with act_as(Identity(kind=Kind.CHECK, ip=actor.ip, request_id=actor.request_id)):
        found = _look_up(number, code)
        if found is not None and pdf is not None:
            issued = hashlib.sha256(pdf).hexdigest() in found.documents
            found = dataclasses.replace(found, file_is_issued=issued)
        _remember(actor, number, found)
    return found


def _look_up(number: str, code: str) -> Answer | None:
    if not NUMBER.fullmatch(number) or not ids.is_readable_code(code):
        return None
    with connection.cursor() as cursor:
        cursor.execute(_SQL, [number, code])
        row = cursor.fetchone()
    if row is None:
        return None
    values = list(row)
    values[5] = json.loads(values[5]) if isinstance(values[5], str) else values[5]
    values[9] = values[9] or ""
    return Answer(*values)


def _remember(actor: Identity, number: str, found: Answer | None) -> None:
    answer = NOT_FOUND
    if found is not None:
        answer = {None: FOUND, True: SAME_FILE, False: OTHER_FILE}[found.file_is_issued]
    CertificateLookup(
        certifier_id=found.certifier_id if found else None, client_id=found.client_id if found else None,
        certificate_id=found.certificate_id if found else None, number_asked=number[:30], answer=answer,
        ip=actor.ip[:45],
    ).save(force_insert=True)  # fmt: skip


def _limit(ip: str) -> None:
    key = f"public-check:{ip}"
    try:
        cache.add(key, 0, WINDOW)
        asked = cache.incr(key)
    except (RedisError, OSError, ValueError) as error:
        # the code's 39 bits guard by themselves: without the counter a check is slower to guess than to refuse
        log.warning("check_limit_unavailable", reason=type(error).__name__)
        return
    if asked > LIMIT:
        text = _("Too many questions from your address. Try again in ten minutes.")
        raise TooManyQuestions("CHECK-RATE", text, details={"retry_after": WINDOW})
