"""From the table to every case, and the asking."""

from __future__ import annotations

import copy
import dataclasses
import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client as Browser
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.urls import URLResolver, get_resolver, reverse

from core.identity import NOBODY, assume
from tests.access.people import Person
from tests.access.places import FINDS, places, query
from tests.access.scene import Holdings, Scene
from tests.access.table import Row

#: The person whose own rows these are; nobody else finds them, not even a colleague.
OWNER = {"own bundle": "signatory", "own bundle by pk": "signatory", "own key": "signatory"}


@dataclasses.dataclass(frozen=True)
class Case:
    """One person at one address by one method, and the answer that the table gives."""

    row: Row
    person: Person
    method: str
    expected: int

    def __str__(self) -> str:
        return f"{self.method} {self.row.name} by {self.person.name} ({self.person.relation})"


class Form(dict[str, Any]):
    """What a page's form sends, files among it: not JSON."""


def urlconf() -> set[str]:
    """The name of every address of the portal, API included."""
    return set(_views())


def methods_of(row: Row) -> set[str]:
    """The methods that the view behind an address answers, HEAD and OPTIONS apart."""
    view = resolve_name(row.name)
    kind = getattr(view, "cls", None) or getattr(view, "view_class", None)
    if kind is not None:
        return {name.upper() for name in ("get", "post", "put", "patch", "delete") if hasattr(kind, name)}
    while view is not None:
        for cell in view.__closure__ or ():
            names = cell.cell_contents
            if isinstance(names, list) and names and all(isinstance(one, str) and one.isupper() for one in names):
                return set(names) - {"HEAD", "OPTIONS"}
        view = getattr(view, "__wrapped__", None)
    return set()


def resolve_name(name: str) -> Any:
    """The view of an address, found by its name."""
    return _views()[name]


@cache
def _views() -> dict[str, Any]:
    def walk(resolver: URLResolver, spaces: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
        for entry in resolver.url_patterns:
            if isinstance(entry, URLResolver):
                yield from walk(entry, (*spaces, entry.namespace) if entry.namespace else spaces)
            else:
                yield ":".join((*spaces, entry.name or f"unnamed {entry.pattern}")), entry.callback

    return dict(walk(get_resolver(), ()))


def is_api(row: Row) -> bool:
    """Whether the address belongs to the API: only there a key takes the place of signing in."""
    return row.name.startswith("api:")


def finds(row: Row, person: Person) -> bool:
    """Whether the row behind the address is there for this person."""
    if row.of in OWNER:
        return person.membership is not None and person.name.removesuffix(" by key") == OWNER[row.of]
    return row.of not in FINDS or person.relation in FINDS[row.of]


def expected(row: Row, person: Person, method: str) -> int:
    """The answer by the rules at the head of the table."""
    if person.role not in row.roles:
        if person.role == "nobody":
            return 401 if is_api(row) else 302
        return 403
    allowed = {
        "GET": row.get,
        "HEAD": row.get,
        "POST": row.post,
        "PUT": row.put,
        "PATCH": row.patch,
        "DELETE": row.delete,
    }.get(method)
    if allowed is None:
        return 405
    if not finds(row, person):
        return 404
    method = "GET" if method == "HEAD" else method
    return row.but.get(f"{method} {person.relation}", row.but.get(f"{method} {person.role}", allowed))


def cases(table: Iterable[Row], people: Iterable[Person], methods: Iterable[str]) -> list[Case]:
    """Every row, for everybody who may knock there, by each method. Keys knock at the API alone."""
    everybody = list(people)
    return [
        Case(row, person, method, expected(row, person, method))
        for row in table
        for person in everybody
        if is_api(row) or not person.key
        for method in methods
    ]


def written() -> dict[str, int]:
    """Rows inserted, changed and deleted in this transaction so far, by table; attempts that were undone count too."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables"
            " WHERE n_tup_ins + n_tup_upd + n_tup_del > 0"
        )
        return dict(cursor.fetchall())


@dataclasses.dataclass
class Answer:
    """What came back, what it was written to, and the words in it."""

    status: int
    content: bytes
    changed: dict[str, int]
    response: HttpResponse


def ask(browser: Browser, method: str, url: str, body: Any = None, **more: Any) -> Answer:
    """Ask, note what was written, and undo it. ``body``: a :class:`Form`, or JSON; without it nothing is sent."""
    data, kind = sent(body)
    cookies = copy.deepcopy(browser.cookies)
    with transaction.atomic():
        before = written()
        response: Any = browser.generic(method, url, data, kind, **more)
        content = b"".join(response.streaming_content) if response.streaming else response.content
        after = written()
        transaction.set_rollback(True)
    assume(NOBODY)
    browser.cookies = cookies
    changed = {name: count - before.get(name, 0) for name, count in after.items() if count != before.get(name, 0)}
    return Answer(response.status_code, unpacked(content), changed, response)


def sent(body: Any) -> tuple[str | bytes, str]:
    """A body as it goes over the wire, and its content type."""
    if body is None:
        return "", "application/x-www-form-urlencoded"
    if isinstance(body, Form):
        return encode_multipart(BOUNDARY, body), MULTIPART_CONTENT
    return json.dumps(body), "application/json"


def unpacked(content: bytes) -> bytes:
    """What an answer says: of a workbook or a ZIP what is in it, at any depth."""
    if not content.startswith(b"PK\x03\x04"):
        return content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return b"\n".join(unpacked(archive.read(name)) for name in archive.namelist())


def address(row: Row, scene: Scene, of: Holdings | None = None) -> str:
    """The address of a row of the table, about what the own exporter (or ``of``) has."""
    return reverse(row.name, kwargs=places(scene, of)[row.of]) + query(scene, row.name)
