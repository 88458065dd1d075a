"""The public check: number and code, both right, say what is certified; anything else says nothing."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
import re
import uuid
from decimal import Decimal
from typing import Any

import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from certificates.domain.check_reading import Question, read
from certificates.models import CertificateLookup
from core import clock
from core.addresses import one_caller, shortened
from core.errors import DomainError, InvalidInput
from core.identity import Identity, Kind, act_as

log = structlog.get_logger(__name__)

Outcome = CertificateLookup.Outcome
Via = CertificateLookup.Via
SHA256 = re.compile(r"[0-9a-f]{64}")
#: The time over which questions are counted, in seconds.
WINDOW = 600
_COLUMNS = (
    "certificate_id", "certifier_id", "client_id", "number", "state", "snapshot", "net_kg", "issued_at", "flagged_because",
    "replaced_by", "amendments",
)  # fmt: skip
_SQL = f"SELECT {', '.join(_COLUMNS)} FROM certificates_public_check(%s, %s)"  # noqa: S608 - names of our own function


class TooManyQuestions(DomainError):
    """One caller, or all of them together, asked too often; ``details["retry_after"]`` in seconds."""

    status = 429


class Misread(InvalidInput):
    """What was typed cannot be a number and its code; ``question.faults`` says of each what is wrong."""

    def __init__(self, question: Question) -> None:
        first = question.faults[0]
        wrong = [{"field": fault.field, "code": fault.code, "message": fault.message} for fault in question.faults]
        super().__init__(first.code, first.message, field=first.field, details={"faults": wrong})
        self.question = question


@dataclasses.dataclass(frozen=True, slots=True)
class Version:
    """One issued version of the document, with the certificate of the key that signed it (SHA-256 of both)."""

    version: int
    sha256: str
    made_at: dt.datetime
    key_fingerprint: str = ""
    key_subject: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Compared:
    """What the hash of a file says: whether a document of this certificate has it, which, and whether that one counts."""

    issued: bool
    version: int | None = None
    current: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """What the public sees of a certificate. ``compared``: None where no file was sent."""

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
    amendments: int = 0
    versions: list[Version] = dataclasses.field(default_factory=list)
    compared: Compared | None = None

    @property
    def documents(self) -> list[str]:
        """SHA-256 of each issued version, oldest first."""
        return [row.sha256 for row in self.versions]

    @property
    def current(self) -> Version | None:
        """The version that counts."""
        return self.versions[-1] if self.versions else None

    @property
    def amendment_pending(self) -> bool:
        """Whether it was amended and the version of the document that says so is not made yet."""
        return self.state in {"issued", "closed"} and self.amendments >= len(self.versions)

    @property
    def file_is_issued(self) -> bool | None:
        """Whether the file is one of the issued documents; None where no file was sent."""
        return None if self.compared is None else self.compared.issued

    @property
    def period_is_over(self) -> bool:
        """Whether the last day of its period has ended everywhere on earth."""
        return dt.date.fromisoformat(self.snapshot["period"]["end"]) < clock.today_in("Etc/GMT+12")


def ask(
    actor: Identity, number: str, code: str, *, via: str = Via.PAGE, sha256: str = "", pdf: bytes | None = None
) -> Answer | None:
    """The certificate with this number and this code, or None. A file is compared by its SHA-256 and never opened.

    ``pdf``: for callers that have the bytes and no hash yet. Every question leaves a row, without the code. Raises
    :class:`Misread`, :class:`TooManyQuestions`, ``InvalidInput`` CHECK-SHA256.
    """
    sha256 = hashlib.sha256(pdf).hexdigest() if pdf is not None else sha256.strip().lower()
    if sha256 and not SHA256.fullmatch(sha256):
        raise InvalidInput("CHECK-SHA256", _("A SHA-256 has 64 hexadecimal digits."), field="sha256")
    count_question(actor.ip)
    question = read(number, code)
    with act_as(Identity(kind=Kind.CHECK, ip=actor.ip, request_id=actor.request_id)):
        found = None if question.faults else _look_up(question, sha256)
        _remember(actor, question, found, via)
    if question.faults:
        raise Misread(question)
    return found


def _look_up(question: Question, sha256: str) -> Answer | None:
    with connection.cursor() as cursor:
        cursor.execute(_SQL, [question.number, question.code])
        row = cursor.fetchone()
        if row is None:
            return None
        cursor.execute("SELECT certificates_public_versions(%s, %s)::text", [question.number, question.code])
        (versions,) = cursor.fetchone() or ("[]",)
    values = dict(zip(_COLUMNS, row, strict=True))
    values["snapshot"] = json.loads(row[5]) if isinstance(row[5], str) else row[5]
    values["replaced_by"] = values["replaced_by"] or ""
    found = Answer(**values, versions=[_version(one) for one in json.loads(versions or "[]")])
    return dataclasses.replace(found, compared=_compare(found, sha256)) if sha256 else found


def _version(row: dict[str, Any]) -> Version:
    return Version(**{**row, "made_at": dt.datetime.fromisoformat(row["made_at"])})


def _compare(found: Answer, sha256: str) -> Compared:
    same = next((row for row in found.versions if row.sha256 == sha256), None)
    if same is None:
        return Compared(issued=False)
    return Compared(issued=True, version=same.version, current=same == found.current and not found.amendment_pending)


def _outcome(question: Question, found: Answer | None) -> str:
    if question.faults:
        return question.faults[0].outcome
    if found is None:
        return Outcome.NOT_FOUND
    if found.compared is None:
        return Outcome.FOUND
    if not found.compared.issued:
        return Outcome.OTHER_FILE
    return Outcome.SAME_FILE if found.compared.current else Outcome.OLDER_FILE


def _remember(actor: Identity, question: Question, found: Answer | None, via: str) -> None:
    CertificateLookup(
        certifier_id=found.certifier_id if found else None, client_id=found.client_id if found else None,
        certificate_id=found.certificate_id if found else None, number_asked=question.number_to_note,
        answer=_outcome(question, found), via=via, network=shortened(actor.ip),
    ).save(force_insert=True)  # fmt: skip


def count_question(ip: str) -> None:
    """Count the question: first against its caller, then, if that may ask, against all callers together."""
    try:
        mine = _count(one_caller(ip) or "unknown")
        if mine <= settings.CHECK_LIMIT and _count("all") <= settings.CHECK_LIMIT_ALL:
            return
    except (RedisError, OSError, ValueError) as error:
        # the code's 39 bits guard by themselves: without the counter a check is slower to guess than to refuse
        log.warning("check_limit_unavailable", reason=type(error).__name__)
        return
    log.warning("check_limit_reached", caller=mine > settings.CHECK_LIMIT)
    if mine > settings.CHECK_LIMIT:
        text = _("Too many questions from your address. Try again in ten minutes.")
    else:
        text = _("Too many people are asking just now. Try again in ten minutes.")
    raise TooManyQuestions("CHECK-RATE", text, details={"retry_after": WINDOW})


def _count(who: str) -> int:
    key = f"public-check:{who.replace('/', '-')}"
    cache.add(key, 0, WINDOW)
    return int(cache.incr(key))


def forget_old() -> int:
    """Delete the rows of questions older than the setting ``CHECK_LOG_DAYS``. Returns how many."""
    with act_as(Identity.loop()), connection.cursor() as cursor:
        before = clock.now() - dt.timedelta(days=settings.CHECK_LOG_DAYS)
        cursor.execute("SELECT certificates_forget_lookups(%s)", [before])
        row = cursor.fetchone()
    return int(row[0]) if row else 0
