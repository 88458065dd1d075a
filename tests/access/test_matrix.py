"""Every address by everybody: what opens, what is refused, what is not there. The table is ``tests/access/table.py``.

Daily: every case of a person at the browser whose role opens the address, and a sample of the others. The long suite
asks all of them (``tests/long/test_access_matrix.py``).
"""

from __future__ import annotations

import pytest

from tests.access.cases import cases, is_api, urlconf
from tests.access.matrix import departures, sampled
from tests.access.people import everybody
from tests.access.places import FINDS, places
from tests.access.scene import Scene
from tests.access.table import TABLE, WORDS

pytestmark = pytest.mark.timeout(400)


def test_every_address_has_one_row_in_the_table_and_every_row_an_address() -> None:
    names = [row.name for row in TABLE]
    assert set(urlconf()) - set(names) == set(), "write a row in tests/access/table.py"
    assert set(names) - set(urlconf()) == set()
    assert len(names) == len(set(names))


def test_the_table_uses_no_word_that_it_does_not_explain(scene: Scene) -> None:
    roles = set(WORDS["anyone"].split())
    kinds = set(places(scene))
    for row in TABLE:
        assert row.roles <= roles, row
        assert row.of in kinds, row
        assert row.get or row.post or row.put, row
        assert {key.split()[1] for key in row.but} <= row.roles, row
    assert set(FINDS) <= kinds


def test_the_number_of_cases_is_that_of_rows_by_people(scene: Scene, undone: None) -> None:
    people = everybody(scene)
    by_browser = [person for person in people if not person.key]
    api = [row for row in TABLE if is_api(row)]
    made = cases(TABLE, people, ["GET"])
    assert len(made) == (len(TABLE) - len(api)) * len(by_browser) + len(api) * len(people)
    assert (len(by_browser), len(people)) == (31, 59)
    assert len({str(case) for case in made}) == len(made)


@pytest.mark.parametrize(("method", "least"), [("GET", 1500)])
def test_every_answer_is_that_of_the_table(scene: Scene, undone: None, method: str, least: int) -> None:
    asked = sampled(cases(TABLE, everybody(scene), [method]), 12)
    assert len(asked) > least
    found = departures(asked, scene)
    assert not found, "\n".join(found)
