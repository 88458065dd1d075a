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
    "api:schema": SIGNED_IN,
    "api:docs": SIGNED_IN,
}


def register_all() -> None:
    """Fill the registry from every app."""
    organizations.access.register(URL_ROLES)
    for module in (pvf, requests_app, certificates, review, oid_sync, organizations):
        organizations.access.register(module.url_roles.URL_ROLES)
