"""Servers that signing may ask, as the operator of the portal has set them up. A certifier cannot add to them."""

from __future__ import annotations

from dataclasses import dataclass

from asn1crypto import x509


@dataclass(frozen=True)
class Services:
    """By default none: a signature then is of level PAdES B-B.

    ``timestamp_url``: a time-stamp server (RFC 3161); where there is one, no document is signed without its stamp.
    ``timestamp_roots``: certificates that its own must lead to. ``revocation_hosts``: names of the servers that may be
    asked about revocation (OCSP, CRL). The addresses stand in certificates, and those are uploaded by certifiers: any
    other would let an upload make the portal call whatever server it names. ``seconds``: limit of one call.
    """

    timestamp_url: str = ""
    timestamp_roots: tuple[x509.Certificate, ...] = ()
    revocation_hosts: frozenset[str] = frozenset()
    seconds: int = 10

    def __post_init__(self) -> None:
        if self.timestamp_url and not self.timestamp_roots:
            raise ValueError("a time-stamp server needs the certificate that its own must lead to")


NO_SERVICES = Services()
