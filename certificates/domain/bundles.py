"""Many issued documents in one ZIP with a manifest: asked for here, made by the documents worker, kept for a day.

The worker reads as the person who asked, in short transactions of its own; one document is in memory at a time.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from itertools import groupby
from typing import IO, Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from certificates.domain import behalf, made_files
from certificates.models import RELEASED_STATES, Bundle, Certificate, CertificateDocument
from core import audit, clock, rows
from core.errors import Conflict, InvalidInput, NotPermitted
from core.identity import Identity
from core.wake import wake
from organizations.tenancy import TenantQuerySet, find

#: Bundles that one person has in one membership at a time: each takes room until its time is over.
AT_ONCE = 5


@dataclasses.dataclass(frozen=True, slots=True)
class Wanted:
    """Which certificates: by state, by day of issue (UTC, both days included), by part of a party's name or its NOP ID."""

    state: str = ""
    since: dt.date | None = None
    until: dt.date | None = None
    exporter: str = ""
    importer: str = ""
    all_versions: bool = False

    def as_json(self) -> dict[str, Any]:
        """As it is kept with the bundle."""
        found: dict[str, Any] = audit.plain(dataclasses.asdict(self))
        return found


def choose(actor: Identity, wanted: Wanted) -> TenantQuerySet[Certificate]:
    """The certificates with a document that the actor sees and that are wanted, oldest issue first."""
    documents = CertificateDocument.objects.filter(certificate_id=OuterRef("pk"))
    rows = Certificate.objects.visible_to(actor).filter(Exists(documents), issued_at__isnull=False)
    if wanted.state:
        rows = rows.filter(state=wanted.state)
    if wanted.since:
        rows = rows.filter(issued_at__gte=clock.start_of_day(wanted.since, "UTC"))
    if wanted.until:
        rows = rows.filter(issued_at__lte=clock.end_of_day(wanted.until, "UTC"))
    for party, text in (("exporter", wanted.exporter.strip()), ("importer", wanted.importer.strip())):
        if text:
            named = Q(**{f"snapshot__{party}__name__icontains": text}) | Q(**{f"snapshot__{party}__nop_id": text})
            rows = rows.filter(named)
    return rows.order_by("issued_at", "pk")


def ask(actor: Identity, wanted: Wanted) -> Bundle:
    """Ask for the documents as one ZIP. The same question while it is being made gives the first bundle.

    Raises ``NotPermitted`` without a membership, ``InvalidInput`` BUNDLE-STATE, BUNDLE-DAYS, BUNDLE-EMPTY and BUNDLE-LARGE,
    ``Conflict`` BUNDLE-MANY.
    """
    if actor.membership_id is None:
        raise NotPermitted("ROLE", _("Your role does not allow this."))
    chosen = _chosen(actor, wanted)
    kept = of_actor(actor)
    same = kept.filter(state=Bundle.State.WAITING, certificates=chosen, all_versions=wanted.all_versions).first()
    if same is not None:
        return same
    if kept.exclude(state=Bundle.State.FAILED).count() >= AT_ONCE:
        text = _("You have %(count)s files already. Download them; each is deleted at the time beside it.")
        raise Conflict("BUNDLE-MANY", text % {"count": AT_ONCE})
    now = clock.now()
    row = Bundle(
        membership_id=actor.membership_id, certifier_id=actor.certifier_id, wanted=wanted.as_json(), certificates=chosen,
        all_versions=wanted.all_versions, total=len(chosen), wanted_by=actor.user_id, wanted_at=now,
        expires_at=now + dt.timedelta(hours=settings.BUNDLE_HOURS),
    )  # fmt: skip
    row.save(force_insert=True)
    actor = behalf.reading(actor, Certificate.objects.visible_to(actor).filter(pk__in=chosen))
    audit.record(actor, "certificate.bundle", "bundle", row.pk, after={"wanted": row.wanted, "certificates": row.total})
    wake("bundles", actor.certifier_id, row.pk)
    return row


def _chosen(actor: Identity, wanted: Wanted) -> list[str]:
    if wanted.state and wanted.state not in RELEASED_STATES:
        raise InvalidInput("BUNDLE-STATE", _("Certificates in this state have no document."), field="state")
    if wanted.since and wanted.until and wanted.since > wanted.until:
        raise InvalidInput("BUNDLE-DAYS", _("The last day is before the first."), field="until")
    rows = choose(actor, wanted)
    found = rows.count()
    if not found:
        raise InvalidInput("BUNDLE-EMPTY", _("You have no issued certificate to which this applies."))
    if found > settings.BUNDLE_MAX:
        words = {"count": found, "limit": settings.BUNDLE_MAX}
        text = ngettext(
            "This applies to %(count)s certificate; one file holds at most %(limit)s. Choose a shorter time.",
            "This applies to %(count)s certificates; one file holds at most %(limit)s. Choose a shorter time.",
            found,
        )
        raise InvalidInput("BUNDLE-LARGE", text % words, field="since", details=words)
    return [str(key) for key in rows.values_list("pk", flat=True)]


def of_actor(actor: Identity) -> TenantQuerySet[Bundle]:
    """The bundles of the person in this membership that are still kept, the newest first."""
    return Bundle.objects.visible_to(actor).filter(expires_at__gt=clock.now()).order_by("-wanted_at", "-pk")


def content(actor: Identity, bundle_id: uuid.UUID | str) -> tuple[Bundle, IO[bytes]]:
    """A bundle's bytes; leaves a trace at each certificate of who took its document.

    Raises ``NotVisible``, ``Conflict`` FILE-WAITING, FILE-FAILED, and BUNDLE-STALE where the person has lost sight of a
    certificate in it.
    """
    row = find(of_actor(actor), actor, bundle_id)
    file = made_files.open_file(row)
    documents = CertificateDocument.objects.visible_to(actor).filter(certificate_id__in=row.certificates)
    seen = list(documents.order_by("certificate_id", "-version"))
    if len({str(document.certificate_id) for document in seen}) < len(row.certificates):
        file.close()
        text = _("You do not see all certificates in this file any more. Ask for a new one.")
        raise Conflict("BUNDLE-STALE", text)
    named = behalf.for_each(actor, Certificate.objects.filter(pk__in={document.certificate_id for document in seen}))
    with rows.together():
        for key, versions in groupby(seen, key=lambda document: document.certificate_id):
            newest = next(versions)
            audit.record(
                dataclasses.replace(actor, on_behalf_of=named.get(key, "")), "certificate.download", "certificate", key,
                certifier_id=newest.certifier_id,
                client_id=newest.client_id, after={"bundle": row.pk, "bundle_sha256": row.sha256},
            )  # fmt: skip
    return row, file


def file_name(row: Bundle) -> str:
    """The name to save it under."""
    return f"certificates-{row.wanted_at:%Y%m%d-%H%M}-{row.total}.zip"


def why(row: Bundle) -> str:
    """Why a bundle was not made, for the page."""
    if row.error == "BUNDLE-FILE":
        text = _("The stored document of %(number)s cannot be read. Tell the operator of the portal.")
        return text % {"number": row.details.get("number", "")}
    if row.error == "BUNDLE-ACCESS":
        return _("Your access ended before the file was made.")
    text = _("The file could not be made (%(code)s). Tell the operator of the portal, or ask again.")
    return text % {"code": row.error}
