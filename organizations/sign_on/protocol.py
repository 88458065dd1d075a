"""OpenID Connect, as far as signing in needs it: authorization code with PKCE, and the checks of the ID token.

Sources: OpenID Connect Core 1.0 (3.1.3.7: what is checked), Discovery 1.0, RFC 7636 (PKCE), RFC 8725 (JWT), RFC 9207
(``iss`` in the answer). Tokens are verified by PyJWT; nothing is taken from one that is not signed by a key of the provider.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import hmac
import time
import uuid
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import jwt
from django.core.cache import cache

from organizations.sign_on.transport import Unreachable, ask, is_usable

#: Signatures by a key that the provider alone has: neither "none" nor one made with the client secret or a public key.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
#: Seconds that two clocks may differ by.
SKEW = 60
#: Seconds for which a provider's own documents are kept, and for which it is left alone after it gave none.
KEPT, LEFT_ALONE = 600, 15
#: What says "more than one factor": ``amr`` by RFC 8176; ``acr`` as REFEDS and OpenID's PAPE spell it.
MFA_AMR = "mfa"
MFA_ACR = frozenset(
    {"mfa", "https://refeds.org/profile/mfa", "http://schemas.openid.net/pape/policies/2007/06/multi-factor"}
)
SMALLEST_RSA = 2048


class Refused(Exception):
    """What the provider sent proves nobody; ``reason`` is a word for the audit trail."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclasses.dataclass(frozen=True, slots=True)
class Terms:
    """A certifier's provider as it is in force. ``secret`` in clear: it goes to the provider and nowhere else."""

    certifier_id: uuid.UUID
    issuer: str
    client_id: str
    secret: str = dataclasses.field(repr=False)
    name: str
    second_step: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Endpoints:
    """What the discovery document says."""

    authorization: str
    token: str
    keys: str
    userinfo: str
    basic: bool
    names_itself: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Claims:
    """What a checked ID token says. ``auth_time``: Unix time of the sign-in at the provider, None where it does not say."""

    subject: str
    email: str
    email_verified: bool
    auth_time: int | None
    multi_factor: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Question:
    """One asking: what the answer must fit. ``started``: Unix time; ``confirm``: a fresh sign-in was asked for."""

    state: str
    nonce: str
    verifier: str
    started: float
    confirm: bool


def discovery_address(issuer: str) -> str:
    """Where the issuer's discovery document is."""
    return issuer.rstrip("/") + "/.well-known/openid-configuration"


def discover(terms: Terms) -> Endpoints:
    """The provider's endpoints, kept for some minutes. Raises ``Unreachable``."""
    found = _kept(terms, "discovery", discovery_address(terms.issuer))
    if found.get("issuer") != terms.issuer:
        raise Unreachable("the discovery document names another issuer")
    names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    if not all(isinstance(found.get(name), str) and is_usable(found[name]) for name in names):
        raise Unreachable("the discovery document lacks an endpoint that may be called")
    userinfo = found.get("userinfo_endpoint")
    methods = found.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    return Endpoints(
        found["authorization_endpoint"], found["token_endpoint"], found["jwks_uri"],
        userinfo if isinstance(userinfo, str) and is_usable(userinfo) else "",
        not isinstance(methods, list) or "client_secret_post" not in methods,
        found.get("authorization_response_iss_parameter_supported") is True,
    )  # fmt: skip


def _key(terms: Terms, what: str) -> str:
    return f"sign_on:{what}:{terms.certifier_id}:{hashlib.sha256(terms.issuer.encode()).hexdigest()}"


def _kept(terms: Terms, what: str, url: str, *, anew: bool = False) -> dict[str, Any]:
    """A document of the provider, from the cache of this certifier; a failure is remembered too, for some seconds."""
    key = _key(terms, what)
    kept = None if anew else cache.get(key)
    if kept == "":
        raise Unreachable("left alone after a failure")
    if isinstance(kept, dict):
        return kept
    try:
        found = ask(url)
    except Unreachable:
        cache.set(key, "", LEFT_ALONE)
        raise
    cache.set(key, found, KEPT)
    return found


