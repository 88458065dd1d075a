#!/usr/bin/env python
"""Django's command line for the portal; `./portal manage` runs it with the right environment."""

import os
import sys

from django.core.management import execute_from_command_line

#: Work of the owner, or work that needs no row: nothing of a tenant is read or written by these.
UNGUARDED = frozenset(
    {
        *(
            "check",
            "collectstatic",
            "compilemessages",
            "createcachetable",
            "dbshell",
            "diffsettings",
            "findstatic",
            "help",
        ),
        *("makemessages", "makemigrations", "migrate", "optimizemigration", "showmigrations", "spectacular"),
        *("sqlmigrate", "squashmigrations", "test", "version", "--help", "-h", "--version"),
    }
)


def main(arguments: list[str]) -> None:
    """Run one command; one that reads or writes rows does not start as a role that row-level security does not bind."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "certportal.settings")
    asks_for_help = {"--help", "-h"} & set(arguments)
    if len(arguments) > 1 and arguments[1] not in UNGUARDED and not asks_for_help:
        import django  # noqa: PLC0415 - the settings' module is named first

        django.setup()
        from core.role_guard import require_restricted_role  # noqa: PLC0415 - needs the applications loaded

        require_restricted_role()
    execute_from_command_line(arguments)


if __name__ == "__main__":
    main(sys.argv)
