"""``manage.py request_states``: draw the table of transitions into docs/request-states.md."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from requests_app.domain.diagram import markdown

PAGE = Path(settings.BASE_DIR) / "docs" / "request-states.md"


class Command(BaseCommand):
    """Idempotent."""

    help = "Draw the request's transitions into docs/request-states.md."

    def handle(self, *args: Any, **options: Any) -> None:
        PAGE.write_text(markdown(), encoding="utf-8")
        self.stdout.write(f"{PAGE.name} written.")
