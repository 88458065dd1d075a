"""The picture of the request's transitions, drawn from the one table: docs/request-states.md."""

from __future__ import annotations

from requests_app.domain.transitions import TABLE
from requests_app.models import RequestState


def markdown() -> str:
    """The whole page: a state diagram (Mermaid) and the table behind it."""
    lines = [
        "# States of a request",
        "",
        "Drawn from `requests_app/domain/transitions.py` by `./portal manage request_states`; a test keeps the two the same.",
        "",
        "```mermaid",
        "stateDiagram-v2",
        f"    [*] --> {RequestState.DRAFT.value}",
        *(f"    {step.source.value} --> {step.target.value}: {step.name}" for step in TABLE),
        *(f"    {state.value} --> [*]" for state in RequestState if state not in {step.source for step in TABLE}),
        "```",
        "",
        "| from | to | act | who | holds to | effects |",
        "|---|---|---|---|---|---|",
    ]
    for step in TABLE:
        who = ", ".join(role.value for role in step.roles)
        cells = (step.source.value, step.target.value, step.name, who, step.guard, step.effects)
        lines.append("| " + " | ".join(cell.replace("_", " ") for cell in cells) + " |")
    return "\n".join(lines) + "\n"
