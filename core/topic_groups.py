"""Groups of topics: what a person chooses how to be told about, and what always comes by mail at once."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Collection
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.models import MailChoice


@dataclasses.dataclass(frozen=True, slots=True)
class Group:
    """Topics that belong together. ``always``: by mail at once, whatever the person would like."""

    key: str
    label: Any
    hint: Any
    topics: tuple[str, ...]
    always: bool = False


GROUPS = (
    Group(
        "warnings", _("Warnings"),
        _("A certificate is void, replaced, or shown otherwise in OID; a party is not Certified; a document holds a virus."),
        (
            "certificate.voided", "certificate.replaced", "certificate.flagged", "certificate.cleared",
            "certificate.oid_marked", "certificate.oid_cleared", "certificate.unregistered", "certificate.abandoned",
            "client.status", "file.infected",
        ),
        always=True,
    ),
    Group(
        "questions", _("Questions and corrections"),
        _("A question that stops the clock, its answer, a correction that is proposed, accepted or declined."),
        (
            "request.question", "request.answered", "request.correction", "request.correction_accepted",
            "request.correction_declined", "request.lapsed",
        ),
    ),
    Group(
        "requests", _("Requests and decisions"), _("Submitted, withdrawn, recommended, approved, rejected."),
        ("request.submitted", "request.withdrawn", "review.recommended", "review.approved", "review.rejected"),
    ),
    Group(
        "certificates", _("Certificates and shipments"),
        _("Issued, amended, closed; actual weights that are due; receipts; outages of OID."),
        (
            "certificate.issued", "certificate.document_version", "certificate.amended", "certificate.closed",
            "certificate.actuals_due", "certificate.overage", "certificate.overage_settled",
            "certificate.receipt_differs", "certificate.continuity", "certificate.delayed", "coop.started", "coop.ended",
        ),
    ),
    Group(
        "pvf", _("Product Verification Forms"), _("Proposed, approved, rejected; processing reports."),
        (
            "pvf.proposed", "pvf.approved", "pvf.rejected", "pvf.withdrawn", "pvf.processing_reported",
            "pvf.processing_approved", "pvf.processing_rejected",
        ),
    ),
    Group(
        "desk", _("OID, documents and keys"),
        _("Calls that wait for a person, differences to OID, documents that could not be made, a signing key that ends."),
        (
            "oid.by_hand", "oid.circuit_closed", "oid.circuit_open", "oid.desk", "oid.drift_digest",
            "certificate.document_stuck", "certificate.key_ends", "audit.head",
        ),
    ),
    Group(
        "organisation", _("Brokers and changes for two managers"), _("Grants that begin, change or end; proposed settings."),
        (
            "delegation.granted", "delegation.changed", "delegation.ends", "delegation.revoked", "change.proposed",
            "change.decided",
        ),
    ),
    Group(
        "account", _("Access and security"), _("Invitations, codes, sign-in past your own provider, support sessions."),
        (
            "people.invited", "importer.code", "certificate.invited", "sign_in.break_glass", "support.opened",
            "support.ended", "digest.daily",
        ),
        always=True,
    ),
)  # fmt: skip

_GROUP_OF = {topic: group for group in GROUPS for topic in group.topics}


def group_of(topic: str) -> Group | None:
    """The group of a topic; None where it has none: such a topic comes by mail at once."""
    return _GROUP_OF.get(topic)


def how_to_tell(topic: str, user_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """How each of these people wants to be told about ``topic``. Whoever is not in the answer: by mail at once."""
    group = group_of(topic)
    if group is None or group.always or not user_ids:
        return {}
    rows = MailChoice.objects.filter(user_id__in=user_ids, group=group.key)
    return {row.user_id: row.how for row in rows}


def choices_of(user_id: uuid.UUID) -> dict[str, str]:
    """A person's choices by group, the defaults filled in."""
    chosen = {row.group: row.how for row in MailChoice.objects.filter(user_id=user_id)}
    return {group.key: chosen.get(group.key, MailChoice.How.AT_ONCE) for group in GROUPS if not group.always}
