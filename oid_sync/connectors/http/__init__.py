"""The connector to an OID-style store over HTTP."""

from oid_sync.connectors.http.kind import KIND
from oid_sync.connectors.http.transport import PAGE_ROWS, HttpConnector

__all__ = ["KIND", "PAGE_ROWS", "HttpConnector"]
