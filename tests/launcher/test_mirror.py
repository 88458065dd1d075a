"""Root's project below a closed folder runs from a readable copy; the services' user opens nothing else."""

import os
import pwd
from pathlib import Path

import pytest

from certportal.launcher.errors import PortalError
from certportal.launcher.mirror import check_complete, place, synchronise
from certportal.launcher.places import PROJECT
from certportal.launcher.users import ServiceUser


def project(folder: Path) -> Path:
    for name in (
        "portal",
        "core/models.py",
        ".portal/state.json",
        ".git/config",
        "node_modules/a.js",
        "core/__pycache__/x.pyc",
    ):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (folder / "portal").chmod(0o700)
    (folder / "core" / "models.py").chmod(0o600)
    return folder


def test_copy_holds_the_code_only_and_is_readable(tmp_path: Path) -> None:
    source, copy = project(tmp_path / "source"), tmp_path / "copy"
    assert synchronise(source, copy) == 2
    assert sorted(str(path.relative_to(copy)) for path in copy.rglob("*") if path.is_file()) == [
        "core/models.py",
        "portal",
    ]
    assert (copy / "core" / "models.py").stat().st_mode & 0o777 == 0o644
    assert (copy / "portal").stat().st_mode & 0o777 == 0o755
    assert (copy / "core").stat().st_mode & 0o777 == 0o755


def test_second_copy_follows_changes_and_keeps_what_was_made(tmp_path: Path) -> None:
    source, copy = project(tmp_path / "source"), tmp_path / "copy"
    synchronise(source, copy)
    (copy / ".portal").mkdir()
    (copy / ".portal" / "state.json").write_text("kept")
    (source / "core" / "models.py").unlink()
    (source / "core" / "units.py").write_text("new")
    assert synchronise(source, copy) == 2
    assert synchronise(source, copy) == 0
    assert not (copy / "core" / "models.py").exists()
    assert (copy / ".portal" / "state.json").read_text() == "kept"


def test_two_projects_have_two_copies() -> None:
    assert place(Path("/root/a/portal")) != place(Path("/root/b/portal"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can ask for another user's rights")
def test_closed_folder_is_noticed(tmp_path: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    user = ServiceUser("nobody", nobody.pw_uid, nobody.pw_gid, drop=True)
    closed = tmp_path / "closed"
    (closed / "inside").mkdir(parents=True)
    closed.chmod(0o700)
    assert not user.can_enter(closed / "inside")
    assert user.can_enter(Path("/usr/bin"))


def test_incomplete_checkout_names_what_is_missing(tmp_path: Path) -> None:
    check_complete(PROJECT)
    with pytest.raises(PortalError, match=r"not a complete checkout: manage\.py, certportal, .* are missing"):
        check_complete(tmp_path)
