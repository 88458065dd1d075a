"""Where calls to identity providers go: public addresses alone, the very one that was looked at, within limits."""

from __future__ import annotations

import io
import logging
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client as Browser

from certportal.logs import json_formatter
from organizations.sign_on import transport
from organizations.sign_on.transport import Unreachable, ask, is_public, is_usable
from tests.support.identity_provider import SECRET, running
from tests.support.sign_on import BACK, come, leave, set_up
from tests.support.world import World

OURS = [
    "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",  # noqa: S104
    "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fe80::1%eth0",
    "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1",
    "2002:7f00:1::", "2002:a00:1::", "2001:db8::1",
]  # fmt: skip


@pytest.mark.parametrize("address", OURS)
def test_an_address_of_our_own_network_is_not_public_in_any_spelling(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://login.example.org", "ftp://login.example.org", "https://", "https://a:b@login.example.org",
        "https://login.example.org/#x", "https://login.example.org/\r\nX: y", "https://login.example.org/ x",
        "https://login.example.org:port/", 'https://login.example.org/"onload', "javascript:alert(1)", "//x", "",
    ],
)  # fmt: skip
def test_an_address_that_may_not_be_called(url: str) -> None:
    assert not is_usable(url)
    with pytest.raises(Unreachable, match="may not be called"):
        ask(url)


def test_http_is_for_named_hosts_and_never_in_production(settings: Any) -> None:
    settings.SIGN_ON_PRIVATE_HOSTS = ["127.0.0.1"]
    assert is_usable("http://127.0.0.1:8000")
    settings.PRODUCTION = True
    assert not is_usable("http://127.0.0.1:8000")


class Names:
    """A name server that says something else at each question, and a note of where connections went."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: str) -> None:
        self.answers, self.asked = list(answers), 0
        self.went: list[str] = []
        monkeypatch.setattr(transport.socket, "getaddrinfo", self._find)
        names = self

        class Line(socket.socket):
            def connect(self, address: Any) -> None:
                names.went.append(address[0])
                raise ConnectionRefusedError

        monkeypatch.setattr(transport.socket, "socket", Line)

    def _find(self, _host: str, port: int, **_: Any) -> list[Any]:
        address = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "10.0.0.1"])
def test_a_name_that_leads_into_our_network_is_not_followed(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    names = Names(monkeypatch, address)
    with pytest.raises(Unreachable):
        ask("https://login.example.org/")
    assert names.asked > 0
    assert names.went == []


def test_the_address_that_was_looked_at_is_the_one_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that leads to the internet when it is looked at and into our network when it is called."""
    names = Names(monkeypatch, "8.8.8.8", "127.0.0.1")
    with pytest.raises(Unreachable):
        ask("https://login.example.org/")
    assert (names.asked, names.went) == (1, ["8.8.8.8"])


def test_numbers_in_the_address_are_looked_at_too(settings: Any) -> None:
    settings.SIGN_ON_PRIVATE_HOSTS = []
    with running() as provider:
        for host in ("127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]"):
            with pytest.raises(Unreachable):
                ask(f"https://{host}:{provider.issuer.rpartition(':')[2]}/.well-known/openid-configuration")
    assert provider.calls == []


@pytest.mark.django_db
def test_no_call_inside_a_transaction() -> None:
    with transaction.atomic(), pytest.raises(RuntimeError):
        ask("https://login.example.org/")


# --- nothing secret in the log


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What the portal and its libraries log, at every level."""
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


@pytest.mark.django_db(transaction=True)
def test_neither_secret_nor_code_nor_token_reaches_a_log(world: World, lines: io.StringIO, settings: Any) -> None:
    settings.SIGN_ON_PRIVATE_HOSTS = ["127.0.0.1"]
    with running() as idp:
        set_up(world, idp)
        idp.person |= {"email": world.members["reviewer"].user.email, "amr": ["mfa"]}
        assert come(Browser(), idp).status_code == 302
        idp.instead["/token"] = (500, SECRET.encode(), 0)
        assert come(Browser(), idp).status_code == 503
        browser = Browser()
        query = idp.authorize(leave(browser))
        browser.get(f"{BACK}?{query}")
    text = lines.getvalue()
    assert "sign_on_provider_down" in text
    assert text.count("request_finished") >= 5
    assert SECRET not in text
    for opening in ("code-0", "code-1", "code-2", "eyJ"):
        assert opening not in text, opening
