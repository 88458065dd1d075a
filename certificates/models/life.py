"""What happens to a certificate after its issue: changes, overage reports, receipts, reminders."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from certificates.models.certificate import Certificate, CertificateRows, Shipment
from core import clock, ids
from core.units import Unit
from organizations.models import Certifier, Client, Operation
from organizations.tenancy import ClientRows, TenantQuerySet
from pvf.models import KilogramField


class CertificateChange(models.Model):
    """One change after issue: never edited, never deleted. Kilograms are the certificate's certified weight."""

    class Kind(models.TextChoices):
        AMENDED = "amended", _("amended")
        VOIDED = "voided", _("voided")
        TOTAL = "total", _("total declared")
        CLOSED = "closed", _("closed")
        REPLACED = "replaced", _("replaced")

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    certificate = models.ForeignKey(Certificate, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    net_kg_before = KilogramField()
    net_kg_after = KilogramField()
    #: What had shipped, and what went back to the line.
    shipped_kg = KilogramField()
    freed_kg = KilogramField(default=0)
    reason = models.CharField(max_length=300, blank=True)
    made_by = models.UUIDField(null=True)
    made_at = models.DateTimeField(default=clock.now)

    objects = TenantQuerySet.as_manager()
    tenancy = CertificateRows(prefix="certificate__")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["certificate"],
                condition=Q(kind__in=["voided", "closed", "replaced"]),
                name="certificate_ends_once",
            ),
            models.CheckConstraint(
                condition=Q(net_kg_after__lte=F("net_kg_before"), freed_kg__gte=0), name="change_never_upwards"
            ),
        ]
        indexes = [models.Index(fields=["certifier", "kind", "made_at"], name="change_by_kind")]


class Amendment(models.Model):
    """An amendment's content: the certificate as it reads from then on. Version ``number`` + 1 of the document shows it."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    certificate = models.ForeignKey(Certificate, on_delete=models.PROTECT, related_name="amendments")
    change = models.OneToOneField(CertificateChange, on_delete=models.PROTECT, related_name="amendment")
    number = models.PositiveSmallIntegerField()
    #: What changed, as text: [{"field": "net_kg", "before": "19000.000", "after": "18000.000"}].
    content = models.JSONField()
    snapshot = models.JSONField()
    snapshot_sha256 = models.CharField(max_length=64)
    made_at = models.DateTimeField(default=clock.now)
    #: When OID had it: the next version of the document is made then, never before.
    confirmed_at = models.DateTimeField(null=True)

    objects = TenantQuerySet.as_manager()
    tenancy = CertificateRows(prefix="certificate__")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["certificate", "number"], name="amendment_number_once"),
            models.CheckConstraint(condition=Q(number__gt=0), name="amendment_numbers_from_one"),
        ]


class OverageReport(models.Model):
    """More left than was certified: told to the certifier, who decides what becomes of it. Moves no kilogram."""

    id = models.UUIDField(primary_key=True, editable=False)
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    certificate = models.ForeignKey(Certificate, on_delete=models.PROTECT, related_name="overages")
    entered_quantity = models.DecimalField(max_digits=18, decimal_places=6)
    entered_unit = models.CharField(max_length=3, choices=Unit.choices, default=Unit.KGM)
    shipped_kg = KilogramField()
    rest_kg = KilogramField()
    over_kg = KilogramField()
    departure_date = models.DateField()
    transport_document = models.CharField(max_length=60, blank=True)
    note = models.CharField(max_length=300, blank=True)
    reported_by = models.UUIDField(null=True)
    reported_at = models.DateTimeField(default=clock.now)
    settled_by = models.UUIDField(null=True)
    settled_at = models.DateTimeField(null=True)
    settlement = models.CharField(max_length=300, blank=True)

    objects = TenantQuerySet.as_manager()
    tenancy = ClientRows()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(over_kg__gt=0, over_kg=F("shipped_kg") - F("rest_kg")), name="overage_is_over"
            ),
        ]
        indexes = [
            models.Index(fields=["certifier", "reported_at"], name="overage_open", condition=Q(settled_at=None)),
        ]


class Receipt(models.Model):
    """The importer's word that a shipment arrived, with its own weight. A difference is a drift, not a correction."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    importer = models.ForeignKey(Operation, on_delete=models.PROTECT, related_name="+")
    certificate = models.ForeignKey(Certificate, on_delete=models.PROTECT, related_name="receipts")
    shipment = models.OneToOneField(Shipment, on_delete=models.PROTECT, related_name="receipt")
    entered_quantity = models.DecimalField(max_digits=18, decimal_places=6)
    entered_unit = models.CharField(max_length=3, choices=Unit.choices, default=Unit.KGM)
    received_kg = KilogramField()
    received_on = models.DateField()
    note = models.CharField(max_length=300, blank=True)
    confirmed_by = models.UUIDField(null=True)
    confirmed_at = models.DateTimeField(default=clock.now)

    objects = TenantQuerySet.as_manager()
    tenancy = CertificateRows(prefix="certificate__")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(received_kg__gte=0), name="receipt_not_negative")]


class ActualsReminder(models.Model):
    """A reminder of the actual weights that was sent: each once for a certificate."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    certificate = models.ForeignKey(Certificate, on_delete=models.PROTECT, related_name="reminders")
    days_before_end = models.PositiveSmallIntegerField()
    sent_at = models.DateTimeField(default=clock.now)

    objects = TenantQuerySet.as_manager()
    tenancy = ClientRows()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["certificate", "days_before_end"], name="reminder_once")]
