"""For every table, made from the database itself: row security, what its policies name, and no right more than declared."""

from __future__ import annotations

import re
from collections.abc import Iterator

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from core.identity import Kind
from core.policy import ALL, Table, declared_definers, declared_tables, undeclared_tables
from tests.support import databases

pytestmark = pytest.mark.django_db

#: The reviewed list of tables whose rows are no tenant's and no person's. A new one is a decision, not an oversight:
#: its reason stands in its app's policies.py and in docs/row-security.md.
GLOBAL = {
    # every row is read by everybody, or by everybody who is signed in; written by their keeper alone
    "organizations_certifier", "organizations_operation", "organizations_broker", "organizations_directoryimport",
    "organizations_directoryproblem", "pvf_htscode", "pvf_htsedition",
    # no row policy
    "django_session", "django_content_type", "django_migrations", "auth_permission", "auth_group",
    "auth_group_permissions",
}  # fmt: skip
#: What makes a row somebody's.
OWNERS = ("portal_certifier()", "portal_user()", "portal_client()", "portal_operation()", "portal_broker()")
#: Functions that ask the same (put to the test in test_rows_by_kind.py).
ASKING = ("portal_own_act(", "portal_own_news(", "portal_sees_certificate(", "FROM certificates_certificate c")
#: Tables whose rows stay as they were written: no grant changes or deletes one.
NEVER_CHANGED = {
    "core_auditrow", "core_auditseal", "core_audithead", "pvf_movement", "review_recommendation", "review_checkoverride",
    "certificates_certificatechange", "certificates_certificatedocument",
    "certificates_receipt", "certificates_goodsmark", "certificates_actualsreminder",
    "certificates_certificatelookup", "requests_app_checkrun", "requests_app_stafffindings", "pvf_topup",
    "oid_sync_oidexchange", "organizations_letterhead", "organizations_directoryproblem",
}  # fmt: skip


