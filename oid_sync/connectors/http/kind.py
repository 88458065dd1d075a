"""What the HTTP connector is and what may go wrong on its way."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from oid_sync.connectors.base import Connector, Does, Fault, Link
from oid_sync.connectors.http.transport import HttpConnector


class Http:
    """An OID-style store with the API of ``oid_store/README.md``: the portal calls it by itself."""

    name = "http"
    label = _("Automatic: an OID-style store over HTTP")
    hint = _("The portal registers, amends, reports and voids by itself, and reads OID's log every night.")
    does = frozenset(Does)
    faults = frozenset(
        {
            Fault.LATENCY, Fault.TOO_MANY, Fault.SERVER_ERROR, Fault.SERVER_ERROR_AFTER, Fault.REJECTED,
            Fault.MALFORMED, Fault.COMMIT_THEN_DROP, Fault.DROP, Fault.SLOW_DRIP, Fault.MAINTENANCE, Fault.AWAY,
            Fault.KILLED,
        }
    )  # fmt: skip
    needs_key = True
    needs_address = True
    switches: dict[str, tuple[str, str]] = {}
    pages = ""
    call_page = ""
    list_page = ""

    def connect(self, link: Link) -> Connector:
        """The connector with the certifier's key."""
        return HttpConnector(link.address, link.key, link.seconds)


KIND = Http()
