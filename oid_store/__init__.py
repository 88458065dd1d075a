"""The OID-style store: a stand-in for the government's record of NOP Import Certificates.

A server of its own: settings, database and process are its own. It imports nothing of the portal and nothing of the
portal imports it; the two meet over HTTP, as they would with the real register.
"""
