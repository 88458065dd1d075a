"""The environment of every process: what the caller set, completed with what `./portal` made and remembers.

Each process gets what it needs and no more: the owner's URL goes to migrations only, and the OID-style store sees nothing
of the portal.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from .errors import PortalError
from .places import Places
from .ports import LOOPBACK
from .state import State
from .users import ServiceUser

DEMO_CERTIFIERS = ("101", "202")
"""Codes of the two demo certifiers: each has a key of its own at the store."""

DATABASES = ("DATABASE_URL", "DATABASE_OWNER_URL", "OID_STORE_DATABASE_URL")
COMPOSED = (
    *DATABASES, "REDIS_URL", "PORTAL_ENV", "SECRET_KEY", "FIELD_ENCRYPTION_KEY", "PORTAL_DATA_DIR", "PORTAL_STATIC_ROOT",
    "PORTAL_PUBLIC_ORIGIN", "PORTAL_ALLOWED_HOSTS", "PORTAL_MAIL_FROM", "EMAIL_HOST", "EMAIL_PORT", "OID_STORE_URL",
    "OID_STORE_API_KEYS", "DOCUMENT_DEMO_KEY", "DJANGO_SETTINGS_MODULE",
)  # fmt: skip
"""All that is composed here: `./portal env` shows it."""

REQUIRED_IN_PRODUCTION = {
    "SECRET_KEY": "a long random text",
    "FIELD_ENCRYPTION_KEY": "a Fernet key, 32 random bytes in URL-safe base64",
    "PORTAL_PUBLIC_ORIGIN": "the address people use, for example https://certificates.example.org",
    "PORTAL_ALLOWED_HOSTS": "the host names served, comma separated",
    "PORTAL_MAIL_FROM": "the sender of the portal's mail",
    "EMAIL_HOST": "the mail server",
}
REQUIRED_BY_STORE = {
    "OID_STORE_SECRET_KEY": "a long random text for the OID-style store",
    "OID_STORE_API_KEYS": "key:certifier code, comma separated",
    "OID_STORE_ALLOWED_HOSTS": "the host names of the store, comma separated",
}
"""Required in production where OID_STORE_DATABASE_URL asks for a store of our own."""

REFUSED_IN_PRODUCTION = ("OID_STORE_FAULTS", "DOCUMENT_DEMO_KEY")
STORE_NAMES = ("PORTAL_ENV", "PYTHONUNBUFFERED", "PATH", "HOME", "LANG", "LC_ALL", "TZ", "VIRTUAL_ENV", "TMPDIR")


def production(caller: Mapping[str, str]) -> bool:
    """Is this a production start?  Then nothing of the demo exists and all secrets come from the environment."""
    return caller.get("PORTAL_ENV", "development") == "production"


def runs_store(caller: Mapping[str, str]) -> bool:
    """Does the caller want a store of ours?  In production only when its database is given and no other store is named."""
    if caller.get("OID_STORE_URL"):
        return False
    return bool(caller.get("OID_STORE_DATABASE_URL")) or not production(caller)


def production_faults(caller: Mapping[str, str]) -> list[str]:
    """What keeps a production start from happening, one sentence each; empty when nothing does."""
    required = REQUIRED_IN_PRODUCTION | (REQUIRED_BY_STORE if runs_store(caller) else {})
    faults = [f"{name} is not set ({meaning})" for name, meaning in required.items() if not caller.get(name)]
    return faults + [f"{name} must not be set in production" for name in REFUSED_IN_PRODUCTION if caller.get(name)]


def wanted_engines(caller: Mapping[str, str]) -> tuple[str, ...]:
    """The embedded engines to start: those whose address is not given. Raises PortalError for half a setting."""
    given = [name for name in DATABASES if caller.get(name)]
    if given and "DATABASE_URL" not in given:
        raise PortalError(
            f"{given[0]} is set but DATABASE_URL is not: set both, or neither for the embedded PostgreSQL."
        )
    wanted = () if given else ("postgres",)
    return wanted if caller.get("REDIS_URL") else (*wanted, "valkey")


@dataclass
class Addresses:
    """Where the portal's own processes listen, all on 127.0.0.1."""

    web: int
    oid_store: int
    smtp: int
    mail: int

    @property
    def web_url(self) -> str:
        """The portal."""
        return f"http://{LOOPBACK}:{self.web}"

    @property
    def store_url(self) -> str:
        """The OID-style store."""
        return f"http://{LOOPBACK}:{self.oid_store}"

    @property
    def mail_url(self) -> str:
        """The page of the caught mail."""
        return f"http://{LOOPBACK}:{self.mail}"


