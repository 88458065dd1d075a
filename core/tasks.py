"""The loop that tells people: notification rows → one delivery a person → mail, once.

The row is the record. A delivery is marked in flight with a lease before the mail server is called, outside any
transaction; what is still in flight when its lease ends may have been sent, so it becomes *unknown* and is never sent
again: the person sees it in the portal all the same.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import smtplib
import uuid
from collections.abc import Callable

import structlog
from celery import shared_task
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db.models import Q

from core import audit_seal, clock, scanning
from core.each import each
from core.identity import Identity, act_as
from core.models import Delivery, Notification
from core.people import people
from core.topics import render
from core.wake import awake, wake

log = structlog.get_logger(__name__)

BATCH = 100
MAX_ATTEMPTS = 8
LEASE = dt.timedelta(seconds=120)
_FINISHED = (Delivery.State.SENT, Delivery.State.UNKNOWN, Delivery.State.FAILED)


@dataclasses.dataclass(frozen=True, slots=True)
class _Letter:
    """What one mail needs, read in the claiming transaction."""

    delivery_id: uuid.UUID
    email: str
    subject: str
    body: str


def _as_id(text: str | None) -> uuid.UUID | None:
    return uuid.UUID(text) if text else None


@shared_task(name="core.tasks.send_notifications")
def send_notifications(certifier_id: str | None = None, notification_id: str | None = None) -> int:
    """Send what waits for one certifier (None: what belongs to none), or one notification. Returns the mails sent."""
    actor = Identity.loop(_as_id(certifier_id))
    awake("notifications", actor.certifier_id)
    sent = 0
    due = _due(actor, _as_id(notification_id))
    for row_id in due:
        if not _fan_out(actor, row_id):
            continue
        sent += sum(_deliver(actor, delivery_id) for delivery_id in _waiting_deliveries(actor, row_id))
        _finish(actor, row_id)
    if len(due) == BATCH:  # there may be more
        wake("notifications", actor.certifier_id)
    return sent


@shared_task(name="core.tasks.seal_audit")
def seal_audit() -> int:
    """Seal every certifier's committed acts, and those of no certifier. Returns how many."""
    return sum(_each(audit_seal.seal_all))


@shared_task(name="core.tasks.publish_audit_heads")
def publish_audit_heads() -> int:
    """Note where every certifier's chain ends today, once a day. Returns how many were noted."""
    today = clock.now().date()
    return sum(
        _each(lambda certifier_id: int(certifier_id is not None and bool(audit_seal.publish_head(certifier_id, today))))
    )


def _each(work: Callable[[uuid.UUID | None], int]) -> list[int]:
    """Do ``work`` for no certifier and for each one, whatever happens at one of them."""
    return each(_everyone(), work, event="audit_work_failed")


def _everyone() -> list[uuid.UUID | None]:
    with act_as(Identity.loop()):
        return [None, *people().certifiers()]


@shared_task(name="core.tasks.sweep_notifications")
def sweep_notifications() -> int:
    """Find the notifications of every certifier whose wake-up was lost or whose next attempt is due; one transaction each."""
    return sum(
        each(_everyone(), lambda one: send_notifications(str(one) if one else None), event="notifications_not_swept")
    )


def _due(actor: Identity, only: uuid.UUID | None) -> list[uuid.UUID]:
    """Notifications to work on now, oldest first."""
    with act_as(actor):
        rows = Notification.objects.filter(
            state=Notification.State.WAITING, next_attempt_at__lte=clock.now(), certifier_id=actor.certifier_id
        )
        if only:
            rows = rows.filter(pk=only)
        return list(rows.order_by("next_attempt_at").values_list("pk", flat=True)[:BATCH])


def _fan_out(actor: Identity, row_id: uuid.UUID) -> bool:
    """Write one delivery for each person, once. False where another worker holds the row or is through with it."""
    with act_as(actor):
        row = (
            Notification.objects.select_for_update(skip_locked=True)
            .filter(pk=row_id, state=Notification.State.WAITING)
            .first()
        )
        if row is None:
            return False
        if row.deliveries.exists():
            return True
        name = people().certifier_name(row.certifier_id)
        deliveries = []
        for person in people().recipients(row):
            message = render(row, person.language, name)
            deliveries.append(
                Delivery(
                    notification=row,
                    certifier_id=row.certifier_id,
                    user_id=person.user_id,
                    email=person.email,
                    subject=message.subject,
                    body=message.body,
                    link=message.link,
                )
            )
        Delivery.objects.bulk_create(deliveries, ignore_conflicts=True)
        return True


def _waiting_deliveries(actor: Identity, row_id: uuid.UUID) -> list[uuid.UUID]:
    with act_as(actor):
        rows = Delivery.objects.filter(notification_id=row_id).exclude(state__in=_FINISHED)
        return list(rows.order_by("pk").values_list("pk", flat=True))


