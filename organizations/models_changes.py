"""Changes that one manager proposes and another one puts in force."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core import clock, ids
from organizations.tenancy import StaffRows, TenantQuerySet


class GuardedChange(models.Model):
    """A change that would weaken the certifier's own controls, or give them to somebody else: two managers make it.

    ``summary`` is for people (what, before, after); ``payload`` and ``secret`` (encrypted; emptied when the change has
    ended) are for the floor that puts it in force.
    """

    class Kind(models.TextChoices):
        RULES = "rules", _("rules of checks and decisions")
        SIGNING_KEY = "signing_key", _("signing key")
        CONNECTION = "connection", _("connection to OID")
        SIGN_ON = "sign_on", _("single sign-on")

    class State(models.TextChoices):
        WAITING = "waiting", _("waits for a second manager")
        CONFIRMED = "confirmed", _("in force")
        REFUSED = "refused", _("refused")
        WITHDRAWN = "withdrawn", _("withdrawn")

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.ForeignKey("organizations.Certifier", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    summary = models.JSONField()
    payload = models.JSONField(default=dict)
    secret = models.BinaryField(default=b"")
    proposed_by = models.UUIDField()
    proposed_at = models.DateTimeField(default=clock.now)
    #: After this it can only be withdrawn or refused.
    expires_at = models.DateTimeField()
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)

    objects = TenantQuerySet.as_manager()
    tenancy = StaffRows()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="change_by_two_managers",
                condition=~Q(state="confirmed") | (Q(decided_by__isnull=False) & ~Q(decided_by=F("proposed_by"))),
            ),
            models.UniqueConstraint(
                fields=["certifier", "kind"], condition=Q(state="waiting"), name="one_change_of_a_kind_waits"
            ),
        ]