@dataclass
class Environment:
    """Builds the environments. `databases` and `redis_url` are those that were given or made."""

    places: Places
    state: State
    user: ServiceUser
    databases: dict[str, str]
    redis_url: str
    caller: Mapping[str, str] = field(default_factory=lambda: os.environ)

    @property
    def production(self) -> bool:
        """Is this a production start?"""
        return production(self.caller)

    @property
    def demo(self) -> bool:
        """Is the demo loaded?  In development only: production refuses it, tests make their own data."""
        return self.caller.get("PORTAL_ENV", "development") == "development"

    def base(self) -> dict[str, str]:
        """For every Django process of the portal, without addresses of its own servers and without the owner."""
        values = {name: value for name, value in self.caller.items() if name not in DATABASES}
        values |= {
            "PORTAL_ENV": self.caller.get("PORTAL_ENV", "development"),
            "SECRET_KEY": self.caller.get("SECRET_KEY") or self.state.secret("secret_key"),
            "FIELD_ENCRYPTION_KEY": self.caller.get("FIELD_ENCRYPTION_KEY")
            or self.state.secret("field_encryption_key", fernet=True),
            "DATABASE_URL": self.databases["DATABASE_URL"],
            "REDIS_URL": self.redis_url,
            "PORTAL_DATA_DIR": str(self.places.data),
            "PORTAL_STATIC_ROOT": self.caller.get("PORTAL_STATIC_ROOT") or str(self.places.static),
            "DJANGO_SETTINGS_MODULE": "certportal.settings",
            "PYTHONUNBUFFERED": "1",
            "VIRTUAL_ENV": str(self.places.venv),
        }
        if self.user.drop:
            # the caller's own folders are closed to the services' user
            values |= {"HOME": str(self.places.home / "run"), "USER": self.user.name, "LOGNAME": self.user.name}
            values.pop("XDG_RUNTIME_DIR", None)
            values.pop("XDG_CACHE_HOME", None)
        return values | self._demo()

    def _demo(self) -> dict[str, str]:
        """What only a development or test portal gets: keys of the demo certifiers at the store, the demo signing key."""
        if self.production:
            return {}
        return {
            "OID_STORE_API_KEYS": self.caller.get("OID_STORE_API_KEYS") or self.store_keys(),
            "DOCUMENT_DEMO_KEY": self.caller.get("DOCUMENT_DEMO_KEY") or str(self.places.data / "demo-signing-key.p12"),
        }

    def store_keys(self) -> str:
        """`key:certifier,key:certifier`: the keys that the demo certifiers have at the store."""
        return ",".join(f"{self.state.secret(f'oid_store_key_{code}')}:{code}" for code in DEMO_CERTIFIERS)

    def manage(self, addresses: Addresses | None = None) -> dict[str, str]:
        """For management commands: also the owner's URL and the store's, which no running process gets."""
        values = self.base() | {name: url for name, url in self.databases.items() if url}
        return self.portal(addresses, values) if addresses else values

    def portal(self, addresses: Addresses, values: dict[str, str] | None = None) -> dict[str, str]:
        """For web, workers and beat."""
        caller = self.caller
        hosts = caller.get("PORTAL_ALLOWED_HOSTS") or f"{LOOPBACK},localhost"
        values = (values or self.base()) | {
            "PORTAL_PUBLIC_ORIGIN": caller.get("PORTAL_PUBLIC_ORIGIN") or addresses.web_url,
            "PORTAL_ALLOWED_HOSTS": hosts,
            "PORTAL_MAIL_FROM": caller.get("PORTAL_MAIL_FROM") or "CertPortal <portal@certportal.invalid>",
        }
        if not self.production:
            values |= {
                "EMAIL_HOST": caller.get("EMAIL_HOST") or LOOPBACK,
                "EMAIL_PORT": caller.get("EMAIL_PORT") or str(addresses.smtp),
                "OID_STORE_URL": caller.get("OID_STORE_URL") or addresses.store_url,
            }
        return values

    def store(self, addresses: Addresses | None = None) -> dict[str, str]:
        """For the OID-style store: its own database and keys, nothing of the portal."""
        base = self.base()
        values = {name: base[name] for name in STORE_NAMES if name in base}
        values |= {name: value for name, value in self.caller.items() if name.startswith("OID_STORE_")}
        values["OID_STORE_DATABASE_URL"] = self.databases.get("OID_STORE_DATABASE_URL", "")
        values["DJANGO_SETTINGS_MODULE"] = "oid_store.settings"
        if not self.production:
            values["OID_STORE_API_KEYS"] = base["OID_STORE_API_KEYS"]
            values["OID_STORE_SECRET_KEY"] = self.caller.get("OID_STORE_SECRET_KEY") or self.state.secret(
                "store_secret_key"
            )
        if addresses:
            values["OID_STORE_BIND"] = f"{LOOPBACK}:{addresses.oid_store}"
        return values

    @property
    def runs_store(self) -> bool:
        """Is the store ours to run?  In production only when its database is given and no other store is named."""
        return runs_store(self.caller) and bool(self.databases.get("OID_STORE_DATABASE_URL"))

    @property
    def catches_mail(self) -> bool:
        """Is mail caught (development), or sent to a real server?"""
        return not self.production and not self.caller.get("EMAIL_HOST")


def describe(url: str) -> str:
    """A URL without its password, for people."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}:{parts.port or ''}{parts.path}"