def _claim(actor: Identity, delivery_id: uuid.UUID) -> _Letter | None:
    """Mark one delivery in flight; None where somebody else has it, or had it when they died (then *unknown*)."""
    now = clock.now()
    with act_as(actor):
        row = Delivery.objects.select_for_update(skip_locked=True).filter(pk=delivery_id).first()
        if row is None:
            return None
        if row.state == Delivery.State.SENDING and (row.lease_until is None or row.lease_until < now):
            row.state = Delivery.State.UNKNOWN
            row.save(update_fields=["state"])
        if row.state != Delivery.State.WAITING:
            return None
        row.state, row.lease_until, row.attempts = Delivery.State.SENDING, now + LEASE, row.attempts + 1
        row.save(update_fields=["state", "lease_until", "attempts"])
        return _Letter(row.pk, row.email, row.subject, row.body)


def _deliver(actor: Identity, delivery_id: uuid.UUID) -> int:
    """Send one mail outside any transaction and write down how it went. Returns 1 if it was sent."""
    letter = _claim(actor, delivery_id)
    if letter is None:
        return 0
    state, reason = _post(letter)
    with act_as(actor):
        row = Delivery.objects.select_for_update().get(pk=letter.delivery_id)
        if state == Delivery.State.WAITING and row.attempts >= MAX_ATTEMPTS:
            state = Delivery.State.FAILED
        row.state, row.lease_until = state, None
        row.sent_at = clock.now() if state == Delivery.State.SENT else None
        row.save(update_fields=["state", "lease_until", "sent_at"])
        if reason:
            Notification.objects.filter(pk=row.notification_id).update(last_error=reason[:300])
    if reason:
        log.warning("mail_not_sent", delivery_id=str(letter.delivery_id), state=str(state), reason=reason)
    return int(state == Delivery.State.SENT)


def _post(letter: _Letter) -> tuple[Delivery.State, str]:
    """Hand one mail to the mail server: what became of it, and why not.

    Waiting: certainly not taken, to be tried again. Failed: refused for good. Unknown: the line broke after the mail
    was given, so it may have been taken.
    """
    mail = EmailMessage(
        letter.subject,
        letter.body,
        settings.DEFAULT_FROM_EMAIL,
        [letter.email],
        headers={"Message-ID": f"<{letter.delivery_id}@certportal>", "Auto-Submitted": "auto-generated"},
    )
    line = get_connection(timeout=settings.EMAIL_TIMEOUT)
    try:
        line.open()
    except (OSError, smtplib.SMTPException) as error:
        return Delivery.State.WAITING, f"{type(error).__name__}: {error}"
    try:
        line.send_messages([mail])
    except smtplib.SMTPRecipientsRefused as error:
        for_good = all(code >= 500 for code, _ in error.recipients.values())
        return (Delivery.State.FAILED if for_good else Delivery.State.WAITING), "recipient refused"
    except smtplib.SMTPResponseException as error:
        return Delivery.State.WAITING, f"{type(error).__name__}: {error.smtp_code}"
    except (OSError, smtplib.SMTPException) as error:
        return Delivery.State.UNKNOWN, f"{type(error).__name__}: {error}"
    finally:
        _hang_up(line)
    return Delivery.State.SENT, ""


def _hang_up(line: object) -> None:
    """Close the line; what happens after the mail was taken changes nothing."""
    try:
        line.close()  # type: ignore[attr-defined]
    except (OSError, smtplib.SMTPException):
        log.info("mail_line_broke_on_closing")


def _finish(actor: Identity, row_id: uuid.UUID) -> None:
    """Close a notification whose deliveries are all over, or say when to try the others again."""
    with act_as(actor):
        row = (
            Notification.objects.select_for_update(skip_locked=True)
            .filter(pk=row_id, state=Notification.State.WAITING)
            .first()
        )
        if row is None:
            return
        row.attempts += 1
        open_ones = row.deliveries.exclude(state__in=_FINISHED)
        if open_ones.exists():
            wait = min(3600, 15 * 2 ** min(row.attempts, 10))
            row.next_attempt_at = clock.now() + dt.timedelta(seconds=wait)
        else:
            bad = row.deliveries.filter(Q(state=Delivery.State.FAILED)).exists()
            row.state = Notification.State.FAILED if bad else Notification.State.SENT
            row.done_at = clock.now()
        row.save(update_fields=["attempts", "state", "done_at", "next_attempt_at"])


@shared_task(name="core.tasks.scan_files")
def scan_files(certifier_id: str, file_id: str | None = None) -> int:
    """Have the virus scanner look at what waits for one certifier, or at one file. Returns the files judged."""
    return scanning.scan_waiting(uuid.UUID(certifier_id), _as_id(file_id)) if scanning.is_configured() else 0


@shared_task(name="core.tasks.sweep_scans")
def sweep_scans() -> int:
    """Find the files of every certifier whose wake-up was lost, or that the scanner could not look at."""
    if not scanning.is_configured():
        return 0
    with act_as(Identity.loop()):
        everyone = list(people().certifiers())
    return sum(each(everyone, scanning.scan_waiting, event="scans_not_swept"))
