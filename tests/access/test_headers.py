"""Every answer of every address carries the header table, whoever asks, and nothing of a tenant's is kept by a cache."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse
from django.templatetags.static import static
from django.test import Client as Browser
from django.test import override_settings
from django.urls import reverse

from certportal import views
from certportal.headers import DENIED
from core.serving import POLICY
from tests.access.bodies import body_of
from tests.access.cases import Case, address, ask, urlconf
from tests.access.people import Person, everybody
from tests.access.scene import Scene
from tests.access.table import TABLE, Row

pytestmark = pytest.mark.timeout(400)

#: The reviewed list of addresses whose answers a cache may keep: none. Static files are not in the URLconf.
KEPT: frozenset[str] = frozenset()
#: Addresses that send another ``Referrer-Policy``, and why it is no weaker (docs/check-page.md).
REFERRER = {"certificates:check": "strict-origin", "certificates:check-continuity": "strict-origin"}
#: What a browser must be denied by name.
MUST_BE_DENIED = {"camera", "microphone", "geolocation", "payment", "usb", "serial", "bluetooth", "display-capture"}


def faults(answer: Any, *, name: str = "", kept: bool = False) -> list[str]:
    """What the answer's headers lack."""
    found = []
    wanted = {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": REFERRER.get(name, "same-origin"),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    found += [f"{key}: {answer.headers.get(key)}" for key, value in wanted.items() if answer.headers.get(key) != value]
    policy = answer.headers.get("Content-Security-Policy", "")
    if "default-src 'none'" not in policy or "unsafe" in policy or "*" in policy or "http:" in policy:
        found.append(f"Content-Security-Policy: {policy}")
    if policy != POLICY and "frame-ancestors 'none'" not in policy:
        found.append(f"frame-ancestors: {policy}")
    allowed = answer.headers.get("Permissions-Policy", "")
    found += [f"Permissions-Policy: {feature}" for feature in MUST_BE_DENIED if f"{feature}=()" not in allowed]
    if "Access-Control-Allow-Origin" in answer.headers:
        found.append("Access-Control-Allow-Origin: other sites may read it")
    caching = answer.headers.get("Cache-Control", "")
    if kept is ("no-store" in caching) or (not kept and "public" in caching):
        found.append(f"Cache-Control: {caching}")
    return found


def _who(row: Row, people: list[Person]) -> Person:
    """The first who may open the address by a browser and finds the row behind it."""
    return next(person for person in people if person.role in row.roles and not person.key)


def test_every_address_answers_with_the_header_table(scene: Scene, undone: None) -> None:
    people = everybody(scene)
    stranger = next(person for person in people if person.role == "nobody" and not person.key)
    browsers = {person.name: person.browser() for person in people if not person.key}
    found, asked = [], set()
    for row in TABLE:
        for person in (_who(row, people), stranger):
            for method in ("GET", "POST", "DELETE"):
                url = address(row, scene)
                answer = ask(browsers[person.name], method, url, body_of(Case(row, person, method, 0), scene))
                lacks = faults(answer.response, name=row.name if answer.status < 300 else "", kept=row.name in KEPT)
                if row.name in REFERRER:
                    lacks = [one for one in lacks if not one.startswith("Referrer-Policy: strict-origin")]
                found += [f"{method} {row.name} by {person.name}: {answer.status} {one}" for one in lacks]
                asked.add(row.name)
    assert asked == urlconf()
    assert not found, "\n".join(found)


def test_without_the_middleware_the_walk_would_complain(scene: Scene, undone: None) -> None:
    assert faults(HttpResponse("bare")) != []
    assert len(faults(HttpResponse("bare"))) >= 6 + len(MUST_BE_DENIED)
    loose = HttpResponse("x", headers={"Content-Security-Policy": "default-src 'none'; script-src 'unsafe-inline'"})
    assert any(one.startswith("Content-Security-Policy") for one in faults(loose))


@pytest.mark.parametrize("code", ["400 address", "400 host", "403 form", "404", "405", "413", "429", "500"])
def test_error_answers_carry_it_too(scene: Scene, undone: None, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = Browser(raise_request_exception=False, enforce_csrf_checks=code == "403 form")
    check, member = reverse("certificates:check"), scene.own.world.browser("signatory")
    number = {"number": scene.own.certificate.number, "code": scene.own.certificate.check_code}
    if code == "400 address":
        answer = browser.get("/%00")
    elif code == "400 host":
        answer = browser.get("/", headers={"host": "elsewhere.invalid"})
    elif code == "403 form":
        answer = browser.post(reverse("account_login"), {"login": "a@b.example", "password": "x"})
    elif code == "404":
        answer = browser.get("/no/such/page/")
    elif code == "405":
        answer = browser.put("/healthz")
    elif code == "413":
        answer = member.post(
            reverse("api:request-list"), '"' + "x" * (3 * 2**20) + '"', content_type="application/json"
        )
    elif code == "429":
        with override_settings(CHECK_LIMIT=1):
            answers = [browser.get(check, number, REMOTE_ADDR="192.0.2.77") for _ in range(2)]
        answer = answers[-1]
    else:

        def breaks(*_: object, **__: object) -> None:
            raise RuntimeError("a fault of ours")

        monkeypatch.setattr(views, "render", breaks)
        answer = browser.get("/")
    assert answer.status_code == int(code.split(maxsplit=1)[0])
    assert faults(answer, name="certificates:check" if code == "429" else "") == []


def test_static_files_are_kept_and_carry_the_rest(scene: Scene) -> None:
    answer = Browser().get(static("css/portal.css"))
    assert answer.status_code == 200
    assert faults(answer, kept=True) == []
    missing = Browser().get(static("css/no-such-file.css"))
    assert missing.status_code == 404
    assert faults(missing) == []


def test_second_factors_by_passkey_stay_possible() -> None:
    assert not {"publickey-credentials-get", "publickey-credentials-create"} & set(DENIED)