def authorization_address(terms: Terms, ends: Endpoints, question: Question, back: str) -> str:
    """Where the browser is sent: with PKCE, state and nonce; for a fresh proof with ``prompt=login`` and ``max_age``."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(question.verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code", "client_id": terms.client_id, "redirect_uri": back, "scope": "openid email",
        "state": question.state, "nonce": question.nonce, "code_challenge": challenge, "code_challenge_method": "S256",
    }  # fmt: skip
    if question.confirm:
        asked |= {"prompt": "login", "max_age": "0"}
    return ends.authorization + ("&" if urlsplit(ends.authorization).query else "?") + urlencode(asked, quote_via=quote)


def exchange(terms: Terms, ends: Endpoints, question: Question, code: str, back: str) -> Claims:
    """Trade the code for an ID token and check it. Raises ``Unreachable``, ``Refused``."""
    form = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": question.verifier,
    }  # fmt: skip
    credentials = None
    if ends.basic:
        # RFC 6749, 2.3.1: both are form-encoded first
        credentials = (quote(terms.client_id, safe=""), quote(terms.secret, safe=""))
    else:
        form |= {"client_id": terms.client_id, "client_secret": terms.secret}
    answer = ask(ends.token, form=form, credentials=credentials)
    token = answer.get("id_token")
    if not isinstance(token, str):
        raise Refused("no-id-token")
    values = verified(terms, ends, token)
    if not hmac.compare_digest(str(values.get("nonce", "")).encode(), question.nonce.encode()):
        raise Refused("nonce")
    access = answer.get("access_token")
    if "email" not in values and ends.userinfo and isinstance(access, str):
        values = _with_userinfo(values, ask(ends.userinfo, bearer=access))
    claims = _claims(values)
    if question.confirm and not _is_fresh(claims, question):
        raise Refused("auth-time")
    return claims


def verified(terms: Terms, ends: Endpoints, token: str) -> dict[str, Any]:
    """The values of an ID token: its signature, issuer, audience and times are right. Raises ``Unreachable``, ``Refused``."""
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError:
        raise Refused("malformed") from None
    algorithm = header.get("alg")
    if algorithm not in ALGORITHMS:
        raise Refused("algorithm")
    key = _signing_key(terms, ends, header.get("kid"), str(algorithm))
    try:
        values: dict[str, Any] = jwt.decode(
            token, key, algorithms=[str(algorithm)], audience=terms.client_id, issuer=terms.issuer, leeway=SKEW,
            options={"require": ["iss", "sub", "aud", "exp", "iat"]},
        )  # fmt: skip
    except jwt.InvalidSignatureError:
        raise Refused("signature") from None
    except jwt.ExpiredSignatureError:
        raise Refused("expired") from None
    except jwt.InvalidAudienceError:
        raise Refused("audience") from None
    except jwt.InvalidIssuerError:
        raise Refused("issuer") from None
    except (jwt.PyJWTError, ValueError, TypeError):
        raise Refused("malformed") from None
    party = values.get("azp")
    if (isinstance(values["aud"], list) and len(values["aud"]) > 1 and party is None) or (
        party is not None and party != terms.client_id
    ):
        raise Refused("audience")
    return values


def _signing_key(terms: Terms, ends: Endpoints, kid: object, algorithm: str) -> Any:
    """The provider's key of that name; its keys are read anew for a name that is not among them, once in a while."""
    found = _find(_kept(terms, "keys", ends.keys), kid, algorithm)
    if found is None and cache.add(_key(terms, "new-keys"), "read", LEFT_ALONE):
        found = _find(_kept(terms, "keys", ends.keys, anew=True), kid, algorithm)
    if found is None:
        raise Refused("key")
    return found


def _find(document: dict[str, Any], kid: object, algorithm: str) -> Any:
    entries = document.get("keys")
    rows = [row for row in entries if isinstance(row, dict)] if isinstance(entries, list) else []
    signing = [row for row in rows if row.get("use", "sig") == "sig" and row.get("alg", algorithm) == algorithm]
    fitting = signing if kid is None else [row for row in signing if row.get("kid") == kid]
    usable = []
    for row in fitting:
        try:
            key = jwt.PyJWK(row, algorithm).key
        except (jwt.PyJWTError, ValueError, TypeError):
            continue
        if getattr(key, "key_size", SMALLEST_RSA) >= SMALLEST_RSA or not algorithm.startswith(("RS", "PS")):
            usable.append(key)
    # without a name there must be no choice
    return usable[0] if len(usable) == 1 or (usable and kid is not None) else None


def _with_userinfo(values: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    if more.get("sub") != values["sub"]:
        raise Refused("userinfo")
    return {**values, "email": more.get("email"), "email_verified": more.get("email_verified")}


def _claims(values: dict[str, Any]) -> Claims:
    subject, email, moment = values["sub"], values.get("email"), values.get("auth_time")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255 or "\x00" in subject:
        raise Refused("subject")
    amr = values.get("amr")
    by_amr = isinstance(amr, list) and MFA_AMR in amr
    acr = values.get("acr")
    return Claims(
        subject,
        email.strip().lower() if isinstance(email, str) and email.isascii() and "\x00" not in email else "",
        # the word "true" in quotes is no boolean: a provider that sends it is not taken at it
        values.get("email_verified") is True,
        int(moment) if isinstance(moment, (int, float)) and not isinstance(moment, bool) else None,
        by_amr or (isinstance(acr, str) and acr in MFA_ACR),
    )


def _is_fresh(claims: Claims, question: Question) -> bool:
    """Whether the person signed in at the provider after they were asked to (OpenID Connect Core 1.0, 3.1.2.1)."""
    return claims.auth_time is not None and question.started - SKEW <= claims.auth_time <= time.time() + SKEW
