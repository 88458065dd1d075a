"""What people do at the desk of records keyed by hand: begin, give up, enter, check.

Beginning comes first, so that two people never key one record: the second is told who is at it. Each act locks the call's
row, then the entry. A complete entry makes the call due, and the loop takes the answer from it as from any OID.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from certificates.domain import coop, numbers
from certificates.domain.numbers import NUMBER, mismatch
from certificates.models import Certificate
from core import audit, clock
from core.errors import Conflict, InvalidInput, NotPermitted
from core.identity import Identity
from core.people import names_of
from core.wake import wake
from oid_sync.connectors.assisted.kind import KIND, TWO_PEOPLE
from oid_sync.domain import links
from oid_sync.models import CallState, HandEntry, OidCall, Operation
from organizations.roles import Role
from organizations.rules import rules_of
from organizations.tenancy import TenantQuerySet, find

KEYING = (Role.REVIEWER, Role.APPROVER, Role.MANAGER)
#: After this a call that somebody began and left may be taken over without asking.
ABANDONED = dt.timedelta(minutes=30)


def waiting(actor: Identity) -> TenantQuerySet[OidCall]:
    """Calls that people are to do in OID, the oldest first."""
    rows = OidCall.objects.visible_to(actor).filter(state=CallState.AWAITING_PERSON, connector=KIND.name)
    return rows.select_related("certificate__request").order_by("created_at", "pk")


def entry_of(call: OidCall) -> HandEntry | None:
    """The entry under way or complete; None where nobody has begun."""
    return call.entries.filter(ended_at=None).first()


def _locked(actor: Identity, call_id: uuid.UUID) -> tuple[OidCall, HandEntry | None]:
    if not actor.is_staff or not actor.has(*KEYING):
        raise NotPermitted("ROLE", _("Your role does not allow this."))
    call = find(OidCall.objects.select_for_update(of=("self",)).select_related("certificate"), actor, call_id)
    if call.state != CallState.AWAITING_PERSON:
        raise Conflict("CALL-STATE", _("This does not wait for a person any more."), details={"state": call.state})
    return call, call.entries.select_for_update().filter(ended_at=None).first()


def _key(call: OidCall) -> uuid.UUID:
    return call.certificate_id if call.operation == Operation.REGISTER else uuid.UUID(str(call.payload["call_id"]))


def _name(user_id: uuid.UUID | None) -> str:
    return names_of([user_id]).get(user_id, "") if user_id else ""


@transaction.atomic
def begin(actor: Identity, call_id: uuid.UUID, *, take_over: bool = False) -> HandEntry:
    """Say "I am keying this". Again by the same person changes nothing.

    Raises ``Conflict`` COOP; CHECKS where what held at the approval holds no more; AT-IT while another is at it:
    ``take_over`` says that OID was looked at and has nothing yet.
    """
    call, entry = _locked(actor, call_id)
    if actor.user_id is None:
        raise NotPermitted("ROLE", _("Your role does not allow this."))
    if entry is not None:
        if entry.outcome or entry.begun_by == actor.user_id:
            return entry
        if not take_over and clock.now() < entry.begun_at + ABANDONED:
            text = _("%(who)s is keying this since %(when)s UTC.")
            words = {"who": _name(entry.begun_by), "when": f"{entry.begun_at:%H:%M}"}
            raise Conflict("AT-IT", text % words, details={"begun_at": entry.begun_at.isoformat()})
        _end(actor, call, entry, "taken_over")
    elif call.operation == Operation.REGISTER:
        _require_no_outage(call.certificate)
    if call.operation == Operation.REGISTER:
        _require_checks(actor, call.certificate)
    connection = links.connection_of(call.certifier_id)
    entry = HandEntry(
        certifier_id=call.certifier_id, call=call, key=_key(call), begun_by=actor.user_id,
        two_people=bool(connection and connection.options.get(TWO_PEOPLE)),
    )  # fmt: skip
    entry.save(force_insert=True)
    _audit(actor, call, "oid.hand_begin", {"entry": entry.pk})
    return entry


def _require_no_outage(certificate: Certificate) -> None:
    """Nobody begins what the loop would not send: continuity documents are registered after the outage, if they are at all."""
    if coop.holds(certificate) or coop.stays_because(certificate) is not None:
        raise Conflict("COOP", _("It has a continuity document: it is not entered into OID now."))


def _require_checks(actor: Identity, certificate: Certificate) -> None:
    """Nobody begins what the loop would not send: both parties Certified, departure still ahead (EXP-1, IMP-1, PER-2)."""
    failures = numbers.send_findings(actor, certificate)
    if failures:
        text = _("It must not be entered into OID now. %(why)s Send it back to review.")
        words = {"why": " ".join(f"{item.code}: {item.message}" for item in failures)}
        raise Conflict("CHECKS", text % words, details={"findings": [item.as_json() for item in failures]})


@transaction.atomic
def give_up(actor: Identity, call_id: uuid.UUID) -> None:
    """Nothing was done in OID after all, or what was entered is wrong: the next person begins anew.

    Only before it is complete. By the person that began it; by another one once it was keyed and is found wrong.
    """
    call, entry = _locked(actor, call_id)
    if entry is None:
        return
    if not entry.outcome and entry.begun_by != actor.user_id and clock.now() < entry.begun_at + ABANDONED:
        raise Conflict("AT-IT", _("%(who)s is at it.") % {"who": _name(entry.begun_by)})
    _end(actor, call, entry, "given_up")


def _end(actor: Identity, call: OidCall, entry: HandEntry, how: str) -> None:
    entry.ended_at = clock.now()
    entry.save(update_fields=["ended_at"])
    _audit(actor, call, f"oid.hand_{how}", {"entry": entry.pk, "number": entry.number or ""})


@transaction.atomic
def enter(
    actor: Identity, call_id: uuid.UUID, *, number: str = "", again: str = "", as_shown: bool = False
) -> HandEntry:
    """What OID gave: the number of a registration, typed twice; of any other call that it is done.

    ``as_shown``: the number names another operation than the exporter, and OID really shows it so. The same entry again
    changes nothing. Raises ``Conflict`` NOT-BEGUN, AT-IT, KEYED, NUMBER-USED; ``InvalidInput`` NUMBER-DRAFT, NUMBER-FORM,
    NUMBER-NOP-ID, NUMBER-CERTIFIER, NUMBER-NOP, NUMBER-AGAIN.
    """
    call, entry = _locked(actor, call_id)
    registering = call.operation == Operation.REGISTER
    if registering:
        number = checked_number(call.certificate, number, as_shown=as_shown)
    entry = _mine(actor, entry)
    if entry.outcome:
        if entry.outcome == HandEntry.Outcome.DONE and (entry.number or "") == number:
            return entry
        raise Conflict("KEYED", _("Another number was entered already. Give it up first if it is wrong."))
    if registering:
        if not entry.two_people and plain(again) != number:
            raise InvalidInput("NUMBER-AGAIN", _("The two numbers differ. Type what OID shows twice."), field="again")
        _unused(call, number)
        entry.number = number
    _say(actor, call, entry, HandEntry.Outcome.DONE)
    return entry


@transaction.atomic
def refused(actor: Identity, call_id: uuid.UUID, reason: str) -> HandEntry:
    """OID did not take it, and why: the call goes to the desk. Raises ``InvalidInput`` REASON, ``Conflict``."""
    call, entry = _locked(actor, call_id)
    entry = _mine(actor, entry)
    if entry.outcome:
        raise Conflict("KEYED", _("Something else was entered already. Give it up first if it is wrong."))
    if not reason.strip():
        raise InvalidInput("REASON", _("Write what OID says."), field="reason")
    entry.reason = reason.strip()[:300]
    _say(actor, call, entry, HandEntry.Outcome.REFUSED)
    return entry


@transaction.atomic
def check(actor: Identity, call_id: uuid.UUID, *, number: str = "") -> HandEntry:
    """Another person has looked in OID: the number as they read it there, or that the act is done.

    Raises ``Conflict`` NOT-KEYED, SAME-PERSON, ``InvalidInput`` NUMBER-DIFFERS.
    """
    call, entry = _locked(actor, call_id)
    if entry is None or entry.outcome != HandEntry.Outcome.DONE:
        raise Conflict("NOT-KEYED", _("Nothing has been entered that could be checked."))
    if entry.keyed_by == actor.user_id:
        raise Conflict("SAME-PERSON", _("Another person than the one who keyed it must check it."))
    if entry.checked_by is not None:
        return entry
    if call.operation == Operation.REGISTER and plain(number) != entry.number:
        text = _("This is not the number that was entered. Look in OID again; if the other one is wrong, give it up.")
        raise InvalidInput("NUMBER-DIFFERS", text, field="number")
    entry.checked_by, entry.checked_at = actor.user_id, clock.now()
    entry.save(update_fields=["checked_by", "checked_at"])
    _audit(actor, call, "oid.hand_check", {"entry": entry.pk, "number": entry.number or ""})
    _go_on(call, entry)
    return entry


def _mine(actor: Identity, entry: HandEntry | None) -> HandEntry:
    if entry is None:
        raise Conflict("NOT-BEGUN", _("Say first that you are keying this, so that nobody else does."))
    if entry.begun_by != actor.user_id and not entry.outcome:
        raise Conflict("AT-IT", _("%(who)s is at it.") % {"who": _name(entry.begun_by)})
    return entry


def _say(actor: Identity, call: OidCall, entry: HandEntry, outcome: HandEntry.Outcome) -> None:
    entry.outcome, entry.keyed_by, entry.keyed_at = outcome, actor.user_id, clock.now()
    try:
        with transaction.atomic():
            entry.save(update_fields=["outcome", "number", "reason", "keyed_by", "keyed_at"])
    except IntegrityError as error:
        raise _used(entry.number or "") from error
    _audit(
        actor, call, "oid.hand_entry",
        {"entry": entry.pk, "outcome": outcome, "number": entry.number or "", "reason": entry.reason},
    )  # fmt: skip
    _go_on(call, entry)


def _go_on(call: OidCall, entry: HandEntry) -> None:
    """A complete entry makes the call due: the loop asks for it and records it."""
    if not entry.is_complete:
        return
    call.state, call.next_attempt_at = CallState.UNKNOWN, clock.now()
    call.save(update_fields=["state", "next_attempt_at"])
    wake("oid_calls", call.certifier_id, call.pk)


def plain(number: str) -> str:
    """The number as typed or pasted, with ordinary hyphens and without spaces."""
    return re.sub(r"[\u2010-\u2015\u2212]", "-", re.sub(r"\s+", "", number))


def checked_number(certificate: Certificate, number: str, *, as_shown: bool) -> str:
    """The number in its form. Raises ``InvalidInput`` that says what was typed instead of it."""
    typed = plain(number)
    if "draft" in typed.lower():
        raise _wrong("NUMBER-DRAFT", _("This is the number of a draft: it is not valid. Issue the certificate in OID."))
    if re.fullmatch(r"\d{10}", typed):
        raise _wrong("NUMBER-NOP-ID", _("This is a NOP ID, not a certificate number."))
    if not NUMBER.fullmatch(typed):
        text = _("“%(number)s” is not a certificate number: three digits, ten digits, six digits.")
        raise _wrong("NUMBER-FORM", text % {"number": typed[:40]})
    code = str(certificate.snapshot["certifier"]["code"])
    if not typed.startswith(f"{code}-"):
        text = _("The number names certifier %(given)s; yours is %(code)s.") % {"given": typed[:3], "code": code}
        raise _wrong("NUMBER-CERTIFIER", text)
    if mismatch(certificate, typed):
        nop_id = certificate.snapshot["exporter"]["nop_id"]
        text = _("The number names operation %(given)s; the exporter is %(nop_id)s.")
        text %= {"given": typed[4:14], "nop_id": nop_id}
        if rules_of(certificate.certifier_id).number_nop_mismatch_fails:
            raise _wrong("NUMBER-NOP", text)
        if not as_shown:
            raise InvalidInput("NUMBER-NOP", text, field="as_shown")
    return typed


def _wrong(code: str, text: str) -> InvalidInput:
    return InvalidInput(code, text, field="number")


def _unused(call: OidCall, number: str) -> None:
    certificates = Certificate.objects.filter(certifier_id=call.certifier_id, number=number)
    entries = HandEntry.objects.filter(certifier_id=call.certifier_id, number=number, ended_at=None)
    if certificates.exclude(pk=call.certificate_id).exists() or entries.exclude(call=call).exists():
        raise _used(number)


def _used(number: str) -> Conflict:
    text = _("The number %(number)s was entered for another certificate already.") % {"number": number}
    return Conflict("NUMBER-USED", text, field="number")


def _audit(actor: Identity, call: OidCall, act: str, after: dict[str, object]) -> None:
    audit.record(
        actor, act, "certificate", call.certificate_id, certifier_id=call.certifier_id, after={"call": call.pk, **after}
    )
