"""``python -m oid_store <django command>``: the store's own management command."""

import os
import sys

from django.core.management import execute_from_command_line


def main() -> None:
    """Run a Django command with the store's settings, whatever the shell has set for the portal."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "oid_store.settings"
    execute_from_command_line(["python -m oid_store", *sys.argv[1:]])


if __name__ == "__main__":
    main()
