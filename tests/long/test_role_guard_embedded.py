"""Web, worker, beat and commands on a PostgreSQL of their own, with real roles: only the restricted one starts."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from certportal.launcher.databases import APP, ATTRIBUTES, OWNER, ensure, url_for
from certportal.launcher.engines import SUPERUSER, Postgres, postgres_binaries
from certportal.launcher.ports import LOOPBACK
from certportal.launcher.processes import stop
from certportal.launcher.users import service_user
from tests.support import databases

pytestmark = pytest.mark.timeout(600)

PASSWORD = "an invented password"
#: Roles that row-level security does not bind, by why.
POWERFUL = {
    "a superuser": "LOGIN SUPERUSER",
    "BYPASSRLS": "LOGIN BYPASSRLS",
    "owns tables": "",
    "a member of a role": "LOGIN",
}
PROGRAMS = {
    "web": ["-c", "import certportal.wsgi"],
    "worker": ["-m", "celery", "-A", "certportal", "worker", "--pool", "solo", "-c", "1"],
    "beat": ["-m", "celery", "-A", "certportal", "beat"],
    "command": ["manage.py", "shell", "-v", "0", "-c", "print('it ran')"],
}


@pytest.fixture(scope="module")
def server() -> Iterator[dict[str, str]]:
    """An embedded server as `./portal up` makes it; URLs by why the role is too powerful, and the restricted one's."""
    folder = Path(tempfile.mkdtemp(prefix="portal-roles-", dir="/tmp"))
    folder.chmod(0o755)
    user = service_user()
    user.own(folder)
    engine = Postgres(postgres_binaries(Path(sysconfig.get_paths()["purelib"])), folder / "data", folder / "log", user)
    engine.create(PASSWORD)
    process, port = engine.start(None)
    try:
        yield _roles(f"postgresql://{SUPERUSER}:{PASSWORD.replace(' ', '%20')}@{LOOPBACK}:{port}/postgres")
    finally:
        stop(process, polite=signal.SIGINT)
        shutil.rmtree(folder)


def _roles(admin_url: str) -> dict[str, str]:
    urls = ensure(admin_url, dict.fromkeys(ATTRIBUTES, PASSWORD), "portal", "store")
    found = {"restricted": urls["DATABASE_URL"], "owns tables": urls["DATABASE_OWNER_URL"]}
    with psycopg.connect(urls["DATABASE_OWNER_URL"], autocommit=True, connect_timeout=10) as owner:
        owner.execute("CREATE TABLE a_table (id int)")
    with psycopg.connect(admin_url, autocommit=True, connect_timeout=10) as admin:
        for number, (why, attributes) in enumerate(POWERFUL.items()):
            if not attributes:
                continue
            role = f"powerful_{number}"
            text = f"CREATE ROLE {{}} WITH {attributes} PASSWORD {{}}"
            admin.execute(sql.SQL(text).format(sql.Identifier(role), sql.Literal(PASSWORD)))  # type: ignore[arg-type]
            admin.execute(sql.SQL("GRANT CONNECT ON DATABASE portal TO {}").format(sql.Identifier(role)))
            if why == "a member of a role":
                admin.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(OWNER), sql.Identifier(role)))
            found[why] = url_for(admin_url, role, PASSWORD, "portal")
    return found


def run(program: str, url: str, seconds: float = 120) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *PROGRAMS[program]], cwd=databases.ROOT, capture_output=True, text=True, check=False,
        timeout=seconds, env=os.environ | {"DATABASE_URL": url, "PORTAL_ENV": "test", "PORTAL_APP_ROLE": APP},
    )  # fmt: skip


def test_the_roles_that_the_launcher_makes_are_bound(server: dict[str, str]) -> None:
    with psycopg.connect(server["restricted"], connect_timeout=10) as connection:
        rows = connection.execute(
            "SELECT rolname, rolsuper OR rolbypassrls OR rolcreaterole FROM pg_roles WHERE rolname = ANY(%s)",
            [list(ATTRIBUTES)],
        ).fetchall()
        assert dict(rows) == dict.fromkeys(ATTRIBUTES, False)
        assert urlsplit(server["restricted"]).username == APP
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(OWNER)))


@pytest.mark.parametrize("why", POWERFUL)
@pytest.mark.parametrize("program", PROGRAMS)
def test_no_program_starts_as_a_powerful_role(server: dict[str, str], program: str, why: str) -> None:
    done = run(program, server[why])
    assert done.returncode != 0
    assert why in done.stderr + done.stdout
    assert "it ran" not in done.stdout


@pytest.mark.parametrize("program", ["web", "command"])
def test_as_the_restricted_role_they_start(server: dict[str, str], program: str) -> None:
    done = run(program, server["restricted"])
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("program", ["worker", "beat"])
def test_loops_as_the_restricted_role_go_on_running(server: dict[str, str], program: str) -> None:
    with pytest.raises(subprocess.TimeoutExpired) as running:
        run(program, server["restricted"], seconds=12)
    assert "not started" not in str(running.value.stderr)
