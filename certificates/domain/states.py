"""The certificate's one table of transitions; its picture stands in ``docs/certificate-life.md``."""

from __future__ import annotations

import dataclasses

from django.utils.translation import gettext as _

from certificates.models import Certificate, CertificateState
from core.errors import Conflict

S = CertificateState


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """One allowed step: what it is called in words."""

    source: CertificateState
    target: CertificateState
    name: str


TABLE: tuple[Step, ...] = (
    Step(S.AWAITING_NUMBER, S.AWAITING_DOCUMENT, "OID gives the number"),
    Step(S.AWAITING_NUMBER, S.CONTINUITY, "continuity document made in an outage"),
    Step(S.AWAITING_NUMBER, S.ABANDONED, "back to review"),
    Step(S.AWAITING_DOCUMENT, S.ISSUED, "document signed and released"),
    Step(S.AWAITING_DOCUMENT, S.VOID, "voided before its document was made"),
    Step(S.CONTINUITY, S.AWAITING_DOCUMENT, "OID is back and gives the number"),
    Step(S.CONTINUITY, S.CLOSED, "closed out, never registered"),
    Step(S.ISSUED, S.CLOSED, "all shipped, or closed out"),
    Step(S.ISSUED, S.VOID, "voided"),
    Step(S.ISSUED, S.REPLACED, "its replacement is issued"),
)
_STEPS = {(step.source, step.target) for step in TABLE}


def move(certificate: Certificate, target: CertificateState) -> None:
    """Set the state of a locked certificate (not saved). Raises ``Conflict`` CERTIFICATE-STATE for any other step."""
    if (CertificateState(certificate.state), target) not in _STEPS:
        words = {"state": certificate.get_state_display(), "target": target.label}
        text = _("The certificate is “%(state)s”; it cannot become “%(target)s” from there.")
        raise Conflict("CERTIFICATE-STATE", text % words)
    certificate.state = target


def diagram() -> str:
    """The table as a Mermaid diagram."""
    lines = ["stateDiagram-v2", f"    [*] --> {S.AWAITING_NUMBER.value}: approved"]
    lines += [f"    {step.source.value} --> {step.target.value}: {step.name}" for step in TABLE]
    sources = {step.source for step in TABLE}
    lines += [f"    {state.value} --> [*]" for state in S if state not in sources]
    return "\n".join(lines)
