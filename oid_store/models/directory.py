"""The directory of operations: who may trade organic goods, as the register lists them."""

from django.db import models
from django.db.models import Q


class OperationStatus(models.TextChoices):
    """Statuses of an operation in OID. Only ``Certified`` may trade."""

    CERTIFIED = "Certified", "Certified"
    SURRENDERED = "Surrendered", "Surrendered"
    SUSPENDED = "Suspended", "Suspended"
    REVOKED = "Revoked", "Revoked"
    TRANSITIONAL = "Transitional", "Transitional"
    DENIED = "Denied Certification", "Denied Certification"
    WITHDREW_NONC = "Withdrew with NONC", "Withdrew with NONC"
    WITHDREW_TRANSITIONAL = "Withdrew from Transitional", "Withdrew from Transitional"


class Operation(models.Model):
    """An organic business, keyed by its ten-digit NOP ID whose first three digits name its certifier."""

    nop_id = models.CharField(primary_key=True, max_length=10)
    name = models.CharField(max_length=250)
    other_names = models.CharField(max_length=500, blank=True, default="")
    status = models.CharField(max_length=30, choices=OperationStatus.choices)
    status_date = models.DateField(null=True, blank=True)
    certifier_code = models.CharField(max_length=3)
    certifier_name = models.CharField(max_length=250)
    scopes = models.JSONField(default=list)
    contact_first_name = models.CharField(max_length=100, blank=True, default="")
    contact_last_name = models.CharField(max_length=100, blank=True, default="")
    phone = models.CharField(max_length=50, blank=True, default="")
    email = models.CharField(max_length=254, blank=True, default="")
    url = models.CharField(max_length=300, blank=True, default="")
    address_line1 = models.CharField(max_length=250, blank=True, default="")
    address_line2 = models.CharField(max_length=250, blank=True, default="")
    city = models.CharField(max_length=100, blank=True, default="")
    state = models.CharField(max_length=100, blank=True, default="")
    postal_code = models.CharField(max_length=20, blank=True, default="")
    country = models.CharField(max_length=2)
    items = models.JSONField(default=list)
    updated_at = models.DateTimeField()

    class Meta:
        app_label = "oid_store"
        ordering = ("nop_id",)
        constraints = (
            models.CheckConstraint(condition=Q(nop_id__regex=r"^\d{10}$"), name="operation_nop_id_form"),
            models.CheckConstraint(condition=Q(certifier_code__regex=r"^\d{3}$"), name="operation_certifier_form"),
            models.CheckConstraint(condition=Q(status__in=OperationStatus.values), name="operation_status_known"),
        )
        indexes = (models.Index(fields=("status", "nop_id"), name="operation_by_status"),)

    def __str__(self) -> str:
        return f"{self.nop_id} {self.name}"
