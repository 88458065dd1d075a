"""No process of the portal works as a role that row-level security does not bind (with real roles: tests/long)."""

from __future__ import annotations

import subprocess
import sys

import pytest
from celery import signals
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.core.management import get_commands
from django.db import connection

import manage
from certportal import celery
from certportal.launcher.commands import OWNER_COMMANDS
from core import role_guard
from tests.support import databases


@pytest.mark.parametrize("signal", ["worker_init", "beat_init"])
def test_worker_and_beat_end_where_the_role_is_too_powerful(signal: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Celery logs what a receiver raises and goes on, unless it is the end of the process."""

    def powerful() -> None:
        raise ImproperlyConfigured("role x is a superuser")

    monkeypatch.setattr(role_guard, "require_restricted_role", powerful)
    receivers = list(getattr(signals, signal)._live_receivers(None))
    assert celery.refuse_a_powerful_role in receivers
    with pytest.raises(SystemExit, match="not started: role x is a superuser"):
        celery.refuse_a_powerful_role(sender=None)


def test_every_command_of_ours_is_guarded_and_the_owners_are_not() -> None:
    ours = {config.name for config in apps.get_app_configs() if "site-packages" not in config.path}
    commands = {name for name, app in get_commands().items() if app in ours}
    assert {"seed_demo", "import_directory", "support_session", "reconcile"} <= commands
    assert commands & manage.UNGUARDED == set()
    assert {"shell", "runserver", "loaddata", "dumpdata", "flush"} & manage.UNGUARDED == set()
    assert {name for name in OWNER_COMMANDS if "flush" not in name} <= manage.UNGUARDED


@pytest.mark.django_db(transaction=True)
def test_a_command_as_the_owner_does_not_start(process_env: dict[str, str]) -> None:
    owner = databases.on_database(databases.owner_url(), str(connection.settings_dict["NAME"]))
    for url, code in ((owner, 1), (process_env["DATABASE_URL"], 0)):
        done = subprocess.run(
            [sys.executable, "manage.py", "shell", "-v", "0", "-c", "print('it ran')"], cwd=databases.ROOT,
            env=process_env | {"DATABASE_URL": url}, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        assert ("it ran" in done.stdout) is (code == 0)
        assert ("owns tables" in done.stderr) is (code == 1)
