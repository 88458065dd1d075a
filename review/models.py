"""What reviewers and approvers leave behind: recommendations and decisions."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core import clock, ids
from organizations.models import Certifier, Client
from organizations.tenancy import StaffRows, TenantQuerySet
from requests_app.models import Request


class RejectionReason(models.TextChoices):
    """The catalogue of reasons for a rejection."""

    NOT_ON_PVF = "not_on_pvf", _("The product is not on the PVF.")
    VOLUME = "volume", _("The volume is above what remains on the PVF line.")
    NOT_CERTIFIED = "not_certified", _("A party is not certified.")
    DOCUMENTS = "documents", _("The documents are missing, wrong or contradict the request.")
    HTS = "hts", _("The HTS code is not right for the product or the period.")
    DEPARTURE = "departure", _("The goods have departed, or depart before a decision is possible.")
    DUPLICATE = "duplicate", _("The same goods are on another certificate.")
    ORIGIN = "origin", _("The origin contradicts the documents or the PVF.")
    OTHER = "other", _("Another reason, given in the note.")


class Recommendation(models.Model):
    """A reviewer's advice on one version of a request; a change of the request leaves it behind."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="+")
    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="recommendations")
    request_version = models.PositiveIntegerField()
    approve = models.BooleanField()
    note = models.TextField(_("note"), blank=True)
    made_by = models.UUIDField()
    made_at = models.DateTimeField(default=clock.now)

    objects = TenantQuerySet.as_manager()
    tenancy = StaffRows()


class CheckOverride(models.Model):
    """A manager sets one overridable failure aside, with a reason, for one version of a request."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="+")
    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="overrides")
    request_version = models.PositiveIntegerField()
    check_code = models.CharField(max_length=10)
    reason = models.TextField(_("reason"))
    made_by = models.UUIDField()
    made_at = models.DateTimeField(default=clock.now)

    objects = TenantQuerySet.as_manager()
    tenancy = StaffRows()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["request", "request_version", "check_code"], name="override_once")
        ]


class Decision(models.Model):
    """A decision with what it was founded on: the checks with inputs, the PVF line as it stood, who decided and why."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="decisions")
    request_version = models.PositiveIntegerField()
    approved = models.BooleanField()
    reason = models.CharField(max_length=20, choices=RejectionReason.choices, blank=True)
    note = models.TextField(_("note"), blank=True)
    findings = models.JSONField()
    line_sha256 = models.CharField(max_length=64)
    certificate_id = models.UUIDField(null=True)
    recommended_by = models.UUIDField(null=True)
    four_eyes = models.BooleanField(default=True)
    decided_by = models.UUIDField()
    decided_at = models.DateTimeField(default=clock.now)
    #: Set when the request went back to review before a number existed.
    revoked_at = models.DateTimeField(null=True)

    objects = TenantQuerySet.as_manager()
    tenancy = StaffRows()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["request"], condition=Q(revoked_at=None), name="one_decision_in_force"),
            models.CheckConstraint(
                name="four_eyes_are_two_people",
                condition=Q(approved=False)
                | Q(four_eyes=False)
                | (Q(recommended_by__isnull=False) & ~Q(recommended_by=F("decided_by"))),
            ),
            models.CheckConstraint(condition=Q(approved=True) | ~Q(reason=""), name="rejection_gives_reason"),
        ]
