"""Asking every case of a list and saying which answers are not those of the table."""

from __future__ import annotations

import collections
import zlib
from collections.abc import Iterable

from django.urls import reverse

from tests.access.bodies import body_of
from tests.access.cases import KNOCKS, Case, address, ask
from tests.access.people import ALONE, ELSEWHERE, ENDED, NOBODY, OTHER_EXPORTER, OTHER_STAFF, OVER, RIVAL
from tests.access.scene import Scene

#: Who may read no word of the own exporter's rows.
STRANGERS = frozenset({RIVAL, OTHER_STAFF, OTHER_EXPORTER, ELSEWHERE, OVER, ENDED, NOBODY, ALONE})
#: Addresses that hold what makes them public: the code on the paper, the token in the mail.
BY_SECRET = frozenset({
    "certificates:check", "certificates:check-continuity", "api:certificate-check", "api:certificate-check-continuity",
    "organizations:accept",
})  # fmt: skip


def sampled(cases: Iterable[Case], one_in: int) -> list[Case]:
    """Every case in which the role may open the address and somebody comes by the browser, and one in so many others.

    Which others is a matter of their names, so that a failure comes again.
    """
    return [
        case
        for case in cases
        if (case.person.role in case.row.roles and case.row.of and not case.person.key)
        or zlib.crc32(str(case).encode()) % one_in == 0
    ]


def departures(cases: Iterable[Case], scene: Scene) -> list[str]:
    """Each case whose answer is not the table's, or that told or wrote what it may not."""
    cases = list(cases)
    browsers = {case.person.name: case.person for case in cases}
    knocking = {name: person.browser() for name, person in browsers.items()}
    secret = {word.encode() for word in scene.own.words()}
    addresses = {case.row.name: address(case.row, scene) for case in cases}
    found: dict[str, list[str]] = collections.defaultdict(list)
    for case in cases:
        url = addresses[case.row.name]
        answer = ask(knocking[case.person.name], case.method, url, body_of(case, scene))
        who = f"{case.person.name} ({case.person.relation})"
        at = f"{case.method} {case.row.name}"
        if answer.status != case.expected:
            found[f"{at}: {answer.status} instead of {case.expected} to"].append(who)
        if case.person.relation in STRANGERS and case.row.name not in BY_SECRET:
            told = sorted(word.decode() for word in secret if word in answer.content and word not in url.encode())
            if told:
                found[f"{at}: tells {told} to"].append(who)
        if case.expected in {302, 401, 403, 404, 405} and case.person.relation in STRANGERS:
            wrote = set(answer.changed) - KNOCKS
            if wrote and case.expected != 302:
                found[f"{at}: writes to {sorted(wrote)} by"].append(who)
        if case.person.role == "nobody" and case.expected == 302 and "nobody" not in case.row.roles:
            to = answer.response.headers.get("Location", "")
            if not to.startswith(f"{reverse('account_login')}?next=/"):
                found[f"{at}: leads to {to}"].append(who)
    return [f"{what} {', '.join(people)}" for what, people in found.items()]
