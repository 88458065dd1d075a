"""Checks that look at certificates. Importing this package registers them."""

from certificates.checks import actuals, duplicates, elsewhere, printing

__all__ = ["actuals", "duplicates", "elsewhere", "printing"]
