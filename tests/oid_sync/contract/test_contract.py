"""Each connector × each fault that it declares: never two records, never a lost one, never a wrong status shown."""

from __future__ import annotations

import pytest

from certificates.models import CertificateState
from oid_sync.connectors.base import Fault
from tests.oid_sync.contract.play import DAILY, each_fault, kill_a_worker, read, told_once_and_in_order, until_done
from tests.oid_sync.contract.sides import Side, cases, on_desk
from tests.support import stages
from tests.support.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]


@each_fault(registering=True)
def test_a_certificate_is_registered_once_whatever_goes_wrong(connected: World, side: Side, fault: Fault) -> None:
    if fault is Fault.NUMBER_USED:
        until_done(connected, side, stages.approved(connected, lot="FIRST"))
    certificate = stages.approved(connected)
    if fault is Fault.KILLED:
        kill_a_worker(connected)
    else:
        side.provoke(fault, "register")
    until_done(connected, side, certificate)
    found = read(connected, certificate)
    assert found.state == CertificateState.AWAITING_DOCUMENT
    assert side.numbers(certificate) == [found.number]
    assert on_desk(connected) == []


@each_fault(registering=False, only=DAILY)
def test_what_happens_after_the_issue_is_told_once_and_in_order_whatever_goes_wrong(
    connected: World, side: Side, fault: Fault
) -> None:
    told_once_and_in_order(connected, side, fault)


def test_every_connector_declares_faults_and_the_suite_knows_how_to_bring_each_about() -> None:
    http = {fault for name, fault in cases(registering=True) if name == "http"}
    assert {"http", "assisted", "toy"} == {name for name, _fault in cases(registering=True)}
    assert len(http) >= 10
