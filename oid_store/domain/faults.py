"""Faults on demand: rules in the database, drawn once a call. The settings refuse to start with them in production."""

import random
from dataclasses import dataclass, field

from django.conf import settings
from django.db.models import F

from oid_store.domain import clock
from oid_store.domain.codes import Code
from oid_store.domain.rejection import reject
from oid_store.domain.types import Caller
from oid_store.models import FaultKind, FaultRule

_chance = random.Random()  # noqa: S311  (rehearsal, not secrecy)

OPERATIONS = (
    "register",
    "find",
    "get",
    "list",
    "actuals",
    "amend",
    "void",
    "call",
    "operation",
    "operations",
    "health",
)
# Health is asked by launchers and monitors: "*" leaves it alone, its own name does not.
NOT_IN_STAR = frozenset({"health"})


@dataclass(frozen=True)
class Fault:
    """A fault drawn for a call, with its parameters (README.md lists them)."""

    kind: str
    params: dict[str, object] = field(default_factory=dict)

    def number(self, name: str, default: float) -> float:
        """A numeric parameter."""
        value = self.params.get(name, default)
        return float(value) if isinstance(value, (int, float)) else default

    @property
    def after(self) -> bool:
        """Whether the fault shows after the call was done and committed (``params.when`` = before or after)."""
        default = (
            "after" if self.kind in {FaultKind.MALFORMED, FaultKind.SLOW_DRIP, FaultKind.COMMIT_THEN_DROP} else "before"
        )
        return self.params.get("when", default) == "after"

    @property
    def code(self) -> Code:
        """The code of a ``reject``."""
        return Code.by_code(str(self.params.get("code", ""))) or Code.REHEARSED


def draw(operation: str, caller: Caller | None) -> list[Fault]:
    """The faults for this call: every latency that strikes, and the first of the others."""
    if not settings.FAULTS:
        return []
    names = [operation] if operation in NOT_IN_STAR else [operation, "*"]
    code = caller.certifier_code if caller else ""
    drawn: list[Fault] = []
    for rule in FaultRule.objects.filter(operation__in=names, certifier_code__in=["", code]).order_by("pk"):
        taken = any(fault.kind != FaultKind.LATENCY for fault in drawn)
        if (taken and rule.kind != FaultKind.LATENCY) or not _strikes(rule):
            continue
        drawn.append(Fault(rule.kind, rule.params))
    return drawn


def _strikes(rule: FaultRule) -> bool:
    mine = FaultRule.objects.filter(pk=rule.pk)
    if rule.probability is not None:
        if _chance.random() >= rule.probability:
            return False
        mine.update(hits=F("hits") + 1)
        return True
    # One statement, so that "the next 3" are 3 also among many workers.
    return mine.filter(remaining__gt=0).update(remaining=F("remaining") - 1, hits=F("hits") + 1) == 1


def add_rule(
    kind: str,
    operation: str = "*",
    probability: float | None = None,
    count: int | None = None,
    certifier_code: str = "",
    params: dict[str, object] | None = None,
) -> FaultRule:
    """Add a rule; with neither ``probability`` nor ``count`` for the next call, with both it raises ``Rejection``."""
    if probability is not None and count is not None:
        raise reject(Code.FORM, "probability", detail="give probability or next, not both")
    return FaultRule.objects.create(
        kind=kind,
        operation=operation,
        probability=probability,
        remaining=None if probability is not None else (1 if count is None else count),
        certifier_code=certifier_code,
        params=params or {},
        created_at=clock.now(),
    )


def rule_body(rule: FaultRule) -> dict[str, object]:
    """A rule as the API shows it."""
    return {
        "id": rule.pk,
        "kind": rule.kind,
        "operation": rule.operation,
        "certifier_code": rule.certifier_code,
        "probability": rule.probability,
        "next": rule.remaining,
        "params": rule.params,
        "hits": rule.hits,
    }
