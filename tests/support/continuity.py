"""Outages and continuity documents brought to a stage, by the same functions as the pages and loops use."""

from __future__ import annotations

from typing import Any

from certificates.domain import continuity, coop, signing
from certificates.models import Certificate, CertificateState, ContinuityDocument
from core.clock import now
from core.identity import act_as
from tests.support import stages
from tests.support.world import World

#: What OR1 asks for and nobody has told the portal.
OR1 = {
    "intended_use": "human consumption", "exporter_contact": "Ms Invented, +51 1 000", "consignee_contact": "Mr Invented",
    "consignee_nop_id": "3030000011", "issuer_address": "Invented Avenue 1, Lima", "issuer_contact": "office",
    "last_handler_address": "1 Invented Road", "last_handler_contact": "office",
}  # fmt: skip
CODE = "COOP-26-7"


def declare(world: World, code: str = CODE) -> None:
    """Outage mode on."""
    with act_as(world.who("manager")) as manager:
        coop.start(manager, coop_code=code, reason="OID answers nobody since 06:00 UTC.")


def over(world: World) -> None:
    """Outage mode off."""
    with act_as(world.who("manager")) as manager:
        coop.end(manager)


def asked(world: World, certificate: Certificate, **changes: str) -> ContinuityDocument:
    """A continuity document that is being made."""
    with act_as(world.who("approver")) as approver:
        return continuity.ask(approver, certificate.pk, **{**OR1, **changes})


def make(world: World, row: ContinuityDocument) -> bytes:
    """The documents loop's three phases inside the test's own transaction."""
    with act_as(world.who("manager")):
        signing.install_demo_key(world.certifier)
    with act_as(world.loop()) as loop:
        job = continuity._take(loop, row.pk)
        assert job is not None
        pdf = continuity.render(job)
        assert continuity._record(loop, job, pdf)
    return pdf


def under_continuity(world: World, kg: str = "1000", **how: Any) -> Certificate:
    """A certificate with a released continuity document, in a declared outage."""
    certificate = stages.approved(world, kg, **{"start_date": now().date(), **how})
    declare(world)
    make(world, asked(world, certificate))
    with act_as(world.loop()):
        certificate = Certificate.objects.get(pk=certificate.pk)
    assert certificate.state == CertificateState.CONTINUITY
    return certificate
