"""Rows that every floor writes: audit, notifications, stored files."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.expressions import RawSQL
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
    #: Personal values and the salt of their digests: what erasure takes away. The digests stand in the row for good.
    ip = models.CharField(max_length=45, blank=True)
    ip_sha256 = models.CharField(max_length=64, blank=True)
    personal = models.JSONField(default=dict)
    salt = models.CharField(max_length=32, blank=True)
    #: The transaction that wrote it: the sealer knows by it from where on rows may still be unsealed.
    transaction = models.BigIntegerField(db_default=RawSQL("(pg_current_xact_id()::text::bigint)", []), editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["certifier_id", "object_id", "at"], name="audit_by_object"),
            models.Index(fields=["certifier_id", "at"], name="audit_by_time"),
            models.Index(fields=["certifier_id", "transaction", "id"], name="audit_to_seal"),
        ]


class AuditSeal(models.Model):
    """One audit row's place in the chain of its certifier (``core.audit_chain``). Append-only.

    ``chain``: the certifier's id; the nil UUID for acts that belong to no certifier.
    """

    row = models.OneToOneField(AuditRow, primary_key=True, on_delete=models.PROTECT, related_name="seal")
    chain = models.UUIDField()
    sequence = models.BigIntegerField()
    row_sha256 = models.CharField(max_length=64)
    chain_sha256 = models.CharField(max_length=64)
    sealed_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["chain", "sequence"], name="seal_once_a_place")]


class AuditHead(models.Model):
    """Where a certifier's chain ended on one day: told to its auditors, so that it is known outside the portal. Append-only."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    chain = models.UUIDField()
    day = models.DateField()
    sequence = models.BigIntegerField()
    chain_sha256 = models.CharField(max_length=64)
    published_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["chain", "day"], name="one_head_a_day")]


class AuditSealing(models.Model):
    """How far the sealer of one chain has come. Every row of a transaction before ``sealed_before`` is sealed."""

    chain = models.UUIDField(primary_key=True)
    sequence = models.BigIntegerField(default=0)
    chain_sha256 = models.CharField(max_length=64)
    sealed_before = models.BigIntegerField(default=0)
    worked_at = models.DateTimeField(default=clock.now)


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
        #: For the portal alone, as the person chose, or told in a daily mail.
        KEPT = "kept", _("shown in the portal")
        DIGEST = "digest", _("waits for the daily mail")

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    notification = models.ForeignKey(Notification, on_delete=models.PROTECT, related_name="deliveries")
    certifier_id = models.UUIDField(null=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    email = models.EmailField()
    subject = models.CharField(max_length=200)
    body = models.TextField()
    link = models.CharField(max_length=300, blank=True)
    language = models.CharField(max_length=5, default="en")
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
        indexes = [
            models.Index(fields=["user", "-created_at"], name="delivery_by_user"),
            models.Index(fields=["user"], name="delivery_unread", condition=models.Q(read_at=None)),
            models.Index(
                fields=["certifier_id", "created_at"], name="delivery_for_digest", condition=models.Q(state="digest")
            ),
        ]


class MailChoice(models.Model):
    """How a person is told about one group of topics (``core.topic_groups``). No row: by mail at once."""

    class How(models.TextChoices):
        AT_ONCE = "at_once", _("By e-mail at once")
        DAILY = "daily", _("In one e-mail a day")
        PORTAL = "portal", _("In the portal alone")

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    group = models.CharField(max_length=20)
    how = models.CharField(max_length=8, choices=How.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "group"], name="mail_choice_once")]


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
