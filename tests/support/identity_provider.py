"""A small OpenID provider on a thread, over HTTP: real keys, a key set, codes, PKCE; each answer can be spoiled."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "the-portal", "a-very-secret-word"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
STRANGERS_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PUBLIC_PEM = KEY.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)  # fmt: skip


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class IdentityProvider:
    """``person``: the claims of who is signed in there. ``spoil`` changes the claims, ``sign`` makes the token of them."""

    def __init__(self) -> None:
        self.person: dict[str, Any] = {"sub": "person-1", "email_verified": True}
        self.spoil: dict[str, Any] = {}
        self.sign: Any = None
        #: By path: (status, body, seconds to wait before it).
        self.instead: dict[str, tuple[int, bytes, float]] = {}
        self.discovery: dict[str, Any] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.calls: list[str] = []
        self.faults: list[str] = []
        self.issuer = ""

    def authorize(self, address: str) -> str:
        """What a browser gets that signs in there: the query with which it is sent back."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return f"code={code}&state={asked['state']}"

    def page(self, address: str) -> str:
        """The provider's own page, for a real browser: one link, with which the person says who they are."""
        back = parse_qs(urlsplit(address).query)["redirect_uri"][0]
        link = escape(f"{back}?{self.authorize(address)}")
        return (
            '<!DOCTYPE html><html lang="en"><link rel="icon" href="data:,"><title>Invented ID</title><h1>Invented ID</h1>'
            f'<p><a href="{link}">I am {self.person["sub"]}</a></p></html>'
        )

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        asked = self.codes.pop(form.get("code", ""), None)
        if asked is None:
            return 400, {"error": "invalid_grant"}
        challenge = _b64(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        given = base64.b64decode(authorization.removeprefix("Basic ")).decode().split(":")
        if [unquote(part) for part in given] != [CLIENT, SECRET]:
            self.faults.append("client")
        if challenge != asked["code_challenge"] or asked["code_challenge_method"] != "S256":
            self.faults.append("pkce")
        if form["redirect_uri"] != asked["redirect_uri"]:
            self.faults.append("redirect")
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"], "auth_time": now,
            **self.person, **self.spoil,
        }  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        token = self.sign(claims) if self.sign else jwt.encode(claims, KEY, "RS256", headers={"kid": "one"})
        return 200, {"access_token": "access", "token_type": "Bearer", "id_token": token}

    def answer(self, path: str, form: dict[str, str], authorization: str) -> tuple[int, bytes]:
        self.calls.append(path)
        if path in self.instead:
            status, body, wait = self.instead[path]
            time.sleep(wait)
            return status, body
        if path == "/token":
            status, found = self.token(form, authorization)
            return status, json.dumps(found).encode()
        numbers = KEY.public_key().public_numbers()
        keys = {"kty": "RSA", "kid": "one", "use": "sig", "n": _b64(numbers.n.to_bytes(256, "big")), "e": "AQAB"}
        pages: dict[str, dict[str, Any]] = {
            "/.well-known/openid-configuration": {
                "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/keys", **self.discovery,
            },
            "/keys": {"keys": [keys]},
        }  # fmt: skip
        return (200, json.dumps(pages[path]).encode()) if path in pages else (404, b"{}")


@contextmanager
def running() -> Iterator[IdentityProvider]:
    """The provider, listening on an address of this machine."""
    provider = IdentityProvider()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            form = {name: values[0] for name, values in parse_qs(self.rfile.read(length).decode()).items()}
            kind = "application/json"
            if self.path.startswith("/authorize?"):
                kind, status, body = "text/html; charset=utf-8", 200, provider.page(self.path).encode()
            else:
                status, body = provider.answer(self.path, form, self.headers.get("Authorization", ""))
            try:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                if status == 302:
                    self.send_header("Location", body.decode())
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                pass  # whoever asked has gone

        do_GET = do_POST = _serve

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
