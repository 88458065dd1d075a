"""Start-up refuses a database role that row-level security does not bind."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured
from django.db import connection

_QUERY = """
    SELECT r.rolname, r.rolsuper, r.rolbypassrls,
           EXISTS (SELECT 1 FROM pg_class c WHERE c.relowner = r.oid AND c.relkind = 'r'
                   AND c.relnamespace = 'public'::regnamespace),
           EXISTS (SELECT 1 FROM pg_auth_members m JOIN pg_roles o ON o.oid = m.roleid
                   WHERE m.member = r.oid AND (o.rolsuper OR o.rolbypassrls
                   OR EXISTS (SELECT 1 FROM pg_class c WHERE c.relowner = o.oid AND c.relkind = 'r'
                              AND c.relnamespace = 'public'::regnamespace)))
    FROM pg_roles r WHERE r.rolname = current_user
"""


def role_faults() -> list[str]:
    """Why the present database role must not run the portal; empty when it may."""
    with connection.cursor() as cursor:
        cursor.execute(_QUERY)
        name, is_super, bypasses, owns, inherits = cursor.fetchone()
    faults = []
    if is_super:
        faults.append(f"role {name} is a superuser")
    if bypasses:
        faults.append(f"role {name} has BYPASSRLS")
    if owns:
        faults.append(f"role {name} owns tables")
    if inherits:
        faults.append(f"role {name} is a member of a role that row-level security does not bind")
    return faults


def require_restricted_role() -> None:
    """Raise :class:`ImproperlyConfigured` unless the role is neither owner nor superuser and cannot bypass policies."""
    faults = role_faults()
    if faults:
        raise ImproperlyConfigured(
            "DATABASE_URL must name a restricted role: " + "; ".join(faults) + ". Run the owner for migrations only."
        )
