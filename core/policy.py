"""Row-level security, grants and database functions, applied by the owner after every migration.

Each app declares its tables in ``policies.py`` (``TABLES``) and its functions and triggers in ``sql/*.sql``. They are
code, so they are replaced as a whole in one transaction; a table that no app declares gets no grant at all and is
listed by :func:`undeclared_tables`. Row security is ENABLEd, not FORCEd: no running process may be the owner.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.module_loading import module_has_submodule

ALL = ("SELECT", "INSERT", "UPDATE", "DELETE")
READ = ("SELECT",)
APPEND = ("SELECT", "INSERT")
NO_DELETE = ("SELECT", "INSERT", "UPDATE")

#: Who acts. Functions are wrapped in a sub-select so that they run once a statement, and only if they are asked for.
CERTIFIER = "(SELECT portal_certifier())"
CLIENT = "(SELECT portal_client())"
OPERATION = "(SELECT portal_operation())"
USER = "(SELECT portal_user())"
BROKER = "(SELECT portal_broker())"
KIND = "(SELECT portal_kind())"

#: Whether a support session of this operator at this certifier is open (asked of the database at each statement).
SUPPORT = "(SELECT portal_support_is_open())"

#: The certifier's own people and its loops: who may write.
STAFF_ROW = f"(certifier_id = {CERTIFIER} AND {KIND} IN ('staff', 'loop'))"
#: The same, and a support session while it is open: who may read.
STAFF_READ = f"(certifier_id = {CERTIFIER} AND ({KIND} IN ('staff', 'loop') OR ({KIND} = 'support' AND {SUPPORT})))"
#: The exporter itself: one client of one certifier.
CLIENT_ROW = f"(certifier_id = {CERTIFIER} AND client_id = {CLIENT} AND {KIND} = 'exporter')"
#: Rows of one client of one certifier, for both sides. One CASE instead of alternatives joined by OR: the certifier stands
#: alone before it, so an index can serve it, and each statement plans half as many sub-selects.
ROWS = (
    f"(certifier_id = {CERTIFIER} AND CASE {KIND} WHEN 'staff' THEN true WHEN 'loop' THEN true"
    f" WHEN 'exporter' THEN client_id = {CLIENT} ELSE false END)"
)
ROWS_READ = (
    f"(certifier_id = {CERTIFIER} AND CASE {KIND} WHEN 'staff' THEN true WHEN 'loop' THEN true"
    f" WHEN 'exporter' THEN client_id = {CLIENT} WHEN 'support' THEN {SUPPORT} ELSE false END)"
)


def delegated(party: str, *scopes: str) -> str:
    """The keys of the importers, clients or certifiers for whom the broker who acts may do one of ``scopes`` today."""
    return f"ANY ((SELECT portal_delegated_{party}('{{{','.join(scopes)}}}'))::uuid[])"


SIGNED_IN = f"({KIND} NOT IN ('nobody', 'check'))"
PLATFORM = f"({KIND} = 'platform')"
LOOP_ROW = f"(certifier_id = {CERTIFIER} AND {KIND} = 'loop')"
NO_ROW = "false"
EVERY_ROW = "true"


@dataclasses.dataclass(frozen=True, slots=True)
class Table:
    """What the application's role may do with one table, and to which rows.

    ``read`` and ``write`` are SQL conditions over the row. ``write`` holds for a new row, for a row that is changed,
    before and after, and for one that is deleted; ``insert`` and ``delete`` replace it for their verb, ``lock`` for the
    row before a change: PostgreSQL asks the same of ``FOR SHARE`` and ``FOR UPDATE``.

    ``global_because``: why the rows are no tenant's, so that ``read`` names none. ``open_because``: why there is no row
    policy at all. Both make the reviewed list of global tables (docs/row-security.md).
    """

    name: str
    read: str = ""
    write: str = ""
    insert: str = ""
    delete: str = ""
    lock: str = ""
    grants: Sequence[str] = ALL
    update_columns: Sequence[str] = ()
    global_because: str = ""
    open_because: str = ""

    def conditions(self) -> dict[str, str]:
        """The condition of each verb: read, insert, lock, update, delete."""
        write = self.write or NO_ROW
        return {
            "read": self.read,
            "insert": self.insert or write,
            "lock": self.lock or write,
            "update": write,
            "delete": self.delete or write,
        }


def declared_tables() -> list[Table]:
    """Every table that an app of ours declares, in the order of INSTALLED_APPS."""
    tables: list[Table] = []
    for config in apps.get_app_configs():
        if config.module is not None and module_has_submodule(config.module, "policies"):
            tables.extend(import_module(f"{config.name}.policies").TABLES)
    return tables


def declared_definers() -> dict[str, str]:
    """The functions of ours that run with the owner's rights (SECURITY DEFINER), each with its reason."""
    reasons: dict[str, str] = {}
    for config in apps.get_app_configs():
        if config.module is not None and module_has_submodule(config.module, "policies"):
            reasons |= getattr(import_module(f"{config.name}.policies"), "DEFINERS", {})
    return reasons


