"""A whole portal of its own for tests: `./portal up` with its engines, workers, store and demo, in a folder of its own.

Nothing of the caller's servers reaches it, and it calls no function of the portal: only HTTP, files and processes.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
UP_SECONDS = 540
DOWN_SECONDS = 120
#: Nothing that names a server or a secret of the run that started the tests.
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "USER", "LOGNAME", "CI", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE",
        "PIP_INDEX_URL", "PIP_CERT", "NODE_EXTRA_CA_CERTS", "npm_config_registry", "PORTAL_CHROMIUM")  # fmt: skip


class RunningPortal:
    """``with RunningPortal() as portal: portal.url``. ``env`` adds to the environment of `./portal up`."""

    def __init__(self, **env: str) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="portal-story-"))
        self.home.chmod(0o755)
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        self.env = {**kept, "PORTAL_HOME": str(self.home), "PORTAL_ENV": "development", **env}
        self.url = ""

    def command(self, *arguments: str, seconds: int = UP_SECONDS) -> subprocess.CompletedProcess[str]:
        """Run `./portal …` for this portal; output is captured."""
        return subprocess.run(
            [sys.executable, str(ROOT / "portal"), *arguments], cwd=ROOT, env=self.env, capture_output=True, text=True,
            check=False, timeout=seconds, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def __enter__(self) -> Self:
        # two portals that start side by side may both find the usual port free
        done = self.command("up", "--detach", "--port", str(_free_port()))
        if done.returncode:
            logs = self.log_tails()
            self._stop()
            raise RuntimeError(f"./portal up failed:\n{done.stdout}{done.stderr}\n{logs}")
        self.url = self.command("url").stdout.strip().rstrip("/")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        self.command("down", seconds=DOWN_SECONDS)
        shutil.rmtree(self.home, ignore_errors=True)

    def accounts(self) -> list[dict[str, Any]]:
        """The demo's sign-ins and API keys, as `seed_demo` wrote them."""
        found: list[dict[str, Any]] = json.loads((self.home / "data" / "demo_accounts.json").read_text())["accounts"]
        return found

    def account(self, role: str) -> dict[str, Any]:
        """The first demo person with this role ("exporter signatory", "reviewer", "approver", "importer", …)."""
        return next(account for account in self.accounts() if account["role"] == role)

    def processes(self) -> dict[str, Any]:
        """The supervised processes by name, as the supervisor records them (pid, restarts, …)."""
        record: dict[str, Any] = json.loads((self.home / "run.json").read_text())["processes"]
        return record

    def kill(self, name: str) -> None:
        """kill -9 a supervised process with its children (it leads a session of its own). It is started again."""
        os.killpg(int(self.processes()[name]["pid"]), signal.SIGKILL)

    def store_url(self) -> str:
        """The address of the OID-style store."""
        return str(json.loads((self.home / "run.json").read_text())["urls"]["store"])

    def _state(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads((self.home / "state.json").read_text())
        return state

    def store_key(self, certifier: str) -> str:
        """The key that a demo certifier (by code) has at the store."""
        return str(self._state()["secrets"][f"oid_store_key_{certifier}"])

    def redis_url(self) -> str:
        """This portal's own Valkey."""
        state = self._state()
        return f"redis://:{state['secrets']['valkey']}@127.0.0.1:{state['engines']['valkey']['port']}/0"

    def log_tails(self, lines: int = 25) -> str:
        """The ends of all logs, for the message of a failure."""
        parts = []
        for path in sorted((self.home / "logs").glob("*.log")):
            tail = path.read_text(errors="replace").splitlines()[-lines:]
            parts.append(f"--- {path.name}\n" + "\n".join(tail))
        return "\n".join(parts)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
