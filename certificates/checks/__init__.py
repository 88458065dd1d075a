"""Checks that look at certificates. Importing this package registers them."""

from certificates.checks import duplicates

__all__ = ["duplicates"]
