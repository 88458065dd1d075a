"""How certificates are called in the statement of a PVF line."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from django.utils.translation import gettext as _

from certificates.models import Certificate
from pvf.models import Holder

HOLDER = Holder.CERTIFICATE


def numbers(keys: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """The numbers of certificates by key; one without a number is named by its request. Only those that may be seen."""
    rows = Certificate.objects.filter(pk__in=keys).values_list("pk", "number", "request__reference")
    return {
        key: number or _("certificate of %(reference)s, no number") % {"reference": reference}
        for key, number, reference in rows
    }
