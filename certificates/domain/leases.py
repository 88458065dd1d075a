"""What the loops that make documents under a lease share."""

from __future__ import annotations

#: Why a document is given up whose worker was killed at its last attempt: its lease ended, and nobody noted why.
DIED = "DOC-DIED: its worker was stopped while it made the document, as often as it may be tried"
