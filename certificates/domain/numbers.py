"""The number: given by OID, checked for its form, kept for ever; and what must hold before OID is asked."""

from __future__ import annotations

import datetime as dt
import re
import uuid

from django.utils.translation import gettext as _

from certificates.domain import states
from certificates.models import Certificate, CertificateState
from core import audit, clock, rows
from core.checks import Finding, Moment, registry
from core.errors import Conflict, InvalidInput, NotPermitted
from core.identity import Identity
from core.wake import wake
from organizations.rules import rules_of
from organizations.tenancy import find
from requests_app.domain.facts import gather

NUMBER = re.compile(r"\d{3}-\d{10}-\d{6}")
#: States in which OID may still give a number: after a continuity document too, once it is back.
WAITING = (CertificateState.AWAITING_NUMBER, CertificateState.CONTINUITY)
BEFORE_SENDING = ("EXP-1", "IMP-1", "PER-2")


def send_findings(actor: Identity, certificate: Certificate) -> list[Finding]:
    """What fails now of EXP-1, IMP-1 and PER-2: with anything in it OID is not asked."""
    found = registry.run(gather(certificate.request, Moment.APPROVE), moment=Moment.APPROVE, codes=BEFORE_SENDING)
    return [finding for finding in found if finding.blocks]


def locked(actor: Identity, certificate_id: uuid.UUID | str) -> Certificate:
    """The certificate FOR UPDATE. Raises ``NotVisible``."""
    return find(Certificate.objects.select_for_update(of=("self",)), actor, certificate_id)


def give(actor: Identity, certificate_id: uuid.UUID, number: str, *, registered_at: dt.datetime) -> Certificate:
    """Note the number that OID gave; the document is made next. The same number again changes nothing.

    Raises ``InvalidInput`` NUMBER-FORM, ``Conflict`` NUMBER-OTHER where the certificate has another number.
    """
    return give_to(actor, locked(actor, certificate_id), number, registered_at=registered_at)


def give_to(actor: Identity, certificate: Certificate, number: str, *, registered_at: dt.datetime) -> Certificate:
    """`give`, with the locked certificate in hand."""
    if not actor.is_staff:
        raise NotPermitted("ROLE", _("Your role does not allow this."))
    if certificate.number == number:
        return certificate
    if certificate.number:
        words = {"have": certificate.number, "got": number}
        raise Conflict("NUMBER-OTHER", _("The certificate has number %(have)s; OID now says %(got)s.") % words)
    if not NUMBER.fullmatch(number):
        text = _("“%(number)s” is not a certificate number: three digits, ten digits, six digits.")
        raise InvalidInput("NUMBER-FORM", text % {"number": number[:40]}, field="number")
    before = certificate.state
    if before not in WAITING:
        raise Conflict("CERTIFICATE-STATE", _("The certificate does not wait for a number."))
    _require_match(certificate, number)
    certificate.number, certificate.registered_at = number, registered_at
    states.move(certificate, CertificateState.AWAITING_DOCUMENT)
    rows.update(certificate, ["number", "registered_at", "state"])
    audit.record(
        actor, "certificate.number", "certificate", certificate.pk, certifier_id=certificate.certifier_id,
        client_id=certificate.client_id, before={"state": before},
        after={"state": certificate.state, "number": number, "at": clock.now()},
    )  # fmt: skip
    wake("documents", certificate.certifier_id, certificate.pk)
    return certificate


def mismatch(certificate: Certificate, number: str) -> str:
    """Where the number's parts are not the certifier's code and the exporter's NOP ID (a warning, or a failure by setting)."""
    code, nop_id, _serial = number.split("-")
    snapshot = certificate.snapshot
    if code != snapshot["certifier"]["code"] or nop_id != snapshot["exporter"]["nop_id"]:
        return f"{number}: {snapshot['certifier']['code']}, {snapshot['exporter']['nop_id']}"
    return ""


def _require_match(certificate: Certificate, number: str) -> None:
    wrong = mismatch(certificate, number)
    if wrong and rules_of(certificate.certifier_id).number_nop_mismatch_fails:
        text = _("The number does not name this certifier and exporter: %(what)s.") % {"what": wrong}
        raise InvalidInput("NUMBER-NOP", text, field="number")
