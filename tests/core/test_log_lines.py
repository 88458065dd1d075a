"""No line of a log holds what opens something: real lines of real requests, as the server writes them."""

from __future__ import annotations

import io
import logging
import logging.config
from collections.abc import Iterator

import pytest
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings as django_settings
from django.contrib.auth.tokens import default_token_generator
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from django.urls import reverse

from certportal.logs import LEFT_OUT, WithoutSecrets, json_formatter, without_secrets
from tests.support.certificates import released
from tests.support.world import World


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What the portal logs, written by the very formatter that LOGGING names, at every level."""
    assert django_settings.LOGGING["formatters"]["json"]["()"] == "certportal.logs.json_formatter"
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(json_formatter())
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield out
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.mark.django_db
def test_the_code_of_a_check_reaches_no_log(world: World, lines: io.StringIO) -> None:
    certificate = released(world)
    lines.truncate(0)
    asked = {"number": certificate.number, "code": certificate.check_code}
    page, api = reverse("certificates:check"), reverse("api:certificate-check")
    browser = Browser()
    assert browser.get(page, asked).status_code == 200
    assert browser.post(page, {**asked, "file": SimpleUploadedFile("c.pdf", b"x")}).status_code == 200
    assert browser.get(api, asked).status_code == 200
    assert browser.post(api, asked, content_type="application/json").status_code == 200
    assert browser.post(page, {**asked, "number": certificate.check_code}).status_code == 422
    # from the check to another page of ours, and to one that sends to sign in and keeps the address
    assert browser.get(reverse("certificates:list"), asked).status_code == 302
    assert browser.get(reverse("account_login"), {"next": f"{page}?number=1&code={certificate.check_code}"})
    text = lines.getvalue()
    assert text.count("request_finished") >= 7
    assert f"code={LEFT_OUT}" in text
    assert certificate.check_code not in text


@pytest.mark.django_db
def test_tokens_in_paths_reach_no_log(world: World, lines: io.StringIO) -> None:
    user = world.members["viewer"].user
    key = default_token_generator.make_token(user)
    names = {"uidb36": user_pk_to_url_str(user), "key": key}
    browser = Browser()
    browser.get(reverse("account_reset_password_from_key", kwargs=names))
    browser.get(reverse("account_confirm_email", kwargs={"key": "MzI:secret-of-a-mail"}))
    browser.get(reverse("organizations:accept", kwargs={"token": "a-token-of-an-invitation"}))
    text = lines.getvalue()
    assert "request_finished" in text and LEFT_OUT in text
    for secret in (key, "secret-of-a-mail", "a-token-of-an-invitation"):
        assert secret not in text


@pytest.mark.parametrize(
    ("line", "clean"),
    [
        ("GET /c/?number=1&code=ABC%20DEF&x=1", "GET /c/?number=1&code=[left out]&x=1"),
        ("/l/?next=/c/%3Fnumber%3D1%26code%3DABC%26x%3D1", "/l/?next=/c/%3Fnumber%3D1%26code%3D[left out]%26x%3D1"),
        ("/l/?next=%2Forganization%2Finvitation%2Fabc%2F", "/l/?next=%2Forganization%2Finvitation%2F[left out]%2F"),
        ("GET /c/?Token=abc", "GET /c/?Token=[left out]"),
        ("code=404 request=/c/", "code=404 request=/c/"),
        ("/oid/?postcode=1", "/oid/?postcode=1"),
    ],
)
def test_what_opens_something_is_left_out_and_nothing_else(line: str, clean: str) -> None:
    assert without_secrets(line) == clean


def test_the_servers_own_lines_are_cleaned_too() -> None:
    record = logging.LogRecord(
        "gunicorn.error", logging.ERROR, "", 0, "Error handling request %s", ("/?code=ABC",), None
    )
    assert WithoutSecrets().filter(record)
    assert record.getMessage() == "Error handling request /?code=[left out]"
