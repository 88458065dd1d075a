"""A passkey made in software: what a browser would send when one is added, and when one is used."""

from __future__ import annotations

import json
import secrets
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import sha256, websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

_PRESENT_AND_VERIFIED = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV
_ANY = secrets.token_urlsafe(32)


class Passkey:
    """One key pair for one host name."""

    def __init__(self, host: str, origin: str = "") -> None:
        self.host, self.origin = host, origin or f"http://{host}"
        self.id = secrets.token_bytes(16)
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.uses = 0

    def _client_data(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def register(self, challenge: str = _ANY) -> dict[str, Any]:
        """The answer to the request to make it."""
        public = AttestedCredentialData.create(
            b"\0" * 16, self.id, ES256.from_cryptography_key(self.private.public_key())
        )
        flags = _PRESENT_AND_VERIFIED | AuthenticatorData.FLAG.AT
        data = AuthenticatorData.create(sha256(self.host.encode()), flags, 0, public)
        return self._answer(
            clientDataJSON=self._client_data("webauthn.create", challenge),
            attestationObject=AttestationObject.create("none", data, {}),
        )

    def sign(self, challenge: str, user_handle: bytes = b"") -> dict[str, Any]:
        """The answer to the request to use it."""
        self.uses += 1
        data = AuthenticatorData.create(sha256(self.host.encode()), _PRESENT_AND_VERIFIED, self.uses)
        client_data = self._client_data("webauthn.get", challenge)
        signature = self.private.sign(data + sha256(client_data), ec.ECDSA(hashes.SHA256()))
        parts = {"clientDataJSON": client_data, "authenticatorData": data, "signature": signature}
        return self._answer(**parts, **({"userHandle": user_handle} if user_handle else {}))

    def _answer(self, **parts: bytes) -> dict[str, Any]:
        name = websafe_encode(self.id)
        return {
            "id": name, "rawId": name, "type": "public-key", "clientExtensionResults": {"credProps": {"rk": True}},
            "response": {part: websafe_encode(bytes(value)) for part, value in parts.items()},
        }  # fmt: skip


def registration(host: str) -> dict[str, Any]:
    """A passkey as it is stored once it was added."""
    return Passkey(host).register()
