"""What only the certifier's people may read: every field of the models that are theirs alone, with a word of its own in it."""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.db import models

from certificates.models import Outage
from core import clock
from core.identity import act_as
from core.models import Audience
from oid_sync.models import (
    Drift,
    DriftKind,
    HandEntry,
    OidCall,
    OidConnection,
    OidExchange,
    OidRecord,
    ReconciliationRun,
)
from organizations.models import SupportSession
from organizations.tenancy import StaffRows
from requests_app.models import CheckRun, Request, StaffFindings
from review.models import CheckOverride, Decision, Recommendation
from tests.access.scene import Scene
from tests.support.world import STAFF, a_uuid

#: Fields in which a word is put, or whose own content is one.
HIDDEN = frozenset({
    "requests_app.StaffFindings.findings", "review.Recommendation.note", "review.CheckOverride.reason",
    "review.Decision.note", "review.Decision.findings", "oid_sync.OidConnection.paused_because",
    "oid_sync.OidCall.payload", "oid_sync.OidCall.reason_code", "oid_sync.OidCall.reason", "oid_sync.OidCall.answer",
    "oid_sync.OidExchange.request", "oid_sync.OidExchange.answer", "oid_sync.HandEntry.reason",
    "oid_sync.ReconciliationRun.note", "oid_sync.Drift.subject", "oid_sync.Drift.portal_value",
    "oid_sync.Drift.other_value", "oid_sync.OidRecord.status", "oid_sync.OidRecord.facts", "oid_sync.OidRecord.actuals",
    "certificates.Outage.reason", "organizations.SupportSession.reason",
})  # fmt: skip
_MACHINE = "a code of the portal's own, no words"
_PRINTED = "stands on the signed document"
#: The other fields of those models, each with its reason.
NOT_HIDDEN: dict[str, str] = {
    "organizations.GuardedChange.summary": "names of settings and their values, which exporters feel anyway",
    "organizations.GuardedChange.payload": "the same as the machine reads it",
    "organizations.SupportSession.operator_name": "a person of the platform, not of the certifier",
    **dict.fromkeys(
        (
            f"organizations.{model}.{name}"
            for model in ("SignOnProvider", "SignOnLink")
            for name in ("issuer", "client_id")
        ),
        "the provider says them to every browser that it signs in",
    ),
    "organizations.SignOnProvider.name": "stands on the certifier's way in",
    "organizations.SignOnLink.subject": "a code of the provider's; tests/organizations/test_sign_on_rows.py reads it as others",
    "certificates.CertificateContact.email": "the exporter gave it, the contact reads mail there",
    "certificates.GoodsMark.mark": "a keyed hash, no words",
    "certificates.SigningKey.subject": _PRINTED,
    "certificates.SigningKey.fingerprint_sha256": _PRINTED,
    "certificates.Outage.coop_code": _PRINTED,
    "review.CheckOverride.check_code": _MACHINE,
    "review.Decision.line_sha256": _MACHINE,
    "oid_sync.OidConnection.connector": _MACHINE,
    "oid_sync.OidConnection.base_url": "kept from earlier; the operator's address of OID",
    "oid_sync.OidConnection.options": _MACHINE,
    "oid_sync.OidConnection.list_cursor": _MACHINE,
    "oid_sync.OidCall.connector": _MACHINE,
    "oid_sync.HandEntry.number": "the certificate's number",
    "oid_sync.ReconciliationRun.step": _MACHINE,
    "oid_sync.ReconciliationRun.position": _MACHINE,
    "oid_sync.OidRecord.number": "the certificate's number",
}


def fields() -> Iterator[str]:
    """Every field with free content of a model that is the certifier's alone."""
    for model in apps.get_models():
        if isinstance(getattr(model, "tenancy", None), StaffRows):
            for field in model._meta.concrete_fields:
                free = isinstance(field, models.CharField | models.TextField | models.JSONField)
                if free and not field.choices and not field.primary_key:
                    yield f"{model._meta.label}.{field.name}"


def _word(name: str) -> str:
    return f"hidden-{name.rpartition('.')[0].rpartition('.')[2]}-{name.rpartition('.')[2]}".lower()


