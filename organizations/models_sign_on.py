"""How the people of one certifier sign in at its own identity provider (OpenID Connect), and who is who there."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from core import clock, ids
from organizations.tenancy import StaffRows, TenantQuerySet


class SignOnProvider(models.Model):
    """The identity provider of a certifier. It decides who comes in as staff: two managers change it, one may stop it."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.OneToOneField("organizations.Certifier", on_delete=models.PROTECT, related_name="sign_on")
    #: Exactly as the provider spells it in its discovery document and tokens.
    issuer = models.CharField(max_length=300)
    client_id = models.CharField(max_length=300)
    encrypted_secret = models.BinaryField()
    #: What stands on the button.
    name = models.CharField(max_length=60)
    #: Whether staff other than managers act for the certifier only in sessions that the provider made.
    required = models.BooleanField(default=False)
    #: Whether the provider's word that it asked for a second step (``amr``, ``acr``) stands in for ours.
    second_step = models.BooleanField(default=False)
    enabled = models.BooleanField(default=True)
    changed_at = models.DateTimeField(default=clock.now)
    #: The confirmed change that it was set up or changed by last.
    guarded_change_id = models.UUIDField(null=True)

    objects = TenantQuerySet.as_manager()
    tenancy = StaffRows()

    def __str__(self) -> str:
        return self.name


class SignOnLink(models.Model):
    """A person of the certifier is this ``subject`` at the provider: made at the first sign-in, and what decides after it.

    Another issuer or client id is another provider: its people are linked anew.
    """

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.ForeignKey("organizations.Certifier", on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey("organizations.User", on_delete=models.PROTECT, related_name="+")
    issuer = models.CharField(max_length=300)
    client_id = models.CharField(max_length=300)
    subject = models.CharField(max_length=255)
    linked_at = models.DateTimeField(default=clock.now)
    last_used_at = models.DateTimeField(default=clock.now)

    objects = TenantQuerySet.as_manager()
    tenancy = StaffRows()

    class Meta:
        verbose_name = _("link to an identity provider")
        constraints = [
            models.UniqueConstraint(
                fields=["certifier", "issuer", "client_id", "subject"], name="one_person_of_a_subject"
            ),
            models.UniqueConstraint(
                fields=["certifier", "issuer", "client_id", "user"], name="one_subject_of_a_person"
            ),
        ]
