"""The logo that a certificate was approved with, for whoever prints it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from certificates.document.errors import LogoMissing
from certificates.document.snapshot import letterhead_of
from core.identity import Identity, act_as
from organizations.domain import letterheads


def logo_for(certifier_id: uuid.UUID, snapshot: Mapping[str, Any]) -> bytes:
    """The bytes of the logo that ``snapshot`` names; nothing where it names none. In a transaction of its own.

    Raises :class:`~certificates.document.errors.LogoMissing` where they are not kept any more or have changed: no document
    is made with another head than the approved one.
    """
    wanted = letterhead_of(snapshot)["logo_sha256"]
    if not wanted:
        return b""
    with act_as(Identity.loop(certifier_id)):
        found = letterheads.logo(certifier_id, wanted)
    if found is None:
        raise LogoMissing(wanted)
    return found
