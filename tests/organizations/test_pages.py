"""Every page of organizations opens for those it is for, and for nobody else."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tests.support.world import World, make_world

pytestmark = pytest.mark.django_db
EVERYBODY = ("reviewer", "approver", "manager", "auditor", "preparer", "signatory", "viewer", "importer", "broker")
STAFF = EVERYBODY[:4]
PAGES = {
    "people": EVERYBODY,
    "tokens": EVERYBODY,
    "claim": EVERYBODY,
    "delegations": EVERYBODY[4:],
    "clients": STAFF,
    "directory": STAFF,
    "settings": STAFF,
    "letterhead": STAFF,
    "importer_confirm": ("manager",),
    "platform": (),
    "support": (),
    "support_log": ("manager", "auditor"),
}


@pytest.mark.parametrize("page", PAGES)
def test_each_page_opens_for_its_roles_only(world: World, page: str) -> None:
    for role in EVERYBODY:
        answer = world.browser(role).get(reverse(f"organizations:{page}"))
        assert answer.status_code == (200 if role in PAGES[page] else 403), role


def test_signed_out_people_are_led_to_sign_in(client: object, world: World) -> None:
    answer = client.get(reverse("organizations:people"))  # type: ignore[attr-defined]
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))


def test_another_certifiers_manager_finds_neither_people_nor_clients(world: World) -> None:
    other = make_world(2).browser("manager")
    for url in (
        reverse("organizations:client", args=[world.client.pk]),
        reverse("organizations:member", args=[world.members["preparer"].pk]),
        reverse("organizations:member", args=[world.members["reviewer"].pk]),
    ):
        assert other.get(url).status_code == 404
    assert other.post(reverse("organizations:member_end", args=[world.members["reviewer"].pk])).status_code == 404
    assert other.post(reverse("organizations:client", args=[world.client.pk]), {"act": "invite"}).status_code == 404


def test_a_client_and_its_people_are_shown_to_the_certifier(world: World) -> None:
    page = world.browser("auditor").get(reverse("organizations:client", args=[world.client.pk]))
    assert page.status_code == 200
    assert "preparer-1@exporter.example" in page.content.decode()
    assert "Send the invitation" not in page.content.decode()
