"""A Celery worker's sign of life: the file named by PORTAL_HEARTBEAT_FILE, touched when ready and every few seconds after.

Loaded into the worker with `-I certportal.launcher.heartbeat`. Its age is what a health check of a container looks at.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from celery.signals import heartbeat_sent, worker_ready, worker_shutdown


def _path() -> Path | None:
    named = os.environ.get("PORTAL_HEARTBEAT_FILE")
    return Path(named) if named else None


@worker_ready.connect(weak=False)
@heartbeat_sent.connect(weak=False)
def beat(**_: Any) -> None:
    """The worker takes tasks."""
    path = _path()
    if path is not None:
        path.touch()


@worker_shutdown.connect(weak=False)
def gone(**_: Any) -> None:
    """The worker has stopped."""
    path = _path()
    if path is not None:
        path.unlink(missing_ok=True)