def undeclared_tables(connection: BaseDatabaseWrapper) -> set[str]:
    """Tables in the database that nobody declared: the test that keeps this empty keeps new tables closed."""
    with connection.cursor() as cursor:
        present = set(connection.introspection.table_names(cursor))
    return present - {table.name for table in declared_tables()}


def sql_files() -> Iterable[Path]:
    """Functions and triggers of each app, in the order of INSTALLED_APPS and then by name."""
    for config in apps.get_app_configs():
        yield from sorted((Path(config.path) / "sql").glob("*.sql"))


def _quoted(name: str) -> str:
    if not re.fullmatch(r"[a-z_][a-z0-9_]*", name):
        raise ValueError(f"{name!r} is not a plain SQL name")
    return f'"{name}"'


def statements_for(table: Table, role: str) -> list[str]:
    """The SQL that gives ``role`` its rights on one table and its row policies."""
    name, role = _quoted(table.name), _quoted(role)
    result = [f"REVOKE ALL ON {name} FROM {role}, PUBLIC"]
    grants = list(table.grants)
    if table.update_columns:
        grants = [grant for grant in grants if grant != "UPDATE"]
        columns = ", ".join(_quoted(column) for column in table.update_columns)
        result.append(f"GRANT UPDATE ({columns}) ON {name} TO {role}")
    if grants:
        result.append(f"GRANT {', '.join(grants)} ON {name} TO {role}")
    result += [
        f"DROP POLICY IF EXISTS portal_read ON {name}",
        f"DROP POLICY IF EXISTS portal_write_{'insert'} ON {name}",
    ]
    result += [f"DROP POLICY IF EXISTS portal_write_{verb} ON {name}" for verb in ("update", "delete")]
    if table.open_because:
        result.append(f"ALTER TABLE {name} DISABLE ROW LEVEL SECURITY")
        return result
    if not table.read:
        raise ValueError(f"table {table.name}: say who may read it, or why it has no row policy")
    of = table.conditions()
    result += [
        f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY",
        f"CREATE POLICY portal_read ON {name} FOR SELECT USING ({of['read']})",
        f"CREATE POLICY portal_write_insert ON {name} FOR INSERT WITH CHECK ({of['insert']})",
        f"CREATE POLICY portal_write_update ON {name} FOR UPDATE USING ({of['lock']}) WITH CHECK ({of['update']})",
        f"CREATE POLICY portal_write_delete ON {name} FOR DELETE USING ({of['delete']})",
    ]
    return result


def apply_all(connection: BaseDatabaseWrapper) -> int:
    """Apply functions, grants and policies as the owner of the tables; returns how many tables were covered.

    Must run on the owner's connection inside one transaction. Tables that are not there yet (a partial migration) are
    left out: they get no grant before their own turn.
    """
    role = settings.APP_DATABASE_ROLE
    with connection.cursor() as cursor:
        present = set(connection.introspection.table_names(cursor))
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {_quoted(role)}")
        cursor.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        for path in sql_files():
            cursor.execute(path.read_text(encoding="utf-8").replace("{app_role}", _quoted(role)))
        tables = [table for table in declared_tables() if table.name in present]
        for table in tables:
            for statement in statements_for(table, role):
                cursor.execute(statement)
        cursor.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {_quoted(role)}")
    return len(tables)
