"""The demo can be seeded again: what is there stays, and everybody in it can still sign in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client as Browser

from certportal.demo import cast
from core.identity import Identity, act_as
from organizations.models import Certifier, Membership
from pvf.models import PVF
from requests_app.models import Request

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def accounts(settings: object, tmp_path: Path) -> Path:
    """Where the demo writes its sign-ins; the demo certifiers have keys of the store."""
    settings.OID_STORE_API_KEYS = [f"key-{role.code}:{role.code}" for role in cast.CERTIFIERS]  # type: ignore[attr-defined]
    settings.OID_STORE_URL = "http://127.0.0.1:9"  # type: ignore[attr-defined]
    settings.PORTAL_DATA_DIR = tmp_path  # type: ignore[attr-defined]
    return tmp_path / "demo_accounts.json"


def _counts() -> list[tuple[int, int, int]]:
    """Memberships, PVFs and requests of each certifier of the demo."""
    found = []
    for certifier in Certifier.objects.order_by("code"):
        with act_as(Identity.loop(certifier.pk)):
            found.append((Membership.objects.count(), PVF.objects.count(), Request.objects.count()))
    return found


def test_seeded_twice_it_is_the_same_demo(accounts: Path) -> None:
    call_command("seed_demo", verbosity=0)
    first, written = _counts(), json.loads(accounts.read_text(encoding="utf-8"))["accounts"]
    call_command("seed_demo", verbosity=0)
    again = json.loads(accounts.read_text(encoding="utf-8"))["accounts"]
    assert _counts() == first
    assert len(first) == len(cast.CERTIFIERS)
    assert all(all(counts) for counts in first)
    assert len(written) == len(cast.PEOPLE) + 1
    without_keys = [[{**one, "token": ""} for one in each] for each in (written, again)]
    assert without_keys[0] == without_keys[1]
    reviewer = next(one for one in again if one["role"] == "reviewer")
    bearer = {"Authorization": f"Bearer {reviewer['token']}"}
    assert Browser().get("/api/v1/requests/", headers=bearer).status_code == 200
