#!/usr/bin/env python
"""Django's command line for the portal; `./portal manage` runs it with the right environment."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "certportal.settings")
    execute_from_command_line(sys.argv)
