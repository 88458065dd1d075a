"""The volume ledger: balances and the movements that explain them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from organizations.models import Certifier, Client
from organizations.tenancy import ClientRows, TenantQuerySet
from pvf.models.fields import KilogramField
from pvf.models.pvf import PVFLine


class Bucket(models.TextChoices):
    """Where a kilogram of a PVF line stands. ``outside`` is the source and has no balance."""

    OUTSIDE = "outside", _("outside")
    AVAILABLE = "available", _("available")
    RESERVED = "reserved", _("reserved")
    CERTIFIED = "certified", _("certified")
    SHIPPED = "shipped", _("shipped")


class Cause(models.TextChoices):
    """Why kilograms moved."""

    AUTHORISE = "authorise", _("authorised")
    TOP_UP = "top_up", _("topped up")
    REDUCE = "reduce", _("authorisation reduced")
    SUBMIT = "submit", _("request submitted")
    QUANTITY_CHANGED = "quantity_changed", _("quantity changed")
    WITHDRAW = "withdraw", _("request withdrawn")
    REJECT = "reject", _("request rejected")
    LAPSE = "lapse", _("request lapsed")
    APPROVE = "approve", _("request approved")
    BACK_TO_REVIEW = "back_to_review", _("sent back to review")
    SHIPMENT = "shipment", _("shipped")
    SHIPMENT_CORRECTED = "shipment_corrected", _("shipment corrected")
    CLOSE_OUT = "close_out", _("unshipped rest closed out")
    AMEND_DOWN = "amend_down", _("certificate amended downwards")
    VOID = "void", _("certificate voided")
    REPLACE = "replace", _("certificate replaced")
    PROCESS = "process", _("processed into another product")
    CARRY_OVER = "carry_over", _("carried over to another certification year")


class Holder(models.TextChoices):
    """What holds reserved, certified or shipped kilograms."""

    REQUEST = "request", _("request")
    CERTIFICATE = "certificate", _("certificate")


class Balance(models.Model):
    """The kilograms of one line by bucket. Changed by the database function ``pvf_move`` alone."""

    line = models.OneToOneField(PVFLine, on_delete=models.PROTECT, primary_key=True, related_name="balance")
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    available = KilogramField(default=0)
    reserved = KilogramField(default=0)
    certified = KilogramField(default=0)
    shipped = KilogramField(default=0)
    last_sequence = models.PositiveBigIntegerField(default=0)
    #: Nothing; the one column the application's role may update, since FOR UPDATE asks for that right.
    lock = models.BooleanField(default=False)

    objects = TenantQuerySet.as_manager()
    tenancy = ClientRows()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(available__gte=0), name="balance_available_not_negative"),
            models.CheckConstraint(condition=Q(reserved__gte=0), name="balance_reserved_not_negative"),
            models.CheckConstraint(condition=Q(certified__gte=0), name="balance_certified_not_negative"),
            models.CheckConstraint(condition=Q(shipped__gte=0), name="balance_shipped_not_negative"),
        ]


class Movement(models.Model):
    """Kilograms that went from one bucket of a line to another: written by ``pvf_move``, never changed, never deleted."""

    id = models.UUIDField(primary_key=True, editable=False)
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    line = models.ForeignKey(PVFLine, on_delete=models.PROTECT, related_name="movements")
    sequence = models.PositiveBigIntegerField()
    source = models.CharField(max_length=10, choices=Bucket.choices)
    target = models.CharField(max_length=10, choices=Bucket.choices)
    kg = KilogramField()
    source_holder = models.CharField(max_length=12, choices=Holder.choices, blank=True)
    source_holder_id = models.UUIDField(null=True)
    target_holder = models.CharField(max_length=12, choices=Holder.choices, blank=True)
    target_holder_id = models.UUIDField(null=True)
    cause = models.CharField(max_length=20, choices=Cause.choices)
    reason = models.CharField(max_length=300, blank=True)
    idempotency_key = models.CharField(max_length=120)
    made_by = models.UUIDField(null=True)
    made_at = models.DateTimeField()
    available_after = KilogramField()
    reserved_after = KilogramField()
    certified_after = KilogramField()
    shipped_after = KilogramField()

    objects = TenantQuerySet.as_manager()
    tenancy = ClientRows()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["line", "sequence"], name="movement_sequence_once"),
            models.UniqueConstraint(fields=["certifier", "idempotency_key"], name="movement_key_once"),
            models.CheckConstraint(condition=Q(kg__gt=0), name="movement_of_something"),
            models.CheckConstraint(condition=~Q(source=F("target")) | Q(cause="replace"), name="movement_moves"),
            models.CheckConstraint(
                name="movement_holders_named",
                condition=(
                    (Q(source__in=["outside", "available"], source_holder_id=None) | Q(source_holder_id__isnull=False))
                    & (
                        Q(target__in=["outside", "available"], target_holder_id=None)
                        | Q(target_holder_id__isnull=False)
                    )
                ),
            ),
        ]
        indexes = [
            models.Index(fields=["certifier", "source_holder_id"], name="movement_by_source_holder"),
            models.Index(fields=["certifier", "target_holder_id"], name="movement_by_target_holder"),
        ]
