"""Findings of the register, and the exception that carries them to the answer."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from oid_store.domain.codes import Code


@dataclass(frozen=True)
class Finding:
    """One coded remark about one field (dotted path, empty for the whole call)."""

    code: Code
    field: str
    message: str

    def body(self) -> dict[str, object]:
        """The finding as it stands in an answer."""
        return {"code": self.code.value.code, "message": self.message, "field": self.field}


def finding(code: Code, field: str = "", **values: object) -> Finding:
    """A finding whose message has its braces filled with ``values``."""
    return Finding(code, field, code.value.message.format(**values))


class Rejection(Exception):
    """The register refuses the call. The first finding gives the HTTP status; all of them stand in the answer."""

    def __init__(self, findings: Sequence[Finding], headers: Mapping[str, str] | None = None) -> None:
        super().__init__(findings[0].message)
        self.findings = list(findings)
        self.headers = dict(headers or {})

    @property
    def status(self) -> int:
        """HTTP status of the answer."""
        return self.findings[0].code.value.status

    def body(self) -> dict[str, object]:
        """``{"code", "message", "field", "errors": [all findings]}``."""
        return {**self.findings[0].body(), "errors": [each.body() for each in self.findings]}


def rehearsed(code: Code) -> Finding:
    """A finding on demand: there is nothing to name in the message, so its braces become an ellipsis."""
    return Finding(code, "", re.sub(r"\{\w+\}", "…", code.value.message))


def reject(code: Code, field: str = "", **values: object) -> Rejection:
    """A rejection for one finding, ready to be raised."""
    return Rejection([finding(code, field, **values)])
