"""Signing keys of certifiers: PKCS#12, encrypted at rest, one in use at a time, and a word in time before it ends.

A key that is replaced signs no more. What it signed stays valid: its certificate is inside each document, and its
fingerprint stays known here, for as long as documents are verified.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import secrets
import tempfile
import uuid
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from certificates.document.errors import NoSigningKey, TimeStampMissing
from certificates.document.keys import SigningKey as Key
from certificates.document.keys import load_signing_key, make_demo_key
from certificates.document.proof import Trust
from certificates.document.services import NO_SERVICES, Services
from certificates.document.signers import read_certificates
from certificates.models import SigningKey
from core import audit, clock
from core.errors import Conflict, InvalidInput, NotPermitted
from core.identity import Identity, act_as, current
from core.models import Audience
from core.notify import notify
from core.secrets import decrypt, encrypt
from organizations.domain import two_managers
from organizations.models import Certifier
from organizations.models_changes import GuardedChange
from organizations.roles import Role

_SEPARATOR = b"\x00"
#: Days before a key's end on which the certifier's managers are told; 0 when it has ended.
WARNINGS = (60, 30, 14, 7, 1)


@dataclasses.dataclass(frozen=True)
class KeyState:
    """How a certifier stands with its key in use. ``subject`` and ``ends_at`` are empty where there is none."""

    subject: str = ""
    ends_at: dt.datetime | None = None
    is_ended: bool = False
    ends_soon: bool = False
    services: Services = NO_SERVICES
    asks: tuple[str, ...] = ()
    carries_revocation: bool = False

    @property
    def is_missing(self) -> bool:
        """Whether no key is in use: no document is made."""
        return self.ends_at is None

    @property
    def timestamp_host(self) -> str:
        """Name of the time-stamp server."""
        return urlsplit(self.services.timestamp_url).hostname or ""


def services() -> Services:
    """The servers that signing asks, as the operator has set them. Raises ``TimeStampMissing`` where they cannot be read."""
    return _services(
        settings.TIMESTAMP_URL, settings.TIMESTAMP_CA, tuple(settings.REVOCATION_HOSTS), settings.SIGNING_CALL_SECONDS
    )


@lru_cache(maxsize=4)
def _services(url: str, ca_file: str, hosts: tuple[str, ...], seconds: int) -> Services:
    try:
        roots = read_certificates(Path(ca_file).read_bytes()) if url else ()
        return Services(url, roots, frozenset(host.lower() for host in hosts), seconds)
    except (OSError, ValueError) as error:
        raise TimeStampMissing(f"PORTAL_TIMESTAMP_CA: {error}") from error


def key_in_use(certifier_id: uuid.UUID) -> Key | None:
    """The certifier's key, opened, with the servers that signing asks; None where none is installed.

    Raises ``NoSigningKey`` where it cannot be used now.
    """
    row = SigningKey.objects.filter(certifier_id=certifier_id, retired_at=None).first()
    if row is None:
        return None
    return dataclasses.replace(_opened(row), services=services())


def _opened(row: SigningKey) -> Key:
    password, _sep, data = decrypt(row.encrypted_pkcs12).partition(_SEPARATOR)
    return load_signing_key(data, password, portal_env=settings.PORTAL_ENV, now=clock.now())


def state(actor: Identity) -> KeyState:
    """How the actor's certifier stands with its key: for the pages where that matters."""
    row = SigningKey.objects.visible_to(actor).filter(retired_at=None).first()
    given = services()
    if row is None:
        return KeyState(services=given)
    left = row.not_after - clock.now()
    known = KeyState(
        row.subject, row.not_after, is_ended=left <= dt.timedelta(),
        ends_soon=dt.timedelta() < left <= dt.timedelta(days=max(WARNINGS)), services=given,
    )  # fmt: skip
    try:
        key = dataclasses.replace(_opened(row), services=given)
    except NoSigningKey:
        return known
    return dataclasses.replace(
        known, asks=tuple(sorted(key.revocation_hosts)), carries_revocation=key.carries_revocation
    )


def trust_of(certifier_id: uuid.UUID) -> Trust:
    """Whom a verifier may take for this certifier: every key it has ever installed here, in use or replaced."""
    with act_as(Identity.loop(certifier_id)):
        rows = SigningKey.objects.filter(certifier_id=certifier_id)
        return Trust.of(list(rows.values_list("fingerprint_sha256", flat=True)), clocks=services().timestamp_roots)


def warn_of_the_end(certifier_id: uuid.UUID) -> bool:
    """Tell a certifier's managers that its key ends, once at each of :data:`WARNINGS` and at the end. False: nothing due."""
    with act_as(Identity.loop(certifier_id)):
        row = SigningKey.objects.select_for_update().filter(certifier_id=certifier_id, retired_at=None).first()
        days = None if row is None else _due(row.not_after - clock.now())
        if row is None or days is None or (row.warned_days is not None and row.warned_days <= days):
            return False
        row.warned_days = days
        row.save(update_fields=["warned_days"])
        notify(
            "certificate.key_ends", Audience.CERTIFIER, certifier_id, roles=[Role.MANAGER], certifier_id=certifier_id,
            object_type="signing_key", object_id=row.pk,
            context={"subject": row.subject, "ends": row.not_after.date(), "ended": days == 0},
        )  # fmt: skip
        return True


def _due(left: dt.timedelta) -> int | None:
    """The warning whose turn it is with so much time left: of several the nearest to the end."""
    if left <= dt.timedelta():
        return 0
    return min((days for days in WARNINGS if left <= dt.timedelta(days=days)), default=None)


