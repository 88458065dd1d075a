"""A third connector: a register in this process's memory. It is a folder and its name in the setting, and nothing else."""

from tests.oid_sync.toy_connector.kind import KIND

__all__ = ["KIND"]
