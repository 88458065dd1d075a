"""The navigation that each role sees: only what the registry lets it open."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from core.identity import NOBODY, Kind
from organizations.access import audience_of, may_open
from organizations.adapter import passkeys_possible
from organizations.domain import news

ENTRIES = [
    ("review:queue", _("Queue")),
    ("requests:home", _("Requests")),
    ("pvf:list", _("Product Verification")),
    ("certificates:list", _("Certificates")),
    ("certificates:inbox", _("Certificates")),
    ("oid_sync:desk", _("OID desk")),
    ("oid_sync:reconciliation", _("Reconciliation")),
    ("organizations:people", _("People")),
    ("organizations:clients", _("Clients")),
    ("organizations:directory", _("Directory")),
    ("organizations:directory_imports", _("Read in the directory")),
    ("organizations:delegations", _("Brokers")),
    ("organizations:platform", _("Certifiers")),
    ("organizations:support", _("Support sessions")),
    ("organizations:operator_people", _("Accounts")),
    ("organizations:settings", _("Settings")),
    ("organizations:tokens", _("API keys")),
    ("certificates:check", _("Check a certificate")),
]


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Context of every page: navigation, who acts, for which organisation."""
    actor = getattr(request, "identity", NOBODY)
    items: list[dict[str, Any]] = []
    for name, label in ENTRIES:
        audience = audience_of(name)
        if actor.kind is Kind.NOBODY and name != "certificates:check":
            continue
        if not may_open(actor, audience):
            continue
        try:
            items.append({"url": reverse(name), "label": label})
        except NoReverseMatch:
            continue
    _mark_current(items, request.path)
    due = getattr(request, "second_step_due", False)
    claim = {"url": reverse("organizations:claim"), "label": _("Act for an importer")}
    return {
        "nav": [] if due else items,
        "account_links": [] if due or actor.kind is Kind.NOBODY else [claim],
        "unread_news": 0 if due or actor.kind is Kind.SUPPORT else SimpleLazyObject(lambda: news.unread(actor)),
        "second_step_due": due,
        "passkeys_possible": passkeys_possible(request),
        "identity": actor,
        "membership": getattr(request, "membership", None),
        "memberships": getattr(request, "memberships", []),
        "support_session": getattr(request, "support_session", None),
    }


def _mark_current(items: list[dict[str, Any]], path: str) -> None:
    """Mark the entry of the page, or of the nearest page above it: "page" or "true", as aria-current has it."""
    above = [item for item in items if path.startswith(item["url"])]
    if above:
        nearest = max(above, key=lambda item: len(item["url"]))
        nearest["current"] = "page" if nearest["url"] == path else "true"
