"""Asking every case of a list and saying which answers are not those of the table."""

from __future__ import annotations

import collections
import zlib
from collections.abc import Iterable, Iterator

from django.urls import reverse

from tests.access import acts
from tests.access.bodies import body_of
from tests.access.cases import Answer, Case, address, ask
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
    """Each case whose answer is not the table's, or that told, wrote or left undone what it may not."""
    cases = list(cases)
    browsers = {case.person.name: case.person for case in cases}
    knocking = {name: person.browser() for name, person in browsers.items()}
    secret = {word.encode() for word in scene.own.words()}
    addresses = {case.row.name: address(case.row, scene) for case in cases}
    found: dict[str, list[str]] = collections.defaultdict(list)
    for case in cases:
        url = addresses[case.row.name]
        answer = ask(knocking[case.person.name], case.method, url, body_of(case, scene))
        for what in _wrong(case, url, answer, secret):
            found[f"{case.method} {case.row.name}: {what}"].append(f"{case.person.name} ({case.person.relation})")
    return [f"{what} {', '.join(people)}" for what, people in found.items()]


def _wrong(case: Case, url: str, answer: Answer, secret: set[bytes]) -> Iterator[str]:
    """What is wrong with one answer, in words that end in "to" or "by"."""
    to_sign_in = case.person.role == "nobody" and case.expected == 302 and "nobody" not in case.row.roles
    if answer.status != case.expected:
        yield f"{answer.status} instead of {case.expected} to"
    if case.person.relation in STRANGERS and case.row.name not in BY_SECRET:
        told = sorted(word.decode() for word in secret if word in answer.content and word not in url.encode())
        if told:
            yield f"tells {told} to"
    if case.expected in {401, 403, 404, 405} or to_sign_in:
        written = unduly_written(case, answer)
        if written:
            yield f"refused, writes to {written} by"
    elif case.expected == getattr(case.row, case.method.lower()) and not done(case, answer):
        yield f"answers {answer.status} and has not written to {acts.WRITES[act_of(case)]} for"
    if to_sign_in:
        to = answer.response.headers.get("Location", "")
        if not to.startswith(f"{reverse('account_login')}?next=/"):
            yield f"leads to {to}"


def act_of(case: Case) -> str:
    """The act of a case, as :mod:`tests.access.acts` names it."""
    return f"{case.method} {case.row.name}"


def done(case: Case, answer: Answer) -> bool:
    """Whether the act was done, as far as the case is one that does something."""
    table = acts.WRITES.get(act_of(case))
    return table is None or (act_of(case), case.person.relation) in acts.IDLE or table in answer.changed


def unduly_written(case: Case, answer: Answer) -> list[str]:
    """Tables that a refused person wrote to, whoever it is: more than the knock itself leaves behind."""
    knock = {"organizations_apitoken"} if case.person.key else {"django_session"}
    if answer.changed.get("core_auditrow", 0) <= 1:  # that it was refused
        knock.add("core_auditrow")
    return sorted(set(answer.changed) - knock - acts.WRITTEN_WHERE_REFUSED.get(act_of(case), frozenset()))
