"""Support sessions: leave for the platform operator to read one certifier's data, for a reason and a time."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from core import clock, ids
from organizations.tenancy import StaffRows, TenantQuerySet

#: No session is longer, whoever asks.
LONGEST = dt.timedelta(hours=8)


class SupportSession(models.Model):
    """One operator reads one certifier's data, nothing else, and writes nothing; the row policies ask for this row.

    The certifier's managers see every session and may end it. Times in UTC; a session that has run out counts as ended.
    """

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.ForeignKey("organizations.Certifier", on_delete=models.PROTECT, related_name="+")
    operator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    #: As it was then: the certifier's people do not see the operator's own row.
    operator_name = models.CharField(max_length=150)
    reason = models.CharField(max_length=300)
    opened_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.UUIDField(null=True)

    objects = TenantQuerySet.as_manager()
    tenancy = StaffRows()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="support_session_is_short",
                condition=Q(expires_at__gt=F("opened_at"), expires_at__lte=F("opened_at") + LONGEST),
            ),
            models.CheckConstraint(name="support_session_has_a_reason", condition=~Q(reason="")),
            models.UniqueConstraint(
                fields=["operator"], condition=Q(ended_at=None), name="one_support_session_of_operator"
            ),
        ]
        indexes = [models.Index(fields=["certifier", "-opened_at"], name="support_session_of_certifier")]

    @property
    def is_open(self) -> bool:
        """Whether its operator may read at this moment."""
        return self.ended_at is None and self.expires_at > clock.now()
