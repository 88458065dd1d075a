"""What a notification says: ``templates/notifications/<topic>.txt``, first line the subject, in the reader's language."""

from __future__ import annotations

import dataclasses
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.template import Context, Engine
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils import translation

from core.models import Audience, Notification

#: Pages by what a notification is about, the certifier's own page first where it has one.
STAFF_PAGES: dict[str, tuple[str, ...]] = {
    "delegation": ("organizations:delegations",),
    "request": ("review:request", "review:detail", "requests:detail"),
    "certificate": ("certificates:detail",),
    "signing_key": ("certificates:signing",),
    "pvf": ("pvf:detail",),
    "pvf_version": ("pvf:version", "pvf:list"),
    "pvf_report": ("pvf:report", "pvf:list"),
    "oid_call": ("oid_sync:desk",),
    "outage": ("certificates:outage",),
    "stuck_documents": ("certificates:stuck",),
    "audit_head": ("organizations:audit",),
    "guarded_change": ("organizations:guarded_changes",),
    "reconciliation": ("oid_sync:reconciliation",),
    "support_session": ("organizations:support_log",),
    "membership": ("organizations:member",),
    "news": ("organizations:news",),
}
PAGES: dict[str, tuple[str, ...]] = {
    "delegation": ("organizations:delegations",),
    "request": ("requests:detail",),
    "certificate": ("certificates:detail", "certificates:inbox"),
    "pvf": ("pvf:detail",),
    "pvf_version": ("pvf:version", "pvf:list"),
    "pvf_report": ("pvf:report", "pvf:list"),
    "news": ("organizations:news",),
}
#: The line that begins the foot of a mail (RFC 3676).
_FOOT = "\n-- \n"


@dataclasses.dataclass(frozen=True, slots=True)
class Message:
    """A rendered notification."""

    subject: str
    body: str
    link: str


def path_of(notification: Notification) -> str:
    """The page a notification leads to (a path of the portal); the front door where there is none.

    An act that knows its page better (an invitation's link) puts ``path`` into the context.
    """
    given = notification.context.get("path")
    if isinstance(given, str) and given.startswith("/"):
        return given
    pages = STAFF_PAGES if notification.audience == Audience.CERTIFIER else PAGES
    for name in pages.get(notification.object_type.lower(), ()):
        for arguments in ([notification.object_id], []):
            try:
                return reverse(name, args=arguments)
            except NoReverseMatch:
                continue
    return "/"


def render(notification: Notification, language: str, certifier_name: str) -> Message:
    """Subject, body and link of a notification in one language; topics without a text of their own get the general one."""
    link = path_of(notification)
    words: dict[str, Any] = {
        **notification.context,
        "topic": notification.topic,
        "url": urljoin(f"{settings.PORTAL_PUBLIC_ORIGIN}/", link),
        "certifier": certifier_name,
        "choices_url": urljoin(f"{settings.PORTAL_PUBLIC_ORIGIN}/", reverse("organizations:mail_choices")),
        "has_account": notification.audience != Audience.EMAIL,
    }
    names = [f"notifications/{notification.topic}.txt", "notifications/_default.txt"]
    with translation.override(language):
        # plain text: nothing is escaped for HTML
        text = Engine.get_default().select_template(names).render(Context(words, autoescape=False))
    first, _, rest = text.strip().partition("\n")
    return Message(" ".join(first.split())[:200], rest.strip() + "\n", link[:300])


def as_html(subject: str, body: str, language: str) -> str:
    """The same mail as HTML: made from the plain text, so that the two cannot say different things.

    The portal's own address, where it stands in a paragraph of its own, becomes the button: never one that somebody
    typed into a question or a reason. The last foot is the mail's.
    """
    text, _sep, foot = body.rpartition(_FOOT)
    parts = []
    for paragraph in (part.strip() for part in text.split("\n\n")):
        lines = paragraph.splitlines()
        if not lines:
            continue
        is_link = len(lines) == 1 and " " not in paragraph and paragraph.startswith(f"{settings.PORTAL_PUBLIC_ORIGIN}/")
        parts.append({"link": paragraph} if is_link else {"lines": lines})
    with translation.override(language):
        return render_to_string(
            "notifications/mail.html",
            {"subject": subject, "parts": parts, "foot": foot.strip().splitlines(), "language": language},
        )
