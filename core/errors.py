"""Errors of the domain: what is wrong, where, and how to mend it."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise

Text = str | Promise


class DomainError(Exception):
    """A rule refused an act. ``code`` is stable and machine-readable, ``message`` is for people, ``field`` says where.

    ``details`` holds the figures behind the refusal (JSON-ready), ``status`` the HTTP status that fits it.
    """

    status = 422

    def __init__(self, code: str, message: Text, *, field: str = "", details: dict[str, Any] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.field = field
        self.details = details or {}

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class NotPermitted(DomainError):
    """The person belongs to the organisation but has no right to this act (403)."""

    status = 403


class NotVisible(DomainError):
    """There is no such thing for this person (404): a stranger learns nothing, not even that it exists."""

    status = 404


class Conflict(DomainError):
    """The thing has changed since the person looked at it, or stands in another state (409)."""

    status = 409


class InvalidInput(DomainError):
    """What was typed or uploaded cannot be used as it is (422)."""