def put(scene: Scene) -> set[str]:
    """Put a word into each of them, about what the own exporter has; the words, and the names of the certifier's people."""
    has, world = scene.own, scene.own.world
    certificates = (has.certificate, has.waiting, has.under_continuity)
    own = [has.submitted.pk, has.in_review.pk, has.recommended.pk, has.asked.pk]
    own += [row.request_id for row in certificates if row is not None]
    with act_as(world.loop()):
        requests = list(Request.objects.filter(pk__in=own))
        words = _of_review(scene, requests) | _of_oid(scene) | _as_they_stand()
    members = [world.members[role] for role in STAFF]
    return words | {member.user.email for member in members} | {member.user.name for member in members}


def _of_review(scene: Scene, requests: list[Request]) -> set[str]:
    """Notes and findings beside every request."""
    certifier, reviewer = scene.own.world.certifier, scene.own.world.members["reviewer"].user_id
    finding = [{"code": "DUP-2", "outcome": "warn", "message": _word("requests_app.StaffFindings.findings")}]
    for row in requests:
        common = {"certifier": certifier, "request": row, "request_version": row.version, "made_by": reviewer}
        note, reason = _word("review.Recommendation.note"), _word("review.CheckOverride.reason")
        Recommendation(approve=True, note=note, **common).save(force_insert=True)
        CheckOverride(check_code="DOC-2", reason=reason, **common).save(force_insert=True)
        run = CheckRun.objects.filter(request=row, staff=None).order_by("-run_at").first()
        if run is not None:
            StaffFindings(run=run, certifier_id=certifier.pk, findings=finding).save(force_insert=True)
    changed = Decision.objects.filter(request__in=requests).update(
        note=_word("review.Decision.note"), findings=[{"message": _word("review.Decision.findings")}]
    )
    assert changed > 1
    return {
        _word("requests_app.StaffFindings.findings"), _word("review.Recommendation.note"),
        _word("review.CheckOverride.reason"), _word("review.Decision.note"), _word("review.Decision.findings"),
    }  # fmt: skip


def _of_oid(scene: Scene) -> set[str]:
    """What went to OID and came back, and what differs. Long because a table."""
    has, certifier = scene.own, scene.own.world.certifier
    words: set[str] = set()

    def word(name: str) -> str:
        words.add(_word(f"oid_sync.{name}"))
        return _word(f"oid_sync.{name}")

    OidConnection(certifier=certifier, connector="assisted", paused_because=word("OidConnection.paused_because")).save(
        force_insert=True
    )
    OidCall.objects.filter(certifier=certifier).update(
        payload={"note": word("OidCall.payload")}, reason_code=word("OidCall.reason_code")[:30],
        reason=word("OidCall.reason"), answer={"note": word("OidCall.answer")},
    )  # fmt: skip
    OidExchange(
        certifier=certifier, call=has.call, request=word("OidExchange.request"), status=422,
        answer=word("OidExchange.answer"), at=clock.now(), milliseconds=1,
    ).save(force_insert=True)  # fmt: skip
    HandEntry(
        certifier=certifier, call=has.call, key=a_uuid(), begun_by=has.world.members["reviewer"].user_id,
        reason=word("HandEntry.reason"),
    ).save(force_insert=True)  # fmt: skip
    ReconciliationRun(certifier=certifier, note=word("ReconciliationRun.note")).save(force_insert=True)
    Drift(
        certifier=certifier, kind=DriftKind.values[0], subject=word("Drift.subject"), certificate_id=has.certificate.pk,
        portal_value={"kg": word("Drift.portal_value")}, other_value={"kg": word("Drift.other_value")},
    ).save(force_insert=True)  # fmt: skip
    OidRecord(
        certifier=certifier, number=has.certificate.number, seen_in=a_uuid(), status=word("OidRecord.status")[:20],
        facts={"note": word("OidRecord.facts")}, actuals={"note": word("OidRecord.actuals")},
    ).save(force_insert=True)  # fmt: skip
    return {text[:20] for text in words if text == _word("oid_sync.OidRecord.status")} | words


def _as_they_stand() -> set[str]:
    """Content that is distinctive as it is."""
    found = {*Outage.objects.values_list("reason", flat=True), *SupportSession.objects.values_list("reason", flat=True)}
    assert len(found) > 1
    return found


#: Audiences outside the certifier: exporters, importers with their brokers, one person, an address.
OUTSIDE = frozenset(Audience.values) - {Audience.CERTIFIER}
