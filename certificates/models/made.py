"""Files that the documents worker makes when somebody asks, and that are forgotten soon after."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from certificates.models.certificate import CertificateState
from core import clock, ids
from core.identity import Identity
from organizations.models import Certifier, Client, Membership
from organizations.tenancy import NONE, ClientRows, TenantQuerySet
from requests_app.models import Request


class MadeState(models.TextChoices):
    """How far a file is."""

    WAITING = "waiting", _("being made")
    READY = "ready", _("ready")
    FAILED = "failed", _("not made")


class MadeFile(models.Model):
    """Asked for, made outside any transaction under a lease, kept until ``expires_at``; its bytes lie at ``path``."""

    State = MadeState

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    #: Code of what went wrong, and the figures behind it (JSON): the page says it in the reader's language.
    error = models.CharField(max_length=300, blank=True)
    details = models.JSONField(default=dict)
    path = models.CharField(max_length=200, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    wanted_by = models.UUIDField(null=True)
    wanted_at = models.DateTimeField(default=clock.now)
    made_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()

    class Meta:
        abstract = True


class Preview(MadeFile):
    """What the certificate of an undecided request would look like: no certificate, no number, PREVIEW on every page.

    ``content_sha256`` is the hash of all that it says: the same content has one preview.
    """

    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="+")
    snapshot = models.JSONField()
    content_sha256 = models.CharField(max_length=64)

    objects = TenantQuerySet.as_manager()
    tenancy = ClientRows()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="preview_ready_has_file", condition=models.Q(state="ready", path__gt="") | ~models.Q(state="ready")
            ),
        ]
        indexes = [
            models.Index(fields=["request", "-wanted_at"], name="preview_of_request"),
            models.Index(fields=["certifier", "expires_at"], name="preview_by_age"),
        ]


class OwnBundles:
    """Bundles are seen by the person who asked for them, in the membership in which it was done, and by nobody else."""

    def condition(self, actor: Identity) -> models.Q:
        """The filter for ``actor``."""
        if actor.membership_id is None:
            return NONE
        return models.Q(membership_id=actor.membership_id)


class Bundle(MadeFile):
    """Many issued documents in one ZIP with a manifest, for the person who asked for it.

    ``certifier`` is that of the membership: none for importers and brokers, whose certificates come from several.
    """

    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    certifier = models.ForeignKey(Certifier, null=True, on_delete=models.PROTECT, related_name="+")
    #: What was asked for, in the terms of the form (JSON), and the certificates that it found then.
    wanted = models.JSONField(default=dict)
    certificates = models.JSONField(default=list)
    all_versions = models.BooleanField(default=False)
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)

    objects = TenantQuerySet.as_manager()
    tenancy = OwnBundles()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="bundle_ready_has_file", condition=models.Q(state="ready", path__gt="") | ~models.Q(state="ready")
            ),
            models.CheckConstraint(name="bundle_of_something", condition=models.Q(total__gt=0)),
        ]
        indexes = [
            models.Index(fields=["membership", "-wanted_at"], name="bundle_of_membership"),
            models.Index(fields=["certifier", "expires_at"], name="bundle_by_age"),
        ]

    @property
    def state_wanted(self) -> str:
        """The state that was asked for in words; empty for all."""
        state = self.wanted.get("state", "")
        return str(CertificateState(state).label) if state else ""
