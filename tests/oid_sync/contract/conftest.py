"""The suite's fixtures, for its tests."""

from tests.oid_sync.contract.fixtures import connected, side

__all__ = ["connected", "side"]
