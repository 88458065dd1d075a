"""Checks that look at certificates. Importing this package registers them."""

from certificates.checks import duplicates, elsewhere

__all__ = ["duplicates", "elsewhere"]
