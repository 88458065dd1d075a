"""The OpenAPI document is made without a warning and names the way to sign in."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
import yaml
from django.core.management import call_command

from tests.support.world import World


@pytest.fixture(scope="module")
def schema() -> dict:
    out = io.StringIO()
    call_command("spectacular", "--fail-on-warn", "--validate", stdout=out)
    return yaml.safe_load(out.getvalue())


def test_every_route_of_the_main_job_is_described(schema: dict):
    paths = set(schema["paths"])
    for path in (
        "/api/v1/requests/", "/api/v1/requests/{id}/submit/", "/api/v1/certificates/", "/api/v1/pvf-lines/",
        "/api/v1/reconciliation/latest/",
    ):  # fmt: skip
        assert path in paths or path.replace("{id}", "{pk}") in paths, sorted(paths)
    assert schema["components"]["securitySchemes"]["token"] == {"type": "http", "scheme": "bearer"}
    for paged in ("/api/v1/pvfs/", "/api/v1/pvf-lines/", "/api/v1/requests/"):
        answer = schema["paths"][paged]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        assert "/Paginated" in answer["$ref"]


@pytest.mark.django_db
def test_the_document_and_its_page_open_for_people_who_are_signed_in(world: World, client):
    browser = world.browser("signatory")
    assert browser.get("/api/v1/schema/").status_code == 200
    assert browser.get("/api/v1/docs/").status_code == 200
    assert client.get("/api/v1/schema/").status_code in {302, 401}


def _decimals(schema: dict, node: object, path: str) -> Iterator[tuple[str, dict]]:
    """Every decimal number that a request's body may hold."""
    if not isinstance(node, dict):
        return
    if node.get("format") == "decimal":
        yield path, node
    if "$ref" in node:
        name = node["$ref"].rsplit("/", 1)[1]
        yield from _decimals(schema, schema["components"]["schemas"][name], f"{path}>{name}")
    for name, part in node.get("properties", {}).items():
        yield from _decimals(schema, part, f"{path}.{name}")
    for part in (node.get("items"), *node.get("allOf", []), *node.get("oneOf", [])):
        yield from _decimals(schema, part, path)


def test_no_number_that_the_api_takes_may_pass_through_a_float(schema: dict):
    taken = [
        found
        for path, acts in schema["paths"].items()
        for verb, act in acts.items()
        for body in act.get("requestBody", {}).get("content", {}).values()
        for found in _decimals(schema, body["schema"], f"{verb} {path}")
    ]
    assert len(taken) > 10
    # ExactDecimal, the one class that refuses a JSON fraction, is the one that says how to write a number
    assert [path for path, node in taken if "example" not in node] == []
