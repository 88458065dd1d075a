"""The base of every check: a small class with a code, a citation, a message, and the figures it compared.

A check lives on the lowest floor that has its data and registers itself here; forms, API, import and review ask the
registry and never the class.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable
from typing import Any, ClassVar, TypeVar

from django.utils.functional import Promise

from core.audit import plain

Text = str | Promise
C = TypeVar("C", bound="Check")


class Outcome(enum.StrEnum):
    """What a check found."""

    PASS = "pass"  # noqa: S105
    WARN = "warn"
    FAIL = "fail"
    NOT_APPLICABLE = "not_applicable"


class Moment(enum.StrEnum):
    """When checks run: each run says which moment it served."""

    DRAFT = "draft"
    SUBMIT = "submit"
    REVIEW = "review"
    APPROVE = "approve"
    SHIPMENT = "shipment"


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check with what was compared. ``compared`` is JSON-ready; ``message`` is in the reader's language."""

    code: str
    outcome: Outcome
    message: Text
    compared: dict[str, Any] = dataclasses.field(default_factory=dict)
    field: str = ""
    overridable: bool = True
    staff_only: bool = False
    mendable: bool = True
    rule_version: int = 1

    @property
    def blocks(self) -> bool:
        """Whether this finding stops an approval."""
        return self.outcome is Outcome.FAIL

    def as_json(self) -> dict[str, Any]:
        """The finding as stored with a check run: the figures and the message as the runner read it."""
        return {
            "code": self.code,
            "outcome": self.outcome.value,
            "message": str(self.message),
            "compared": plain(self.compared),
            "field": self.field,
            "overridable": self.overridable,
            "staff_only": self.staff_only,
            "mendable": self.mendable,
            "rule_version": self.rule_version,
        }


class Check:
    """One rule. Subclasses set the class attributes and implement :meth:`run`, which must not change anything.

    ``mendable`` tells whether the exporter can put a failure right; those stop a submit. ``overridable`` False marks
    the rules that nobody may set aside. ``needs_lock`` marks the four that the approving transaction decides on
    locked rows.
    """

    code: ClassVar[str]
    title: ClassVar[Text]
    citation: ClassVar[str] = ""
    version: ClassVar[int] = 1
    overridable: ClassVar[bool] = True
    staff_only: ClassVar[bool] = False
    mendable: ClassVar[bool] = True
    needs_lock: ClassVar[bool] = False
    on_drafts: ClassVar[bool] = True
    field: ClassVar[str] = ""
    subject: ClassVar[str] = "request"

    def run(self, facts: Any) -> Finding:
        """Judge ``facts`` (the floor's own read-only collection) and say what was compared."""
        raise NotImplementedError

    def finding(self, outcome: Outcome, message: Text, field: str = "", **compared: Any) -> Finding:
        """A finding of this check."""
        return Finding(
            code=self.code,
            outcome=outcome,
            message=message,
            compared=compared,
            field=field or self.field,
            overridable=self.overridable,
            staff_only=self.staff_only,
            mendable=self.mendable,
            rule_version=self.version,
        )

    def passed(self, message: Text, **compared: Any) -> Finding:
        """All is well."""
        return self.finding(Outcome.PASS, message, **compared)

    def warned(self, message: Text, field: str = "", **compared: Any) -> Finding:
        """Something a person should look at."""
        return self.finding(Outcome.WARN, message, field, **compared)

    def failed(self, message: Text, field: str = "", **compared: Any) -> Finding:
        """The rule is broken."""
        return self.finding(Outcome.FAIL, message, field, **compared)

    def not_applicable(self, message: Text, **compared: Any) -> Finding:
        """The rule has nothing to judge here."""
        return self.finding(Outcome.NOT_APPLICABLE, message, **compared)


class CheckRegistry:
    """All checks by code, in the order they registered."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}

    def register(self, cls: type[C]) -> type[C]:
        """Class decorator: make the check known. Refuses a code that is taken by another class."""
        known = self._checks.get(cls.code)
        if known is not None and type(known) is not cls:
            raise ValueError(f"check code {cls.code} is taken by {type(known).__name__}")
        self._checks[cls.code] = cls()
        return cls

    def get(self, code: str) -> Check:
        """The check with this code. Raises ``KeyError``."""
        return self._checks[code]

    def all(self, subject: str = "request") -> list[Check]:
        """Every check about ``subject`` ("request" or "shipment")."""
        return [check for check in self._checks.values() if check.subject == subject]

    def run(self, facts: Any, *, moment: Moment, codes: Iterable[str] | None = None) -> list[Finding]:
        """Run the checks (all about requests, or those named) for a moment and return their findings in order."""
        chosen = [self.get(code) for code in codes] if codes is not None else self.all()
        return [check.run(facts) for check in chosen if check.on_drafts or moment is not Moment.DRAFT]


registry = CheckRegistry()
