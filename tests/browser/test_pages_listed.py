"""Whoever adds a page adds it to the list of those that are looked at in Chromium (``tests/browser/everything.py``)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, resolve
from django.urls.exceptions import Resolver404

from tests.browser.everything import make_everything, visits
from tests.support.world import World

#: Addresses that answer with no page of their own: acts, files, data.
NO_PAGES = {
    "healthz", "set_language", "mfa_download_recovery_codes", "pvf:template", "pvf:approve", "pvf:reject",
    "pvf:edition-save", "certificates:pdf", "certificates:retry-document", "certificates:replace", "oid_sync:resend",
    "certificates:reading-copy", "certificates:reading-copy-file",
    "certificates:version-pdf", "certificates:continuity-pdf",
    "oid_sync:back_to_review", "oid_sync:settle", "oid_sync:assisted:batch", "oid_sync:start_reconciliation",
    "organizations:guarded_change", "organizations:member_end",
    "organizations:invitation_revoke", "organizations:switch", "organizations:token_revoke",
    "organizations:session_end", "organizations:sessions_end_all", "organizations:access_review_sheet",
    "mfa_login_webauthn",
    "organizations:delegation_revoke", "oid_sync:reconciliation_progress",
    "pvf:change", "pvf:draft-head", "pvf:draft-carry", "pvf:draft-line-remove", "pvf:draft-documents",
    "pvf:draft-propose", "pvf:document", "pvf:document-remove", "pvf:withdraw", "pvf:export", "pvf:report-approve",
    "pvf:report-reject", "pvf:report-withdraw", "pvf:statement-xlsx", "pvf:statement-ask", "pvf:statement-file",
    "organizations:support_enter", "organizations:support_end",
    "certificates:preview-file", "certificates:bundle-file",
    # leads on to the page that was asked for; its refusal is the visit "way-in-refused"
    "sign_on:back",
    # signing in with a code by mail is off
    "account_confirm_login_code",
}  # fmt: skip


def _names(resolver: URLResolver, space: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from _names(entry, f"{space}{entry.namespace}:" if entry.namespace else space)
        elif isinstance(entry, URLPattern):
            yield f"{space}{entry.name}"


def _view(path: str) -> str:
    try:
        return resolve(path.split("?", maxsplit=1)[0]).view_name
    except Resolver404:
        return ""


@pytest.mark.django_db(transaction=True)
def test_every_page_is_on_the_list(world: World, tmp_path: Path) -> None:
    here = {name for name in _names(get_resolver()) if not name.startswith(("requests:", "review:", "api:"))}
    seen = {_view(page.path) for page in visits(make_everything(world, tmp_path))} | {"mfa_authenticate"}
    assert here - seen - NO_PAGES == set()
