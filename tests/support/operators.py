"""A platform operator who reads a certifier's data in a support session."""

from __future__ import annotations

from core.identity import Identity, Kind, act_as
from organizations.domain import support
from organizations.models import Certifier, SupportSession, User
from tests.support.world import PLATFORM


def open_support(certifier: Certifier) -> SupportSession:
    """An open session of an operator who is nobody else in the test."""
    with act_as(PLATFORM):
        operator = User.objects.create_user("support@portal.example", None, name="Sup", is_platform_operator=True)
    with act_as(Identity(kind=Kind.PLATFORM, user_id=operator.pk)) as actor:
        return support.open_session(actor, certifier.pk, reason="Ticket 41: a balance looks wrong.", minutes=480)
