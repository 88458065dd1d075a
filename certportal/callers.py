"""Log lines name the same caller as audit rows and limits do."""

from __future__ import annotations

from typing import Any

import structlog
from django.http import HttpRequest
from django_structlog.signals import bind_extra_request_metadata

from organizations.middleware import client_address


def name_the_caller(request: HttpRequest, **_: Any) -> None:
    """Every line of this request says from which address it came, as our own proxies name it."""
    structlog.contextvars.bind_contextvars(ip=client_address(request))


bind_extra_request_metadata.connect(name_the_caller, dispatch_uid="name_the_caller")
