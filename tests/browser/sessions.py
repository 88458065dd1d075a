"""Sessions of everybody who visits the pages."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.webauthn.internal.auth import WebAuthn
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.test import Client as Browser

from organizations.identity import SUPPORT_KEY
from organizations.models import User
from tests.support import passkeys
from tests.support.operators import open_support
from tests.support.world import World, sign_in_user

PASSWORD = "a long enough pass phrase"


def _session(browser: Browser, user: User) -> str:
    """The session's key, listed among the person's sessions."""
    UserSession.objects.create(
        user=user, ip="192.0.2.7", session_key=browser.session.session_key, user_agent="A browser"
    )
    return browser.cookies[settings.SESSION_COOKIE_NAME].value


def everybodys_sessions(world: World) -> dict[str, str]:
    """Everybody who visits pages. The approver signs in with two steps; the operator belongs to no organisation."""
    approver = world.members["approver"].user
    approver.set_password(PASSWORD)
    approver.save(update_fields=["password"])
    TOTP.activate(approver, "JBSWY3DPEHPK3PXP")
    RecoveryCodes.activate(approver)
    found = {}
    for role in ("manager", "approver", "signatory", "importer", "broker"):
        user = world.members[role].user
        EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
        found[role] = _session(world.browser(role), user)
    operator = User.objects.create_user("platform@portal.example", None, name="Op", is_platform_operator=True)
    browser = Browser()
    sign_in_user(browser, operator)
    found |= {"platform": _session(browser, operator), "supporter": _support(world)}
    manager, stale = world.members["manager"].user, Browser()
    sign_in_user(stale, manager, seconds_ago=7200)
    found["stale manager"] = _session(stale, manager)
    undone = Browser()
    sign_in_user(undone, world.members["reviewer"].user, second_step=False)
    found["reviewer before the second step"] = _session(undone, world.members["reviewer"].user)
    WebAuthn.add(world.members["signatory"].user, "Laptop", passkeys.registration("127.0.0.1"))
    return {**found, "nobody": "", "newcomer": ""}


def _support(world: World) -> str:
    """Another operator, who reads the certifier's data in a support session."""
    row = open_support(world.certifier)
    browser = Browser()
    sign_in_user(browser, row.operator)
    session = browser.session
    session[SUPPORT_KEY] = str(row.pk)
    session.save()
    return _session(browser, row.operator)
