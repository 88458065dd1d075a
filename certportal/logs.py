"""Structured logs: one JSON object a line, without secrets and without personal data."""

from __future__ import annotations

import logging
import re
from collections.abc import MutableMapping
from typing import Any

import structlog

LEFT_OUT = "[left out]"
#: Values of an address's query that open something: the code of the check page, tokens; also in an address that is itself a
#: value of a query (``?next=…``), where ``?``, ``&`` and ``=`` are written with per cent signs.
_QUERY = re.compile(
    r"(?i)((?:[?&;]|%(?:25)*3F|%(?:25)*26)(?:code|token|key|password|secret|signature)(?:=|%(?:25)*3D))"
    r"(?:[^&;\s\"'<>%\\]|%(?!(?:25)*26))+"
)
#: Parts of a path that open something: invitations, new passwords, the confirmation of an e-mail address.
_PATH = re.compile(r"((?:/|%2F)(?:invitation|reset/key|confirm-email)(?:/|%2F))[^/\s\"'?#%<>\\]+", re.IGNORECASE)


def without_secrets(text: str) -> str:
    """``text`` with what opens something left out of the addresses in it."""
    return _PATH.sub(rf"\1{LEFT_OUT}", _QUERY.sub(rf"\1{LEFT_OUT}", text))


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return without_secrets(value)
    if isinstance(value, dict):
        return {key: _clean(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(item) for item in value]
    return value


def leave_secrets_out(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The last step of every line, ours and other libraries'."""
    for key, value in event.items():
        if not key.startswith("_"):
            event[key] = _clean(value)
    return event


class WithoutSecrets(logging.Filter):
    """The same for a server that writes its own lines (gunicorn)."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through, its words cleaned."""
        record.msg, record.args = without_secrets(record.getMessage()), None
        return True


_SHARED = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    leave_secrets_out,
]


def configure() -> None:
    """Send structlog's events through the standard library's handlers."""
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def json_formatter() -> logging.Formatter:
    """The formatter that LOGGING names."""
    configure()
    return structlog.stdlib.ProcessorFormatter(processor=structlog.processors.JSONRenderer(), foreign_pre_chain=_SHARED)
