"""Certificates, what was reported and changed about them, and the log of those changes."""

from django.db import models
from django.db.models import F, Q

from oid_store.models.fields import AnswerField


class CertificateStatus(models.TextChoices):
    """What a record is. ``expired`` is not stored: it is a live record whose end date has passed."""

    LIVE = "live", "Live"
    VOID = "void", "Void"
    REPLACED = "replaced", "Replaced"


class Serial(models.Model):
    """The last serial given to an exporter by a certifier; its row is the lock that keeps numbers gapless."""

    certifier_code = models.CharField(max_length=3)
    nop_id = models.CharField(max_length=10)
    last = models.PositiveIntegerField()

    class Meta:
        app_label = "oid_store"
        constraints = (
            models.UniqueConstraint(fields=("certifier_code", "nop_id"), name="serial_once_per_exporter"),
            models.CheckConstraint(condition=Q(last__gte=1) & Q(last__lte=999_999), name="serial_six_digits"),
        )


class Certificate(models.Model):
    """One registered certificate: one product, one HTS code, one exporter, one period.

    ``first_answer`` is what the register answered to the registration; a repeat of the reference gets it again.
    ``actual_kg`` is the sum of the actual weights reported and never exceeds ``net_weight_kg``.
    """

    number = models.CharField(max_length=21, unique=True)
    certifier_code = models.CharField(max_length=3)
    reference = models.UUIDField()
    payload_sha256 = models.CharField(max_length=64)
    status = models.CharField(max_length=10, choices=CertificateStatus.choices, default=CertificateStatus.LIVE)
    version = models.PositiveIntegerField(default=1)
    exporter_nop_id = models.CharField(max_length=10)
    exporter_name = models.CharField(max_length=250)
    exporter_address = models.CharField(max_length=500, blank=True)
    importer_nop_id = models.CharField(max_length=10)
    importer_name = models.CharField(max_length=250)
    final_handler_nop_id = models.CharField(max_length=10, blank=True)
    consignee = models.CharField(max_length=500)
    destination_city = models.CharField(max_length=100)
    destination_state = models.CharField(max_length=2)
    origin = models.CharField(max_length=2)
    product_label = models.CharField(max_length=300)
    hts = models.CharField(max_length=10)
    standard = models.CharField(max_length=20)
    net_weight_kg = models.DecimalField(max_digits=14, decimal_places=3)
    actual_kg = models.DecimalField(max_digits=14, decimal_places=3, default=0)
    declared_total_kg = models.DecimalField(max_digits=14, decimal_places=3, null=True)
    lots = models.JSONField(default=list)
    transport = models.JSONField(default=dict)
    start_date = models.DateField()
    end_date = models.DateField()
    departure_date = models.DateField(null=True)
    snapshot_sha256 = models.CharField(max_length=64)
    warnings = models.JSONField(default=list)
    replaces = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="replaced_by")
    void_reason = models.CharField(max_length=1000, blank=True, default="")
    void_by = models.CharField(max_length=20, blank=True, default="")
    voided_at = models.DateTimeField(null=True)
    registered_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    first_answer = AnswerField()

    class Meta:
        app_label = "oid_store"
        constraints = (
            models.UniqueConstraint(fields=("certifier_code", "reference"), name="certificate_reference_once"),
            models.CheckConstraint(condition=Q(number__regex=r"^\d{3}-\d{10}-\d{6}$"), name="certificate_number_form"),
            models.CheckConstraint(condition=Q(status__in=CertificateStatus.values), name="certificate_status_known"),
            models.CheckConstraint(condition=Q(net_weight_kg__gt=0), name="certificate_weight_positive"),
            models.CheckConstraint(
                condition=Q(actual_kg__gte=0) & Q(actual_kg__lte=F("net_weight_kg")), name="certificate_actuals_within"
            ),
            models.CheckConstraint(condition=Q(end_date__gte=F("start_date")), name="certificate_period_order"),
            models.CheckConstraint(
                condition=Q(status="void", voided_at__isnull=False) | (~Q(status="void") & Q(voided_at__isnull=True)),
                name="certificate_void_dated",
            ),
        )

    def __str__(self) -> str:
        return self.number


class CallKind(models.TextChoices):
    """Calls about a registered certificate."""

    ACTUALS = "actuals", "Actual weights"
    AMEND = "amend", "Amendment"
    VOID = "void", "Void"


class CallOutcome(models.TextChoices):
    """What became of a call."""

    APPLIED = "applied", "Applied"
    REJECTED = "rejected", "Rejected"


class Call(models.Model):
    """A caller's call by its own UUID, and the answer it got: the first answer is final, a repeat gets it again."""

    certifier_code = models.CharField(max_length=3)
    call_id = models.UUIDField()
    kind = models.CharField(max_length=10, choices=CallKind.choices)
    certificate = models.ForeignKey(Certificate, on_delete=models.PROTECT, related_name="calls")
    payload_sha256 = models.CharField(max_length=64)
    outcome = models.CharField(max_length=10, choices=CallOutcome.choices)
    answer = AnswerField()
    at = models.DateTimeField()

    class Meta:
        app_label = "oid_store"
        constraints = (models.UniqueConstraint(fields=("certifier_code", "call_id"), name="call_once"),)


class Actual(models.Model):
    """The actual net weight of one shipment under a certificate, as last reported."""

    certificate = models.ForeignKey(Certificate, on_delete=models.PROTECT, related_name="actuals")
    shipment_ref = models.CharField(max_length=64)
    shipped_on = models.DateField()
    net_weight_kg = models.DecimalField(max_digits=14, decimal_places=3)
    entry_number = models.CharField(max_length=30, blank=True, default="")
    reported_at = models.DateTimeField()

    class Meta:
        app_label = "oid_store"
        constraints = (
            models.UniqueConstraint(fields=("certificate", "shipment_ref"), name="actual_once_per_shipment"),
            models.CheckConstraint(condition=Q(net_weight_kg__gte=0), name="actual_weight_not_negative"),
        )


class ChangeKind(models.TextChoices):
    """Kinds of change to a record."""

    REGISTERED = "registered", "Registered"
    ACTUALS = "actuals", "Actual weights reported"
    AMENDED = "amended", "Amended"
    VOIDED = "voided", "Voided"
    REPLACED = "replaced", "Replaced"


class Change(models.Model):
    """One change to a record, written in the change's own transaction: who, when, before and after. Append-only.

    ``position`` orders the log for readers. It is given after the commit (see ``domain.changes``), so that a change
    which commits late is never placed behind a reader who has already passed.
    """

    certificate = models.ForeignKey(Certificate, on_delete=models.PROTECT, related_name="changes")
    certifier_code = models.CharField(max_length=3)
    kind = models.CharField(max_length=12, choices=ChangeKind.choices)
    call_id = models.UUIDField(null=True)
    actor = models.CharField(max_length=60)
    request_id = models.CharField(max_length=36, blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField()
    at = models.DateTimeField()
    position = models.BigIntegerField(null=True, unique=True)

    class Meta:
        app_label = "oid_store"
        indexes = (
            models.Index(fields=("certifier_code", "position"), name="change_by_position"),
            models.Index(fields=("id",), condition=Q(position__isnull=True), name="change_without_position"),
        )


class ChangeHead(models.Model):
    """The single row that holds the last position given and the identity of this log (a wiped store gets a new one)."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    log_id = models.UUIDField()
    last_position = models.BigIntegerField(default=0)

    class Meta:
        app_label = "oid_store"
        constraints = (models.CheckConstraint(condition=Q(id=1), name="change_head_single"),)
