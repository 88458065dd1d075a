"""Makes the roles and databases on a server, given an administrator's URL. Needs the virtual environment (psycopg).

    certportal_owner  owns the portal's tables; migrations only; may make the test databases
    certportal_app    web, workers, beat: no owner, no superuser, bound by row-level security
    oid_store         owns the database of the OID-style store, which is a server of its own

Run as `python -m certportal.launcher.databases`: reads a JSON order on standard input, so that no password
stands on a command line.
"""

from __future__ import annotations

import json
import sys
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

OWNER, APP, STORE = "certportal_owner", "certportal_app", "oid_store"
ATTRIBUTES = {
    OWNER: "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE CREATEDB",
    APP: "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB",
    STORE: "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE CREATEDB",
}
CONNECT_SECONDS = 10


class Refused(Exception):
    """The server or the given role does not allow what is needed; the text says what to do."""


def url_for(admin_url: str, role: str, password: str, database: str) -> str:
    """The administrator's URL turned into one for another role and database; host, port and options stay."""
    parts = urlsplit(admin_url)
    host = parts.netloc.rpartition("@")[2]
    netloc = f"{quote(role, safe='')}:{quote(password, safe='')}@{host}"
    return urlunsplit((parts.scheme, netloc, f"/{database}", parts.query, ""))


def may_administer(url: str) -> bool:
    """May the role of this URL make roles and databases (superuser, or CREATEROLE and CREATEDB)?"""
    with psycopg.connect(url, connect_timeout=CONNECT_SECONDS) as connection:
        row = connection.execute(
            "SELECT rolsuper OR (rolcreaterole AND rolcreatedb) FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
    return bool(row and row[0])


def ensure(
    admin_url: str, passwords: dict[str, str], portal: str, store: str, *, reset: bool = False
) -> dict[str, str]:
    """Make what is missing; returns the three URLs.

    `passwords` maps each role to its password; `portal` and `store` name the databases. A role that exists with another
    password belongs to somebody: it is left alone (Refused) unless `reset` says to give it ours.
    Raises Refused also when the server is too old or the role may not do it.
    """
    with psycopg.connect(admin_url, autocommit=True, connect_timeout=CONNECT_SECONDS) as admin:
        if admin.info.server_version < 150000:
            raise Refused("the server is older than PostgreSQL 15: use 15 or later")
        for role, attributes in ATTRIBUTES.items():
            if _may_sign_in(admin_url, role, passwords[role]):
                continue
            _ensure_role(admin, role, attributes, passwords[role], reset=reset)
    urls = {
        "DATABASE_OWNER_URL": url_for(admin_url, OWNER, passwords[OWNER], portal),
        "DATABASE_URL": url_for(admin_url, APP, passwords[APP], portal),
        "OID_STORE_DATABASE_URL": url_for(admin_url, STORE, passwords[STORE], store),
    }
    _ensure_database(admin_url, OWNER, passwords[OWNER], portal, users=(APP,))
    _ensure_database(admin_url, STORE, passwords[STORE], store, users=())
    return urls


def _may_sign_in(admin_url: str, role: str, password: str) -> bool:
    """Does the role exist with this password?"""
    maintenance = urlsplit(admin_url).path.lstrip("/") or "postgres"
    try:
        psycopg.connect(url_for(admin_url, role, password, maintenance), connect_timeout=CONNECT_SECONDS).close()
    except psycopg.OperationalError:
        return False
    return True


def _ensure_role(admin: psycopg.Connection[Any], role: str, attributes: str, password: str, *, reset: bool) -> None:
    """Make a role, or (with `reset`) give an existing one the password and the attributes."""
    known = admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    if known and not reset:
        raise Refused(
            f"the role {role} exists with a password that is not ours: give DATABASE_OWNER_URL and OID_STORE_DATABASE_URL "
            "too, or set PORTAL_RESET_ROLES=1 to give the portal's roles new passwords"
        )
    superuser = admin.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    # only a superuser may name SUPERUSER and BYPASSRLS at all; a new role has neither
    if not (superuser and superuser[0]):
        attributes = attributes.replace("NOSUPERUSER NOBYPASSRLS ", "")
    verb = "ALTER" if known else "CREATE"
    try:
        admin.execute(
            sql.SQL("{verb} ROLE {role} WITH {attributes} PASSWORD {password}").format(
                verb=sql.SQL(verb),
                role=sql.Identifier(role),
                attributes=sql.SQL(attributes),
                password=sql.Literal(password),
            )
        )
    except psycopg.errors.InsufficientPrivilege as error:
        raise Refused(
            f"the administrator's role may not {verb.lower()} the role {role}: drop that role, or give DATABASE_URL, "
            "DATABASE_OWNER_URL and OID_STORE_DATABASE_URL"
        ) from error


def _ensure_database(admin_url: str, owner: str, password: str, name: str, users: tuple[str, ...]) -> None:
    """Make a database as its owner (so that no administrator must become a member of it), closed to other roles."""
    maintenance = urlsplit(admin_url).path.lstrip("/") or "postgres"
    url = url_for(admin_url, owner, password, maintenance)
    with psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_SECONDS) as connection:
        found = connection.execute(
            "SELECT pg_encoding_to_char(encoding), pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s",
            [name],
        ).fetchone()
        if found is None:
            connection.execute(
                sql.SQL("CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0").format(sql.Identifier(name))
            )
        elif found != ("UTF8", owner):
            raise Refused(
                f"the database {name} exists with encoding {found[0]} and owner {found[1]}, not UTF8 and {owner}"
            )
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))
        for user in users:
            connection.execute(
                sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(
                    sql.Identifier(name), sql.Identifier(user)
                )
            )


