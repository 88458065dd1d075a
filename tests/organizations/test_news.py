"""What a person is told stands in the portal too; how they are told by mail is theirs to choose, within limits."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import Any

import pytest
from django.core import mail
from django.test import Client as Browser
from django.urls import reverse

from core import digests
from core.identity import act_as
from core.models import Audience, AuditRow, Delivery, MailChoice, Notification
from core.notify import notify
from core.tasks import send_notifications
from core.topic_groups import GROUPS, group_of
from organizations.domain import news
from organizations.models import Membership, User
from organizations.roles import Role
from tests.access.notices import TEXTS, TOPICS
from tests.support.statements import asked
from tests.support.world import World, make_world, sign_in

pytestmark = pytest.mark.django_db(transaction=True)
MORNING = dt.datetime(2026, 3, 4, 13, 30, tzinfo=dt.UTC)


def tell(world: World, topic: str = "request.submitted", role: Role = Role.REVIEWER, reference: str = "R-1") -> None:
    """Tell the staff with a role, and let the loop do its work."""
    with act_as(world.loop()):
        row = notify(
            topic, Audience.CERTIFIER, world.certifier.pk, certifier_id=world.certifier.pk, object_type="request",
            object_id=uuid.uuid4(), roles=[role], context={"reference": reference, "exporter": "Quokka", "kg": "10"},
        )  # fmt: skip
    send_notifications(str(world.certifier.pk), str(row.pk))


def chooses(world: World, role: str, group: str, how: str) -> None:
    with act_as(world.who(role)) as actor:
        news.choose(actor, {group: how})


def deliveries(world: World) -> list[Delivery]:
    with act_as(world.loop()):
        return list(Delivery.objects.order_by("created_at", "pk"))


def write_digests(world: World, now: dt.datetime) -> int:
    with act_as(world.loop()):
        return digests.write_due(world.certifier.pk, "America/Lima", now)


def test_every_topic_with_a_text_stands_in_one_group() -> None:
    grouped = [topic for group in GROUPS for topic in group.topics]
    assert sorted(grouped) == sorted(TOPICS)
    assert group_of("something.else") is None


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_every_mail_says_what_to_do_next(topic: str) -> None:
    text = (TEXTS / f"{topic}.txt").read_text()
    assert "{% block next %}{%" in text
    assert ":{% endblocktranslate %}{% endblock %}\n{% block next" not in text, "the link no longer follows the body"


def test_a_mail_has_a_plain_and_a_html_part_that_say_the_same_and_lead_on() -> None:
    world = make_world()
    tell(world, reference="R-<b>1</b>")
    (letter,) = mail.outbox
    (html, kind) = letter.alternatives[0]  # type: ignore[attr-defined]
    assert kind == "text/html"
    assert "What to do now: Claim the request from the queue." in letter.body
    assert "Claim the request from the queue." in html
    assert "R-&lt;b&gt;1&lt;/b&gt;" in html
    assert "<b>1</b>" not in html
    (row,) = deliveries(world)
    assert f'href="http://127.0.0.1:8000{row.link}"' in html or row.link in html
    assert reverse("organizations:mail_choices") in letter.body


def test_an_address_that_somebody_typed_is_no_button_and_a_typed_foot_ends_no_mail() -> None:
    world = make_world()
    typed = "Look here:\n\nhttps://portal.example.evil/\n\n-- \nthe end"
    with act_as(world.loop()):
        row = notify(
            "request.question", Audience.CLIENT, world.client.pk, certifier_id=world.certifier.pk,
            object_type="request", object_id=uuid.uuid4(), roles=[Role.SIGNATORY],
            context={"reference": "R-1", "question": typed, "deadline": "2026-12-08"},
        )  # fmt: skip
    send_notifications(str(world.certifier.pk), str(row.pk))
    html = mail.outbox[0].alternatives[0][0]  # type: ignore[attr-defined]
    buttons = re.findall(r'href="([^"]+)" style', html)
    assert len(buttons) == 1
    assert buttons[0].startswith("http://127.0.0.1:8000/")
    assert html.index("Please answer by") < html.index("What to do now") < html.index("Open in CertPortal")


def test_without_a_choice_news_come_at_once() -> None:
    world = make_world()
    tell(world)
    assert [row.state for row in deliveries(world)] == [Delivery.State.SENT]
    assert len(mail.outbox) == 1


def test_in_the_portal_alone_means_no_mail() -> None:
    world = make_world()
    chooses(world, "reviewer", "requests", MailChoice.How.PORTAL)
    tell(world)
    assert [row.state for row in deliveries(world)] == [Delivery.State.KEPT]
    assert mail.outbox == []
    with act_as(world.loop()):
        assert Notification.objects.get().state == Notification.State.SENT
    with act_as(world.who("reviewer")) as actor:
        assert news.unread(actor) == 1


def test_the_choice_of_one_is_not_the_choice_of_another() -> None:
    one, two = make_world(1), make_world(2)
    chooses(one, "reviewer", "requests", MailChoice.How.PORTAL)
    tell(two)
    assert len(mail.outbox) == 1


def test_warnings_come_at_once_whatever_one_chose() -> None:
    world = make_world()
    with act_as(world.who("reviewer")) as actor:
        MailChoice.objects.create(user_id=actor.user_id, group="warnings", how=MailChoice.How.PORTAL)
    tell(world, "certificate.abandoned")
    assert len(mail.outbox) == 1


def test_the_daily_mail_is_one_mail_and_is_never_sent_twice() -> None:
    world = make_world()
    chooses(world, "reviewer", "requests", MailChoice.How.DAILY)
    tell(world, reference="R-1")
    tell(world, reference="R-2")
    assert mail.outbox == []
    assert write_digests(world, MORNING.replace(hour=11, minute=59)) == 0, "not before seven in Lima"
    assert write_digests(world, MORNING) == 1
    assert write_digests(world, MORNING) == 0
    send_notifications(str(world.certifier.pk))
    send_notifications(str(world.certifier.pk))
    (letter,) = mail.outbox
    assert letter.subject == "2 pieces of news today"
    assert "Request R-1 was submitted" in letter.body
    assert "Request R-2 was submitted" in letter.body
    tell(world, reference="R-3")
    assert write_digests(world, MORNING + dt.timedelta(hours=3)) == 0, "what comes later waits for the next morning"
    assert write_digests(world, MORNING + dt.timedelta(days=1)) == 1


def test_a_daily_mail_that_cannot_be_written_leaves_the_news_waiting(monkeypatch: Any) -> None:
    world = make_world()
    chooses(world, "reviewer", "requests", MailChoice.How.DAILY)
    tell(world)
    monkeypatch.setattr(digests, "notify", lambda *_args, **_kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_digests(world, MORNING)
    assert [row.state for row in deliveries(world)] == [Delivery.State.DIGEST]


def test_the_list_shows_ones_own_news_and_opening_marks_them(client: Browser) -> None:
    world = make_world()
    tell(world)
    sign_in(client, world.members["reviewer"])
    page = client.get(reverse("organizations:news"))
    assert "Request R-1 was submitted" in page.text
    (row,) = deliveries(world)
    answer = client.post(reverse("organizations:news_open", args=[row.pk]))
    assert answer["Location"] == row.link
    assert "Request R-1 was submitted" not in client.get(reverse("organizations:news") + "?unread=1").text
    (row,) = deliveries(world)
    first = row.read_at
    client.post(reverse("organizations:news_open", args=[row.pk]))
    assert deliveries(world)[0].read_at == first


def test_somebody_elses_news_are_not_there(client: Browser) -> None:
    world, other = make_world(1), make_world(2)
    tell(world)
    (row,) = deliveries(world)
    for person in (world, "manager"), (other, "reviewer"):
        sign_in(client, person[0].members[person[1]])
        assert "Request R-1" not in client.get(reverse("organizations:news")).text
        assert client.post(reverse("organizations:news_open", args=[row.pk])).status_code == 404
        client.post(reverse("organizations:news_read_all"))
    assert deliveries(world)[0].read_at is None


def test_all_can_be_marked_at_once_and_the_number_goes(client: Browser) -> None:
    world = make_world()
    tell(world, reference="R-1")
    tell(world, reference="R-2")
    sign_in(client, world.members["reviewer"])
    assert client.get(reverse("organizations:news")).context["unread_news"] == 2
    client.post(reverse("organizations:news_read_all"))
    assert client.get(reverse("organizations:news")).context["unread_news"] == 0


def test_the_list_asks_as_often_for_one_as_for_many(client: Browser) -> None:
    world, counts = make_world(), []
    sign_in(client, world.members["reviewer"])
    for more in (1, 2):
        for number in range(more):
            tell(world, reference=f"R-{more}{number}")
        with asked() as statements:
            client.get(reverse("organizations:news"))
        counts.append(len(statements))
    assert counts[0] == counts[1] > 0


def test_a_choice_is_kept_and_on_record(client: Browser) -> None:
    world = make_world()
    sign_in(client, world.members["signatory"])
    wanted = {group.key: "at_once" for group in GROUPS if not group.always} | {"pvf": "daily"}
    assert client.post(reverse("organizations:mail_choices"), wanted).status_code == 302
    page = client.get(reverse("organizations:mail_choices"))
    assert '<option value="daily" selected>' in page.text
    with act_as(world.loop()):
        row = AuditRow.objects.get(act="person.mail_choices")
    assert (row.before["pvf"], row.after["pvf"]) == ("at_once", "daily")


def test_a_way_that_is_none_is_refused_with_the_field(client: Browser) -> None:
    world = make_world()
    sign_in(client, world.members["signatory"])
    wanted = {group.key: "at_once" for group in GROUPS if not group.always} | {"pvf": "by pigeon"}
    page = client.post(reverse("organizations:mail_choices"), wanted)
    assert page.status_code == 200
    assert "pvf" in page.context["form"].errors


def test_a_page_of_another_organisation_offers_to_change_over(client: Browser) -> None:
    world, other = make_world(1), make_world(2)
    with act_as(other.who("manager")):
        Membership.objects.create(
            user=world.members["reviewer"].user,
            side=Membership.Side.CERTIFIER,
            certifier=other.certifier,
            roles=["reviewer"],
        )
    path = f"/review/{uuid.uuid4()}/"
    sign_in(client, world.members["approver"])
    assert "another of your organizations" not in client.get(path).text
    sign_in(client, world.members["reviewer"])
    page = client.get(path)
    assert page.status_code == 404
    assert f'name="next" value="{path}"' in page.text
    assert page.text.count('name="membership" value=') >= 1


def test_changing_over_goes_on_to_the_page_and_never_to_another_site(client: Browser) -> None:
    world = make_world()
    sign_in(client, world.members["reviewer"])
    own = str(world.members["reviewer"].pk)
    there = client.post(reverse("organizations:switch"), {"membership": own, "next": "/organization/news/"})
    assert there["Location"] == "/organization/news/"
    for bad in ("https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"):
        answer = client.post(reverse("organizations:switch"), {"membership": own, "next": bad})
        assert answer["Location"] == reverse("home")


def test_recipients_people_are_users() -> None:
    """The choices of somebody are read by their id alone: a bare address has none."""
    world = make_world()
    with act_as(world.loop()):
        row = notify(
            "request.submitted", Audience.EMAIL, None, certifier_id=world.certifier.pk, object_type="request",
            object_id=None, email="bare@address.example", context={"reference": "R-1"},
        )  # fmt: skip
    send_notifications(str(world.certifier.pk), str(row.pk))
    (letter,) = mail.outbox
    assert reverse("organizations:mail_choices") not in letter.body
    assert not User.objects.filter(email="bare@address.example").exists()
