"""Mails: where their links lead and for whom, and that they say nothing that stays inside the certifier."""

from __future__ import annotations

import collections
import itertools
import re
import uuid
from html import unescape

import pytest
from django.core import mail
from django.utils.html import strip_tags

from core import tasks
from core.models import Notification
from core.topics import path_of, render
from tests.access import staff_words
from tests.access.cases import ask
from tests.access.notices import BY_LOOP, BY_PAGE, IN_SCENE, TO_STAFF, TOPICS, of_staff, told
from tests.access.people import Person, everybody
from tests.access.scene import CONTACT, Scene

pytestmark = [pytest.mark.timeout(400), pytest.mark.usefixtures("undone")]

#: Audience -> people of another organisation who hold the same roles there, and one of none.
#: Days and weights as no person writes them.
FOR_MACHINES = re.compile(r"\b\d{4}-\d{2}-\d{2}\b|\b\d+\.000\b")
STRANGERS = {
    "certifier": ("other manager", "other approver", "other reviewer"),
    "client": ("rival signatory", "other signatory", "rival preparer"),
    "operation": ("elsewhere importer",),
    "user": ("alone",),
}


@pytest.fixture
def people(scene: Scene, undone: None) -> dict[str, Person]:
    """Everybody by name."""
    return {person.name: person for person in everybody(scene) if not person.key}


def addressees(row: Notification, people: dict[str, Person]) -> list[Person]:
    """Whom the loop would send it to, among the people of the scene."""
    members = [one for one in people.values() if one.membership is not None and not one.name.startswith("gone")]
    if row.audience == "user":
        named = [one for one in people.values() if one.user is not None and one.user.pk == row.audience_id]
        return named + [one for one in members if one.membership.user_id == row.audience_id]
    field = {"certifier": "certifier_id", "client": "client_id", "operation": "operation_id"}[row.audience]
    side = {"operation": "importer"}.get(row.audience, row.audience)
    return [
        one
        for one in members
        if one.membership is not None
        and one.membership.side == side
        and getattr(one.membership, field) == row.audience_id
        and (not row.audience_roles or set(row.audience_roles) & set(one.membership.roles))
    ]


def test_every_topic_is_told_here() -> None:
    assert IN_SCENE | set(BY_PAGE) | set(BY_LOOP) | set(TO_STAFF) == TOPICS


def test_the_link_of_a_notice_opens_for_those_whom_it_concerns_and_for_nobody_else(
    scene: Scene, people: dict[str, Person]
) -> None:
    browsers = {name: person.browser() for name, person in people.items()}
    opened: dict[str, int] = collections.Counter()
    refused: dict[str, int] = collections.Counter()
    wrong: list[str] = []

    def follow(row: Notification) -> None:
        path = path_of(row)
        if row.audience == "email" or path == "/":
            return
        readers = addressees(row, people)
        if not readers:
            wrong.append(f"{row.topic}: nobody is told ({row.audience})")
        for one in readers:
            answer = ask(browsers[one.name], "GET", path)
            opened[row.audience] += 1
            if answer.status != 200:
                wrong.append(f"{row.topic}: {path} answers {answer.status} to {one.name}, who is told")
        words = [word.encode() for word in scene.own.words() if word not in path]
        for name in STRANGERS[row.audience]:
            answer = ask(browsers[name], "GET", path)
            about_a_row = str(row.object_id) in path
            refused[row.audience] += about_a_row
            if about_a_row and answer.status != 404:
                wrong.append(f"{row.topic}: {path} answers {answer.status} to {name}")
            if any(word in answer.content for word in words):
                wrong.append(f"{row.topic}: {path} tells {name} of the row")
        if ask(browsers["signed out"], "GET", path).status != 302:
            wrong.append(f"{row.topic}: {path} does not lead to the sign-in page")

    for topic in sorted(TOPICS):
        if topic in TO_STAFF:
            follow(of_staff(scene, topic))
            continue
        with told(scene, topic, people, browsers) as rows:
            if not rows:
                wrong.append(f"{topic}: was not told")
            for row in rows:
                follow(row)
    assert not wrong, "\n".join(sorted(set(wrong)))
    for audience in STRANGERS:
        assert opened[audience] > 0, audience
        assert refused[audience] > 0, audience


def test_the_link_of_an_invitation_opens_signed_out_and_once(scene: Scene, people: dict[str, Person]) -> None:
    browsers = {name: people[name].browser() for name in ("signed out", "manager")}
    seen = 0
    for topic in ("people.invited", "certificate.invited"):
        with told(scene, topic, people, browsers) as rows:
            for row in rows:
                seen += 1
                path = path_of(row)
                assert ask(browsers["signed out"], "GET", path).status == 200, topic
                cut = f"{path[:-6]}{'A' * 5}/"
                assert ask(browsers["signed out"], "GET", cut).status == 404, topic
                assert row.email == CONTACT or scene.own.mark.lower() in row.email.lower() or "@" in row.email
    assert seen > 1


def test_every_field_of_the_certifiers_own_models_is_hidden_or_has_a_reason() -> None:
    assert set(staff_words.fields()) == staff_words.HIDDEN | set(staff_words.NOT_HIDDEN)
    assert not staff_words.HIDDEN & set(staff_words.NOT_HIDDEN)


#: How the certifier's inner workings are spoken of, in both languages; the certifier's own mails show that it is found.
INNER = re.compile(r"recommend|recomiend|recomend|internal|interno|DUP-2|staff", re.IGNORECASE)


def test_no_mail_to_anybody_outside_says_what_stays_inside_the_certifier(
    scene: Scene, people: dict[str, Person]
) -> None:
    hidden = staff_words.put(scene)
    browsers = {name: person.browser() for name, person in people.items()}
    mails: dict[str, int] = collections.Counter()
    inner_to_staff = 0
    wrong: list[str] = []
    for topic in sorted(TOPICS - set(TO_STAFF)):
        with told(scene, topic, people, browsers) as rows:
            for row, language in itertools.product(rows, ("en", "es")):
                letter = render(row, language, scene.own.world.certifier.name)
                text = f"{letter.subject}\n{letter.body}\n{letter.link}"
                inside = [word for word in hidden if word in text or word in str(row.context)]
                inside += INNER.findall(text)
                wrong += [
                    f"{topic} in {language}: {figure} as machines write it" for figure in FOR_MACHINES.findall(text)
                ]
                if row.audience == "certifier":
                    inner_to_staff += bool(inside)
                    continue
                mails[row.audience] += 1
                wrong += [f"{topic} to {row.audience} in {language}: {word}" for word in inside]
    assert not wrong, "\n".join(wrong)
    assert set(mails) == staff_words.OUTSIDE
    assert min(mails.values()) > 5, mails
    assert inner_to_staff


def test_a_mail_is_its_text_alone(scene: Scene, people: dict[str, Person]) -> None:
    """The HTML part says what the plain part says, and there is no other, in which more could stand than was looked at."""
    with told(scene, "certificate.voided", people, {"approver": people["approver"].browser()}) as rows:
        body = render(rows[0], "en", "").body
        letter = tasks._Letter(uuid.uuid4(), "somebody@exporter.example", "Subject", body, "en")
        assert tasks._post(letter)[0] == "sent"
    sent = mail.outbox[-1]
    ((html, kind),) = sent.alternatives  # type: ignore[attr-defined]
    assert kind == "text/html" and not sent.attachments
    assert sent.body == letter.body
    shown = unescape(strip_tags(html.replace("<", " <"))).split()
    assert set(shown) <= {*body.split(), "Subject", "CertPortal", "Open", "in"}
    assert [word for word in shown if word in body.split()] != []
