"""A certifier's signing key for tests that are not about keys: made once a process, quick to open and to sign with."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import PrivateFormat, pkcs12
from cryptography.x509.oid import NameOID

from certificates.document.keys import DEMO_MARK
from certificates.domain import signing
from core.clock import now
from core.identity import act_as
from tests.support.world import World

PASSWORD = b"not a secret"


def install_key(world: World) -> None:
    """The world's certifier has a key, if it had none."""
    with act_as(world.who("manager")) as manager:
        if not any(row.retired_at is None for row in signing.keys_of(manager)):
            signing.install(manager, world.certifier.pk, key_file(world.certifier.name), PASSWORD)


@lru_cache(maxsize=64)
def key_file(name: str) -> bytes:
    """A PKCS#12 file with an elliptic key and a self-signed demonstration certificate of ``name``."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, f"{DEMO_MARK}: {name}"[:64]),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, name[:64]),
        ]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now() - dt.timedelta(days=3650))
        .not_valid_after(now() + dt.timedelta(days=3650))
        .add_extension(x509.KeyUsage(True, True, False, False, False, False, False, False, False), critical=True)
        .sign(key, hashes.SHA256())
    )
    # one round: what the real number of them costs is no test's business but those of the keys
    quick = (
        PrivateFormat.PKCS12.encryption_builder().kdf_rounds(1).key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
    )
    return pkcs12.serialize_key_and_certificates(b"key", key, certificate, None, quick.build(PASSWORD))
