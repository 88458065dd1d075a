"""100,000 acts of one certifier are sealed; then 1,000 acts of meddling with the export, each of them found."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from core import audit_chain, audit_seal
from core.identity import act_as
from core.models import AuditSealing
from tests.core.test_audit_chain import MEDDLINGS, meddle
from tests.support.world import make_world

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]

ROWS, FORGERIES = 100_000, 1_000
#: Lines round the place that is meddled with: what lies before verified already, what lies after tells nothing more.
WINDOW = 400
FILL = """
INSERT INTO core_auditrow (id, certifier_id, at, actor_kind, actor_id, on_behalf_of, act, object_type, object_id, before,
                           after, request_id, ip, ip_sha256, personal, salt)
SELECT gen_random_uuid(), %(certifier)s, now() + n * interval '1 millisecond', 'staff', gen_random_uuid(), '', 'thing.done',
       'thing', 'object-' || n, '{}', jsonb_build_object('kg', (n %% 1000)::text || '.000'), '', '', '', '{}', ''
  FROM generate_series(1, %(rows)s) n
"""


def test_a_thousand_forgeries_of_a_hundred_thousand_rows_are_all_found(
    transactional_db: None, owner_connection: object
) -> None:
    world = make_world()
    owner_connection.execute(FILL, {"certifier": world.certifier.pk, "rows": ROWS})  # type: ignore[attr-defined]
    assert audit_seal.seal_all(world.certifier.pk, most=2 * ROWS) >= ROWS
    assert audit_seal.verify(world.certifier.pk).faults == []
    with act_as(world.loop()):
        state = AuditSealing.objects.get()
        lines = list(audit_seal.export(world.certifier.pk))
    whole = audit_chain.verify(lines, [(state.sequence, state.chain_sha256)])
    assert whole.faults == []
    assert whole.sequence >= ROWS
    chance, found, missed = random.Random(20261126), Counter(), []
    for number in range(FORGERIES):
        kind = MEDDLINGS[number % len(MEDDLINGS)]
        first = chance.randrange(1, whole.sequence - WINDOW)
        with act_as(world.loop()):
            part = list(audit_seal.export(world.certifier.pk, first=first, last=first + WINDOW))
        head = [(first + WINDOW, whole.seen[first + WINDOW])]
        assert audit_chain.verify(part, head).faults == []
        if audit_chain.verify(meddle(part, kind, chance), head).faults:
            found[kind] += 1
        else:
            missed.append((kind, first))
    assert missed == []
    assert sum(found.values()) == FORGERIES
