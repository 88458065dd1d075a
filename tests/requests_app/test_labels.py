"""Whatever a check has compared is named in the reader's language."""

from __future__ import annotations

import pytest

from core.checks import Moment
from core.identity import act_as
from core.templatetags._findings import COMPARED_LABELS
from requests_app.domain import checking
from tests.support.drafts import complete_draft
from tests.support.world import World


def keys_of(value: object) -> set[str]:
    """Every key in a finding's ``compared``, however deep."""
    if isinstance(value, dict):
        return set(value) | {key for item in value.values() for key in keys_of(item)}
    if isinstance(value, list):
        return {key for item in value for key in keys_of(item)}
    return set()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"label_name": "Other", "hts_code": "0901110099", "origin": "BR", "importer_nop_id": "9999999999"},
        {
            "start_date": "2020-01-01",
            "departure_date": "2020-01-01",
            "gross_kg": "1",
            "last_handler_nop_id": "1010000011",
        },
    ],
)
def test_every_compared_figure_has_a_label(world: World, changes: dict[str, str]):
    draft = complete_draft(world, lot="L1", **changes)
    loop = world.loop()
    with act_as(loop):
        found = checking.findings(loop, draft, Moment.APPROVE)
    keys = {key for finding in found for key in keys_of(finding.as_json()["compared"])}
    unnamed = {key for key in keys if key not in COMPARED_LABELS and key.removesuffix("_kg") not in COMPARED_LABELS}
    assert unnamed == set()
