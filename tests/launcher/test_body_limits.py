"""The proxy lets through what the portal takes in, and nothing much larger: both say the same numbers."""

from __future__ import annotations

import re

from django.conf import settings
from django.urls import reverse

from certportal.launcher.places import PROJECT
from organizations.domain.directory import uploads
from organizations.views.directory import DirectoryUpload

CADDYFILE = (PROJECT / "deploy" / "Caddyfile").read_text(encoding="utf-8")
UNITS = {"MiB": 2**20, "MB": 10**6, "GiB": 2**30, "GB": 10**9}
#: What a form puts round its files: names, limits between parts, the other fields (DATA_UPLOAD_MAX_MEMORY_SIZE of them).
ROUND = 2 * 2**20


def _limits() -> dict[str, int]:
    """The bodies that the Caddyfile lets through, in bytes by the name of the matcher."""
    found = re.findall(r"request_body @(\w+) \{\s*max_size (\d+)(\w+)\s*\}", CADDYFILE)
    assert CADDYFILE.count("max_size") == len(found)
    return {name: int(number) * UNITS[unit] for name, number, unit in found}


def _matchers() -> dict[str, str]:
    return dict(re.findall(r"^\s*@(\w+) (.+)$", CADDYFILE, re.MULTILINE))


def test_caddy_and_settings_have_the_same_numbers() -> None:
    assert _limits() == {"directory": settings.DIRECTORY_BODY_MAX_BYTES, "others": settings.BODY_MAX_BYTES}


def test_the_larger_limit_is_for_the_directory_page_alone() -> None:
    page = reverse("organizations:directory_imports")
    assert _matchers() == {"directory": f"path {page}", "others": f"not path {page}"}


def test_what_a_form_takes_fits_through_the_proxy() -> None:
    assert uploads.MAX_BYTES == DirectoryUpload.most == settings.DIRECTORY_MAX_BYTES
    assert settings.DIRECTORY_BODY_MAX_BYTES >= settings.DIRECTORY_MAX_BYTES + ROUND
    assert settings.BODY_MAX_BYTES >= settings.UPLOAD_MAX_REQUEST_BYTES + ROUND
    # and not so much more that the limit says nothing
    assert settings.BODY_MAX_BYTES <= settings.UPLOAD_MAX_REQUEST_BYTES + 4 * ROUND
