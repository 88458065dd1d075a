"""Calls to addresses that a certifier chose: over TLS, to public addresses, with limits of time and size, no redirects.

Every other call of the portal goes to an address of the operator's. These do not, so the address that a name leads to is
looked at before the connection is made, and the connection is made to that very address: a name cannot lead elsewhere the
second time. The operator may name hosts of the own network (``PORTAL_SIGN_ON_PRIVATE_HOSTS``).
"""

from __future__ import annotations

import ipaddress
import json
import re
import socket
import time
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.db import connection as database
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, NewConnectionError

LARGEST_ANSWER = 256 * 1024
PART = 16384
#: What an address of a provider is made of: nothing that ends a header, an attribute or a link.
_ADDRESS = re.compile(r"https?://[A-Za-z0-9\[\]._~:/?#@!$&()*+,=%-]{1,500}")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Unreachable(Exception):
    """The provider gave no usable answer; the text says what happened, for logs and never for pages."""


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the internet, not to a machine or network of ours, in any spelling of it."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def is_usable(url: str) -> bool:
    """Whether an address may be called at all: ``https``, no name and password in it, no fragment.

    Outside production a host that the operator named may also be called by ``http``.
    """
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not host or parts.username is not None or parts.fragment or not _ADDRESS.fullmatch(url):
        return False
    return parts.scheme == "https" or (not settings.PRODUCTION and host in settings.SIGN_ON_PRIVATE_HOSTS)


def _connected(host: str, port: int, seconds: Any) -> socket.socket:
    limit = seconds if isinstance(seconds, int) else settings.SIGN_ON_SECONDS
    fault: OSError = PermissionError("the name leads to no public address")
    for family, kind, protocol, _name, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        if host not in settings.SIGN_ON_PRIVATE_HOSTS and not is_public(str(address[0])):
            continue
        line = socket.socket(family, kind, protocol)
        try:
            line.settimeout(limit)
            line.connect(address)
        except OSError as error:
            fault = error
            line.close()
        else:
            return line
    raise fault


class _Guarded(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        try:
            return _connected(self.host.strip("[]"), self.port, self.timeout)
        except (OSError, UnicodeError) as error:
            raise NewConnectionError(self, f"no connection ({type(error).__name__})") from error


class _GuardedTls(HTTPSConnection):
    _new_conn = _Guarded._new_conn


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Guarded


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedTls


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}


def ask(
    url: str, *, form: dict[str, str] | None = None, credentials: tuple[str, str] | None = None, bearer: str = ""
) -> dict[str, Any]:
    """The JSON object at ``url``: fetched, or the answer to ``form`` posted there. Raises ``Unreachable``.

    ``credentials``: name and password (HTTP Basic); ``bearer``: a token. Nothing of them gets into an error.
    """
    if database.in_atomic_block:
        raise RuntimeError("no call leaves the portal inside a transaction")
    if not is_usable(url):
        raise Unreachable("the address may not be called")
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    if bearer:
        headers["Authorization"] = f"Bearer {bearer}"
    limit = settings.SIGN_ON_SECONDS
    with requests.Session() as session:
        session.trust_env = False
        session.mount("https://", _Adapter())
        session.mount("http://", _Adapter())
        try:
            answer = session.request(
                "GET" if form is None else "POST", url, data=form, auth=credentials, headers=headers,
                timeout=(limit, limit), allow_redirects=False, stream=True,
            )  # fmt: skip
            with answer:
                return _object(answer, _whole(answer, limit))
        except (requests.RequestException, HTTPError, OSError) as error:
            raise Unreachable(f"no answer ({type(error).__name__})") from None


def _whole(answer: requests.Response, seconds: float) -> bytes:
    """Read to the end within the limits: neither a trickle nor a flood holds the process."""
    end = time.monotonic() + seconds
    whole = bytearray()
    while part := answer.raw.read1(PART, decode_content=True):
        whole += part
        if time.monotonic() > end or len(whole) > LARGEST_ANSWER:
            raise Unreachable("the answer took too long or was too large")
    return bytes(whole)


def _object(answer: requests.Response, body: bytes) -> dict[str, Any]:
    if answer.status_code != 200:
        raise Unreachable(f"HTTP {answer.status_code}")
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Unreachable("the answer is no JSON object")
    return found
