"""Made-up calls from the portal's own OpenAPI document, as three people: no 5xx, and answers as the document has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import response_schema_conformance

from certportal.launcher.smoke import Failed, Person, people, rows
from tests.support.portal import RunningPortal

pytestmark = pytest.mark.timeout(900)

EXAMPLES = 15
ROLES = ("exporter signatory", "reviewer", "importer")
SETTINGS = settings(
    max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, print_blob=False,
    phases=(Phase.explicit, Phase.generate), suppress_health_check=list(HealthCheck),
)  # fmt: skip
#: Where rows are listed whose ids the calls about one row are tried with.
LISTS = {"requests": "requests/", "certificates": "certificates/", "pvf-lines": "pvf-lines/", "review": "review/queue/"}


@pytest.fixture(scope="module")
def portal() -> Iterator[RunningPortal]:
    with RunningPortal() as running:
        yield running


@pytest.fixture(scope="module")
def cast(portal: RunningPortal) -> dict[str, Person]:
    return people(portal.url, portal.home / "data" / "demo_accounts.json")


def known_ids(person: Person) -> dict[str, list[str]]:
    """Ids that this person sees, by the first word of the address; a list that is closed to them has none."""
    found: dict[str, list[str]] = {}
    for word, path in LISTS.items():
        try:
            found[word] = [str(row["id"]) for row in rows(person.get(path))][:20]
        except Failed:
            found[word] = []
    return found


def calls(operation: Any, ids: list[str]) -> st.SearchStrategy[Any]:
    """Fitting and unfitting calls, mostly about rows that exist."""
    fitting = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    shapes = [fitting]
    if operation.body or operation.query or operation.path_parameters:
        shapes.append(operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))

    def about(drawn: tuple[Any, str | None]) -> Any:
        case, known = drawn
        if known is not None and "id" in (case.path_parameters or {}):
            case.path_parameters["id"] = known
        return case

    return st.tuples(st.one_of(shapes), st.sampled_from([*ids, *ids, None]) if ids else st.none()).map(about)


@pytest.mark.parametrize("role", ROLES)
def test_no_call_breaks_the_portal(portal: RunningPortal, cast: dict[str, Person], role: str) -> None:
    person = cast[role]
    document = person.get("schema/", params={"format": "json"})
    ids = known_ids(person)
    failures: list[str] = []
    tried = 0
    for result in schemathesis.openapi.from_dict(document).get_all_operations():
        operation = result.ok()
        word = operation.path.removeprefix("/api/v1/").split("/")[0]

        @SETTINGS
        @given(case=calls(operation, ids.get(word, [])))
        def ask(case: Any) -> None:
            nonlocal tried
            tried += 1
            with requests.Session() as session:
                session.trust_env = False
                # in the place of the key that the document's security scheme would have made up
                case.headers = {**(case.headers or {}), "Authorization": f"Bearer {person.token}"}
                case.call_and_validate(
                    base_url=portal.url, session=session,
                    checks=[not_a_server_error, response_schema_conformance], timeout=30,
                )  # fmt: skip

        try:
            ask()
        except (Exception, BaseExceptionGroup) as error:
            failures.append(f"{operation.method.upper()} {operation.path}\n{describe(error)}")
    assert not failures, "\n\n".join(failures) + "\n" + portal.log_tails()
    assert tried >= 50


def describe(error: BaseException) -> str:
    """A failure with those it holds."""
    parts = [f"{type(error).__name__}: {error}"]
    if isinstance(error, BaseExceptionGroup):
        parts += [describe(inner) for inner in error.exceptions]
    return "\n".join(parts)[:6000]
