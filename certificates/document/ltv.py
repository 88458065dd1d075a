"""Answers about revocation (OCSP, CRL) for the document to carry, so that its signature can be judged years later.

They are fetched before signing and stand in the signed revision itself (the security store, ISO 32000-2, 12.8.4.3): the
signature covers them, and nothing is appended after it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from asn1crypto import x509
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.fetchers.aiohttp_fetchers import AIOHttpFetcherBackend
from pyhanko_certvalidator.fetchers.api import FetchLimits

from certificates.document.services import Services

#: A chain has a handful of certificates with one or two addresses each; issuers are not fetched: the chain is uploaded whole.
LIMITS = FetchLimits(max_requests=12, max_cert_requests=0)
#: The largest lists of public authorities have a few megabytes; such a list in every certificate would help nobody.
ANSWER_LIMIT = 512 * 1024


class AddressRefused(aiohttp.ClientError):
    """An address that the operator has not listed, a redirect, or an answer beyond all measure."""


def revocation_hosts(certificates: Iterable[x509.Certificate]) -> frozenset[str]:
    """Names of the servers that the certificates say to ask about their revocation. Empty: they name none."""
    urls: set[str] = set()
    for certificate in certificates:
        urls.update(certificate.ocsp_urls)
        urls.update(point.url for point in certificate.crl_distribution_points if point.url)
    return frozenset((urlsplit(url).hostname or "").lower() for url in urls if url.lower().startswith("http"))


def context(chain: list[x509.Certificate], services: Services, session: aiohttp.ClientSession) -> ValidationContext:
    """A context that fetches what the chain offers, and in which a certificate that offers some must have an answer."""
    issuers = {certificate.subject.dump() for certificate in chain}
    tops = [one for one in chain if one.self_issued or one.issuer.dump() not in issuers]
    backend = AIOHttpFetcherBackend(session, per_request_timeout=services.seconds, limits=LIMITS)
    return ValidationContext(
        trust_roots=[*tops, *services.timestamp_roots], other_certs=chain, allow_fetching=True,
        revocation_mode="hard-fail", fetchers=backend.get_fetchers(),
    )  # fmt: skip


@asynccontextmanager
async def guarded_session(hosts: frozenset[str], timestamp_url: str = "") -> AsyncIterator[aiohttp.ClientSession]:
    """A session that calls the listed hosts and the time-stamp server's address, and nothing else; it follows nothing."""
    guard = aiohttp.TraceConfig()

    async def start(_session: Any, _context: Any, params: aiohttp.TraceRequestStartParams) -> None:
        if params.url.host not in hosts and str(params.url) != timestamp_url:
            raise AddressRefused(f"{params.url.host} is not listed")

    async def redirect(_session: Any, _context: Any, params: aiohttp.TraceRequestRedirectParams) -> None:
        raise AddressRefused(f"{params.url.host} leads elsewhere")

    async def chunk(_session: Any, seen: Any, params: aiohttp.TraceResponseChunkReceivedParams) -> None:
        seen.read = getattr(seen, "read", 0) + len(params.chunk)
        if seen.read > ANSWER_LIMIT:
            raise AddressRefused("the answer is too long")

    guard.on_request_start.append(start)
    guard.on_request_redirect.append(redirect)
    guard.on_response_chunk_received.append(chunk)
    async with aiohttp.ClientSession(trace_configs=[guard], trust_env=True) as session:
        yield session
