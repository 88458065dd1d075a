"""An invented authority with signers and a time-stamp server, and one HTTP server that answers for all of them."""

from __future__ import annotations

import datetime as dt
import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from asn1crypto import keys as asn1_keys
from asn1crypto import tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.sign.timestamps import DummyTimeStamper

PASSWORD = b"opens it"
QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"


@dataclass(frozen=True)
class Holder:
    """A private key and its certificate."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @property
    def asn1(self) -> asn1_x509.Certificate:
        return asn1_x509.Certificate.load(self.certificate.public_bytes(Encoding.DER))

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def fingerprint(self) -> str:
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    def pkcs12(self, *chain: Holder) -> bytes:
        others = [holder.certificate for holder in chain]
        return pkcs12.serialize_key_and_certificates(
            None, self.key, self.certificate, others, BestAvailableEncryption(PASSWORD)
        )


@functools.cache
def private(name: str) -> rsa.RSAPrivateKey:
    """A key of this name, the same one in the whole test run: making them is what costs."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def holder(
    name: str, issuer: Holder | None = None, *, days: tuple[int, int] = (-30, 365), crl: str = "", ca: bool = False,
    stamps: bool = False, key_of: str = "",
) -> Holder:  # fmt: skip
    """A certificate for ``name`` by ``issuer`` (None: by itself), valid from and to so many days from now.

    ``key_of``: somebody else whose key it names.
    """
    key, now = private(key_of or name), dt.datetime.now(dt.UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + dt.timedelta(days=days[0]))
        .not_valid_after(now + dt.timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    used = {"key_cert_sign", "crl_sign"} if ca else {"digital_signature", "content_commitment"}
    every = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
             "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")  # fmt: skip
    builder = builder.add_extension(x509.KeyUsage(**{use: use in used for use in every}), critical=True)
    if issuer:
        point = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
        builder = builder.add_extension(point, critical=False)
    if crl:
        place = x509.DistributionPoint([x509.UniformResourceIdentifier(crl)], None, None, None)
        builder = builder.add_extension(x509.CRLDistributionPoints([place]), critical=False)
    if stamps:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    return Holder(key, builder.sign(issuer.key if issuer else key, hashes.SHA256()))


def revocation_list(authority: Holder, *revoked: Holder) -> bytes:
    """The authority's list, fresh, naming these certificates as revoked (DER)."""
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateRevocationListBuilder().issuer_name(authority.certificate.subject)
    builder = builder.last_update(now - dt.timedelta(hours=1)).next_update(now + dt.timedelta(days=7))
    for each in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(each.certificate.serial_number)
        builder = builder.add_revoked_certificate(entry.revocation_date(now - dt.timedelta(days=1)).build())
    return builder.sign(authority.key, hashes.SHA256()).public_bytes(Encoding.DER)


@dataclass
class Server:
    """A time-stamp server and a place for lists: ``mode`` says how it stamps, ``lists`` what lies at which path."""

    clock: Holder
    mode: str = "stamps"
    lists: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    origin: str = ""
    release: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"{self.origin}/stamp"

    def stamp(self, query: bytes) -> bytes:
        """The reply to a query, by pyHanko's rehearsal server; ``mode`` "yesterday" and "nonce" bend it."""
        fixed = dt.datetime.now(dt.UTC) - dt.timedelta(days=1 if self.mode == "yesterday" else 0)
        key = asn1_keys.PrivateKeyInfo.load(
            self.clock.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        )
        request = tsp.TimeStampReq.load(query)
        if self.mode == "nonce":
            request["nonce"] = 42
        if self.mode == "other digest":
            request["message_imprint"]["hashed_message"] = b"\0" * 32
        stamper = DummyTimeStamper(self.clock.asn1, key, fixed_dt=fixed)
        reply: bytes = stamper.request_tsa_response(tsp.TimeStampReq.load(request.dump(force=True))).dump()
        return reply


class Handler(BaseHTTPRequestHandler):
    """Answers for the server that the listener carries."""

    def do_POST(self) -> None:
        server: Server = self.server.of  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server.asked.append(self.path)
        if server.mode == "refuses":
            self.send_error(503)
        elif server.mode == "hangs":
            server.release.wait(30)
        elif server.mode == "leads elsewhere":
            self.answer(307, "text/plain", b"", Location="http://127.0.0.1:9/stamp")
        elif server.mode == "no reply":
            self.answer(200, REPLY, b"\x30\x03 no")
        elif server.mode == "floods":
            self.answer(200, REPLY, b"\0" * 1_000_000)
        elif self.headers["Content-Type"] == QUERY:
            self.answer(200, REPLY, server.stamp(body))
        else:
            self.send_error(415)

    def do_GET(self) -> None:
        server: Server = self.server.of  # type: ignore[attr-defined]
        server.asked.append(self.path)
        if server.mode == "leads elsewhere":
            self.answer(302, "text/plain", b"", Location="http://127.0.0.1:9/list")
        elif self.path in server.lists:
            self.answer(200, "application/pkix-crl", server.lists[self.path])
        else:
            self.send_error(404)

    def answer(self, status: int, kind: str, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        pass


@contextmanager
def serving(clock: Holder) -> Iterator[Server]:
    """The server on a port of its own."""
    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server = Server(clock, origin=f"http://127.0.0.1:{listener.server_port}")
    listener.of = server  # type: ignore[attr-defined]
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.release.set()
        listener.shutdown()
        thread.join()
        listener.server_close()