def install(actor: Identity, certifier_id: uuid.UUID, data: bytes, password: bytes) -> SigningKey | GuardedChange:
    """Put a certifier's first key in use; any other one is proposed, and put in use by a second manager.

    Raises ``NoSigningKey``, ``NotPermitted``, ``InvalidInput`` SAME-KEY, ``Conflict`` (CHANGE-WAITS; STALE where two
    managers do it at the same time).
    """
    if not actor.has(Role.MANAGER) or actor.certifier_id != certifier_id:
        raise NotPermitted("ROLE", _("Only a manager of the certifier installs its signing key."))
    key = load_signing_key(data, password, portal_env=settings.PORTAL_ENV, now=clock.now())
    inner = secrets.token_hex(16).encode()
    opened = pkcs12.load_pkcs12(data, password)
    if opened.key is None or opened.cert is None:
        raise NoSigningKey("the PKCS#12 file holds no key with its certificate")
    chain = [extra.certificate for extra in opened.additional_certs]
    private: Any = opened.key  # whatever kind it is, it was read from a PKCS#12 file and goes back into one
    repacked = pkcs12.serialize_key_and_certificates(
        None, private, opened.cert.certificate, chain, BestAvailableEncryption(inner)
    )
    row = SigningKey(
        certifier_id=certifier_id, encrypted_pkcs12=encrypt(inner + _SEPARATOR + repacked), subject=key.subject[:300],
        fingerprint_sha256=key.fingerprint, not_after=key.expires_at.astimezone(dt.UTC), is_demo=key.is_demo,
        added_by=actor.user_id,
    )  # fmt: skip
    if two_managers.needed(actor) and SigningKey.objects.filter(certifier_id=certifier_id).exists():
        return _propose(actor, row)
    _use(actor, row)
    return row


def _use(actor: Identity, row: SigningKey) -> None:
    before = _replace(row)
    audit.record(
        actor, "certificate.signing_key", "certifier", row.certifier_id, certifier_id=row.certifier_id,
        before={"fingerprint": before}, after={
            "subject": row.subject, "fingerprint": row.fingerprint_sha256, "demo": row.is_demo,
        },
    )  # fmt: skip


def _propose(actor: Identity, row: SigningKey) -> GuardedChange:
    """Keep the next key, encrypted, until a second manager agrees."""
    old = SigningKey.objects.filter(certifier_id=row.certifier_id, retired_at=None).first()
    _refuse_same(old, row)
    lines = [
        ("subject", old.subject if old else "", row.subject),
        ("fingerprint", old.fingerprint_sha256 if old else "", row.fingerprint_sha256),
        ("ends", old.not_after.date().isoformat() if old else "", row.not_after.date().isoformat()),
    ]
    payload = {
        "subject": row.subject, "fingerprint": row.fingerprint_sha256, "not_after": row.not_after.isoformat(),
        "is_demo": row.is_demo, "in_the_place_of": old.fingerprint_sha256 if old else "",
    }  # fmt: skip
    kind = GuardedChange.Kind.SIGNING_KEY
    return two_managers.propose(actor, kind, lines, payload=payload, secret=bytes(row.encrypted_pkcs12))


def use_confirmed(actor: Identity, change: GuardedChange) -> None:
    """Put the key of a confirmed change in use.

    Raises ``Conflict`` STALE where another key is in use than when it was proposed, ``NoSigningKey`` where it has ended.
    """
    given = change.payload
    old = SigningKey.objects.filter(certifier_id=change.certifier_id, retired_at=None).first()
    if (old.fingerprint_sha256 if old else "") != given["in_the_place_of"]:
        raise Conflict(
            "STALE", _("Another key has come into use since this one was proposed. Refuse it, and propose again.")
        )
    row = SigningKey(
        certifier_id=change.certifier_id, encrypted_pkcs12=bytes(change.secret), subject=given["subject"],
        fingerprint_sha256=given["fingerprint"], not_after=dt.datetime.fromisoformat(given["not_after"]),
        is_demo=given["is_demo"], added_by=change.proposed_by, guarded_change_id=change.pk,
    )  # fmt: skip
    _opened(row)
    _use(actor, row)


def _refuse_same(old: SigningKey | None, row: SigningKey) -> None:
    if old is not None and old.fingerprint_sha256 == row.fingerprint_sha256:
        raise InvalidInput("SAME-KEY", _("This key is in use already."), field="file")


def _replace(row: SigningKey) -> str:
    """Store a key in use and retire the one before, whose fingerprint is returned ("" for none)."""
    in_use = SigningKey.objects.select_for_update().filter(certifier_id=row.certifier_id, retired_at=None)
    old = in_use.first()
    _refuse_same(old, row)
    try:
        with transaction.atomic():
            in_use.update(retired_at=clock.now())
            row.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict("STALE", _("Another manager is installing a key. Look at the page again.")) from error
    return old.fingerprint_sha256 if old else ""


def keys_of(actor: Identity) -> list[SigningKey]:
    """The actor's certifier's keys, the newest first: at most one of them in use."""
    return list(SigningKey.objects.visible_to(actor).order_by("-added_at", "-pk")[:20])


def install_demo_key(certifier: Certifier) -> SigningKey | GuardedChange | None:
    """A new demonstration key for a certifier without a key; None where it has one. Refused in production."""
    if SigningKey.objects.filter(certifier=certifier, retired_at=None).exists():
        return None
    password = secrets.token_hex(16).encode()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "demo.p12"
        make_demo_key(path, password, certifier.name, portal_env=settings.PORTAL_ENV, now=clock.now())
        return install(current(), certifier.pk, path.read_bytes(), password)
