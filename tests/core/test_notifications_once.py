"""People are told once, in their language, over a real mail server, however often the loop runs or dies."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import socket
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.db import connection, connections

from core import clock
from core.identity import Identity, act_as
from core.models import Audience, Delivery, Notification
from core.notify import notify
from core.tasks import MAX_ATTEMPTS, send_notifications, sweep_notifications
from organizations.roles import Role
from tests.support.world import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)


class Post:
    """A mail server that keeps what it gets and answers as told."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.answers: list[str] = []
        self.arrived = threading.Event()
        self.gate: threading.Event | None = None

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Take a mail, or refuse it with the next answer."""
        self.arrived.set()
        if self.answers:
            return self.answers.pop(0)
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))  # type: ignore[arg-type]
        return "250 taken"

    def addresses(self) -> list[str]:
        """Who got mail, sorted."""
        return sorted(str(mail["To"]) for mail in self.mails)


@pytest.fixture
def post(settings: Any) -> Iterator[Post]:
    handler = Post()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST = "127.0.0.1"
        settings.EMAIL_PORT = port
        settings.EMAIL_USE_TLS, settings.EMAIL_HOST_USER = False, ""
        yield handler
    finally:
        controller.stop()


def _tell_staff(world: World, *roles: str) -> Notification:
    with act_as(world.who("signatory")):
        return notify(
            "request.submitted", Audience.CERTIFIER, world.certifier.pk, certifier_id=world.certifier.pk,
            object_type="request", object_id=None, roles=roles, context={"reference": "R-1", "net_kg": "1000.000"},
        )  # fmt: skip


def _states(world: World) -> set[str]:
    with act_as(world.loop()):
        return set(Delivery.objects.values_list("state", flat=True))


def test_only_people_with_the_role_are_told_and_running_twice_tells_nobody_twice(post: Post) -> None:
    world = make_world()
    make_world(2)
    row = _tell_staff(world, Role.REVIEWER, Role.APPROVER)
    assert send_notifications(str(world.certifier.pk), str(row.pk)) == 2
    assert send_notifications(str(world.certifier.pk), str(row.pk)) == 0
    assert sweep_notifications() == 0
    assert post.addresses() == ["approver-1@certifier.example", "reviewer-1@certifier.example"]
    with act_as(world.loop()):
        assert Notification.objects.get(pk=row.pk).state == Notification.State.SENT


def test_the_sweep_finds_what_nobody_was_woken_for_in_every_certifier(post: Post) -> None:
    one, two = make_world(1), make_world(2)
    _tell_staff(one, Role.MANAGER)
    _tell_staff(two, Role.MANAGER)
    assert sweep_notifications() == 2
    assert post.addresses() == ["manager-1@certifier.example", "manager-2@certifier.example"]


def test_workers_at_the_same_time_tell_everybody_once(post: Post) -> None:
    world = make_world()
    row = _tell_staff(world)
    start, errors = threading.Barrier(6), []

    def work() -> None:
        try:
            start.wait(10)
            send_notifications(str(world.certifier.pk), str(row.pk))
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    sweep_notifications()
    assert post.addresses() == sorted(
        f"{role}-1@certifier.example" for role in ("approver", "auditor", "manager", "reviewer")
    )
    assert _states(world) == {"sent"}


def test_a_mail_server_that_says_later_is_asked_again_and_one_that_is_away_too(post: Post, settings: Any) -> None:
    world = make_world()
    row = _tell_staff(world, Role.MANAGER)
    post.answers = ["451 later"]
    assert send_notifications(str(world.certifier.pk), str(row.pk)) == 0
    assert _states(world) == {"waiting"}
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    _due_now(world)
    assert sweep_notifications() == 0
    settings.EMAIL_PORT = port
    assert sweep_notifications() == 0, "it waits before it tries again"
    _due_now(world)
    assert sweep_notifications() == 1
    assert len(post.mails) == 1


def _due_now(world: World) -> None:
    with act_as(world.loop()):
        Notification.objects.update(next_attempt_at=clock.now() - dt.timedelta(seconds=1))


def test_it_gives_up_after_its_attempts(post: Post, settings: Any) -> None:
    world = make_world()
    _tell_staff(world, Role.MANAGER)
    settings.EMAIL_PORT = 1
    for _ in range(MAX_ATTEMPTS + 1):
        _due_now(world)
        sweep_notifications()
    with act_as(world.loop()):
        row = Notification.objects.get()
    assert (row.state, _states(world)) == (Notification.State.FAILED, {"failed"})


def test_a_worker_that_died_in_the_middle_of_sending_never_leads_to_a_second_mail(post: Post) -> None:
    world = make_world()
    row = _tell_staff(world, Role.MANAGER)
    send_notifications(str(world.certifier.pk), str(row.pk))
    with act_as(world.loop()):
        # as a worker leaves it that was killed between the mail server's answer and writing it down
        Delivery.objects.update(state=Delivery.State.SENDING, lease_until=clock.now() - dt.timedelta(seconds=1))
        Notification.objects.update(state=Notification.State.WAITING)
    assert sweep_notifications() == 0
    assert (len(post.mails), _states(world)) == (1, {"unknown"})


def test_a_mail_in_another_workers_hands_is_left_alone(post: Post) -> None:
    world = make_world()
    row = _tell_staff(world, Role.MANAGER)
    send_notifications(str(world.certifier.pk), str(row.pk))
    with act_as(world.loop()):
        Delivery.objects.update(state=Delivery.State.SENDING, lease_until=clock.now() + dt.timedelta(seconds=60))
        Notification.objects.update(state=Notification.State.WAITING)
    sweep_notifications()
    assert (len(post.mails), _states(world)) == (1, {"sending"})


def test_no_mail_is_sent_inside_a_transaction(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world()
    _tell_staff(world, Role.MANAGER)
    inside = []
    opened = __import__("django.core.mail.backends.smtp", fromlist=["EmailBackend"]).EmailBackend.open

    def watched(self: Any) -> Any:
        inside.append(connection.in_atomic_block)
        return opened(self)

    monkeypatch.setattr("django.core.mail.backends.smtp.EmailBackend.open", watched)
    assert sweep_notifications() == 1
    assert set(inside) == {False}


def test_a_rolled_back_act_tells_nobody(post: Post) -> None:
    world = make_world()

    def act_that_fails() -> None:
        with act_as(world.who("signatory")):
            notify(
                "x.y", Audience.CERTIFIER, world.certifier.pk, certifier_id=world.certifier.pk, object_type="request",
                object_id=None,
            )  # fmt: skip
            raise RuntimeError("roll back")

    with pytest.raises(RuntimeError, match="roll back"):
        act_that_fails()
    assert sweep_notifications() == 0
    assert post.mails == []


def test_each_reads_their_own_language_and_nothing_is_escaped_for_html(post: Post) -> None:
    world = make_world()
    user = world.members["manager"].user
    user.language = "es"
    user.save(update_fields=["language"])
    with act_as(world.who("manager")):
        notify(
            "no.text.of.its.own", Audience.CERTIFIER, world.certifier.pk, certifier_id=world.certifier.pk,
            object_type="thing", object_id=None, roles=[Role.MANAGER, Role.AUDITOR], context={"reference": "O'Brien & Co"},
        )  # fmt: skip
    assert sweep_notifications() == 2
    subjects = {str(mail["Subject"]) for mail in post.mails}
    assert all("O'Brien & Co" in subject for subject in subjects)
    assert {str(mail["Auto-Submitted"]) for mail in post.mails} == {"auto-generated"}


def test_notifications_of_one_certifier_are_not_seen_by_another_ones_loop(post: Post) -> None:
    one, two = make_world(1), make_world(2)
    _tell_staff(one)
    for stranger in (two.loop(), one.who("manager"), Identity.loop()):
        with act_as(stranger):
            assert Notification.objects.count() == 0
