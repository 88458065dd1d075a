"""Connectors to OID: one folder each, found by :mod:`oid_sync.connectors.registry`."""
