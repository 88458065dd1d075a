"""Signing keys of certifiers: PKCS#12, encrypted at rest, one in use at a time."""

from __future__ import annotations

import datetime as dt
import secrets
import tempfile
import uuid
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from certificates.document.errors import NoSigningKey
from certificates.document.keys import SigningKey as Key
from certificates.document.keys import load_signing_key, make_demo_key
from certificates.models import SigningKey
from core import audit, clock
from core.errors import Conflict, InvalidInput, NotPermitted
from core.identity import Identity, current
from core.secrets import decrypt, encrypt
from organizations.models import Certifier
from organizations.roles import Role

_SEPARATOR = b"\x00"


def key_in_use(certifier_id: uuid.UUID) -> Key | None:
    """The certifier's key, opened; None where none is installed. Raises ``NoSigningKey`` where it cannot be used now."""
    row = SigningKey.objects.filter(certifier_id=certifier_id, retired_at=None).first()
    if row is None:
        return None
    password, _sep, data = decrypt(row.encrypted_pkcs12).partition(_SEPARATOR)
    return load_signing_key(data, password, portal_env=settings.PORTAL_ENV, now=clock.now())


def install(actor: Identity, certifier_id: uuid.UUID, data: bytes, password: bytes) -> SigningKey:
    """Put a key in use in the place of the present one, which signs no more.

    Raises ``NoSigningKey``, ``NotPermitted``, ``InvalidInput`` SAME-KEY and ``Conflict`` STALE where two managers do it at
    the same time.
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
    before = _replace(row)
    audit.record(
        actor, "certificate.signing_key", "certifier", certifier_id, certifier_id=certifier_id,
        before={"fingerprint": before}, after={
            "subject": row.subject, "fingerprint": row.fingerprint_sha256, "demo": row.is_demo,
        },
    )  # fmt: skip
    return row


def _replace(row: SigningKey) -> str:
    """Store a key in use and retire the one before, whose fingerprint is returned ("" for none)."""
    in_use = SigningKey.objects.select_for_update().filter(certifier_id=row.certifier_id, retired_at=None)
    old = in_use.first()
    if old is not None and old.fingerprint_sha256 == row.fingerprint_sha256:
        raise InvalidInput("SAME-KEY", _("This key is in use already."), field="file")
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


def install_demo_key(certifier: Certifier) -> SigningKey | None:
    """A new demonstration key for a certifier without a key; None where it has one. Refused in production."""
    if SigningKey.objects.filter(certifier=certifier, retired_at=None).exists():
        return None
    password = secrets.token_hex(16).encode()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "demo.p12"
        make_demo_key(path, password, certifier.name, portal_env=settings.PORTAL_ENV, now=clock.now())
        return install(current(), certifier.pk, path.read_bytes(), password)
