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
from urllib.parse import quote, urlsplit, urlunsplit

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
    admin_url: str, passwords: dict[str, str], portal: str, store: str
) -> dict[str, str]:
    """Make what is missing; returns the three URLs. Roles that exist get the given password.

    `passwords` maps each role to its password; `portal` and `store` name the databases.
    Raises Refused when the server is too old or the role may not do it.
    """
    with psycopg.connect(
        admin_url, autocommit=True, connect_timeout=CONNECT_SECONDS
    ) as admin:
        if admin.info.server_version < 150000:
            raise Refused("the server is older than PostgreSQL 15: use 15 or later")
        for role, attributes in ATTRIBUTES.items():
            _ensure_role(admin, role, attributes, passwords[role])
    urls = {
        "DATABASE_OWNER_URL": url_for(admin_url, OWNER, passwords[OWNER], portal),
        "DATABASE_URL": url_for(admin_url, APP, passwords[APP], portal),
        "OID_STORE_DATABASE_URL": url_for(admin_url, STORE, passwords[STORE], store),
    }
    _ensure_database(admin_url, OWNER, passwords[OWNER], portal, users=(APP,))
    _ensure_database(admin_url, STORE, passwords[STORE], store, users=())
    return urls


def _ensure_role(
    admin: psycopg.Connection[Any], role: str, attributes: str, password: str
) -> None:
    """Make a role, or give an existing one the password and the attributes."""
    known = admin.execute(
        "SELECT 1 FROM pg_roles WHERE rolname = %s", [role]
    ).fetchone()
    superuser = admin.execute(
        "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
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


def _ensure_database(
    admin_url: str, owner: str, password: str, name: str, users: tuple[str, ...]
) -> None:
    """Make a database as its owner (so that no administrator must become a member of it), closed to other roles."""
    maintenance = urlsplit(admin_url).path.lstrip("/") or "postgres"
    url = url_for(admin_url, owner, password, maintenance)
    with psycopg.connect(
        url, autocommit=True, connect_timeout=CONNECT_SECONDS
    ) as connection:
        found = connection.execute(
            "SELECT pg_encoding_to_char(encoding), pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s",
            [name],
        ).fetchone()
        if found is None:
            connection.execute(
                sql.SQL("CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0").format(
                    sql.Identifier(name)
                )
            )
        elif found != ("UTF8", owner):
            raise Refused(
                f"the database {name} exists with encoding {found[0]} and owner {found[1]}, not UTF8 and {owner}"
            )
        connection.execute(
            sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(
                sql.Identifier(name)
            )
        )
        for user in users:
            connection.execute(
                sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(
                    sql.Identifier(name), sql.Identifier(user)
                )
            )


def main() -> int:
    """Carry out one order: {"do": "ensure" | "may_administer", …}; prints the answer as JSON."""
    order = json.load(sys.stdin)
    try:
        answer: Any
        if order["do"] == "may_administer":
            answer = may_administer(order["url"])
        else:
            answer = ensure(
                order["url"], order["passwords"], order["portal"], order["store"]
            )
    except (Refused, psycopg.Error) as error:
        print(json.dumps({"error": " ".join(str(error).split())}))
        return 1
    print(json.dumps({"answer": answer}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
