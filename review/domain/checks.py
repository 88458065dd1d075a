"""Running the checks again on a reviewer's wish: the world round a request changes without the request changing."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from core.checks import Moment
from core.errors import Conflict
from core.identity import Identity
from requests_app.domain import checking
from requests_app.models import CheckRun
from review.domain.acting import ACTING, begin


def run_again(actor: Identity, request_id: uuid.UUID) -> CheckRun:
    """A new run of all checks over an open request. Raises ``Conflict`` where it is decided."""
    request, _person = begin(actor, request_id, *ACTING)
    if not request.is_open:
        raise Conflict("REQUEST-STATE", _("This request is decided."), details={"state": request.state})
    return checking.run(actor, request, Moment.REVIEW)
