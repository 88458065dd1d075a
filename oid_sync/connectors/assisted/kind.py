"""What the assisted connector is and what may go wrong on its way."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from oid_sync.connectors.assisted.transport import AssistedConnector
from oid_sync.connectors.base import Connector, Does, Fault, Link

TWO_PEOPLE = "two_people"


class Assisted:
    """OID as it is today: it takes no certificates from programs, so people key them in."""

    name = "assisted"
    label = _("By hand: people key it into OID")
    hint = _(
        "The portal shows each record field by field; a person keys it into OID and enters the number that OID gave."
    )
    does = frozenset({Does.REGISTER, Does.FIND, Does.AMEND, Does.ACTUALS, Does.VOID, Does.HEALTH})
    faults = frozenset(
        {
            Fault.REJECTED, Fault.KILLED, Fault.TYPED_TWICE_DIFFERENTLY, Fault.WRONG_FORM, Fault.WRONG_CERTIFIER,
            Fault.NUMBER_USED, Fault.TWO_AT_ONCE, Fault.ABANDONED, Fault.SENT_TWICE,
        }
    )  # fmt: skip
    needs_key = False
    needs_address = False
    switches = {
        TWO_PEOPLE: (
            _("Two people: another person checks what one has keyed"),
            _("The second person reads the number in OID and types it again, without seeing the first one's."),
        )
    }
    pages = "oid_sync.connectors.assisted.pages"
    call_page = "oid_sync:assisted:sheet"
    list_page = "oid_sync:assisted:list"

    def connect(self, link: Link) -> Connector:
        """The connector of one certifier: it asks the portal's own entries what people have done."""
        return AssistedConnector(link.certifier_id)


KIND = Assisted()
