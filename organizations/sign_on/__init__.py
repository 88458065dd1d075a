"""Signing in at a certifier's own identity provider: calls, the checks of what it says, the marks of such a session."""
