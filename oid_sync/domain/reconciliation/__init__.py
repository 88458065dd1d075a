"""Reconciliation: movements, balances, requests, certificates, OID, shipments and parties, compared pair by pair.

A run goes through its steps in slices; each slice is a transaction of its own that also notes how far the run has come,
so a run that was killed goes on from there. What differs is a drift row, kept until it no longer differs.
"""
