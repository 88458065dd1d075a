"""The server's own records: keys, the log of calls, rate windows, maintenance windows, fault rules."""

from django.db import models
from django.db.models import Q


class ApiKey(models.Model):
    """A key of a certifier. Only its SHA-256 is kept; keys are long and random, so a slow hash adds nothing."""

    sha256 = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=8)
    certifier_code = models.CharField(max_length=3)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "oid_store"
        constraints = (
            models.CheckConstraint(condition=Q(certifier_code__regex=r"^\d{3}$"), name="key_certifier_form"),
        )


class AuditEntry(models.Model):
    """One call to the API, answered or refused: who, from where, what, the outcome. Append-only; no key, no body."""

    at = models.DateTimeField()
    request_id = models.CharField(max_length=36)
    certifier_code = models.CharField(max_length=3, blank=True)
    key_hint = models.CharField(max_length=8, blank=True)
    remote_address = models.CharField(max_length=45, blank=True)
    method = models.CharField(max_length=8)
    path = models.CharField(max_length=300)
    operation = models.CharField(max_length=20, blank=True)
    status = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=10, blank=True)
    body_sha256 = models.CharField(max_length=64, blank=True)
    fault = models.CharField(max_length=20, blank=True)
    milliseconds = models.PositiveIntegerField()

    class Meta:
        app_label = "oid_store"
        indexes = (models.Index(fields=("certifier_code", "at"), name="audit_by_certifier"),)


class RateWindow(models.Model):
    """Calls counted for one caller in one minute. The table is unlogged: losing it loses only the count."""

    caller = models.CharField(max_length=64)
    minute = models.BigIntegerField()
    calls = models.PositiveIntegerField()

    class Meta:
        app_label = "oid_store"
        constraints = (models.UniqueConstraint(fields=("caller", "minute"), name="rate_window_once"),)


class MaintenanceWindow(models.Model):
    """A time in which the register answers 503 with Retry-After."""

    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    message = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        app_label = "oid_store"
        constraints = (
            models.CheckConstraint(condition=Q(ends_at__gt=models.F("starts_at")), name="maintenance_ends_after_start"),
        )


class FaultKind(models.TextChoices):
    """Faults the store can be told to show. None exists with PORTAL_ENV=production."""

    LATENCY = "latency", "Answers late"
    RATE_LIMIT = "rate_limit_429", "Says too many calls"
    ERROR_500 = "error_500", "Fails"
    REJECT = "reject", "Rejects with a code"
    MALFORMED = "malformed", "Answers half a document"
    COMMIT_THEN_DROP = "commit_then_drop", "Commits, then drops the connection"
    DROP = "drop", "Drops the connection before doing anything"
    SLOW_DRIP = "slow_drip", "Answers a few bytes at a time"


class FaultRule(models.Model):
    """A rule: show this fault in the next ``remaining`` matching calls, or in each with ``probability``."""

    kind = models.CharField(max_length=20, choices=FaultKind.choices)
    operation = models.CharField(max_length=20, default="*")
    certifier_code = models.CharField(max_length=3, blank=True, default="")
    probability = models.FloatField(null=True)
    remaining = models.PositiveIntegerField(null=True)
    params = models.JSONField(default=dict)
    hits = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        app_label = "oid_store"
        constraints = (
            models.CheckConstraint(
                condition=Q(probability__isnull=False, remaining__isnull=True)
                | Q(probability__isnull=True, remaining__isnull=False),
                name="fault_by_chance_or_count",
            ),
        )
