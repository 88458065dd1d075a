"""Every address is refused unless the registry says who may open it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, path

from certportal.urls import urlpatterns as portal_urls
from core.identity import Identity, Kind
from organizations.access import Anyone, audience_of, may_open, register, registered_names
from organizations.roles import Role
from tests.support.world import World


def _names(resolver: URLResolver, spaces: tuple[str, ...] = ()) -> Iterator[str]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            inner = (*spaces, entry.namespace) if entry.namespace else spaces
            yield from _names(entry, inner)
        elif isinstance(entry, URLPattern):
            yield ":".join((*spaces, entry.name or f"unnamed {entry.pattern}"))


def test_every_address_has_an_entry_in_the_registry() -> None:
    assert set(_names(get_resolver())) - registered_names() == set()


def test_every_entry_of_the_registry_has_an_address() -> None:
    assert registered_names() - set(_names(get_resolver())) == set()


def test_entries_name_known_roles_only() -> None:
    known = {role.value for role in Role} | {who.value for who in Anyone}
    for name in registered_names():
        audience = audience_of(name)
        assert audience, name
        assert {str(role) for role in audience} <= known, name


def test_an_entry_cannot_be_given_other_roles_by_another_app() -> None:
    with pytest.raises(ValueError, match="twice"):
        register({"organizations:people": {Role.MANAGER}})


def test_no_entry_means_no_even_for_the_platform_operator() -> None:
    everybody = frozenset(role.value for role in Role)
    assert not may_open(Identity(kind=Kind.PLATFORM), None)
    assert not may_open(Identity(kind=Kind.STAFF, roles=everybody), audience_of("nobody:said"))


def _secret_page(request: object) -> HttpResponse:
    return HttpResponse("secret")


urlpatterns = [path("forgotten/", _secret_page, name="forgotten"), path("unnamed/", _secret_page), *portal_urls]


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/forgotten/", "/unnamed/"])
def test_a_view_that_somebody_forgot_to_register_is_refused(world: World, settings: object, address: str) -> None:
    settings.ROOT_URLCONF = __name__  # type: ignore[attr-defined]
    assert Client().get(address).status_code == 302
    for role in ("manager", "signatory", "importer"):
        answer = world.browser(role).get(address)
        assert answer.status_code == 403
        assert "secret" not in answer.content.decode()
