"""Certifiers: made by the platform operator, ruled by their own managers."""

from __future__ import annotations

import dataclasses
import uuid
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from core import audit
from core.errors import Conflict, InvalidInput, NotPermitted
from core.identity import Identity, Kind
from organizations.domain import invitations, two_managers
from organizations.domain.parties import Party
from organizations.models import Certifier, CertifierSettings, Membership
from organizations.models_changes import GuardedChange
from organizations.roles import Role
from organizations.rules import change_rules, needs_two_managers, parse_rules, rules_of


def create(actor: Identity, *, manager_email: str, **fields: str) -> Certifier:
    """A new certifier with its first settings; its first manager is invited. For the platform operator only.

    ``fields``: name, slug, code, country, time_zone, address, email. Raises ``NotPermitted``, ``InvalidInput`` naming
    the field, ``Conflict`` where slug or code is taken.
    """
    if actor.kind is not Kind.PLATFORM:
        raise NotPermitted("PLATFORM-ONLY", _("Only the platform operator may create certifiers."))
    certifier = Certifier(**fields)
    for name in ("slug", "code"):
        if Certifier.objects.filter(**{name: getattr(certifier, name)}).exists():
            raise Conflict("CERTIFIER-TAKEN", _("Another certifier has this already."), field=name)
    try:
        certifier.clean_fields()
    except ValidationError as error:
        field, texts = next(iter(error.message_dict.items()))
        raise InvalidInput("CERTIFIER-FIELD", texts[0], field=field) from error
    certifier.save(force_insert=True)
    change_rules(certifier.pk, {}, actor.user_id)
    audit.record(actor, "certifier.created", "certifier", certifier.pk, certifier_id=certifier.pk, after=dict(fields))
    party = Party(Membership.Side.CERTIFIER, certifier_id=certifier.pk)
    invitation, token = invitations.open_invitation(actor, party, email=manager_email, roles=[Role.MANAGER])
    invitations.send(invitation, token, organisation=certifier.name)
    return certifier


def settings_version(actor: Identity) -> int:
    """The number of the settings in force for the actor's certifier; 0 while it lives by the defaults."""
    rows = CertifierSettings.objects.filter(certifier_id=own_certifier(actor)).order_by("-version")
    return rows.values_list("version", flat=True).first() or 0


def own_certifier(actor: Identity) -> uuid.UUID:
    """The certifier the actor works for. Raises ``NotPermitted`` for anybody who is not its staff."""
    if not actor.is_staff or actor.certifier_id is None:
        raise NotPermitted("SETTINGS-STAFF", _("Settings belong to a certifier."))
    return actor.certifier_id


@dataclasses.dataclass(frozen=True, slots=True)
class Changed:
    """What became of a manager's changes: the new version, and what waits for a second manager; None each for nothing."""

    row: CertifierSettings | None
    proposed: GuardedChange | None


def change_settings(actor: Identity, changes: dict[str, Any], *, expected_version: int) -> Changed:
    """Put a manager's changes in force as a new version; what two managers must agree on is proposed to the others.

    Raises ``NotPermitted``, ``InvalidInput`` naming the setting, ``Conflict`` STALE when somebody saved in between,
    CHANGE-WAITS while another proposal waits.
    """
    certifier_id = own_certifier(actor)
    if not actor.has(Role.MANAGER):
        raise NotPermitted("SETTINGS-MANAGER", _("Only a manager may change the settings."))
    # the certifier's own row is the lock: the first version has no settings row to lock yet
    Certifier.objects.select_for_update().get(pk=certifier_id)
    if settings_version(actor) != expected_version:
        text = _("Somebody else has changed the settings meanwhile. Look at them again.")
        raise Conflict("STALE", text)
    present = dataclasses.asdict(rules_of(certifier_id))
    wanted = dataclasses.asdict(parse_rules({**present, **changes}))
    different = {name: value for name, value in wanted.items() if value != present[name]}
    by_two = {name for name, value in different.items() if needs_two_managers(name, value)}
    guarded = {name: different.pop(name) for name in sorted(by_two)} if two_managers.needed(actor) else {}
    proposed = None
    if guarded:
        proposed = two_managers.propose(
            actor, GuardedChange.Kind.RULES,
            [(name, str(present[name]), str(value)) for name, value in guarded.items()],
            payload={"before": {name: present[name] for name in guarded}, "after": guarded},
        )  # fmt: skip
    return Changed(_put_in_force(actor, certifier_id, present, different) if different else None, proposed)


def _put_in_force(
    actor: Identity,
    certifier_id: uuid.UUID,
    present: dict[str, Any],
    different: dict[str, Any],
    guarded_change_id: uuid.UUID | None = None,
) -> CertifierSettings:
    row = change_rules(certifier_id, different, actor.user_id, guarded_change_id=guarded_change_id)
    audit.record(
        actor, "settings.changed", "certifier", certifier_id,
        before={name: present[name] for name in different}, after=different | {"version": row.version},
    )  # fmt: skip
    return row


def put_guarded_in_force(actor: Identity, change: GuardedChange) -> None:
    """A confirmed change of rules becomes a new version. Raises ``Conflict`` STALE where one of them has changed since."""
    Certifier.objects.select_for_update().get(pk=change.certifier_id)
    present = dataclasses.asdict(rules_of(change.certifier_id))
    if any(present[name] != value for name, value in change.payload["before"].items()):
        raise Conflict(
            "STALE", _("The settings have changed since this was proposed. Withdraw it and propose it again.")
        )
    _put_in_force(actor, change.certifier_id, present, change.payload["after"], change.pk)
