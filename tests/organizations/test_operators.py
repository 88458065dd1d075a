"""The first operator of the platform: made on the server, by a link that works once, with a second step as everybody."""

from __future__ import annotations

import io
import re

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command
from django.test import Client as Browser
from django.urls import reverse

from core.identity import Identity, act_as
from core.models import AuditRow
from organizations.models import User
from tests.support.world import World, sign_in_user

pytestmark = pytest.mark.django_db
ADDRESS, PASSWORD = "operator@portal.example", "a long enough pass phrase"


def _made(*more: str, email: str = ADDRESS, name: str = "Invented Operator") -> str:
    out = io.StringIO()
    call_command("create_operator", email, "--name", name, *more, stdout=out)
    found = re.search(r"^https?://[^/]+(/\S+)$", out.getvalue(), re.MULTILINE)
    assert found
    return found[1]


def test_by_the_link_an_operator_chooses_a_password_and_has_to_set_up_a_second_step() -> None:
    path = _made()
    with act_as(Identity.loop()):
        row = AuditRow.objects.get(act="people.operator_created")
    user = User.objects.get(email=ADDRESS)
    assert (row.object_id, user.is_platform_operator, user.has_usable_password()) == (str(user.pk), True, False)
    assert EmailAddress.objects.get(user=user).verified
    browser = Browser()
    form = browser.get(path, follow=True)
    assert form.status_code == 200
    browser.post(form.redirect_chain[-1][0], {"password1": PASSWORD, "password2": PASSWORD})
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    fresh = Browser()
    assert fresh.post(reverse("account_login"), {"login": ADDRESS, "password": PASSWORD}).status_code == 302
    assert fresh.get(reverse("organizations:platform"))["Location"].startswith(reverse("mfa_index"))
    stepped = Browser()
    sign_in_user(stepped, user)
    assert stepped.get(reverse("organizations:platform")).status_code == 200
    # the link is used up
    assert "password1" not in Browser().get(path, follow=True).content.decode()


def test_a_second_one_is_made_only_when_it_is_meant() -> None:
    _made()
    with pytest.raises(CommandError, match="--another"):
        _made(email="second@portal.example")
    _made("--another", email="second@portal.example")
    assert User.objects.filter(is_platform_operator=True).count() == 2


@pytest.mark.parametrize(
    ("email", "name", "says"),
    [("no address", "Somebody", "no e-mail address"), (ADDRESS, "  ", "name")],
)
def test_wrong_input_is_said_and_makes_nothing(email: str, name: str, says: str) -> None:
    with pytest.raises(CommandError, match=says):
        _made(email=email, name=name)
    assert not User.objects.filter(is_platform_operator=True).exists()


def test_whoever_has_an_account_is_no_operator(world: World) -> None:
    with pytest.raises(CommandError, match="account"):
        _made(email=world.members["manager"].user.email.upper())
    assert not User.objects.filter(is_platform_operator=True).exists()
