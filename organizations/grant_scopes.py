"""What a broker may do for whoever has given it a grant, by the words of the field."""

from __future__ import annotations

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class GrantScope(models.TextChoices):
    """One thing that a grant allows. Certificates are always in it."""

    CERTIFICATES = "certificates", _("see and download certificates")
    RECEIPTS = "receipts", _("confirm receipts of shipments")
    DRAFTS = "drafts", _("prepare drafts of requests")
    SHIPMENTS = "shipments", _("report shipments and totals")


#: What an importer, and what an exporter, can let a broker do.
OF_IMPORTER: tuple[GrantScope, ...] = (GrantScope.CERTIFICATES, GrantScope.RECEIPTS)
OF_EXPORTER: tuple[GrantScope, ...] = (GrantScope.CERTIFICATES, GrantScope.DRAFTS, GrantScope.SHIPMENTS)

HINTS: dict[GrantScope, str | Promise] = {
    GrantScope.CERTIFICATES: _("Always: whoever works for you has to see them."),
    GrantScope.RECEIPTS: _("In your name, with the weight that arrived."),
    GrantScope.DRAFTS: _(
        "Writes, changes and withdraws drafts and attaches files; sees your lines and drafts. Your signatory submits."
    ),
    GrantScope.SHIPMENTS: _("Reports and takes back shipments of your certificates, and declares the total."),
}


def certificates_alone() -> list[str]:
    """The least that a grant allows."""
    return [GrantScope.CERTIFICATES.value]
