"""Amending the weight of an issued certificate: downwards only, never below what has shipped."""

from __future__ import annotations

import uuid
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from certificates.domain import changes, replacing
from certificates.models import Certificate
from core.errors import Conflict, InvalidInput
from core.identity import Identity
from core.units import Unit, to_kg
from pvf.models import Cause


@transaction.atomic
def amend_down(
    actor: Identity,
    certificate_id: uuid.UUID | str,
    net_kg: Decimal,
    *,
    reason: str,
    expected_kg: Decimal | None = None,
) -> Certificate:
    """Lower the certified weight to ``net_kg``; the difference goes back to the PVF line, OID follows by the loop.

    The same weight again changes nothing. ``expected_kg``: the weight that the person saw. Raises ``InvalidInput``
    NET-KG with the figures, ``Conflict`` CERTIFICATE-STATE, STALE or FROZEN, ``NotPermitted``.
    """
    changes.require_decider(actor)
    certificate = changes.lock(actor, certificate_id)
    net_kg, before = to_kg(net_kg, Unit.KGM), certificate.net_kg
    if net_kg == before:
        return certificate
    changes.require_issued(certificate)
    replacing.require_no_replacement(certificate)
    reason = changes.require_reason(reason)
    if expected_kg is not None and expected_kg != before:
        text = _("The certified weight is %(now)s kg now. Look at it again.") % {"now": f"{before:,.3f}"}
        raise Conflict("STALE", text)
    figures = {"certified": f"{before:,.3f}", "shipped": f"{certificate.shipped_kg:,.3f}", "asked": f"{net_kg:,.3f}"}
    if net_kg > before:
        text = _("A certificate's weight only goes down: %(asked)s kg is more than the %(certified)s kg certified.")
        raise InvalidInput("NET-KG", text % figures, field="net_kg")
    if net_kg <= 0 or net_kg < certificate.shipped_kg:
        text = _("%(asked)s kg is less than the %(shipped)s kg that have shipped, or nothing: void it instead.")
        raise InvalidInput("NET-KG", text % figures, field="net_kg")
    freed, change_id = before - net_kg, uuid.uuid4()
    changes.free(actor, certificate, Cause.AMEND_DOWN, freed, f"amend:{change_id}", reason)
    certificate.net_kg = net_kg
    certificate.save(update_fields=["net_kg"])
    changes.note(
        actor, certificate, changes.Kind.AMENDED, before_kg=before, freed_kg=freed, reason=reason, change_id=change_id
    )
    return certificate
