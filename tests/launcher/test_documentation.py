"""The tables of settings and commands cannot rot: what the code reads is listed, what is listed is read."""

import re
from pathlib import Path

from certportal.launcher import cli
from certportal.launcher.places import PROJECT

FLOORS = (
    "core", "organizations", "pvf", "requests_app", "certificates", "review", "oid_sync", "certportal", "oid_store", "deploy",
    "bench",
)  # fmt: skip
READ = re.compile(
    r"""(?:\benv(?:\.\w+)?|environ(?:\.get|\.setdefault)?|getenv|caller(?:\.get)?)[(\[]\s*"([A-Z][A-Z0-9_]{2,})\""""
)
#: Read by every program on the machine, or set by us for our own processes only.
NOT_OURS = {"PATH", "HOME", "DJANGO_SETTINGS_MODULE"}


def sources() -> list[Path]:
    return [path for floor in FLOORS for path in (PROJECT / floor).rglob("*.py") if "__pycache__" not in path.parts]


def read_by_the_code() -> set[str]:
    found = {name for path in sources() for name in READ.findall(path.read_text(encoding="utf-8"))}
    return found - NOT_OURS


def listed() -> set[str]:
    tables = (PROJECT / "docs" / "configuration.md", PROJECT / "oid_store" / "README.md")
    return {name for path in tables for name in re.findall(r"\b[A-Z][A-Z0-9_]{2,}\b", path.read_text(encoding="utf-8"))}


def test_every_setting_is_documented() -> None:
    assert sorted(read_by_the_code() - listed()) == []


def test_every_documented_setting_exists() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources())
    table = (PROJECT / "docs" / "configuration.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    names = {name for row in rows for name in re.findall(r"`([A-Z][A-Z0-9_]{2,})`", row)}
    assert sorted(name for name in names if f'"{name}"' not in text and f"'{name}'" not in text) == []


def test_every_runbook_is_listed_and_names_real_commands() -> None:
    folder = PROJECT / "docs" / "runbooks"
    index = (folder / "README.md").read_text(encoding="utf-8")
    for path in folder.glob("*.md"):
        if path.name != "README.md":
            assert f"({path.name})" in index, path.name
        for command in re.findall(r"\./portal ([a-z]+)", path.read_text(encoding="utf-8")):
            assert command in cli.COMMANDS, (path.name, command)


def test_links_between_documents_lead_somewhere() -> None:
    broken = []
    for path in [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md"), PROJECT / "oid_store" / "README.md"]:
        for target in re.findall(r"\]\(([^)#\s]+)", path.read_text(encoding="utf-8")):
            if "://" not in target and not (path.parent / target).exists():
                broken.append(f"{path.relative_to(PROJECT)}: {target}")
    assert broken == []
