"""What has happened to an object, from its audit rows, in the reader's words and no further than the reader may see."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from core.identity import Kind
from core.models import AuditRow
from organizations.models import Client, Membership

#: How many acts a page shows.
LENGTH = 60
#: An act -> what it is called, with tone and icon of its line.
Words = Mapping[str, tuple[Any, str, str]]


def visible_names(ids: Iterable[uuid.UUID | None]) -> dict[uuid.UUID, str]:
    """Names of people by id, those alone whose membership the reader may see."""
    wanted = {person for person in ids if person is not None}
    rows = Membership.objects.filter(user_id__in=wanted).values_list("user_id", "user__name") if wanted else []
    return dict(rows)


def rows_of(client: Client, object_type: str, object_id: uuid.UUID) -> Any:
    """The audit rows about an object of an exporter, newest first."""
    return AuditRow.objects.filter(
        certifier_id=client.certifier_id, client_id=client.pk, object_type=object_type, object_id=str(object_id)
    ).order_by("-at", "-id")


def events(
    client: Client, rows: Iterable[AuditRow], words: Words, *, known: Mapping[Any, str] | None = None
) -> list[dict[str, Any]]:
    """The rows as lines of a timeline; an act without ``words`` is left out.

    A person whom the reader does not see goes by the side's name; ``known`` names who did a row (by its key) otherwise.
    """
    told = [row for row in rows if row.act in words]
    names = visible_names(row.actor_id for row in told)
    found = []
    for row in told:
        what, tone, icon = words[row.act]
        who = (known or {}).get(row.pk) or _who(client, row, names)
        line = {"when": row.at, "what": what, "tone": tone, "icon": icon, "who": who, "on_behalf_of": row.on_behalf_of}
        found.append(line)
    return found


def _who(client: Client, row: AuditRow, names: Mapping[uuid.UUID, str]) -> str:
    if row.actor_id is None:
        return _("the portal")
    if row.actor_id in names:
        return names[row.actor_id]
    if row.actor_kind == Kind.BROKER:
        return _("a broker")
    return client.operation.name if row.actor_kind == Kind.EXPORTER else client.certifier.name
