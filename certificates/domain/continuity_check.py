"""The public check of a continuity document: reference and code, both right; a file is compared by its hash alone."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
import uuid
from decimal import Decimal
from typing import Any

from django.db import connection

from certificates.domain import public_check
from certificates.domain.public_check import Outcome, Via
from certificates.models import CertificateLookup
from core import ids
from core.addresses import shortened
from core.identity import Identity, Kind, act_as

REFERENCE = re.compile(r"COOP-\d{3}-[A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]")
_SQL = (
    "SELECT certificate_id, certifier_id, client_id, reference, coop_code, state, number, data, net_kg, made_at, sha256, "
    "flagged_because, unregistered_because, key_fingerprint, key_subject FROM certificates_continuity_check(%s, %s)"
)


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """What the public sees of a continuity document. ``number``: the regular certificate's, "" until there is one."""

    certificate_id: uuid.UUID
    certifier_id: uuid.UUID
    client_id: uuid.UUID
    reference: str
    coop_code: str
    state: str
    number: str
    data: dict[str, Any]
    net_kg: Decimal
    made_at: dt.datetime
    sha256: str
    flagged_because: str
    unregistered_because: str
    key_fingerprint: str
    key_subject: str
    file_is_issued: bool | None = None


def normalise(reference: str) -> str:
    """Upper case, without blanks."""
    return "".join(reference.split()).upper()


def ask(actor: Identity, reference: str, code: str, *, via: str = Via.PAGE, sha256: str = "") -> Answer | None:
    """The continuity document with this reference and code, or None. Limits and traces are those of a certificate's check.

    Raises :class:`~certificates.domain.public_check.TooManyQuestions`.
    """
    public_check.count_question(actor.ip)
    reference, code = normalise(reference), ids.normalise_code(code)
    with act_as(Identity(kind=Kind.CHECK, ip=actor.ip, request_id=actor.request_id)):
        found = _look_up(reference, code)
        if found is not None and sha256:
            found = dataclasses.replace(found, file_is_issued=sha256 == found.sha256)
        _remember(actor, reference, found, via)
    return found


def _look_up(reference: str, code: str) -> Answer | None:
    if not REFERENCE.fullmatch(reference) or not ids.is_readable_code(code):
        return None
    with connection.cursor() as cursor:
        cursor.execute(_SQL, [reference, code])
        row = cursor.fetchone()
    if row is None:
        return None
    values = list(row)
    values[6] = values[6] or ""
    values[7] = json.loads(values[7]) if isinstance(values[7], str) else values[7]
    return Answer(*values)


def _remember(actor: Identity, reference: str, found: Answer | None, via: str) -> None:
    answer = Outcome.NOT_FOUND
    if found is not None:
        answer = {None: Outcome.FOUND, True: Outcome.SAME_FILE, False: Outcome.OTHER_FILE}[found.file_is_issued]
    asked = reference if REFERENCE.fullmatch(reference) else ""  # what else was typed may be a code
    CertificateLookup(
        certifier_id=found.certifier_id if found else None, client_id=found.client_id if found else None,
        certificate_id=found.certificate_id if found else None, number_asked=asked, answer=answer,
        via=via, network=shortened(actor.ip),
    ).save(force_insert=True)  # fmt: skip
