"""``docs/access.md`` says of every address who may open it, and says it as the registry and the reviewed table do."""

from __future__ import annotations

from pathlib import Path

from organizations.access import Anyone, audience_of
from organizations.management.commands.write_access_page import content
from tests.access.table import TABLE, WORDS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "access.md"
#: What the registry calls an audience, in the words of the table.
AUDIENCES = {
    Anyone.SIGNED_OUT: WORDS["anyone"], Anyone.SIGNED_IN: WORDS["signed-in"], Anyone.ALONE: "alone",
    Anyone.PLATFORM: "platform",
}  # fmt: skip


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == content(), "run: python manage.py write_access_page"


def test_the_registry_gives_each_address_the_roles_of_the_reviewed_table() -> None:
    for row in TABLE:
        registered = audience_of(row.name) or frozenset()
        roles = {role for one in registered for role in AUDIENCES.get(one, str(one)).split()}  # type: ignore[call-overload]
        assert roles == row.roles, row.name
