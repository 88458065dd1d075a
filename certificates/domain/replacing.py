"""Replacing a certificate: the old one frozen meanwhile, its rest moved to the new one when that is issued."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

from django.db import connection, transaction
from django.utils.translation import gettext as _

from certificates.domain import changes, states
from certificates.models import Certificate, CertificateState
from core import clock
from core.errors import Conflict
from core.identity import Identity, Kind
from organizations.roles import Role
from organizations.tenancy import find
from pvf.domain import ledger
from pvf.models import Bucket, Cause, Holder
from requests_app.domain import drafts, submission
from requests_app.domain.replaced import Replaced
from requests_app.models import OPEN_STATES, Request

#: States of a new certificate that has not taken the old one's place yet.
COMING = (CertificateState.AWAITING_NUMBER, CertificateState.AWAITING_DOCUMENT, CertificateState.CONTINUITY)


@transaction.atomic
def start(actor: Identity, certificate_id: uuid.UUID | str) -> Request:
    """A draft that is to replace an issued certificate, with the content of the request it came from.

    Raises ``Conflict`` CERTIFICATE-STATE or FROZEN, ``NotPermitted`` for others than the exporter's own people.
    """
    drafts.require_exporter(actor, Role.PREPARER, Role.SIGNATORY)
    certificate = find(Certificate.objects.select_related("request"), actor, certificate_id)
    changes.require_issued(certificate)
    require_no_replacement(certificate)
    return submission.draft_from(actor, certificate.request, replaces=certificate.pk)


def coming(certificate: Certificate, *, but_not: uuid.UUID | None = None) -> bool:
    """Whether a replacement is open: a request that waits for its decision, or a new certificate not yet issued."""
    other = but_not or uuid.UUID(int=0)
    asked = Request.objects.filter(replaces_certificate_id=certificate.pk, state__in=OPEN_STATES).exclude(pk=other)
    approved = Certificate.objects.filter(replaces_id=certificate.pk, state__in=COMING).exclude(request_id=other)
    return asked.exists() or approved.exists()


def note_approved(certificate_id: uuid.UUID | None, approved_at: dt.datetime | None) -> None:
    """Tell the old certificate that its replacement was approved, or (None) is in review again: its page says so to all."""
    if certificate_id is not None:
        Certificate.objects.filter(pk=certificate_id).update(replacement_approved_at=approved_at)


def _open_unseen(certificate: Certificate) -> bool:
    """Whether a request to replace it is open, for a broker, who may not see that request."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT requests_app_replacement_open(%s)", [certificate.pk])
        (found,) = cursor.fetchone() or (False,)
    return bool(found)


def require_no_replacement(certificate: Certificate, *, by: Identity | None = None) -> None:
    """Refuse to change what is being replaced; ``by``: who is about to. Raises ``Conflict`` FROZEN."""
    unseen = by is not None and by.kind is Kind.BROKER and _open_unseen(certificate)
    if unseen or coming(certificate):
        text = _(
            "A replacement of this certificate is open: it takes no shipments and no changes until that is decided."
        )
        raise Conflict("FROZEN", text)


def read(request: Request, lock: bool) -> Replaced:
    """What a request needs to know of the certificate it replaces; see :mod:`requests_app.domain.replaced`."""
    key = request.replaces_certificate_id or uuid.UUID(int=0)
    rows = Certificate.objects.filter(pk=key, client_id=request.client_id, certifier_id=request.certifier_id)
    old = (rows.select_for_update(of=("self",)) if lock else rows).first()
    if old is None:
        return Replaced(key, "", None, Decimal(0), _("This certificate is not the exporter's."))
    problem = ""
    if old.state != CertificateState.ISSUED:
        words = {"number": old.number or "", "state": old.get_state_display()}
        problem = _("Certificate %(number)s is “%(state)s”: it cannot be replaced.") % words
    elif coming(old, but_not=request.pk):
        problem = _("Another request replaces certificate %(number)s already.") % {"number": old.number}
    return Replaced(old.pk, old.number or "", old.line_id, changes.rest_of(old), problem)


def lock_with_replaced(certificate_id: uuid.UUID) -> tuple[Certificate, Certificate | None]:
    """A certificate and the one it replaces, both FOR UPDATE in the order of their keys."""
    replaces = Certificate.objects.values_list("replaces_id", flat=True).get(pk=certificate_id)
    keys = [certificate_id, *([replaces] if replaces else [])]
    rows = {row.pk: row for row in Certificate.objects.select_for_update().filter(pk__in=keys).order_by("pk")}
    return rows[certificate_id], rows.get(replaces) if replaces else None


def take_effect(actor: Identity, new: Certificate, old: Certificate | None) -> None:
    """The new certificate is issued: what it was covered by moves to it, the remainder goes back, the old one is replaced.

    Both rows are locked. On another line nothing was covered: the new weight was reserved there in full, and the whole
    rest goes back to the old line.
    """
    if old is None or old.state != CertificateState.ISSUED:
        return
    for line_id in sorted({old.line_id, new.line_id}):
        ledger.lock_line(line_id)
    ledger.lock_balances({old.line_id, new.line_id})
    covered = Request.objects.values_list("covered_kg", flat=True).get(pk=new.request_id)
    reason = _("replaced by %(number)s") % {"number": new.number}
    if covered > 0:
        ledger.move(
            actor, old.line_id, Cause.REPLACE, Bucket.CERTIFIED, Bucket.CERTIFIED, covered, key=f"replace:{new.pk}",
            source_holder=(Holder.CERTIFICATE, old.pk), target_holder=(Holder.CERTIFICATE, new.pk), reason=reason,
        )  # fmt: skip
    freed = changes.rest_of(old) - covered
    changes.free(actor, old, Cause.REPLACE, freed, f"replace-rest:{new.pk}", reason)
    states.move(old, CertificateState.REPLACED)
    old.closed_at = clock.now()
    old.save(update_fields=["state", "closed_at"])
    changes.note(
        actor, old, changes.Kind.REPLACED, before_kg=old.net_kg, freed_kg=freed, reason=reason, replaced_by=new.number
    )
