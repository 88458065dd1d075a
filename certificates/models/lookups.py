"""What was asked at the public check page."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from core import clock, ids
from organizations.tenancy import ClientRows, TenantQuerySet


class CertificateLookup(models.Model):
    """One question at the public check: when, over which way, with what answer; never the code.

    The certificate stands here only where number and code were right. Kept for the setting ``CHECK_LOG_DAYS``.
    """

    class Outcome(models.TextChoices):
        FOUND = "found", _("shown")
        SAME_FILE = "file_issued", _("the file is the issued document")
        OLDER_FILE = "file_superseded", _("the file is an earlier version")
        OTHER_FILE = "file_not_issued", _("the file is not the issued document")
        NOT_FOUND = "not_found", _("no such certificate")
        NOP_ID = "nop_id", _("a NOP ID was typed")
        DRAFT = "draft", _("a draft's number was typed")
        MALFORMED = "malformed", _("not a number or code")

    class Via(models.TextChoices):
        PAGE = "page", _("by the page")
        LINK = "link", _("by the QR code or link")
        UPLOAD = "upload", _("with a file")
        API = "api", _("by a program")

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier_id = models.UUIDField(null=True)
    client_id = models.UUIDField(null=True)
    certificate_id = models.UUIDField(null=True)
    number_asked = models.CharField(max_length=30, blank=True)
    answer = models.CharField(max_length=30, choices=Outcome.choices)
    via = models.CharField(max_length=6, choices=Via.choices, default=Via.PAGE)
    asked_at = models.DateTimeField(default=clock.now)
    #: The caller's address without its last part: "192.0.2.0/24", "2001:db8:1::/48".
    network = models.CharField(max_length=45, blank=True, db_column="ip")

    objects = TenantQuerySet.as_manager()
    tenancy = ClientRows()

    class Meta:
        indexes = [
            models.Index(fields=["certificate_id", "-asked_at"], name="lookup_of_certificate"),
            models.Index(fields=["asked_at"], name="lookup_by_age"),
        ]
