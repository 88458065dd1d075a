"""The connector to the OID of today: people key each record into OID, and its number into the portal."""

from oid_sync.connectors.assisted.kind import KIND

__all__ = ["KIND"]
