"""Secrets from files: ``NAME_FILE`` names a file that holds the value of ``NAME``, as containers hand out their secrets.

Used by the settings and by ``./portal``, before any framework is there.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from pathlib import Path

SECRETS = (
    "SECRET_KEY", "FIELD_ENCRYPTION_KEY", "DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "EMAIL_HOST_USER",
    "EMAIL_HOST_PASSWORD",
)  # fmt: skip
"""Variables that may be given as a file."""


class SecretFileError(ValueError):
    """A secret was given twice, or its file cannot be read or is empty."""


def read_secret_files(environ: MutableMapping[str, str]) -> None:
    """Put the text of every ``NAME_FILE`` into ``NAME``, without the line break at its end, and take ``NAME_FILE`` out.

    Processes that are started later find the value alone. Raises ``SecretFileError`` with one sentence, which never holds
    the secret: nothing starts with half of its secrets.
    """
    for name in SECRETS:
        variable = f"{name}_FILE"
        path = environ.get(variable, "")
        if not path:
            continue
        if environ.get(name):
            raise SecretFileError(f"{name} and {variable} are both set: leave one of them out.")
        try:
            value = Path(path).read_text(encoding="utf-8").strip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise SecretFileError(f"{variable}: {path} cannot be read ({type(error).__name__}).") from error
        if not value.strip():
            raise SecretFileError(f"{variable}: {path} is empty.")
        environ[name] = value
        del environ[variable]
