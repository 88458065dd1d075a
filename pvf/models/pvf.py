"""Product Verification Forms: versions, the lines that stay, and what each version says of them."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from core import clock, ids
from core.units import Unit
from organizations.delegated import DelegatedRows
from organizations.grant_scopes import GrantScope
from organizations.models import Certifier, Client, Scope
from organizations.tenancy import TenantQuerySet
from pvf.models.fields import KilogramField

#: The exporter's broker sees the lines that a draft can be made for.
FOR_DRAFTS = DelegatedRows((GrantScope.DRAFTS,))


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
    tenancy = FOR_DRAFTS

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
    tenancy = FOR_DRAFTS

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
    tenancy = FOR_DRAFTS

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
    tenancy = FOR_DRAFTS

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "line"], name="terms_once"),
            models.CheckConstraint(condition=Q(authorised_kg__gte=0), name="authorised_not_negative"),
        ]
