"""Certificates brought to a stage, by the same functions as the loops use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from certificates.document.issue import issue_document
from certificates.domain import amending, documents, letterheads, numbers
from certificates.models import Amendment, Certificate, CertificateState
from core.clock import now
from core.identity import act_as
from tests.support import stages
from tests.support.drafts import PAPER
from tests.support.keys import install_key
from tests.support.world import World

_serial = 0


def numbered(world: World, kg: str = "1000", **how: Any) -> Certificate:
    """An approved certificate with a number that waits for its document. Its period begins today: goods can have left."""
    global _serial
    _serial += 1
    certificate = stages.approved(world, kg, **{"start_date": now().date(), **how})
    number = f"{world.certifier.code}-{world.client.operation.nop_id}-{_serial:06d}"
    with act_as(world.loop()) as loop:
        return numbers.give(loop, certificate.pk, number, registered_at=now())


def issued(world: World, kg: str = "1000", **how: Any) -> Certificate:
    """An issued certificate with its signed document, made inside the test's transaction (no commit needed)."""
    return with_document(world, numbered(world, kg, **how))


def issued_by_oid(world: World, register: Callable[[], object], kg: str = "1000", **how: Any) -> Certificate:
    """An issued certificate whose number comes from a store; ``register`` runs the loop."""
    certificate = stages.approved(world, kg, **{"start_date": now().date(), **how})
    register()
    with act_as(world.loop()):
        certificate = Certificate.objects.get(pk=certificate.pk)
    return with_document(world, certificate)


def with_document(world: World, certificate: Certificate) -> Certificate:
    """The numbered certificate with its signed document."""
    install_key(world)
    with act_as(world.loop()) as loop:
        job = documents._take(loop, certificate.pk)
        assert job is not None
        pdf = issue_document(
            certificate.snapshot, number=certificate.number or "", check_code=certificate.check_code,
            check_url=documents.check_url(certificate), issued_at=job.issued_at,
            public_origin="http://127.0.0.1:8000", key=job.key,
            logo=letterheads.logo_for(certificate.certifier_id, certificate.snapshot),
        )  # fmt: skip
        assert documents._record(loop, job, pdf)
        certificate = Certificate.objects.get(pk=certificate.pk)
    assert certificate.state == CertificateState.ISSUED
    return certificate


def released(world: World, kg: str = "1000", *, content: bytes = PAPER, **how: Any) -> Certificate:
    """An issued certificate whose document is `content`: for tests that never look into it, in a fraction of the time."""
    certificate = numbered(world, kg, **how)
    with act_as(world.loop()) as loop:
        job = documents._take(loop, certificate.pk)
        assert job is not None
        assert documents._record(loop, job, content)
        return Certificate.objects.get(pk=certificate.pk)


def oid_has_amendments(world: World, certificate: Certificate) -> int:
    """OID confirms every amendment of a certificate that waits for it. Returns how many."""
    with act_as(world.loop()) as loop:
        waiting = list(
            Amendment.objects.filter(certificate=certificate, confirmed_at=None)
            .order_by("number")
            .values_list("change_id", flat=True)
        )
        return sum(amending.confirmed(loop, certificate.pk, change_id) for change_id in waiting)
