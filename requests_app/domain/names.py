"""How requests are called in the statement of a PVF line."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from pvf.models import Holder
from requests_app.models import Request

HOLDER = Holder.REQUEST


def references(keys: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """The references of requests by key; only of those that the present identity may see."""
    return dict(Request.objects.filter(pk__in=keys).values_list("pk", "reference"))
