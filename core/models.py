"""Rows that every floor writes: audit, notifications, stored files."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from core import clock, ids


class AuditRow(models.Model):
    """One act: who, on whose behalf, what, on what, when, from where, before and after. Append-only."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier_id = models.UUIDField(null=True)
    client_id = models.UUIDField(null=True)
    at = models.DateTimeField(default=clock.now)
    actor_kind = models.CharField(max_length=12)
    actor_id = models.UUIDField(null=True)
    on_behalf_of = models.CharField(max_length=200, blank=True)
    act = models.CharField(max_length=60)
    object_type = models.CharField(max_length=60)
    object_id = models.CharField(max_length=64)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    request_id = models.CharField(max_length=64, blank=True)
    ip = models.CharField(max_length=45, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["certifier_id", "object_id", "at"], name="audit_by_object"),
            models.Index(fields=["certifier_id", "at"], name="audit_by_time"),
        ]


class Audience(models.TextChoices):
    """Whom a notification is for; the worker resolves it to people when it sends."""

    CERTIFIER = "certifier", _("people of the certifier")
    CLIENT = "client", _("people of the exporter")
    OPERATION = "operation", _("people of the importer")
    USER = "user", _("one person")
    EMAIL = "email", _("one e-mail address")


class Notification(models.Model):
    """Something people must learn, written in the transaction of the act and sent by a worker, once."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier_id = models.UUIDField(null=True)
    topic = models.CharField(max_length=60)
    audience = models.CharField(max_length=12, choices=Audience.choices)
    audience_id = models.UUIDField(null=True)
    audience_roles = models.JSONField(default=list)
    email = models.EmailField(blank=True)
    object_type = models.CharField(max_length=60)
    object_id = models.UUIDField(null=True)
    context = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=clock.now)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=clock.now)
    done_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["certifier_id", "next_attempt_at"],
                name="notification_waiting",
                condition=models.Q(state="waiting"),
            ),
        ]


class Delivery(models.Model):
    """One notification to one person: shown in the portal and sent by e-mail; unique, so nobody is told twice."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENDING = "sending", _("sending")
        SENT = "sent", _("sent")
        UNKNOWN = "unknown", _("unknown whether sent")
        FAILED = "failed", _("failed")

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    notification = models.ForeignKey(Notification, on_delete=models.PROTECT, related_name="deliveries")
    certifier_id = models.UUIDField(null=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    email = models.EmailField()
    subject = models.CharField(max_length=200)
    body = models.TextField()
    link = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=clock.now)
    sent_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["notification", "email"], name="delivery_once"),
        ]
        indexes = [models.Index(fields=["user", "-created_at"], name="delivery_by_user")]


class StoredFile(models.Model):
    """A file under its hash: an upload, an issued document. The bytes never change; a change is another file."""

    class Kind(models.TextChoices):
        UPLOAD = "upload", _("uploaded document")
        CERTIFICATE = "certificate", _("issued certificate")
        SHEET = "sheet", _("spreadsheet")
        LOGO = "logo", _("logo")

    class Scan(models.TextChoices):
        """What the virus scanner says. Nobody gets, and no check counts, a file that waits or is infected."""

        NONE = "none", _("not scanned")
        WAITING = "waiting", _("being checked for viruses")
        CLEAN = "clean", _("no virus found")
        INFECTED = "infected", _("locked away: a virus was found")

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier_id = models.UUIDField()
    client_id = models.UUIDField(null=True)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    content_type = models.CharField(max_length=100)
    original_name = models.CharField(max_length=200, blank=True)
    path = models.CharField(max_length=200)
    created_by = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=clock.now)
    scan = models.CharField(max_length=8, choices=Scan.choices, default=Scan.NONE)
    #: The scanner's name for what it found.
    scan_note = models.CharField(max_length=200, blank=True)
    scanned_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["certifier_id", "sha256"], name="stored_file_by_hash"),
            models.Index(fields=["certifier_id", "client_id", "created_at"], name="stored_file_by_client"),
            models.Index(
                fields=["certifier_id", "created_at"], name="stored_file_waiting", condition=models.Q(scan="waiting")
            ),
        ]

    @property
    def is_usable(self) -> bool:
        """Whether it may be given out, read, and counted."""
        return self.scan in USABLE


#: Scan states of files that may be given out, read, and counted.
USABLE = (StoredFile.Scan.NONE, StoredFile.Scan.CLEAN)
