"""Who may open the project's own URLs, those of packages, and the API; and the gathering of every app's entries."""

from __future__ import annotations

import certificates.url_roles
import oid_sync.url_roles
import organizations.access
import organizations.url_roles
import pvf.url_roles
import requests_app.url_roles
import review.url_roles
from organizations.access import PUBLIC, SIGNED_IN, Audience

URL_ROLES: dict[str, Audience] = {
    "home": PUBLIC,
    "healthz": PUBLIC,
    "set_language": PUBLIC,
    "account_login": PUBLIC,
    "account_logout": PUBLIC,
    "account_signup": PUBLIC,
    "account_inactive": PUBLIC,
    "account_reset_password": PUBLIC,
    "account_reset_password_done": PUBLIC,
    "account_reset_password_from_key": PUBLIC,
    "account_reset_password_from_key_done": PUBLIC,
    "account_confirm_email": PUBLIC,
    "account_email_verification_sent": PUBLIC,
    "account_confirm_login_code": PUBLIC,
    "mfa_authenticate": PUBLIC,
    "account_change_password": SIGNED_IN,
    "account_set_password": SIGNED_IN,
    "account_email": SIGNED_IN,
    "account_reauthenticate": SIGNED_IN,
    "mfa_reauthenticate": SIGNED_IN,
    "mfa_index": SIGNED_IN,
    "mfa_activate_totp": SIGNED_IN,
    "mfa_deactivate_totp": SIGNED_IN,
    "mfa_generate_recovery_codes": SIGNED_IN,
    "mfa_view_recovery_codes": SIGNED_IN,
    "mfa_download_recovery_codes": SIGNED_IN,
    "mfa_list_webauthn": SIGNED_IN,
    "mfa_add_webauthn": SIGNED_IN,
    "mfa_edit_webauthn": SIGNED_IN,
    "mfa_remove_webauthn": SIGNED_IN,
    "mfa_reauthenticate_webauthn": SIGNED_IN,
    "mfa_login_webauthn": PUBLIC,
    "usersessions_list": SIGNED_IN,
    "api:schema": SIGNED_IN,
    "api:docs": SIGNED_IN,
}

#: Another address is another way in: it resets the password.
SENSITIVE_URLS = frozenset({"account_email"})


def register_all() -> None:
    """Fill the registry from every app."""
    organizations.access.register(URL_ROLES)
    organizations.access.register_sensitive(SENSITIVE_URLS)
    for module in (pvf, requests_app, certificates, review, oid_sync, organizations):
        roles = module.url_roles
        organizations.access.register(roles.URL_ROLES)
        organizations.access.register_sensitive(
            getattr(roles, "SENSITIVE_URLS", ()), ask_first=getattr(roles, "ASK_FIRST_URLS", ())
        )
