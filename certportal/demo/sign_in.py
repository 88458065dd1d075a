"""The second step of the demo's people: one authenticator secret for all of them, and its code beside the field.

Used outside production only (``DEMO_ALLOWED``), and shown only to accounts that have the demo's own secret.
"""

from __future__ import annotations

import time
from typing import Any

from allauth.mfa.base.forms import AuthenticateForm as PlainAuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as PlainReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.utils import decrypt
from django.core.cache import cache
from django.utils.translation import gettext as _

from certportal.launcher.codes import code_at, seconds_left
from organizations.models import User

from . import cast


def give_second_step(user: User) -> None:
    """The demo's authenticator, unless the person has one already."""
    if not Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists():
        TOTP.activate(user, cast.TOTP_SECRET)


def hint(user: User, now: int) -> str:
    """The code of this moment for an account of the demo; empty for everybody else."""
    row = Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.TOTP).first()
    if row is None or decrypt(row.data["secret"]) != cast.TOTP_SECRET:
        return ""
    code, left = code_at(cast.TOTP_SECRET, now), seconds_left(now)
    if cache.get(TOTP(row)._get_used_cache_key(code)):
        return _("Demo account: each code works once. The next one comes in %(seconds)d seconds.") % {"seconds": left}
    return _("Demo account: its app shows %(code)s now, for %(seconds)d seconds.") % {"code": code, "seconds": left}


class _WithHint:
    """Adds the demo's code as the hint of the field."""

    user: User
    fields: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].help_text = hint(self.user, int(time.time()))


class AuthenticateForm(_WithHint, PlainAuthenticateForm):  # type: ignore[misc]
    """The second step of signing in."""


class ReauthenticateForm(_WithHint, PlainReauthenticateForm):  # type: ignore[misc]
    """The second step of a session that began without it."""
