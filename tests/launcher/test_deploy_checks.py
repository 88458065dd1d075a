"""`./portal check --deploy` finds what is unsafe: every check is shown a safe deployment and an unsafe one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.checks import run_checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import OperationalError
from django.test import override_settings

from certportal import deploy_checks
from certportal.launcher import check, cli
from certportal.launcher.console import Console
from certportal.launcher.places import PROJECT, Places
from core.clock import now
from core.role_guard import role_faults
from tests.support.world import World

SAFE: dict[str, Any] = {
    "PRODUCTION": True,
    "DEBUG": False,
    "ALLOWED_HOSTS": ["certificates.portal-of-tests.org"],
    "PORTAL_PUBLIC_ORIGIN": "https://certificates.portal-of-tests.org",
    "SESSION_COOKIE_SECURE": True,
    "SESSION_COOKIE_HTTPONLY": True,
    "CSRF_COOKIE_SECURE": True,
    "SESSION_COOKIE_NAME": "__Host-session",
    "CSRF_COOKIE_NAME": "__Host-csrf",
    "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
    "ALLAUTH_TRUSTED_PROXY_COUNT": 1,
    "SECRET_KEY": "r4nd0m-Text_of.tests:not,used;anywhere+else=as/a(key)1234567890",
    "FIELD_ENCRYPTION_KEYS": [Fernet.generate_key().decode()],
    "EMAIL_HOST": "mail.portal-of-tests.org",
    "EMAIL_USE_TLS": True,
    "DOCUMENT_DEMO_KEY": "",
    "TIMESTAMP_URL": "http://stamps.portal-of-tests.org",
    "FILE_UPLOAD_PERMISSIONS": 0o600,
    "FILE_UPLOAD_DIRECTORY_PERMISSIONS": 0o700,
}
UNSAFE: list[tuple[Callable[..., Any], str, dict[str, Any]]] = [
    (deploy_checks.environment, "certportal.E001", {"PRODUCTION": False}),
    (deploy_checks.environment, "certportal.E002", {"DEBUG": True}),
    (deploy_checks.hosts, "certportal.E003", {"ALLOWED_HOSTS": ["*"]}),
    (deploy_checks.hosts, "certportal.E003", {"ALLOWED_HOSTS": []}),
    (deploy_checks.hosts, "certportal.W004", {"ALLOWED_HOSTS": ["127.0.0.1", "localhost"]}),
    (deploy_checks.https, "certportal.E005", {"PORTAL_PUBLIC_ORIGIN": "http://certificates.portal-of-tests.org"}),
    (deploy_checks.https, "certportal.E006", {"SESSION_COOKIE_SECURE": False}),
    (deploy_checks.https, "certportal.E006", {"CSRF_COOKIE_SECURE": False}),
    (deploy_checks.https, "certportal.E006", {"SESSION_COOKIE_NAME": "sessionid"}),
    (deploy_checks.https, "certportal.E006", {"CSRF_COOKIE_NAME": "csrftoken"}),
    (deploy_checks.proxies, "certportal.W007", {"ALLAUTH_TRUSTED_PROXY_COUNT": 0}),
    (deploy_checks.secrets, "certportal.E008", {"SECRET_KEY": "short"}),
    (deploy_checks.secrets, "certportal.E008", {"SECRET_KEY": "ab" * 40}),
    (deploy_checks.secrets, "certportal.E008", {"SECRET_KEY": "django-insecure-" + str(SAFE["SECRET_KEY"])}),
    (deploy_checks.secrets, "certportal.E009", {"FIELD_ENCRYPTION_KEYS": ["not a key"]}),
    (deploy_checks.secrets, "certportal.E009", {"FIELD_ENCRYPTION_KEYS": []}),
    (deploy_checks.mail, "certportal.W010", {"EMAIL_USE_TLS": False}),
    (deploy_checks.demo, "certportal.E011", {"DOCUMENT_DEMO_KEY": "/somewhere/demo.p12"}),
    (deploy_checks.timestamps, "certportal.I013", {"TIMESTAMP_URL": ""}),
    (deploy_checks.file_store, "certportal.E014", {"FILE_UPLOAD_PERMISSIONS": 0o644}),
    (deploy_checks.file_store, "certportal.E014", {"FILE_UPLOAD_PERMISSIONS": None}),
    (deploy_checks.file_store, "certportal.E014", {"FILE_UPLOAD_DIRECTORY_PERMISSIONS": 0o755}),
    (deploy_checks.file_store, "certportal.E014", {"FILE_UPLOAD_DIRECTORY_PERMISSIONS": None}),
]


def _ids(found: Any) -> list[str]:
    return [message.id for message in found]


@pytest.mark.parametrize(("one", "code", "change"), UNSAFE, ids=lambda value: value if isinstance(value, str) else "")
def test_an_unsafe_setting_is_found_and_a_safe_one_is_not(
    one: Callable[..., Any], code: str, change: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("OID_STORE_FAULTS", raising=False)
    with override_settings(**SAFE, PORTAL_DATA_DIR=tmp_path):
        assert _ids(one()) == []
        with override_settings(**change):
            assert _ids(one()) == [code]


def test_mail_to_a_server_on_this_machine_needs_no_encryption():
    with override_settings(**SAFE | {"EMAIL_HOST": "127.0.0.1", "EMAIL_USE_TLS": False}):
        assert _ids(deploy_checks.mail()) == []


def test_rehearsed_faults_are_found(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OID_STORE_FAULTS", "1")
    with override_settings(**SAFE):
        assert _ids(deploy_checks.demo()) == ["certportal.E012"]


def test_a_file_store_that_others_can_read_is_found(tmp_path: Path):
    (tmp_path / "files").mkdir()
    tmp_path.chmod(0o700)
    (tmp_path / "files").chmod(0o700)
    with override_settings(**SAFE, PORTAL_DATA_DIR=tmp_path):
        assert _ids(deploy_checks.file_store()) == []
        (tmp_path / "files").chmod(0o705)
        assert _ids(deploy_checks.file_store()) == ["certportal.E014"]


@pytest.mark.django_db
def test_the_role_of_the_tests_is_restricted_and_every_table_is_protected(monkeypatch: pytest.MonkeyPatch):
    assert _ids(deploy_checks.database_role()) == ["certportal.E015"] * len(role_faults())
    monkeypatch.setattr(deploy_checks, "role_faults", lambda: ["role x is a superuser"])
    assert _ids(deploy_checks.database_role()) == ["certportal.E015"]
    monkeypatch.setattr(deploy_checks, "role_faults", list)
    assert _ids(deploy_checks.database_role()) == []


@pytest.mark.django_db
def test_a_table_without_row_security_is_found(monkeypatch: pytest.MonkeyPatch):
    tables = deploy_checks.declared_tables()
    loose = next(table for table in tables if table.open_because)
    monkeypatch.setattr(deploy_checks, "declared_tables", lambda: [*tables, type(loose)(loose.name, read="true")])
    assert deploy_checks.unprotected_tables() == [loose.name]


@pytest.mark.django_db
def test_clocks_that_differ_are_found(monkeypatch: pytest.MonkeyPatch):
    assert _ids(deploy_checks.clocks()) == []
    monkeypatch.setattr(deploy_checks.clock, "now", lambda: now() - dt.timedelta(minutes=2))
    found = list(deploy_checks.clocks())
    assert _ids(found) == ["certportal.W017"]
    assert "120 s" in found[0].msg


@pytest.mark.django_db
def test_accounts_of_the_demo_are_found(world: World):
    user = world.members["manager"].user
    for person in type(user).objects.all():
        type(user).objects.filter(pk=person.pk).update(email=f"{person.pk}@portal-of-tests.org")
    assert _ids(deploy_checks.people()) == []
    type(user).objects.filter(pk=user.pk).update(email="manager@andes-organic.example")
    assert _ids(deploy_checks.people()) == ["certportal.E018"]
    type(user).objects.filter(pk=user.pk).update(is_active=False)
    assert _ids(deploy_checks.people()) == []


def test_a_database_that_does_not_answer_is_one_sentence(monkeypatch: pytest.MonkeyPatch):
    def silent() -> list[str]:
        raise OperationalError("connection refused\nIs the server running?")

    for name in ("role_faults", "clock_skew", "demo_accounts"):
        monkeypatch.setattr(deploy_checks, name, silent)
    found = [message for one in deploy_checks.CHECKS[-3:] for message in one()]
    assert _ids(found) == ["certportal.E019"]
    assert found[0].msg == "The database does not answer: connection refused"


@pytest.mark.django_db
def test_django_runs_them_with_deploy_and_only_then():
    with override_settings(**SAFE | {"PRODUCTION": False}):
        assert "certportal.E001" in _ids(run_checks(include_deployment_checks=True))
        assert not [code for code in _ids(run_checks()) if code and code.startswith("certportal.")]
        with pytest.raises(SystemCheckError, match=r"certportal\.E001"):
            call_command("check", "--deploy", "--fail-level", "WARNING")


def test_the_command_hands_deploy_on(monkeypatch: pytest.MonkeyPatch):
    asked = []
    monkeypatch.setattr(cli, "check_all", lambda places, console, deploy: asked.append(deploy) or 0)
    for arguments in ([], ["--deploy"]):
        assert cli.check(Places(PROJECT), Console(), arguments) == 0
    assert asked == [False, True]


def test_every_issue_of_djangos_check_is_a_line_of_its_own(tmp_path: Path):
    log = tmp_path / "check.log"
    log.write_text(
        "System check identified some issues:\n\n?: (certportal.E001) One.\n?: (security.W004) Two.\n\n2 issues\n"
    )
    assert check.issues(log) == ["?: (certportal.E001) One.", "?: (security.W004) Two."]


def test_every_id_is_given_once_and_every_check_is_registered():
    text = Path(deploy_checks.__file__).read_text(encoding="utf-8")
    told = {code for _, code, _ in UNSAFE} | {
        f"certportal.{code}" for code in ("E012", "E015", "E016", "W017", "E018", "E019")
    }
    for code in told:
        assert f'id="{code}"' in text
    assert len(deploy_checks.CHECKS) == 12
