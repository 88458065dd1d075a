"""Each day: the faults that the long tests sow into the ledger still have their places in it."""

from __future__ import annotations

import pytest

from tests.long.seeded_faults import FAULTS


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_the_fault_can_be_sown(name: str) -> None:
    fault = FAULTS[name]
    if fault.statement:
        assert not fault.file
    else:
        assert fault.new != fault.old
        assert fault.new in fault.text()
