"""The letterhead of a certifier's certificates: words and a logo, in versions, changed by its managers.

A certificate keeps the version it was approved under (`certificates.domain.snapshots`): a later letterhead changes no
document, not even one that still waits for its number.
"""

from __future__ import annotations

import base64
import uuid

from django.utils.translation import gettext as _

from core import audit, pictures
from core.errors import Conflict, InvalidInput, NotPermitted
from core.files import JPEG, PNG, read_file, store_own
from core.identity import Identity
from core.models import StoredFile
from organizations.domain.certifiers import own_certifier
from organizations.models import Certifier, Letterhead
from organizations.roles import Role

#: So much room the head of the page has.
MAX_LINES = 4


def in_force(certifier_id: uuid.UUID) -> Letterhead | None:
    """The certifier's letterhead; None while it has made none."""
    return Letterhead.objects.filter(certifier_id=certifier_id).order_by("-version").first()


def change(
    actor: Identity,
    *,
    accreditation: str,
    text: str,
    picture: bytes | None = None,
    remove_logo: bool = False,
    expected_version: int,
) -> Letterhead | None:
    """A new version of the letterhead; None where nothing changed. For managers.

    ``picture``: the uploaded file of a new logo; without one the present logo stays, unless ``remove_logo``. Raises
    ``NotPermitted``, ``InvalidInput`` at its field (what `core.pictures.logo` raises; LETTERHEAD-LINES), ``Conflict``
    STALE when somebody saved in between.
    """
    certifier_id = own_certifier(actor)
    if not actor.has(Role.MANAGER):
        raise NotPermitted("LETTERHEAD-MANAGER", _("Only a manager may change the letterhead."))
    drawn = pictures.logo(picture) if picture is not None else None
    # the certifier's own row is the lock: the first version has no row of its own to lock yet
    Certifier.objects.select_for_update().get(pk=certifier_id)
    present = in_force(certifier_id) or Letterhead(certifier_id=certifier_id, version=0)
    if present.version != expected_version:
        text_of_conflict = _("Somebody else has changed the letterhead meanwhile. Look at it again.")
        raise Conflict("STALE", text_of_conflict)
    row = Letterhead(
        certifier_id=certifier_id, version=present.version + 1, accreditation=" ".join(accreditation.split()),
        text="\n".join(_lines(text)), created_by=actor.user_id, logo_id=present.logo_id, logo_sha256=present.logo_sha256,
    )  # fmt: skip
    if drawn is not None:
        row.logo = store_own(
            actor, drawn, name="logo", purpose=StoredFile.Kind.LOGO, certifier_id=certifier_id,
            content_type=PNG if drawn.startswith(b"\x89PNG") else JPEG,
        )  # fmt: skip
        row.logo_sha256 = row.logo.sha256
    elif remove_logo:
        row.logo, row.logo_sha256 = None, ""
    before, after = _words(present), _words(row)
    if before == after:
        return None
    row.save(force_insert=True)
    audit.record(
        actor, "letterhead.changed", "certifier", certifier_id, certifier_id=certifier_id, before=before,
        after=after | {"version": row.version},
    )  # fmt: skip
    return row


def logo(certifier_id: uuid.UUID, sha256: str) -> bytes | None:
    """The picture that the certifier has kept under this hash; None where it is not there or not what it was."""
    row = StoredFile.objects.filter(certifier_id=certifier_id, kind=StoredFile.Kind.LOGO, sha256=sha256).first()
    if row is None:
        return None
    try:
        return read_file(row)
    except (OSError, ValueError):
        return None


def picture_uri(letterhead: Letterhead) -> str:
    """The logo as a `data:` URL for the certifier's own page; empty where there is none."""
    data = logo(letterhead.certifier_id, letterhead.logo_sha256) if letterhead.logo_sha256 else None
    if not data or letterhead.logo is None:
        return ""
    return f"data:{letterhead.logo.content_type};base64,{base64.b64encode(data).decode()}"


def _words(row: Letterhead) -> dict[str, str]:
    return {name: getattr(row, name) for name in ("accreditation", "text", "logo_sha256")}


def _lines(text: str) -> list[str]:
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    if len(lines) > MAX_LINES:
        words = {"count": len(lines), "most": MAX_LINES}
        raise InvalidInput(
            "LETTERHEAD-LINES", _("These are %(count)s lines; at most %(most)s fit.") % words, field="text"
        )
    return lines
