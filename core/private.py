"""Folders of the portal's own: nobody else's to enter, whatever the umask of the process is."""

from __future__ import annotations

from pathlib import Path

FOLDER = 0o700


def private_folder(path: Path) -> Path:
    """Make ``path`` and what is missing above it, each for its owner alone; returns it. What is there stays as it is."""
    if not path.is_dir():
        private_folder(path.parent)
        path.mkdir(mode=FOLDER, exist_ok=True)
    return path
