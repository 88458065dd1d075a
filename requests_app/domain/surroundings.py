"""What surrounds one request, in one statement: each entry a row of the database as JSON, under the reader's row policies."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from django.db import connection

from requests_app.models import Request

#: See ``requests_app/sql/025_surroundings.sql``.
_STATEMENT = "SELECT requests_app_surroundings(%s, %s, %s, %s, %s, %s, %s, %s)::text"


def read(request: Request) -> dict[str, Any]:
    """The surroundings by name; rows as ``core.rows.from_json`` reads them, fractions as Decimal."""
    values = [
        request.pk, request.certifier_id, request.client_id, request.line_id, request.importer_nop_id,
        request.last_handler_nop_id, request.hts_code, request.submitted_at is not None,
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT, values)
        (content,) = cursor.fetchone() or ("{}",)
    return dict(json.loads(content, parse_float=Decimal))
