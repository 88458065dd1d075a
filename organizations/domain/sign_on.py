"""A certifier's own identity provider: set up and changed by two managers, stopped by one; and whom its word lets in."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.utils.translation import gettext as _

from core import audit, clock
from core.errors import Conflict, InvalidInput, NotPermitted
from core.identity import Identity
from core.secrets import decrypt, encrypt
from organizations.domain import two_managers
from organizations.models import Certifier, Membership, User
from organizations.models_changes import GuardedChange
from organizations.models_sign_on import SignOnLink, SignOnProvider
from organizations.roles import Role
from organizations.sign_on.protocol import Claims, Refused, Terms
from organizations.sign_on.transport import is_usable
from organizations.tenancy import find

#: How the secret stands in a proposal: it is never shown.
KEPT, KEPT_NEW = "stored", "another"
_FACTS = ("issuer", "client_id", "name", "required", "second_step", "enabled")
#: Names of the facts as a proposal shows them.
_LINES = {"name": "button"}


def provider_of(certifier_id: uuid.UUID) -> SignOnProvider | None:
    """The certifier's provider, in use or stopped; None where none was set up."""
    return SignOnProvider.objects.filter(certifier_id=certifier_id).first()


def terms_of(certifier_id: uuid.UUID) -> Terms | None:
    """What is needed to ask the certifier's provider; None where none is in use. For the certifier's own loop."""
    row = SignOnProvider.objects.filter(certifier_id=certifier_id, enabled=True).first()
    if row is None:
        return None
    secret = decrypt(row.encrypted_secret).decode()
    return Terms(row.certifier_id, row.issuer, row.client_id, secret, row.name, row.second_step)


def links_of(actor: Identity) -> list[SignOnLink]:
    """The people of the certifier who have signed in at its present provider, by name."""
    row = provider_of(_own(actor))
    if row is None:
        return []
    rows = SignOnLink.objects.visible_to(actor).filter(issuer=row.issuer, client_id=row.client_id)
    return list(rows.select_related("user").order_by("user__name", "pk"))


def _own(actor: Identity) -> uuid.UUID:
    if actor.certifier_id is None or not actor.is_staff:
        raise NotPermitted("SETTINGS-STAFF", _("Settings belong to a certifier."))
    return actor.certifier_id


def _own_by_manager(actor: Identity) -> uuid.UUID:
    certifier_id = _own(actor)
    if not actor.has(Role.MANAGER):
        raise NotPermitted("ROLE", _("Only a manager of the certifier changes single sign-on."))
    # the certifier's own row is the lock: the first provider has no row yet
    Certifier.objects.select_for_update().get(pk=certifier_id)
    return certifier_id


@transaction.atomic
def propose(
    actor: Identity, *, issuer: str, client_id: str, client_secret: str, name: str, required: bool, second_step: bool
) -> GuardedChange:
    """Propose a provider, or another one, or to take up one that was stopped: a second manager puts it in force.

    ``client_secret`` blank: the present one stays, for the same issuer and client alone. Nobody can be made to come by a
    provider that nobody has come by yet. Raises ``NotPermitted``, ``InvalidInput`` ISSUER, SECRET-MISSING, UNCHANGED,
    ``Conflict`` NOT-TRIED, CHANGE-WAITS.
    """
    certifier_id = _own_by_manager(actor)
    row = provider_of(certifier_id)
    if not is_usable(issuer) or "?" in issuer:
        text = _(
            "An address that begins with https://, as the provider spells it, for example https://login.example.org."
        )
        raise InvalidInput("ISSUER", text, field="issuer")
    same = row is not None and (row.issuer, row.client_id) == (issuer, client_id)
    if not client_secret and not same:
        raise InvalidInput("SECRET-MISSING", _("Enter the secret that the provider gave you."), field="client_secret")
    links = SignOnLink.objects.filter(certifier_id=certifier_id, issuer=issuer, client_id=client_id)
    if required and not links.exists():
        text = _(
            "Nobody has signed in by this provider yet. Put it in force first, sign in by it, then make it a must."
        )
        raise Conflict("NOT-TRIED", text, field="required")
    before = _facts(row)
    after: dict[str, object] = {
        "issuer": issuer, "client_id": client_id, "name": name, "required": required, "second_step": second_step,
        "enabled": True,
    }  # fmt: skip
    lines = [
        (_LINES.get(fact, fact), str(before.get(fact, "")), str(value))
        for fact, value in after.items() if before.get(fact) != value
    ]  # fmt: skip
    if client_secret:
        lines.append(("client_secret", KEPT if row else "", KEPT_NEW))
    if not lines:
        raise InvalidInput("UNCHANGED", _("Nothing has changed."))
    secret = encrypt(client_secret.encode()) if client_secret else b""
    return two_managers.propose(
        actor, GuardedChange.Kind.SIGN_ON, lines, payload={"before": before, "after": after}, secret=secret
    )


