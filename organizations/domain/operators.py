"""Accounts of the platform's operators: the first one, and further ones, are made on the server itself."""

from __future__ import annotations

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from core import audit
from core.errors import Conflict, InvalidInput
from core.identity import NOBODY, Identity, Kind, act_as
from organizations.models import User


def create(email: str, *, name: str, another: bool = False) -> tuple[User, str]:
    """A new operator without a password, and the path of the page, good once, where they choose one.

    The second step is asked for at the first sign-in, as of every operator. Raises ``InvalidInput`` EMAIL or NAME,
    ``Conflict`` OPERATOR-THERE where there is one already and ``another`` does not say that a second one is meant, and
    ACCOUNT-THERE where the address has an account: an operator belongs to no organisation.
    """
    address, name = email.strip().lower(), " ".join(name.split())
    try:
        validate_email(address)
    except ValidationError as error:
        raise InvalidInput("EMAIL", _("This is no e-mail address."), field="email") from error
    if not name:
        raise InvalidInput("NAME", _("Give the operator's name."), field="name")
    with transaction.atomic():
        with act_as(NOBODY):
            if not another and User.objects.filter(is_platform_operator=True, is_active=True).exists():
                raise Conflict(
                    "OPERATOR-THERE", _("There is an operator already. With --another a further one is made.")
                )
            if User.objects.filter(email=address).exists():
                text = _("This address has an account. An operator needs an account of their own.")
                raise Conflict("ACCOUNT-THERE", text, field="email")
            user = User.objects.create_user(address, None, name=name, is_platform_operator=True)
            EmailAddress.objects.create(user=user, email=address, primary=True, verified=True)
        actor = Identity(kind=Kind.PLATFORM)
        with act_as(actor):
            audit.record(actor, "people.operator_created", "person", user.pk, after={"email": address})
    link = {"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
    return user, reverse("account_reset_password_from_key", kwargs=link)
