"""The demo certifiers' connection to the OID-style store, and their demonstration signing keys."""

from __future__ import annotations

from django.conf import settings

from certificates.domain import signing
from core.identity import Identity, act_as
from core.secrets import encrypt
from oid_sync.models import OidConnection
from organizations.models import Certifier


def connect(certifier: Certifier) -> None:
    """Point a certifier at the store of this portal, with the key that was made for it at set-up.

    Run at every start of the demo: the store's address may be another one each time.
    """
    keys = {code: key for key, _, code in (entry.partition(":") for entry in settings.OID_STORE_API_KEYS)}
    with act_as(Identity.loop(certifier.pk)):
        connection, _ = OidConnection.objects.get_or_create(
            certifier=certifier, defaults={"encrypted_key": b"", "base_url": settings.OID_STORE_URL}
        )
        connection.base_url = settings.OID_STORE_URL
        connection.encrypted_key = encrypt(keys[certifier.code].encode())
        connection.save(update_fields=["base_url", "encrypted_key"])


def sign(certifier: Certifier) -> None:
    """A demonstration signing key, clearly marked as such, unless the certifier has a key."""
    with act_as(Identity.loop(certifier.pk)):
        signing.install_demo_key(certifier)
