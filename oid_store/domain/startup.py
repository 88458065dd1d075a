"""What the server sees to before it answers its first call."""

import logging

from django.conf import settings
from django.db import DatabaseError

from oid_store.domain.directory import DEMO_FILE, load_operations, read_operations
from oid_store.domain.keys import load_keys, parse_keys
from oid_store.models import Operation

logger = logging.getLogger(__name__)


def load_configured() -> None:
    """Add the configured keys; outside production, fill an empty directory with the demo's operations.

    May be repeated, and by several workers at once. A database that is not there yet is only logged: health says so.
    """
    keys = parse_keys(settings.API_KEYS)
    try:
        added = load_keys(keys)
        if added:
            logger.info("keys added: %d", added)
        if not settings.PRODUCTION and not Operation.objects.exists():
            logger.info("demo operations added: %d", load_operations(read_operations(DEMO_FILE))[0])
    except DatabaseError:
        logger.exception("keys and operations not loaded: run 'python -m oid_store prepare'")
