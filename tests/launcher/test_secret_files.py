"""Secrets from files: read once, handed on as values, refused in one sentence that does not hold the secret."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from certportal.launcher.places import PROJECT
from certportal.secret_files import SECRETS, SecretFileError, read_secret_files


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_read_from_its_file(name: str, tmp_path: Path):
    (tmp_path / "secret").write_text("of the file, with spaces \n")
    environ = {f"{name}_FILE": str(tmp_path / "secret"), "OTHER_FILE": "/nowhere"}
    read_secret_files(environ)
    assert environ == {name: "of the file, with spaces ", "OTHER_FILE": "/nowhere"}
    read_secret_files(environ)
    assert environ[name] == "of the file, with spaces "


def test_without_files_nothing_changes():
    environ = {"SECRET_KEY": "x", "SECRET_KEY_FILE": ""}
    read_secret_files(environ)
    assert environ == {"SECRET_KEY": "x", "SECRET_KEY_FILE": ""}


def test_what_cannot_be_used_is_refused_without_the_secret(tmp_path: Path):
    secret, empty, binary = tmp_path / "secret", tmp_path / "empty", tmp_path / "binary"
    secret.write_text("hush")
    empty.write_text("\n")
    binary.write_bytes(b"\xff\xfe")
    cases = [
        ({"SECRET_KEY": "hush", "SECRET_KEY_FILE": str(secret)}, "both set"),
        ({"SECRET_KEY_FILE": str(tmp_path / "none")}, "cannot be read"),
        ({"SECRET_KEY_FILE": str(tmp_path)}, "cannot be read"),
        ({"SECRET_KEY_FILE": str(binary)}, "cannot be read"),
        ({"SECRET_KEY_FILE": str(empty)}, "is empty"),
    ]
    for environ, said in cases:
        before = dict(environ)
        with pytest.raises(SecretFileError, match=said) as caught:
            read_secret_files(environ)
        assert "hush" not in str(caught.value)
        assert environ == before


def _settings(**change: str) -> subprocess.CompletedProcess[str]:
    """A process that reads the settings alone, in production."""
    environ = os.environ | {
        "PORTAL_ENV": "production",
        "PORTAL_PUBLIC_ORIGIN": "https://certificates.portal-of-tests.org",
        "DOCUMENT_DEMO_KEY": "",
    }
    environ = {name: value for name, value in environ.items() if name not in {"SECRET_KEY", "SECRET_KEY_FILE"}} | change
    code = "from certportal import settings; print(len(settings.SECRET_KEY))"
    return subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, env=environ, capture_output=True, text=True, check=False, timeout=60
    )


def test_settings_read_the_file_and_refuse_a_weak_key_in_production(tmp_path: Path):
    key = tmp_path / "key"
    key.write_text("Abcdefghijklmnop-qrstuvwxyz.0123456789,ABCDEFGHIJKL+MNO\n")
    done = _settings(SECRET_KEY_FILE=str(key))
    assert (done.returncode, done.stdout.strip()) == (0, "55"), done.stderr
    for weak in ("short", "ab" * 40):
        done = _settings(SECRET_KEY=weak)
        assert (
            done.stderr.strip()
            .splitlines()[-1]
            .endswith("SECRET_KEY must be random and of at least 50 characters in production.")
        )
    missing = _settings(SECRET_KEY_FILE=str(tmp_path / "none"))
    assert "ImproperlyConfigured: SECRET_KEY_FILE:" in missing.stderr.strip().splitlines()[-1]


def test_the_command_line_says_it_in_one_sentence(tmp_path: Path):
    done = subprocess.run(
        [PROJECT / "portal", "url"], env=os.environ | {"REDIS_URL": "", "REDIS_URL_FILE": str(tmp_path / "none")},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == f"portal: REDIS_URL_FILE: {tmp_path / 'none'} cannot be read (FileNotFoundError).\n"
