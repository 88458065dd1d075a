"""What OID's state means for certificates: marks on issued ones that OID shows otherwise, and delays while it is away."""

from __future__ import annotations

import dataclasses

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from certificates.models.certificate import Certificate, CertificateRows
from core import clock, ids
from core.identity import Identity, Kind
from organizations.models import Certifier, Client
from organizations.tenancy import NONE, TenantQuerySet


@dataclasses.dataclass(frozen=True, slots=True)
class CertifierAndExporters:
    """Rows about a certifier that its staff and each of its exporters may know."""

    def condition(self, actor: Identity) -> Q:
        """The filter for ``actor``."""
        if actor.certifier_id and (actor.is_staff or actor.kind is Kind.EXPORTER):
            return Q(certifier_id=actor.certifier_id)
        return NONE


class OidMark(models.Model):
    """OID shows a released certificate otherwise than the portal issued it: raised once, closed when that ends."""

    class Kind(models.TextChoices):
        VOID = "void", _("OID shows it as void")
        REPLACED = "replaced", _("OID shows it as replaced")
        CHANGED = "changed", _("OID shows other data")
        MISSING = "missing", _("OID does not show it any more")

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    certificate = models.ForeignKey(Certificate, on_delete=models.PROTECT, related_name="oid_marks")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    #: Names of the fields that differ, for CHANGED.
    fields = models.JSONField(default=list)
    found_at = models.DateTimeField(default=clock.now)
    closed_at = models.DateTimeField(null=True)
    #: Who looked it up in OID by hand; None where a reconciliation found it, which then also clears it.
    seen_by = models.UUIDField(null=True)

    objects = TenantQuerySet.as_manager()
    tenancy = CertificateRows(prefix="certificate__")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["certificate", "kind"], condition=Q(closed_at=None), name="one_open_mark_of_kind"
            )
        ]
        indexes = [models.Index(fields=["certifier", "found_at"], name="oid_mark_open", condition=Q(closed_at=None))]


class RegistrationDelay(models.Model):
    """OID does not answer a certifier: since when, until when. Exporters see it at what waits for a number."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="+", db_index=False)
    since = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = TenantQuerySet.as_manager()
    tenancy = CertifierAndExporters()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["certifier"], condition=Q(ended_at=None), name="one_delay_at_a_time")
        ]
