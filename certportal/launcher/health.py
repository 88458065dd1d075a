"""Is a container's process healthy?  `python -m certportal.launcher.health web|store|worker`: exit code 0 or 1."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from .ports import LOOPBACK
from .programs import http_ready

STALE_SECONDS = 120
"""A worker whose sign of life is older than this is stuck."""


def healthy(kind: str) -> bool:
    """Ask the process of this kind. Raises KeyError for an unknown kind."""
    if kind == "worker":
        path = Path(os.environ["PORTAL_HEARTBEAT_FILE"])
        return path.exists() and time.time() - path.stat().st_mtime < STALE_SECONDS
    variable, default, address = {
        "web": ("PORTAL_BIND", "0.0.0.0:8000", "/healthz"),
        "store": ("OID_STORE_BIND", "0.0.0.0:8100", "/health"),
    }[kind]
    port = os.environ.get(variable, default).rpartition(":")[2]
    # in production the portal answers to its public name only
    host = os.environ.get("PORTAL_ALLOWED_HOSTS", "").split(",")[0].strip() if kind == "web" else ""
    return http_ready(f"http://{LOOPBACK}:{port}{address}", host or None)(0.0)


if __name__ == "__main__":
    sys.exit(0 if healthy(sys.argv[1]) else 1)
