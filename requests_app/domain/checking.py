"""Running the checks over a request and keeping what they found."""

from __future__ import annotations

from core import rows
from core.checks import Finding, Moment, registry
from core.identity import Identity
from pvf.models import Balance
from requests_app.domain.facts import RequestFacts, gather
from requests_app.models import CheckRun, Request, StaffFindings


def findings(actor: Identity, request: Request, moment: Moment, *, balance: Balance | None = None) -> list[Finding]:
    """What every check finds now. Findings for the certifier's staff alone are left out for anybody else."""
    return judge(actor, gather(request, moment, balance=balance))


def judge(actor: Identity, facts: RequestFacts) -> list[Finding]:
    """What every check finds in facts that were gathered before."""
    found = registry.run(facts, moment=facts.moment)
    return [finding for finding in found if actor.is_staff or not finding.staff_only]


def run(actor: Identity, request: Request, moment: Moment, *, balance: Balance | None = None) -> CheckRun:
    """Run the checks and keep the findings with the request's version; those for staff alone in their own table."""
    return keep(actor, request, moment, findings(actor, request, moment, balance=balance))


def keep(actor: Identity, request: Request, moment: Moment, found: list[Finding]) -> CheckRun:
    """Store a run."""
    kept = CheckRun(
        certifier_id=request.certifier_id, client_id=request.client_id, request=request,
        request_version=request.version, moment=moment, run_by=actor.user_id,
        findings=[finding.as_json() for finding in found if not finding.staff_only],
    )  # fmt: skip
    secret = [finding.as_json() for finding in found if finding.staff_only]
    apart = [StaffFindings(run=kept, certifier_id=request.certifier_id, findings=secret)] if secret else []
    rows.insert(kept, *apart)
    return kept


def mendable_failures(found: list[Finding]) -> list[Finding]:
    """The failures that stop a submit: those the exporter can put right."""
    return [finding for finding in found if finding.blocks and finding.mendable]
