"""What is unsafe in a deployment: Django system checks with ids of ours, run by ``./portal check --deploy``.

Each check looks at settings, at the database or at the disk, changes nothing, and answers one sentence for each fault. They
are deployment checks: a development portal runs them only when asked.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import stat
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Tags, Warning, register
from django.db import DatabaseError, connection

from core import clock
from core.policy import declared_tables
from core.role_guard import role_faults

SKEW_SECONDS = 5
SECRET_KEY_LENGTH = 50
SECRET_KEY_CHARACTERS = 12
#: Ends of names that no public address has.
RESERVED = (".localhost", ".invalid", ".example", ".test", ".local")
Found = Iterable[CheckMessage]


def _local(host: str) -> bool:
    """Whether a host name is this machine's own, or reserved for examples."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host in {"localhost", ""} or host.endswith(RESERVED)


def environment(app_configs: Sequence[AppConfig] | None = None, **_: Any) -> Found:
    """E001: outside production demo accounts, demo keys and rehearsed faults are allowed. E002: debugging is on."""
    if not settings.PRODUCTION:
        yield Error("PORTAL_ENV is not production: demo accounts and demo keys are allowed.", id="certportal.E001")
    if settings.DEBUG:
        yield Error("DEBUG is on: error pages show settings and data.", id="certportal.E002")


def hosts(app_configs: Sequence[AppConfig] | None = None, **_: Any) -> Found:
    """E003: any host is served, or W004: the machine's own names alone."""
    named = settings.ALLOWED_HOSTS
    if not named or any(name in {"*", ""} for name in named):
        yield Error("PORTAL_ALLOWED_HOSTS must name the hosts that are served, without *.", id="certportal.E003")
    elif all(_local(name) for name in named):
        yield Warning("PORTAL_ALLOWED_HOSTS names no public host.", id="certportal.W004")


def https(app_configs: Sequence[AppConfig] | None = None, **_: Any) -> Found:
    """E005: the address that stands in QR codes is no https address. E006: cookies travel over plain HTTP, or a
    neighbouring host can plant them."""
    if not settings.PORTAL_PUBLIC_ORIGIN.startswith("https://"):
        yield Error("PORTAL_PUBLIC_ORIGIN must be an https:// address.", id="certportal.E005")
    if not (settings.SESSION_COOKIE_SECURE and settings.CSRF_COOKIE_SECURE and settings.SESSION_COOKIE_HTTPONLY):
        yield Error("Cookies of the session and of forms must be Secure and HttpOnly.", id="certportal.E006")
    for name in (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME):
        if not name.startswith("__Host-"):
            yield Error(f"The cookie {name} must be named __Host-…, else other hosts can set it.", id="certportal.E006")


def proxies(app_configs: Sequence[AppConfig] | None = None, **_: Any) -> Found:
    """W007: the protocol is read from a proxy's header, but the callers' addresses are not: limits count the proxy."""
    if getattr(settings, "SECURE_PROXY_SSL_HEADER", None) and settings.ALLAUTH_TRUSTED_PROXY_COUNT < 1:
        text = "PORTAL_TRUSTED_PROXIES is 0 behind a proxy: all callers share one address, and one limit of sign-ins."
        yield Warning(text, id="certportal.W007")


def secrets(app_configs: Sequence[AppConfig] | None = None, **_: Any) -> Found:
    """E008: SECRET_KEY can be guessed. E009: a FIELD_ENCRYPTION_KEY is no Fernet key."""
    key = settings.SECRET_KEY
    if len(key) < SECRET_KEY_LENGTH or len(set(key)) < SECRET_KEY_CHARACTERS or "insecure" in key:
        text = f"SECRET_KEY must be random, of at least {SECRET_KEY_LENGTH} characters."
        yield Error(text, id="certportal.E008")
    try:
        keys = [Fernet(one) for one in settings.FIELD_ENCRYPTION_KEYS]
    except ValueError:
        keys = []
    if not keys:
        yield Error("FIELD_ENCRYPTION_KEY must hold Fernet keys, the first one encrypts.", id="certportal.E009")


def mail(app_configs: Sequence[AppConfig] | None = None, **_: Any) -> Found:
    """W010: mail, with its links to accounts, leaves the machine unencrypted."""
    if not _local(settings.EMAIL_HOST) and not (settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL):
        yield Warning("EMAIL_USE_TLS is off: mail to EMAIL_HOST travels unencrypted.", id="certportal.W010")


