"""The checks of a request, one small class each, by what they are about. Importing this package registers them."""

from requests_app.checks import (
    documents,
    parties,
    period,
    quantity,
    replacement,
    tariff,
    transport,
    verification,
    volume,
)

__all__ = ["documents", "parties", "period", "quantity", "replacement", "tariff", "transport", "verification", "volume"]
