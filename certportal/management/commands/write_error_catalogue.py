"""Write the catalogues of refusals and of checks, in English and in Spanish."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from certportal import check_catalogue, error_catalogue


class Command(BaseCommand):
    """Writes the pages into the documentation's folder."""

    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        for catalogue in (error_catalogue, check_catalogue):
            for language, name in catalogue.PAGES.items():
                path = Path(settings.BASE_DIR) / name
                path.parent.mkdir(exist_ok=True)
                path.write_text(catalogue.page(language), encoding="utf-8")
                self.stdout.write(f"{name} written")
