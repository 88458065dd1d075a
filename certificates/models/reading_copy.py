"""Copies of a certificate in another language: asked for, made outside any transaction, forgotten after a day."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from certificates.models.certificate import Certificate, CertificateDocument, CertificateRows
from core import clock, ids
from organizations.models import Certifier, Client
from organizations.tenancy import TenantQuerySet


class ReadingCopy(models.Model):
    """The reading copy of one document in one language. Made again it has the same bytes, so it need not be kept."""

    class State(models.TextChoices):
        WAITING = "waiting", _("being made")
        READY = "ready", _("ready")
        FAILED = "failed", _("not made")

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    certificate = models.ForeignKey(Certificate, on_delete=models.PROTECT, related_name="reading_copies")
    document = models.ForeignKey(CertificateDocument, on_delete=models.PROTECT, related_name="reading_copies")
    language = models.CharField(max_length=8)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)
    content = models.BinaryField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)
    wanted_by = models.UUIDField(null=True)
    wanted_at = models.DateTimeField(default=clock.now)
    made_at = models.DateTimeField(null=True)

    objects = TenantQuerySet.as_manager()
    tenancy = CertificateRows(prefix="certificate__")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["document", "language"], name="reading_copy_once"),
            models.CheckConstraint(
                name="reading_copy_ready_has_content",
                condition=~Q(state="ready") | Q(content__isnull=False) & ~Q(sha256=""),
            ),
        ]
        indexes = [
            models.Index(fields=["certifier", "wanted_at"], name="reading_copy_waiting", condition=Q(state="waiting"))
        ]
