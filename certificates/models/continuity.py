"""Outages of OID, declared by a manager, and the continuity documents made in them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from certificates.models.certificate import Certificate, CertificateRows
from core import clock, ids
from core.models import StoredFile
from organizations.models import Certifier, Client
from organizations.tenancy import StaffRows, TenantQuerySet


class Outage(models.Model):
    """A time in which a certifier says that OID is out: certificates may get continuity documents under its COOP code."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="outages")
    coop_code = models.CharField(_("COOP code"), max_length=30)
    reason = models.CharField(_("reason"), max_length=300)
    started_by = models.UUIDField(null=True)
    started_at = models.DateTimeField(default=clock.now)
    ended_by = models.UUIDField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = TenantQuerySet.as_manager()
    tenancy = StaffRows()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["certifier"], condition=Q(ended_at=None), name="one_outage_at_a_time"),
            models.CheckConstraint(condition=~Q(coop_code=""), name="outage_has_coop_code"),
        ]
        indexes = [models.Index(fields=["certifier", "-started_at"], name="outage_by_start")]


class Unregistered(models.TextChoices):
    """Why a certificate with a continuity document is not registered although OID is back."""

    DEPARTED = "departed", _("the goods had left when OID was back")
    SETTING = "setting", _("the certifier does not register continuity documents afterwards")
    ENDED = "ended", _("it was closed before OID was back")


class ContinuityDocument(models.Model):
    """A document made by hand while OID is out: no number, the COOP code and the data of message set OR1 on its face.

    ``data`` is everything it says, frozen when it was asked for; the file comes from the documents loop and never changes.
    """

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    certificate = models.OneToOneField(Certificate, on_delete=models.PROTECT, related_name="continuity")
    outage = models.ForeignKey(Outage, on_delete=models.PROTECT, related_name="documents")
    #: Its own name; made so that nobody takes it for a number of OID: "COOP-101-ABCD-EFGH-J".
    reference = models.CharField(max_length=30, unique=True)
    check_code = models.CharField(max_length=12)
    coop_code = models.CharField(max_length=30)
    data = models.JSONField()
    data_sha256 = models.CharField(max_length=64)
    asked_by = models.UUIDField(null=True)
    asked_at = models.DateTimeField(default=clock.now)

    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)

    file = models.OneToOneField(StoredFile, null=True, on_delete=models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64, blank=True)
    made_at = models.DateTimeField(null=True)
    #: Why its certificate is not registered although OID is back; empty while that is open, or where it was.
    unregistered_because = models.CharField(max_length=10, choices=Unregistered.choices, blank=True)

    objects = TenantQuerySet.as_manager()
    tenancy = CertificateRows(prefix="certificate__")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(made_at=None, file=None, sha256="") | Q(made_at__isnull=False, file__isnull=False),
                name="continuity_document_whole",
            )
        ]
        indexes = [
            models.Index(fields=["certifier", "asked_at"], name="continuity_due", condition=Q(made_at=None)),
        ]
