"""A statement of account as a file that a worker makes and that is kept for a day."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from core import clock, ids
from organizations.models import Certifier, Client
from organizations.tenancy import ClientRows, TenantQuerySet


class StatementFile(models.Model):
    """A line's statement as PDF, or as a large workbook: asked for, made outside any transaction, forgotten after a day.

    ``until`` is fixed when it is asked for, so that the file says the same whenever it is made. ``for_client``: it is read
    as the exporter, who is not told the names of the certifier's people.
    """

    class Format(models.TextChoices):
        PDF = "pdf", _("PDF")
        XLSX = "xlsx", _("workbook (XLSX)")

    class State(models.TextChoices):
        WAITING = "waiting", _("being made")
        READY = "ready", _("ready")
        FAILED = "failed", _("not made")

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    line = models.ForeignKey("pvf.PVFLine", on_delete=models.PROTECT, related_name="statement_files")
    format = models.CharField(max_length=4, choices=Format.choices, default=Format.PDF)
    since = models.DateTimeField(null=True)
    until = models.DateTimeField()
    language = models.CharField(max_length=8)
    for_client = models.BooleanField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)
    content = models.BinaryField(null=True)
    wanted_by = models.UUIDField(null=True)
    wanted_at = models.DateTimeField(default=clock.now)
    made_at = models.DateTimeField(null=True)

    objects = TenantQuerySet.as_manager()
    tenancy = ClientRows()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="statement_file_ready_has_content",
                condition=models.Q(state="ready", content__isnull=False) | ~models.Q(state="ready"),
            ),
        ]
        indexes = [
            models.Index(fields=["line", "-wanted_at"], name="statement_file_of_line"),
            models.Index(fields=["certifier", "wanted_at"], name="statement_file_by_age"),
        ]
