"""The rest of the contract suite: acts after the issue × the faults that every day's run leaves out."""

from __future__ import annotations

import pytest

from oid_sync.connectors.base import Fault
from tests.oid_sync.conftest import running_store, store  # noqa: F401 - fixtures
from tests.oid_sync.contract.fixtures import connected, side  # noqa: F401 - fixtures
from tests.oid_sync.contract.play import DAILY, each_fault, told_once_and_in_order
from tests.oid_sync.contract.sides import Side
from tests.support.world import World

pytestmark = pytest.mark.django_db(transaction=True)


@each_fault(registering=False, only=frozenset(Fault) - DAILY)
def test_what_happens_after_the_issue_is_told_once_and_in_order_whatever_goes_wrong(
    connected: World,  # noqa: F811
    side: Side,  # noqa: F811
    fault: Fault,
) -> None:
    told_once_and_in_order(connected, side, fault)
