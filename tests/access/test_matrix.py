"""Every address by everybody: what opens, what is refused, what is not there. The table is ``tests/access/table.py``.

Daily: every case of a person at the browser whose role opens the address, and a sample of the others. The long suite
asks all of them (``tests/long/test_access_matrix.py``).
"""

from __future__ import annotations

import io
import zipfile

import pytest
from openpyxl import Workbook

from tests.access.acts import NOTHING_DONE, WRITES, WRITTEN_WHERE_REFUSED
from tests.access.bodies import body_of
from tests.access.cases import Case, address, ask, cases, is_api, methods_of, unpacked, urlconf
from tests.access.matrix import departures, done, sampled, unduly_written
from tests.access.people import NARROW, OVER, everybody
from tests.access.places import FINDS, places
from tests.access.scene import Scene
from tests.access.table import TABLE, WORDS

pytestmark = pytest.mark.timeout(400)


def test_every_address_has_one_row_in_the_table_and_every_row_an_address() -> None:
    names = [row.name for row in TABLE]
    assert urlconf() - set(names) == set(), "write a row in tests/access/table.py"
    assert set(names) - urlconf() == set()
    assert len(names) == len(set(names))


#: Views of libraries, and Django's own, that answer every method alike; the rest says which it answers.
ANY_METHOD = {"set_language", "account_email_verification_sent"}


def test_the_table_names_every_method_that_a_view_answers() -> None:
    for row in TABLE:
        named = {name.upper() for name in ("get", "post", "put", "patch", "delete") if getattr(row, name) is not None}
        known = methods_of(row)
        if row.name in ANY_METHOD:
            assert known == set(), row.name
        elif row.name.startswith(("account_", "mfa_")):
            assert named - known <= {"POST"}, row.name  # the library's views refuse before they look at the method
        else:
            assert named == known, row.name


def test_the_table_uses_no_word_that_it_does_not_explain(scene: Scene) -> None:
    roles = set(WORDS["anyone"].split())
    kinds = set(places(scene))
    for row in TABLE:
        assert row.roles <= roles, row
        assert row.of in kinds, row
        assert {row.get, row.post, row.put, row.patch, row.delete} != {None}, row
        assert {key.split(maxsplit=1)[1] for key in row.but} <= row.roles | {OVER, NARROW}, row
    assert set(FINDS) <= kinds


def test_the_number_of_cases_is_that_of_rows_by_people(scene: Scene, undone: None) -> None:
    people = everybody(scene)
    by_browser = [person for person in people if not person.key]
    api = [row for row in TABLE if is_api(row)]
    made = cases(TABLE, people, ["GET"])
    assert len(made) == (len(TABLE) - len(api)) * len(by_browser) + len(api) * len(people)
    assert (len(by_browser), len(people)) == (32, 61)
    assert len({str(case) for case in made}) == len(made)


@pytest.mark.parametrize(("method", "least"), [("GET", 1200), ("POST", 800), ("PUT", 8), ("PATCH", 8), ("DELETE", 1)])
def test_every_answer_is_that_of_the_table(scene: Scene, undone: None, method: str, least: int) -> None:
    rows = TABLE if method in {"GET", "POST"} else [row for row in TABLE if getattr(row, method.lower()) is not None]
    asked = sampled(cases(rows, everybody(scene), [method]), 24)
    assert len(asked) > least
    found = departures(asked, scene)
    assert not found, "\n".join(found)


def test_what_is_said_in_a_workbook_or_a_zip_is_read() -> None:
    book, outer = io.BytesIO(), io.BytesIO()
    workbook = Workbook()
    workbook.active.append(["Quokka"])
    workbook.save(book)
    with zipfile.ZipFile(outer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside.xlsx", book.getvalue())
    assert b"Quokka" not in outer.getvalue()
    assert b"Quokka" in unpacked(outer.getvalue())


def test_every_act_says_what_it_writes_or_why_nothing() -> None:
    methods = ("post", "put", "patch", "delete")
    taken = {
        f"{method.upper()} {row.name}"
        for row in TABLE
        for method in methods
        if ":" in row.name and getattr(row, method) is not None
    }
    assert set(WRITES) | set(NOTHING_DONE) == taken
    assert not set(WRITES) & set(NOTHING_DONE)
    assert set(WRITTEN_WHERE_REFUSED) <= taken


def test_only_what_is_done_counts_as_allowed_and_a_refusal_writes_nothing(scene: Scene, undone: None) -> None:
    """The proof that the matrix can fail: a page that shows its form again, and a refusal that writes."""
    person = next(one for one in everybody(scene) if one.name == "manager")
    row = next(one for one in TABLE if one.name == "organizations:settings")
    case = Case(row, person, "POST", 302)
    empty = ask(person.browser(), "POST", address(row, scene))
    assert (empty.status, done(case, empty)) == (200, False)
    whole = ask(person.browser(), "POST", address(row, scene), body_of(case, scene))
    assert (whole.status, done(case, whole)) == (302, True)
    assert unduly_written(case, whole) == ["organizations_certifiersettings"]
