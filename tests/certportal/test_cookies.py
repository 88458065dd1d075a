"""The cookies of both configurations, as a process of its own sends them: plain names over HTTP, `__Host-` over HTTPS."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from django.test import override_settings

from certportal import deploy_checks
from certportal.launcher.places import PROJECT

YEAR = 365 * 24 * 3600
#: Signs somebody in and chooses a language; prints every cookie and header that came with it.
PROGRAM = """
import json, sys, django
django.setup()
from django.db import transaction
from django.test import Client
from organizations.models import User
https = sys.argv[1] == "https"
browser = Client(headers={"host": "portal-of-tests.org"})
with transaction.atomic():
    from core.identity import Identity, Kind, assume
    assume(Identity())
    user = User.objects.create_user("cookie@portal.invalid", "a long enough pass phrase", name="C")
    from allauth.account.models import EmailAddress
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    page = browser.get("/account/login/", secure=https)
    language = browser.post("/i18n/setlang/", {"language": "es"}, secure=https)
    form = {"login": user.email, "password": "a long enough pass phrase"}
    signed = browser.post("/account/login/", form, secure=https)
    cookies = {}
    for answer in (page, language, signed):
        for name, morsel in answer.cookies.items():
            cookies[name] = {key: morsel[key] for key in ("secure", "httponly", "samesite", "path", "domain")}
    print(json.dumps({"cookies": cookies, "hsts": page.headers.get("Strict-Transport-Security", "")}))
    transaction.set_rollback(True)
"""


def _sent(env: dict[str, str], origin: str) -> dict[str, Any]:
    env = env | {
        "PORTAL_ENV": "test",
        "PORTAL_PUBLIC_ORIGIN": origin,
        "PORTAL_ALLOWED_HOSTS": "portal-of-tests.org",
        "DJANGO_SETTINGS_MODULE": "certportal.settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, origin.split(":", maxsplit=1)[0]], cwd=PROJECT, env=env, text=True, timeout=60,
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    sent: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return sent


@pytest.mark.django_db(transaction=True)
def test_over_https_cookies_belong_to_this_host_alone(process_env: dict[str, str]) -> None:
    sent = _sent(process_env, "https://portal-of-tests.org")
    cookies = sent["cookies"]
    assert {"__Host-session", "__Host-csrf", "django_language"} <= set(cookies)
    assert not {"sessionid", "csrftoken"} & set(cookies)
    for name, cookie in cookies.items():
        assert cookie["secure"] is True, name
        assert cookie["httponly"] is True, name
        assert cookie["samesite"] in {"Lax", "Strict"}, name
        # the prefix holds only for the whole site of exactly this host
        assert (cookie["path"], cookie["domain"]) == ("/", ""), name
    assert sent["hsts"] == f"max-age={YEAR}"


@pytest.mark.django_db(transaction=True)
def test_over_http_on_this_machine_the_names_are_plain(process_env: dict[str, str]) -> None:
    sent = _sent(process_env, "http://portal-of-tests.org")
    cookies = sent["cookies"]
    assert {"sessionid", "csrftoken", "django_language"} <= set(cookies)
    for name, cookie in cookies.items():
        # a browser would refuse a Secure cookie, and a prefixed name, from plain HTTP
        assert not name.startswith("__Host-")
        assert cookie["secure"] == "", name
        assert cookie["httponly"] is True, name
        assert cookie["samesite"] in {"Lax", "Strict"}, name
    assert sent["hsts"] == ""


@pytest.mark.parametrize("name", ["SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME"])
def test_the_deployment_check_knows_the_prefix(name: str) -> None:
    safe: dict[str, Any] = {
        "PORTAL_PUBLIC_ORIGIN": "https://portal-of-tests.org", "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True, "SESSION_COOKIE_NAME": "__Host-session", "CSRF_COOKIE_NAME": "__Host-csrf",
    }  # fmt: skip
    with override_settings(**safe):
        assert list(deploy_checks.https()) == []
        with override_settings(**{name: "plain"}):
            (found,) = deploy_checks.https()
    assert found.id == "certportal.E006"
    assert "plain" in found.msg
