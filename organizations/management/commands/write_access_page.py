"""Write ``docs/access.md``: every address with the roles that may open it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from organizations.access import audience_of, registered_names

HEAD = """# Who may open what

Made from the registry of addresses by `python manage.py write_access_page`; a test fails when it is not current.

Every address (pages, files, routes of the API) stands here with the roles that may open it. What has no entry is
refused to everybody. Which rows somebody finds behind an address is decided by the access funnel
(`organizations/tenancy.py`) and by PostgreSQL's row policies (`policies.py` of each app): a stranger is told that the row
is not there (404), a role without the right gets 403.

To add an address:

1. Give the URL a name, and the name an entry in `url_roles.py` of its app.
2. Add a row to `tests/access/table.py`: who opens it, the kind of row behind it, the answers. A new kind of row needs its
   ids and the people who find it in `tests/access/places.py`. What takes a form or a body needs one that is whole and true
   (`tests/access/forms.py`, `tests/access/bodies.py`), and the table it writes to in `tests/access/acts.py`.
3. Run `python manage.py write_access_page`.

| Address | Roles |
|---|---|
"""


def content() -> str:
    """The whole page."""
    lines = [f"| `{name}` | {', '.join(sorted(audience_of(name) or ()))} |" for name in sorted(registered_names())]
    return HEAD + "\n".join(lines) + "\n"


class Command(BaseCommand):
    """Writes the page into the documentation's folder."""

    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(settings.BASE_DIR) / "docs" / "access.md"
        path.write_text(content(), encoding="utf-8")
        self.stdout.write(f"{path.name} written")