def _facts(row: SignOnProvider | None) -> dict[str, object]:
    return {fact: getattr(row, fact) for fact in _FACTS} if row else {}


def put_confirmed_in_force(actor: Identity, change: GuardedChange) -> None:
    """Set up or change the provider as confirmed. Raises ``Conflict`` STALE where it has changed since the proposal."""
    row = SignOnProvider.objects.select_for_update().filter(certifier_id=change.certifier_id).first()
    before = _facts(row)
    if before != change.payload["before"]:
        text = _("Single sign-on has changed since this was proposed. Refuse it, and propose it again.")
        raise Conflict("STALE", text)
    is_new = row is None
    row = row or SignOnProvider(certifier_id=change.certifier_id)
    for fact in _FACTS:
        setattr(row, fact, change.payload["after"][fact])
    if change.secret:
        row.encrypted_secret = bytes(change.secret)
    row.changed_at, row.guarded_change_id = clock.now(), change.pk
    row.save(force_insert=is_new)
    _record(actor, row, before, secret_changed=bool(change.secret))


@transaction.atomic
def stop(actor: Identity) -> None:
    """Let nobody in by the provider any more: its sessions lose the certifier at their next request. One manager may.

    Staff sign in with password and second step then, also where the provider was a must. A second time changes nothing.
    """
    certifier_id = _own_by_manager(actor)
    row = SignOnProvider.objects.select_for_update().filter(certifier_id=certifier_id, enabled=True).first()
    if row is None:
        return
    before = _facts(row)
    row.enabled, row.changed_at = False, clock.now()
    row.save(update_fields=["enabled", "changed_at"])
    _record(actor, row, before, secret_changed=False)


def _record(actor: Identity, row: SignOnProvider, before: dict[str, object], *, secret_changed: bool) -> None:
    audit.record(
        actor, "sign_on.changed", "certifier", row.certifier_id, before=before,
        after={**_facts(row), "secret_changed": secret_changed},
    )  # fmt: skip


@transaction.atomic
def forget(actor: Identity, link_id: str) -> None:
    """Take a person's link away: at the next sign-in the verified e-mail address decides once more. Raises ``NotVisible``."""
    _own_by_manager(actor)
    row = find(SignOnLink.objects.all(), actor, link_id)
    row.delete()
    audit.record(actor, "sign_on.unlinked", "person", row.user_id, before={"subject": row.subject})


@transaction.atomic
def person_of(actor: Identity, terms: Terms, claims: Claims) -> User:
    """Whom the provider's word lets in at its certifier; at the first time it is noted who that is there.

    ``actor``: the certifier's own loop, so no other certifier's person is even seen. Nobody is made: no account, no
    membership. Raises :class:`~organizations.sign_on.protocol.Refused` for everybody else.
    """
    links = SignOnLink.objects.filter(
        certifier_id=terms.certifier_id, issuer=terms.issuer, client_id=terms.client_id
    )  # fmt: skip
    link = links.filter(subject=claims.subject).first()
    if link is None and not (claims.email and claims.email_verified):
        raise Refused("email-not-verified")
    whom = {"user_id": link.user_id} if link else {"user__email": claims.email}
    members = Membership.objects.filter(
        certifier_id=terms.certifier_id, side=Membership.Side.CERTIFIER, ended_at=None, user__is_active=True,
        user__is_platform_operator=False, **whom,
    )  # fmt: skip
    member = members.select_related("user").select_for_update(of=("self",)).first()
    if member is None:
        raise Refused("no-member")
    if link is None:
        # the membership is the lock: two first sign-ins of one person come one after the other
        if links.filter(user_id=member.user_id).exclude(subject=claims.subject).exists():
            raise Refused("other-subject")
        link, made = SignOnLink.objects.get_or_create(
            certifier_id=terms.certifier_id, issuer=terms.issuer, client_id=terms.client_id, subject=claims.subject,
            defaults={"user_id": member.user_id},
        )  # fmt: skip
        if made:
            audit.record(actor, "sign_on.linked", "person", member.user_id, after={"subject": claims.subject})
    link.last_used_at = clock.now()
    link.save(update_fields=["last_used_at"])
    return member.user