def rows_of(statement: str, *values: object) -> list[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [tuple(row) for row in cursor.fetchall()]


def closed() -> list[Table]:
    return [table for table in declared_tables() if not table.open_because]


POLICIES = """
    SELECT c.relname, p.polname, p.polcmd::text, pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)
    FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE c.relnamespace = 'public'::regnamespace
"""


def test_every_closed_table_has_row_security_and_one_policy_a_verb() -> None:
    verbs: dict[str, list[str]] = {}
    for name, _policy, verb, _using, _check in rows_of(POLICIES):
        verbs.setdefault(name, []).append(verb)
    enabled = {
        name for (name,) in rows_of(
            "SELECT relname FROM pg_class WHERE relrowsecurity AND relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
    }  # fmt: skip
    wrong = [t.name for t in closed() if t.name not in enabled or sorted(verbs.get(t.name, [])) != ["a", "d", "r", "w"]]
    assert wrong == []
    assert set(verbs) == {table.name for table in closed()}


def test_nothing_but_tables_holds_rows() -> None:
    """A view reads as its owner, whom no policy binds; a materialised one and a foreign table have none."""
    assert (
        rows_of(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm', 'f', 'p')"
        )
        == []
    )


def test_the_global_tables_are_the_reviewed_list_each_with_its_reason() -> None:
    reasons = {
        t.name: t.open_because or t.global_because for t in declared_tables() if t.open_because or t.global_because
    }
    assert set(reasons) == GLOBAL
    assert [name for name, reason in reasons.items() if len(reason) < 20] == []


def test_the_document_lists_the_same_tables_and_functions() -> None:
    text = (databases.ROOT / "docs" / "row-security.md").read_text(encoding="utf-8")
    first = {row.split("`")[1] for row in text.splitlines() if row.startswith("| `")}
    kinds = {kind.value for kind in Kind}
    assert first == GLOBAL | set(declared_definers()) | kinds


def test_every_other_tables_policy_names_whose_row_it_is() -> None:
    """Certifier, client, operation, broker or person; a row below a certificate by way of its certificate."""
    reads = {name: using for name, _p, verb, using, _c in rows_of(POLICIES) if verb == "r"}
    nobodys = [
        table.name for table in closed()
        if table.name not in GLOBAL and not any(owner in reads[table.name] for owner in OWNERS)
    ]  # fmt: skip
    # there is no row in it, and none is written
    assert nobodys == ["account_emailconfirmation"]


def test_whatever_may_be_written_names_whose_row_it_is_too() -> None:
    for name, _policy, verb, using, check in rows_of(POLICIES):
        if verb == "r" or name in GLOBAL:
            continue
        condition = check if verb in {"a", "w"} else using
        named = any(owner in condition for owner in (*OWNERS, *ASKING))
        assert named or condition == "false" or name == "certificates_certificatelookup", (name, verb, condition)


def test_nothing_is_granted_but_what_is_declared() -> None:
    role = settings.APP_DATABASE_ROLE
    held: dict[str, set[str]] = {}
    for name, verb in rows_of(
        "SELECT table_name, privilege_type FROM information_schema.role_table_grants"
        " WHERE table_schema = 'public' AND grantee = %s",
        role,
    ):
        held.setdefault(name, set()).add(verb)
    wanted = {
        table.name: set(table.grants) - ({"UPDATE"} if table.update_columns else set()) for table in declared_tables()
    }
    assert {name: verbs for name, verbs in held.items() if verbs != wanted.get(name)} == {}
    assert rows_of(
        "SELECT table_name FROM information_schema.table_privileges WHERE table_schema = 'public' AND grantee = 'PUBLIC'"
    ) == []  # fmt: skip
    by_column = {
        (name, column)
        for name, column in rows_of(
            "SELECT table_name, column_name FROM information_schema.role_column_grants"
            " WHERE table_schema = 'public' AND grantee = %s AND privilege_type = 'UPDATE'",
            role,
        )
        if "UPDATE" not in held.get(name, set())
    }
    assert by_column == {(table.name, column) for table in declared_tables() for column in table.update_columns}


def test_what_is_only_added_to_is_granted_no_change() -> None:
    tables = {table.name: table for table in declared_tables()}
    assert set(tables) >= NEVER_CHANGED
    for name in NEVER_CHANGED:
        assert not {"UPDATE", "DELETE"} & set(tables[name].grants), name
        assert not tables[name].update_columns, name
    guarded = {
        name for (name,) in rows_of(
            "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " JOIN pg_proc p ON p.oid = t.tgfoid WHERE p.proname = 'portal_append_only'"
        )
    }  # fmt: skip
    # an amendment takes OID's confirmation, once: a trigger of its own sees to that
    assert guarded - {"certificates_amendment"} <= NEVER_CHANGED
    assert {"core_auditrow", "pvf_movement", "certificates_certificatedocument"} <= guarded


def test_everything_is_granted_only_where_rows_are_drafts_or_passing() -> None:
    """DELETE is the rarest right: each table that has it is named here."""
    assert {table.name for table in declared_tables() if "DELETE" in table.grants} == {
        "django_session", "account_emailaddress", "account_emailconfirmation", "mfa_authenticator",
        "usersessions_usersession",
        "organizations_apitoken", "organizations_signonlink",
        "pvf_pvflineterms", "pvf_carryover", "pvf_statementfile", "requests_app_requestlot",
        "requests_app_requestcontainer", "requests_app_requestinvoice", "certificates_readingcopy",
        "certificates_continuitydocument", "certificates_preview", "certificates_bundle", "oid_sync_oidrecord",
    }  # fmt: skip
    assert ALL == ("SELECT", "INSERT", "UPDATE", "DELETE")


@pytest.fixture
def forgotten_table(owner_connection: psycopg.Connection) -> Iterator[str]:
    """A table with a certifier's rows that nobody declared."""
    owner_connection.execute("CREATE TABLE forgotten_rows (id int, certifier_id uuid)")
    yield "forgotten_rows"
    owner_connection.execute("DROP TABLE forgotten_rows")


@pytest.mark.django_db(transaction=True)
def test_a_table_that_nobody_declared_is_found_and_is_closed(forgotten_table: str) -> None:
    assert undeclared_tables(connection) == {forgotten_table}
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        rows_of(f"SELECT id FROM {forgotten_table}")  # noqa: S608 - a name of our own


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id int)",
        "ALTER TABLE requests_app_request DISABLE ROW LEVEL SECURITY",
        "CREATE POLICY mine ON requests_app_request USING (true)",
        "DROP POLICY portal_read ON requests_app_request",
        "ALTER TABLE core_auditrow DISABLE TRIGGER core_auditrow_append_only",
        "CREATE OR REPLACE FUNCTION portal_kind() RETURNS text LANGUAGE sql AS 'SELECT ''loop'''",
        "TRUNCATE core_auditrow",
        "SET ROLE certportal_owner",
    ],
)
def test_the_role_of_the_portal_changes_no_rule(statement: str) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


# --- functions with the owner's rights


def test_the_functions_with_the_owners_rights_are_the_reviewed_list() -> None:
    definers = {
        name for (name,) in rows_of(
            "SELECT proname FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace"
        )
    }  # fmt: skip
    assert definers == set(declared_definers())
    assert [name for name, reason in declared_definers().items() if len(reason) < 20] == []


def test_each_of_them_has_a_fixed_path_the_tables_owner_and_no_stranger_may_call_it() -> None:
    role = settings.APP_DATABASE_ROLE
    ((owner,),) = rows_of("SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname = 'core_auditrow'")
    for name, of, path, everybody, portal in rows_of(
        "SELECT p.proname, pg_get_userbyid(p.proowner), array_to_string(p.proconfig, ';'),"
        " EXISTS (SELECT 1 FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a WHERE a.grantee = 0),"
        " has_function_privilege(%s, p.oid, 'EXECUTE')"
        " FROM pg_proc p WHERE p.prosecdef AND p.pronamespace = 'public'::regnamespace",
        role,
    ):
        assert of == owner, name
        assert re.search(r"search_path=pg_catalog, public, pg_temp", path or ""), (name, path)
        assert not everybody, f"{name} may be called by every role"
        assert portal, name


def test_each_of_them_returns_an_answer_and_never_a_whole_row() -> None:
    """A function that returned rows of a table would show whatever column is added to it later."""
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    for name, returned in rows_of(
        "SELECT p.proname, pg_get_function_result(p.oid) FROM pg_proc p"
        " WHERE p.prosecdef AND p.pronamespace = 'public'::regnamespace"
    ):
        assert not set(re.findall(r"\w+", returned)) & tables, (name, returned)
