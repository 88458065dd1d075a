"""Connector to an OID-style store over HTTP. One try a call: repeating is the loop's business, which asks first."""

from __future__ import annotations

import datetime as dt
import json
import math
import time
import uuid
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

import requests
from django.db import connection as database
from urllib3.exceptions import HTTPError, ReadTimeoutError

from core import clock
from oid_sync.connectors.base import (
    Applied,
    CallResult,
    Exchange,
    FindResult,
    NotFound,
    Page,
    Registered,
    RegisterResult,
    Rejected,
    Unavailable,
    Unknown,
)
from oid_sync.connectors.redaction import redacted
from oid_sync.reasons import Reason

CONNECT_SECONDS = 5
LARGEST_ANSWER = 20 * 1024 * 1024
PART = 65536
#: Changes on a page of OID's log.
PAGE_ROWS = 200
NOT_THERE = "OID-020"
#: Refusals that concern the moment, not the data.
PASSING = frozenset({"OID-040", "OID-041", "OID-043"})
#: The key or the address is wrong: a person must look, and nothing was done.
MISCONFIGURED = frozenset({401, 403, 404, 405})


class HttpConnector:
    """``base_url`` of the store and the certifier's ``key``; ``seconds`` limits each call's answer."""

    def __init__(self, base_url: str, key: str, seconds: int) -> None:
        self.base_url = base_url.rstrip("/")
        self.seconds = seconds
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Key {key}"
        self.exchanges: list[Exchange] = []
        self._secrets = (key,)

    def register(self, payload: Mapping[str, Any]) -> RegisterResult:
        """``POST /v1/certificates``."""
        answer = self._send("POST", "/v1/certificates", json=payload)
        if isinstance(answer, requests.Response):
            if answer.status_code in {200, 201}:
                return self._record(answer)
            return self._refusal(answer)
        return answer

    def find(self, reference: uuid.UUID) -> FindResult:
        """``GET /v1/certificates?reference=``."""
        answer = self._send("GET", "/v1/certificates", params={"reference": str(reference)})
        if not isinstance(answer, requests.Response):
            return answer
        if answer.status_code == 200:
            return self._record(answer)
        if self._is_absence(answer):
            return NotFound()
        refusal = self._refusal(answer)
        return Unavailable(refusal.reason, why=Reason.ACCESS) if isinstance(refusal, Rejected) else refusal

    def find_call(self, call_id: uuid.UUID) -> CallResult:
        """``GET /v1/calls/{call_id}``."""
        answer = self._send("GET", f"/v1/calls/{call_id}")
        if not isinstance(answer, requests.Response):
            return answer
        if self._is_absence(answer):
            return NotFound()
        if answer.status_code != 200:
            refusal = self._refusal(answer)
            return Unavailable(refusal.reason, why=Reason.ACCESS) if isinstance(refusal, Rejected) else refusal
        body = self._json(answer)
        if body is None:
            return Unknown("the answer is not JSON", why=Reason.UNREADABLE)
        inner = body.get("answer")
        first: dict[str, Any] = inner if isinstance(inner, dict) else body
        if body.get("outcome") == "rejected":
            return Rejected(str(first.get("code", "")), str(first.get("message", "")), str(first.get("field", "")))
        return Applied(first)

    def report_actuals(self, number: str, payload: Mapping[str, Any]) -> CallResult:
        """``POST /v1/certificates/{number}/actuals``."""
        return self._call(number, "actuals", payload)

    def amend(self, number: str, payload: Mapping[str, Any]) -> CallResult:
        """``POST /v1/certificates/{number}/amend``."""
        return self._call(number, "amend", payload)

    def void(self, number: str, payload: Mapping[str, Any]) -> CallResult:
        """``POST /v1/certificates/{number}/void``."""
        return self._call(number, "void", payload)

    def list_since(self, cursor: str) -> Page | Unavailable | Unknown:
        """``GET /v1/certificates?cursor=``; a cursor of another log, or of another store, starts again."""
        parameters = {"limit": str(PAGE_ROWS), **({"cursor": cursor} if cursor else {})}
        if not cursor:
            parameters["changed_since"] = "1970-01-01T00:00:00Z"
        answer = self._send("GET", "/v1/certificates", kept=False, params=parameters)
        if not isinstance(answer, requests.Response):
            return answer
        if answer.status_code == 410 or (answer.status_code == 400 and cursor):
            return Page((), "", has_more=True, start_again=True)
        body = self._json(answer) if answer.status_code == 200 else None
        if body is None:
            refusal = self._refusal(answer)
            return Unavailable(refusal.reason, why=Reason.ACCESS) if isinstance(refusal, Rejected) else refusal
        records = tuple(entry.get("record", entry) for entry in body.get("results", []))
        return Page(records, str(body.get("next_cursor") or ""), bool(body.get("has_more")))

    def health(self) -> str:
        """``GET /health``."""
        answer = self._send("GET", "/health", kept=False)
        if not isinstance(answer, requests.Response):
            return answer.reason
        return "" if answer.status_code == 200 else f"HTTP {answer.status_code}"

    # -- one exchange -----------------------------------------------------------------------------------------------

    def _send(
        self, method: str, path: str, *, kept: bool = True, **arguments: Any
    ) -> requests.Response | Unavailable | Unknown:
        """One exchange. It is kept with its secrets struck out, but for pages of the log, which nobody would read."""
        if database.in_atomic_block:
            raise RuntimeError("no call leaves the portal inside a transaction")
        at, started = clock.now(), time.monotonic()
        answer = self._try(method, path, **arguments)
        if not kept:
            return answer
        status, text = 0, ""
        if isinstance(answer, requests.Response):
            status, text = answer.status_code, redacted(answer.headers, answer.content, self._secrets)
        else:
            text = answer.reason
        asked = f"{method} {self.base_url}{path}"
        if "params" in arguments:
            asked += "?" + urlencode(arguments["params"])
        body = json.dumps(arguments["json"], ensure_ascii=False).encode() if "json" in arguments else b""
        request = f"{asked}\n{redacted(self.session.headers, body, self._secrets)}"
        milliseconds = int((time.monotonic() - started) * 1000)
        self.exchanges.append(Exchange(at, milliseconds, request, status, text))
        return answer

    def _try(self, method: str, path: str, **arguments: Any) -> requests.Response | Unavailable | Unknown:
        try:
            answer = self.session.request(
                method,
                self.base_url + path,
                timeout=(CONNECT_SECONDS, self.seconds),
                allow_redirects=False,
                stream=True,
                **arguments,
            )
            return self._whole(answer)
        except requests.ConnectTimeout:
            return Unavailable("no connection within the time limit", why=Reason.NOT_REACHED)
        except requests.Timeout:
            return Unknown("no answer within the time limit", why=Reason.TIME_OUT)
        except requests.ConnectionError as error:
            # a refused connection did nothing; one that broke later may have done everything
            if "Connection refused" in str(error) or "Name or service not known" in str(error):
                return Unavailable("the connection was refused", why=Reason.NOT_REACHED)
            return Unknown(f"the connection broke ({type(error).__name__})", why=Reason.BROKE_OFF)
        except (requests.RequestException, HTTPError) as error:
            why = Reason.TIME_OUT if isinstance(error, ReadTimeoutError) else Reason.BROKE_OFF
            return Unknown(f"no complete answer ({type(error).__name__})", why=why)

    def _whole(self, answer: requests.Response) -> requests.Response | Unknown:
        """Read the answer to its end within the time limit: one that trickles in must not outlive the lease."""
        end = time.monotonic() + self.seconds
        whole = bytearray()
        with answer:
            # read1 gives what has come, where iter_content waits for a full part
            while part := answer.raw.read1(PART, decode_content=True):
                whole += part
                if time.monotonic() > end or len(whole) > LARGEST_ANSWER:
                    return Unknown("the answer took too long or was too large", why=Reason.TIME_OUT)
        expected = answer.headers.get("Content-Length", "")
        if expected.isdigit() and "Content-Encoding" not in answer.headers and len(whole) < int(expected):
            return Unknown("the answer broke off", why=Reason.BROKE_OFF)
        answer._content, answer._content_consumed = bytes(whole), True  # type: ignore[attr-defined]
        return answer

    def _call(self, number: str, kind: str, payload: Mapping[str, Any]) -> CallResult:
        answer = self._send("POST", f"/v1/certificates/{number}/{kind}", json=payload)
        if not isinstance(answer, requests.Response):
            return answer
        if answer.status_code == 200:
            body = self._json(answer)
            return Applied(body) if body is not None else Unknown("the answer is not JSON", why=Reason.UNREADABLE)
        if self._is_absence(answer):
            return NotFound()
        return self._refusal(answer)

    def _record(self, answer: requests.Response) -> Registered | Unknown:
        body = self._json(answer)
        try:
            if body is None:
                raise ValueError
            return Registered(str(body["number"]), dt.datetime.fromisoformat(str(body["registered_at"])), body)
        except (KeyError, ValueError):
            return Unknown("the answer is not a record", why=Reason.UNREADABLE)

    def _refusal(self, answer: requests.Response) -> Rejected | Unavailable | Unknown:
        body = self._json(answer) or {}
        code, message = str(body.get("code", "")), str(body.get("message", ""))
        wait = _seconds(answer.headers.get("Retry-After", ""))
        if answer.status_code == 429 or code in PASSING:
            why = Reason.TOO_MANY if answer.status_code == 429 else Reason.MAINTENANCE
            return Unavailable(message or f"HTTP {answer.status_code}", wait, why)
        if answer.status_code >= 500:
            return Unknown(f"HTTP {answer.status_code} {code}".strip(), wait, Reason.SERVER_ERROR)
        if answer.status_code < 400:
            return Unknown(f"HTTP {answer.status_code} {code}".strip(), wait, Reason.UNREADABLE)
        if answer.status_code in MISCONFIGURED:
            return Unavailable(f"HTTP {answer.status_code} {code}: {message}", why=Reason.ACCESS)
        return Rejected(code or f"HTTP-{answer.status_code}", message or answer.reason, str(body.get("field", "")))

    def _is_absence(self, answer: requests.Response) -> bool:
        body = self._json(answer) if answer.status_code == 404 else None
        return body is not None and body.get("code") == NOT_THERE

    @staticmethod
    def _json(answer: requests.Response) -> dict[str, Any] | None:
        try:
            body = answer.json()
        except ValueError:
            return None
        return body if isinstance(body, dict) else None


def _seconds(retry_after: str) -> int:
    """What Retry-After says (RFC 9110: seconds, or a date), in whole seconds; 0 for nothing that can be read."""
    if retry_after.strip().isdigit():
        return int(retry_after)
    try:
        until = parsedate_to_datetime(retry_after)
    except ValueError:
        return 0
    until = until if until.tzinfo else until.replace(tzinfo=dt.UTC)
    return max(0, math.ceil((until - dt.datetime.now(dt.UTC)).total_seconds()))
