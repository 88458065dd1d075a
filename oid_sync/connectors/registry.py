"""The connectors that this portal has: the modules named in ``settings.OID_CONNECTORS``, each a folder with its ``KIND``.

One more is a folder and its name in that setting; nothing else names connectors.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext as _

from core.errors import InvalidInput
from oid_sync.connectors.base import ConnectorKind


@lru_cache(maxsize=8)
def _load(modules: tuple[str, ...]) -> dict[str, ConnectorKind]:
    found: dict[str, ConnectorKind] = {}
    for module in modules:
        kind: ConnectorKind = import_module(module).KIND
        if kind.name in found:
            raise ImproperlyConfigured(f"two connectors are named {kind.name}: OID_CONNECTORS")
        found[kind.name] = kind
    return found


def kinds() -> dict[str, ConnectorKind]:
    """Every connector by its name, in the order of the setting."""
    return dict(_load(tuple(settings.OID_CONNECTORS)))


def kind_of(name: str) -> ConnectorKind:
    """The connector with this name. Raises ``InvalidInput`` NO-CONNECTOR where this portal has none."""
    try:
        return kinds()[name]
    except KeyError:
        text = _("This portal has no connector “%(name)s”.") % {"name": name}
        raise InvalidInput("NO-CONNECTOR", text, field="connector") from None
