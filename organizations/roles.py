"""Roles, by the words of the field."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a person may do in an organisation."""

    REVIEWER = "reviewer", _("reviewer")
    APPROVER = "approver", _("approver")
    MANAGER = "manager", _("manager")
    AUDITOR = "auditor", _("auditor")
    PREPARER = "preparer", _("preparer")
    SIGNATORY = "signatory", _("signatory")
    VIEWER = "viewer", _("viewer")
    IMPORTER = "importer", _("importer member")
    BROKER = "broker", _("broker member")


STAFF_ROLES = (Role.REVIEWER, Role.APPROVER, Role.MANAGER, Role.AUDITOR)
CLIENT_ROLES = (Role.PREPARER, Role.SIGNATORY, Role.VIEWER)
