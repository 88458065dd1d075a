"""Checks that need certificates: DUP-1, DUP-2 (requests) and those about shipments."""
