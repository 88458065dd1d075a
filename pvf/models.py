"""Product Verification Forms, their lines, the volume ledger and the HTS table.

A PVF belongs to one client and one certification year. Its *lines* are stable (the ledger hangs on them); what a line
says (label name, HTS codes, origins, authorised volume) stands in the *terms* of each approved version.
"""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from core import clock, ids
from core.models import StoredFile
from core.units import Unit
from organizations.models import Certifier, Client, Scope
from organizations.tenancy import ClientRows, TenantQuerySet
from pvf.statement_models import StatementFile as StatementFile  # noqa: PLC0414 - models are looked for here


class KilogramField(models.DecimalField):  # type: ignore[type-arg]
    """Kilograms to a gram: numeric(14,3). Never a float."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        kwargs.setdefault("max_digits", 14)
        kwargs.setdefault("decimal_places", 3)
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]


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


class PVF(models.Model):
    """One client's Product Verification Form for one certification year (plain dates, both inclusive)."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        APPROVED = "approved", _("approved")
        CLOSED = "closed", _("closed")

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="pvfs")
    number = models.CharField(max_length=40)
    period_start = models.DateField()
    period_end = models.DateField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT)
    created_at = models.DateTimeField(default=clock.now)

    objects = TenantQuerySet.as_manager()
    tenancy = ClientRows()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["certifier", "client", "number"], name="pvf_number_once"),
            models.CheckConstraint(condition=Q(period_start__lte=F("period_end")), name="pvf_period_ordered"),
            ExclusionConstraint(
                name="pvf_years_never_overlap",
                expressions=[
                    ("certifier", RangeOperators.EQUAL),
                    ("client", RangeOperators.EQUAL),
                    (
                        Func(
                            F("period_start"),
                            F("period_end"),
                            models.Value("[]"),
                            function="DATERANGE",
                            output_field=DateRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=Q(state="approved"),
            ),
        ]

    def __str__(self) -> str:
        return self.number


class PVFVersion(models.Model):
    """One proposal of a PVF's content, or a top-up of one line; the approved ones are in force one after the other.

    ``in_force_from`` (inclusive) and ``in_force_until`` (exclusive) never overlap between versions of one PVF: what a
    line said at a moment has one answer.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        PROPOSED = "proposed", _("proposed")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")
        WITHDRAWN = "withdrawn", _("withdrawn")
        SUPERSEDED = "superseded", _("superseded")

    class Kind(models.TextChoices):
        CONTENT = "content", _("lines of the PVF")
        TOP_UP = "top_up", _("top-up of one line")

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    pvf = models.ForeignKey(PVF, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.CONTENT)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    #: Counts the changes of a draft: a stale form is told so.
    revision = models.PositiveIntegerField(default=1)
    by_certifier = models.BooleanField(default=False)
    source_file_id = models.UUIDField(null=True)
    note = models.TextField(blank=True)
    proposed_by = models.UUIDField(null=True)
    proposed_at = models.DateTimeField(default=clock.now)
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.TextField(blank=True)
    in_force_from = models.DateTimeField(null=True)
    in_force_until = models.DateTimeField(null=True)

    objects = TenantQuerySet.as_manager()
    tenancy = ClientRows()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pvf", "number"], name="pvf_version_once"),
            models.UniqueConstraint(fields=["pvf"], condition=Q(state="approved"), name="one_pvf_version_in_force"),
            models.UniqueConstraint(
                fields=["pvf", "by_certifier"], condition=Q(state="draft"), name="one_pvf_draft_of_a_side"
            ),
            models.CheckConstraint(
                name="pvf_version_in_force_while_approved",
                condition=(
                    Q(state="approved", in_force_from__isnull=False, in_force_until=None)
                    | Q(state="superseded", in_force_from__isnull=False, in_force_until__gte=F("in_force_from"))
                    | (~Q(state="approved") & Q(in_force_from=None, in_force_until=None))
                ),
            ),
            ExclusionConstraint(
                name="pvf_versions_never_in_force_together",
                expressions=[
                    ("pvf", RangeOperators.EQUAL),
                    (
                        Func(
                            F("in_force_from"),
                            F("in_force_until"),
                            function="TSTZRANGE",
                            output_field=DateTimeRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=Q(in_force_from__isnull=False),
            ),
        ]


class PVFLine(models.Model):
    """One product of a PVF. Stable over versions: the ledger and every request hang on it."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    pvf = models.ForeignKey(PVF, on_delete=models.PROTECT, related_name="lines")
    line_number = models.PositiveIntegerField()

    objects = TenantQuerySet.as_manager()
    tenancy = ClientRows()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pvf", "line_number"], name="pvf_line_once")]

    def __str__(self) -> str:
        return f"{self.pvf_id}:{self.line_number}"


class PVFLineTerms(models.Model):
    """What a line says in one version: product, the name on the label, HTS codes, origins, authorised kilograms."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(PVFVersion, on_delete=models.PROTECT, related_name="terms")
    line = models.ForeignKey(PVFLine, on_delete=models.PROTECT, related_name="terms")
    product_name = models.CharField(_("product"), max_length=200)
    label_name = models.CharField(_("name on the label"), max_length=200)
    scope = models.CharField(_("scope"), max_length=12, choices=Scope.choices)
    hts_codes = ArrayField(models.CharField(max_length=10))
    origins = ArrayField(models.CharField(max_length=2))
    authorised_kg = KilogramField(_("authorised volume (kg)"))
    entered_quantity = models.DecimalField(max_digits=18, decimal_places=6)
    entered_unit = models.CharField(max_length=3, choices=Unit.choices, default=Unit.KGM)
    volume_basis = models.TextField(_("volume basis"), blank=True)
    #: The volume basis as figures (``pvf.domain.basis``); empty where only the text says what supports the volume.
    basis = models.JSONField(default=dict)

    objects = TenantQuerySet.as_manager()
    tenancy = ClientRows()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "line"], name="terms_once"),
            models.CheckConstraint(condition=Q(authorised_kg__gte=0), name="authorised_not_negative"),
        ]


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


class HtsEdition(models.Model):
    """An edition of the Harmonized Tariff Schedule and the first day it is in force (None where nobody has entered it)."""

    name = models.CharField(max_length=40, primary_key=True)
    position = models.PositiveIntegerField(unique=True)
    first_day = models.DateField(null=True, blank=True)


class HtsCode(models.Model):
    """A ten-digit HTS code. Validity follows from the first day of its first edition to the end of its last."""

    code = models.CharField(max_length=10, primary_key=True)
    description = models.TextField()
    certified_organic = models.BooleanField(default=False)
    unit = models.CharField(max_length=20, blank=True)
    must_file = models.BooleanField(default=False)
    first_edition = models.ForeignKey(HtsEdition, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    last_edition = models.ForeignKey(HtsEdition, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    #: Month and day of a yearly window ("0415" to "0731"), where the code is seasonal.
    season_start = models.CharField(max_length=4, blank=True)
    season_end = models.CharField(max_length=4, blank=True)

    def __str__(self) -> str:
        return self.code

    @property
    def dotted(self) -> str:
        """The code as people write it: 0901.11.0015."""
        return f"{self.code[:4]}.{self.code[4:6]}.{self.code[6:]}"
