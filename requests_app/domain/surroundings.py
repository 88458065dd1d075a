"""What surrounds one request, in one statement: each entry a row of the database as JSON, under the reader's row policies."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from django.db import connection

from requests_app.models import Request

_STATEMENT = """
SELECT jsonb_build_object(
  'certifier', (SELECT to_jsonb(x) FROM organizations_certifier x WHERE x.id = %(certifier)s),
  'rules', (SELECT jsonb_build_array(s."values") FROM organizations_certifiersettings s
            WHERE s.certifier_id = %(certifier)s ORDER BY s.version DESC LIMIT 1),
  'client', (SELECT to_jsonb(x) FROM organizations_client x WHERE x.id = %(client)s),
  'operation', (SELECT to_jsonb(x) FROM organizations_operation x
                WHERE x.id = (SELECT c.operation_id FROM organizations_client c WHERE c.id = %(client)s)),
  'importer', (SELECT to_jsonb(x) FROM organizations_operation x WHERE x.nop_id = %(importer)s),
  'line', (SELECT to_jsonb(x) FROM pvf_pvfline x WHERE x.id = %(line)s),
  'pvf', (SELECT to_jsonb(x) FROM pvf_pvf x WHERE x.id = (SELECT l.pvf_id FROM pvf_pvfline l WHERE l.id = %(line)s)),
  'terms', (SELECT to_jsonb(x) FROM pvf_pvflineterms x JOIN pvf_pvfversion v ON v.id = x.version_id
            WHERE x.line_id = %(line)s AND v.state = 'approved' ORDER BY x.id LIMIT 1),
  'held', CASE WHEN %(was_submitted)s THEN
            (SELECT coalesce(sum(m.kg), 0) FROM pvf_movement m WHERE m.certifier_id = %(certifier)s
              AND m.target_holder_id = %(request)s AND m.target_holder = 'request' AND m.target = 'reserved')
          - (SELECT coalesce(sum(m.kg), 0) FROM pvf_movement m WHERE m.certifier_id = %(certifier)s
              AND m.source_holder_id = %(request)s AND m.source_holder = 'request' AND m.source = 'reserved')
          ELSE 0 END,
  'hts', (SELECT jsonb_build_object('code', to_jsonb(x), 'first', to_jsonb(f), 'last', to_jsonb(l), 'after',
            (SELECT to_jsonb(n) FROM pvf_htsedition n WHERE n.position > l.position ORDER BY n.position LIMIT 1))
          FROM pvf_htscode x LEFT JOIN pvf_htsedition f ON f.name = x.first_edition_id
          LEFT JOIN pvf_htsedition l ON l.name = x.last_edition_id WHERE x.code = %(hts)s),
  'hts_siblings', (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.code) FROM pvf_htscode x
                   WHERE x.code LIKE %(hts_stem)s AND x.certified_organic AND x.code <> %(hts)s),
  'lots', (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.lot) FROM requests_app_requestlot x WHERE x.request_id = %(request)s),
  'containers', (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.number) FROM requests_app_requestcontainer x
                 WHERE x.request_id = %(request)s),
  'invoices', (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.number) FROM requests_app_requestinvoice x
               WHERE x.request_id = %(request)s),
  'documents', (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.added_at) FROM requests_app_requestdocument x
                WHERE x.request_id = %(request)s AND x.removed_at IS NULL),
  'suppliers', (SELECT jsonb_agg(to_jsonb(x)) FROM organizations_operation x WHERE x.nop_id = %(handler)s OR x.nop_id IN
                (SELECT i.supplier_nop_id FROM requests_app_requestinvoice i WHERE i.request_id = %(request)s))
)::text
"""


def read(request: Request) -> dict[str, Any]:
    """The surroundings by name; rows as ``core.rows.from_json`` reads them, fractions as Decimal."""
    code = request.hts_code
    values = {
        "request": request.pk, "certifier": request.certifier_id, "client": request.client_id, "line": request.line_id,
        "importer": request.importer_nop_id, "handler": request.last_handler_nop_id, "hts": code,
        "hts_stem": _literal(code[:8]) + "%" if code else "", "was_submitted": request.submitted_at is not None,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT, values)
        (content,) = cursor.fetchone() or ("{}",)
    return dict(json.loads(content, parse_float=Decimal))


def _literal(text: str) -> str:
    """``text`` as LIKE takes it literally."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
