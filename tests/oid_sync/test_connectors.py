"""A third connector is a folder and its name in a setting: the portal finds it, offers it and works with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings as portal_settings
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from certificates.models import Certificate, CertificateState
from core.errors import InvalidInput
from core.identity import act_as
from oid_sync import tasks
from oid_sync.connectors import registry
from oid_sync.connectors.base import Connector, Does
from oid_sync.domain import links
from tests.oid_sync.toy_connector import kind as toy
from tests.support import stages
from tests.support.world import World, make_world

TOY = "tests.oid_sync.toy_connector"
ROOT = Path(portal_settings.BASE_DIR)


@pytest.fixture
def with_toy(settings: Settings) -> None:
    settings.OID_CONNECTORS = [*settings.OID_CONNECTORS, TOY]
    toy.REGISTER.__init__()  # type: ignore[misc]


@pytest.mark.django_db(transaction=True)
def test_a_third_connector_is_chosen_on_the_page_and_registers_certificates(
    transactional_db: None, with_toy: None
) -> None:
    world = make_world()
    browser = world.browser("manager")
    assert "A toy register" in browser.get("/oid/connection/?by=toy").content.decode()
    assert browser.post("/oid/connection/", {"connector": "toy", "switch_loud": "on"}).status_code == 302
    certificate = stages.approved(world)
    tasks.sweep_registration()
    with act_as(world.loop()):
        found = Certificate.objects.get()
    assert found.state == CertificateState.AWAITING_DOCUMENT
    assert found.number == toy.REGISTER.records[str(certificate.pk)]["number"]


def test_nothing_outside_the_folders_names_a_connector() -> None:
    """But for the setting's default, and the demo that connects to the store which is started with it."""
    names = ("connectors.http", "connectors.assisted", "HttpConnector", "AssistedConnector")
    floors = ("core", "organizations", "pvf", "requests_app", "certificates", "review", "oid_sync", "certportal")
    naming = {
        str(path.relative_to(ROOT))
        for floor in floors
        for path in (ROOT / floor).rglob("*.py")
        if any(name in path.read_text(encoding="utf-8") for name in names)
    }
    outside = {path for path in naming if not path.startswith("oid_sync/connectors/")}
    assert outside == {"certportal/settings.py"}


def test_each_kind_says_what_it_is_and_its_connector_keeps_the_contract(with_toy: None) -> None:
    contract = {name for name in vars(Connector) if not name.startswith("_") and name != "exchanges"}
    assert set(registry.kinds()) == {"http", "assisted", "toy"}
    for name, kind in registry.kinds().items():
        assert (kind.name, bool(kind.label), bool(kind.hint)) == (name, True, True)
        assert {Does.REGISTER, Does.FIND, Does.AMEND, Does.ACTUALS, Does.VOID} <= kind.does
        assert kind.faults, name
        made = kind.connect(toy.Link(toy.uuid.uuid4(), "http://oid.invalid", "key", 5, {}))
        assert contract <= set(dir(made)) and list(made.exchanges) == []


def test_two_connectors_of_one_name_are_refused(settings: Settings) -> None:
    settings.OID_CONNECTORS = [TOY, f"{TOY}.kind"]
    with pytest.raises(ImproperlyConfigured, match="toy"):
        registry.kinds()


@pytest.mark.django_db
def test_a_connector_that_is_gone_is_said_and_not_guessed(world: World, settings: Settings, with_toy: None) -> None:
    with act_as(world.who("manager")) as manager:
        links.connect(manager, connector="toy")
    settings.OID_CONNECTORS = [name for name in settings.OID_CONNECTORS if name != TOY]
    with act_as(world.loop()), pytest.raises(InvalidInput) as refused:
        links.connector_of(world.certifier.pk)
    assert refused.value.code == "NO-CONNECTOR"
    assert world.browser("manager").get("/oid/connection/").status_code == 200
    assert world.browser("manager").get("/oid/").status_code == 200