def with_database(url: str, name: str) -> str:
    """The URL with another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def copies(urls: dict[str, str], suffix: str) -> dict[str, str]:
    """Fresh, empty databases of the same owners for one test stack; returns the URLs with the new names."""
    app = urlsplit(urls["DATABASE_URL"]).username or APP
    portal, store = f"stack_{suffix}", f"stack_{suffix}_oid"
    _create_beside(urls["DATABASE_OWNER_URL"], portal, unquote(app))
    _create_beside(urls["OID_STORE_DATABASE_URL"], store, None)
    return {
        name: with_database(url, store if name == "OID_STORE_DATABASE_URL" else portal) for name, url in urls.items()
    }


def _create_beside(url: str, name: str, user: str | None) -> None:
    with psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_SECONDS) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(sql.Identifier(name))
        )
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))
        if user:
            grant = sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}")
            connection.execute(grant.format(sql.Identifier(name), sql.Identifier(user)))


def drop(urls: dict[str, str]) -> list[str]:
    """Drop the databases of a test stack, connected or not; only those that `copies` made. Returns their names."""
    dropped = []
    for key in ("DATABASE_OWNER_URL", "OID_STORE_DATABASE_URL"):
        name = urlsplit(urls[key]).path.lstrip("/")
        if not name.startswith("stack_"):
            raise Refused(f"{name} is not the database of a test stack")
        # the owner of a database cannot drop it while connected to it
        maintenance = with_database(urls[key], "postgres")
        with psycopg.connect(maintenance, autocommit=True, connect_timeout=CONNECT_SECONDS) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        dropped.append(name)
    return dropped


def carry_out(order: dict[str, Any]) -> Any:
    """One order by its name."""
    if order["do"] == "may_administer":
        return may_administer(order["url"])
    if order["do"] == "copies":
        return copies(order["urls"], order["suffix"])
    if order["do"] == "drop":
        return drop(order["urls"])
    return ensure(order["url"], order["passwords"], order["portal"], order["store"], reset=order["reset"])


def main() -> int:
    """Carry out one order read as JSON ({"do": "ensure" | "may_administer" | "copies" | "drop", …}); print the answer."""
    order = json.load(sys.stdin)
    try:
        answer = carry_out(order)
    except (Refused, psycopg.Error) as error:
        print(json.dumps({"error": " ".join(str(error).split())}))
        return 1
    print(json.dumps({"answer": answer}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