def demo(app_configs: Sequence[AppConfig] | None = None, **_: Any) -> Found:
    """E011: the key of the demo signs. E012: the store rehearses faults."""
    if settings.DOCUMENT_DEMO_KEY:
        yield Error("DOCUMENT_DEMO_KEY is set: certificates could be signed by the demo's key.", id="certportal.E011")
    if os.environ.get("OID_STORE_FAULTS"):
        yield Error("OID_STORE_FAULTS is set: the store rehearses faults.", id="certportal.E012")


def timestamps(app_configs: Sequence[AppConfig] | None = None, **_: Any) -> Found:
    """I013, for information: signatures carry the portal's own time, which nobody else vouches for."""
    if not settings.TIMESTAMP_URL:
        yield Info("PORTAL_TIMESTAMP_URL is not set: signatures carry the portal's own time.", id="certportal.I013")


def file_store(app_configs: Sequence[AppConfig] | None = None, **_: Any) -> Found:
    """E014: other users of the machine can read stored files or change them."""
    folder = Path(settings.PORTAL_DATA_DIR) / "files"
    for path in (Path(settings.PORTAL_DATA_DIR), folder):
        if path.is_dir() and path.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH):
            yield Error(f"{path} is open to other users: run chmod o-rwx on it.", id="certportal.E014")
    for name in ("FILE_UPLOAD_PERMISSIONS", "FILE_UPLOAD_DIRECTORY_PERMISSIONS"):
        mode = getattr(settings, name)
        if mode is None or mode & 0o077:
            yield Error(f"{name} lets other users read stored files.", id="certportal.E014")


def database_role(app_configs: Sequence[AppConfig] | None = None, **_: Any) -> Found:
    """E015: row policies do not bind the role. E016: a table that a policy was written for has row security off."""
    try:
        faults, loose = role_faults(), unprotected_tables()
    except DatabaseError as error:
        yield Error(f"The database does not answer: {str(error).splitlines()[0]}", id="certportal.E019")
        return
    for fault in faults:
        yield Error(f"DATABASE_URL must name a restricted role: {fault}.", id="certportal.E015")
    for name in loose:
        text = f"Table {name} has no row security: run ./portal manage migrate as the owner."
        yield Error(text, id="certportal.E016")


def unprotected_tables() -> list[str]:
    """Tables with a declared row policy that have row security switched off, or no policy."""
    wanted = [table.name for table in declared_tables() if not table.open_because]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relname = ANY(%s)"
            " AND c.relnamespace = 'public'::regnamespace AND NOT (c.relrowsecurity"
            " AND EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid)) ORDER BY 1",
            [wanted],
        )
        return [name for (name,) in cursor.fetchall()]


def clocks(app_configs: Sequence[AppConfig] | None = None, **_: Any) -> Found:
    """W017: the clocks of this machine and of the database differ: leases and deadlines are judged by both."""
    try:
        skew = clock_skew()
    except DatabaseError:
        return  # said by E019
    if abs(skew) > dt.timedelta(seconds=SKEW_SECONDS):
        text = f"The clocks of this machine and of the database differ by {abs(skew).total_seconds():.0f} s."
        yield Warning(text, id="certportal.W017")


def clock_skew() -> dt.timedelta:
    """The database's time less this machine's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        there: dt.datetime = cursor.fetchone()[0]
    return there - clock.now()


def people(app_configs: Sequence[AppConfig] | None = None, **_: Any) -> Found:
    """E018: an account of the demo is in the database: its password is printed in public."""
    try:
        names = demo_accounts()
    except DatabaseError:
        return  # said by E019
    if names:
        text = f"{len(names)} demo accounts can sign in, {names[0]} first: use a database without the demo."
        yield Error(text, id="certportal.E018")


def demo_accounts() -> list[str]:
    """E-mail addresses of active accounts at the demo's invented domains."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT email FROM organizations_user WHERE is_active AND email ILIKE %s ORDER BY 1", ["%.example"]
        )
        return [email for (email,) in cursor.fetchall()]


CHECKS: list[Callable[..., Found]] = [
    environment, hosts, https, proxies, secrets, mail, demo, timestamps, file_store, database_role, clocks, people,
]  # fmt: skip


def register_all() -> None:
    """Make Django run them with ``check --deploy``."""
    for check in CHECKS:
        register(_listed(check), Tags.security, deploy=True)


def _listed(check: Callable[..., Found]) -> Callable[..., list[CheckMessage]]:
    """Django asks for a list; the checks above yield."""

    def run(app_configs: Sequence[AppConfig] | None = None, **given: Any) -> list[CheckMessage]:
        return list(check(app_configs, **given))

    run.__name__ = f"check_{check.__name__}"
    return run
