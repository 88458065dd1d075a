"""The connector that a certifier uses."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.utils.translation import gettext as _

from core.errors import InvalidInput
from core.secrets import decrypt
from oid_sync.connectors.base import Connector
from oid_sync.connectors.http import HttpConnector
from oid_sync.models import OidConnection


def connection_of(certifier_id: uuid.UUID) -> OidConnection | None:
    """How the certifier reaches OID; None where nothing is set up."""
    return OidConnection.objects.filter(certifier_id=certifier_id).first()


def connector_of(certifier_id: uuid.UUID) -> Connector:
    """The certifier's connector. Raises ``InvalidInput`` NO-CONNECTION. Reads rows; calls nobody."""
    row = connection_of(certifier_id)
    base_url = (row.base_url or settings.OID_STORE_URL) if row else ""
    if row is None or not base_url:
        raise InvalidInput("NO-CONNECTION", _("This certifier has no connection to OID."))
    return HttpConnector(base_url, decrypt(row.encrypted_key).decode(), row.time_limit_seconds)
