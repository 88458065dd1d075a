"""Every case of the access table: every address, by everybody, by the browser and by key, by every method."""

from __future__ import annotations

import pytest

from tests.access.cases import cases, is_api
from tests.access.conftest import own_places, scene, undone  # noqa: F401 - fixtures
from tests.access.matrix import departures
from tests.access.people import everybody
from tests.access.scene import Scene
from tests.access.table import TABLE

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("method", METHODS)
def test_every_case_is_answered_as_the_table_says(scene: Scene, undone: None, method: str) -> None:  # noqa: F811
    people = everybody(scene)
    # the library's account pages and Django's own answer other methods in ways of their own
    ours = [row for row in TABLE if method in {"GET", "POST"} or ":" in row.name]
    asked = cases(ours, people, [method])
    by_browser = sum(1 for person in people if not person.key)
    routes = sum(1 for row in ours if is_api(row))
    assert len(asked) == (len(ours) - routes) * by_browser + routes * len(people)
    found = departures(asked, scene)
    assert not found, "\n".join(found)
