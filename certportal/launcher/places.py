"""Where things lie: the project, and everything `./portal` makes below `.portal/`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Places:
    """The folders of one portal. `root` holds the code, `home` all that is made at run time."""

    root: Path = PROJECT
    home: Path = PROJECT / ".portal"
    data_dir: Path | None = None

    @property
    def venv(self) -> Path:
        """The virtual environment (one for the project, whatever the home)."""
        return self.root / ".portal" / "venv"

    @property
    def python(self) -> Path:
        """The interpreter of the virtual environment."""
        return self.venv / "bin" / "python"

    @property
    def site_packages(self) -> Path:
        """Where the virtual environment keeps its packages."""
        return next(
            iter(sorted((self.venv / "lib").glob("python3*/site-packages"))),
            self.venv / "lib",
        )

    @property
    def state(self) -> Path:
        """Secrets and ports, 0600."""
        return self.home / "state.json"

    @property
    def logs(self) -> Path:
        """One log file for each process."""
        return self.home / "logs"

    @property
    def static(self) -> Path:
        """Collected static files (one set for the project, whatever the home)."""
        return self.root / ".portal" / "static"

    @property
    def data(self) -> Path:
        """Stored files, the demo key, the list of demo accounts (PORTAL_DATA_DIR)."""
        return self.data_dir or self.home / "data"

    @property
    def mail(self) -> Path:
        """Messages that the mail catcher took."""
        return self.home / "mail"

    @property
    def postgres(self) -> Path:
        """The data of the embedded PostgreSQL."""
        return self.home / "postgres"

    @property
    def valkey(self) -> Path:
        """The append-only file of the embedded Valkey."""
        return self.home / "valkey"

    @classmethod
    def here(cls) -> Places:
        """The places of this checkout. PORTAL_HOME moves what is made at run time (a second portal from one checkout)."""
        home, data = os.environ.get("PORTAL_HOME"), os.environ.get("PORTAL_DATA_DIR")
        return cls(
            home=Path(home).resolve() if home else PROJECT / ".portal",
            data_dir=Path(data).resolve() if data else None,
        )
