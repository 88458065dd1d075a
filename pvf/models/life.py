"""A PVF's year: top-ups, what is carried over, what is processed, and the documents that support it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core import clock, ids
from core.models import StoredFile
from core.units import Unit
from organizations.models import Certifier, Client
from organizations.tenancy import ClientRows, TenantQuerySet
from pvf.models.fields import KilogramField
from pvf.models.pvf import PVF, PVFLine, PVFVersion


class TopUp(models.Model):
    """What a proposal of kind top-up adds to one line, with the purchase or harvest that supports it."""

    version = models.OneToOneField(PVFVersion, on_delete=models.PROTECT, primary_key=True, related_name="top_up")
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    line = models.ForeignKey(PVFLine, on_delete=models.PROTECT, related_name="top_ups")
    kg = KilogramField()
    entered_quantity = models.DecimalField(max_digits=18, decimal_places=6)
    entered_unit = models.CharField(max_length=3, choices=Unit.choices, default=Unit.KGM)
    #: One purchase or a harvest, as entries of the line's volume basis.
    basis = models.JSONField(default=dict)

    objects = TenantQuerySet.as_manager()
    tenancy = ClientRows()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(kg__gt=0), name="top_up_of_something")]


class CarryOver(models.Model):
    """What a line of a new certification year takes over from a line of an earlier one: asked, then decided (0 too)."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(PVFVersion, on_delete=models.PROTECT, related_name="carry_overs")
    line = models.ForeignKey(PVFLine, on_delete=models.PROTECT, related_name="carried_in")
    from_line = models.ForeignKey(PVFLine, on_delete=models.PROTECT, related_name="carried_out")
    asked_kg = KilogramField()
    decided_kg = KilogramField(null=True)
    reason = models.CharField(max_length=300, blank=True)
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)

    objects = TenantQuerySet.as_manager()
    tenancy = ClientRows()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "line"], name="carry_over_once_a_line"),
            models.UniqueConstraint(fields=["version", "from_line"], name="carry_over_once_from_a_line"),
            models.CheckConstraint(condition=Q(asked_kg__gte=0), name="carry_over_asked_not_negative"),
            models.CheckConstraint(condition=Q(decided_kg=None) | Q(decided_kg__gte=0), name="carry_over_not_negative"),
        ]


class ProcessingReport(models.Model):
    """Kilograms of one line that became kilograms of another; the ledger moves when a manager approves.

    ``ratio_input`` kg of the input product give ``ratio_output`` kg of the output product; ``output_kg`` is rounded once.
    """

    class State(models.TextChoices):
        REPORTED = "reported", _("reported")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")
        WITHDRAWN = "withdrawn", _("withdrawn")

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    pvf = models.ForeignKey(PVF, on_delete=models.PROTECT, related_name="processing_reports")
    input_line = models.ForeignKey(PVFLine, on_delete=models.PROTECT, related_name="processed_away")
    output_line = models.ForeignKey(PVFLine, on_delete=models.PROTECT, related_name="processed_in")
    entered_quantity = models.DecimalField(max_digits=18, decimal_places=6)
    entered_unit = models.CharField(max_length=3, choices=Unit.choices, default=Unit.KGM)
    input_kg = KilogramField()
    ratio_input = KilogramField()
    ratio_output = KilogramField()
    output_kg = KilogramField()
    processed_on = models.DateField()
    reason = models.TextField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.REPORTED)
    reported_by = models.UUIDField(null=True)
    reported_at = models.DateTimeField(default=clock.now)
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.TextField(blank=True)

    objects = TenantQuerySet.as_manager()
    tenancy = ClientRows()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(input_kg__gt=0, output_kg__gt=0, ratio_input__gt=0, ratio_output__gt=0),
                name="processing_of_something",
            ),
            models.CheckConstraint(condition=~Q(input_line=F("output_line")), name="processing_into_another_line"),
        ]


class PVFDocument(models.Model):
    """Evidence: a document of a proposal or of a processing report. Removing one hides it; the file stays."""

    class Kind(models.TextChoices):
        INVENTORY = "inventory", _("inventory record")
        PRODUCTION = "production", _("production estimate or harvest record")
        PURCHASE = "purchase", _("supplier's invoice")
        SUPPLIER_CERTIFICATE = "supplier_certificate", _("supplier's organic certificate")
        PROCESSING = "processing", _("processing record")
        OTHER = "other", _("other document")

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    pvf = models.ForeignKey(PVF, on_delete=models.PROTECT, related_name="documents")
    version = models.ForeignKey(PVFVersion, null=True, on_delete=models.PROTECT, related_name="documents")
    report = models.ForeignKey(ProcessingReport, null=True, on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=24, choices=Kind.choices)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    added_by = models.UUIDField(null=True)
    added_at = models.DateTimeField(default=clock.now)
    removed_at = models.DateTimeField(null=True)

    objects = TenantQuerySet.as_manager()
    tenancy = ClientRows()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(version=None, report__isnull=False) | Q(version__isnull=False, report=None),
                name="pvf_document_of_one_thing",
            ),
        ]
