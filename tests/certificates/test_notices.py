"""What people are told of versions, outages and continuity documents: every notice says what it is about."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from core.models import Audience, Notification
from core.topics import render

WORDS: dict[str, Any] = {
    "number": "101-1010000011-000001", "product": "Organic green coffee", "reason": "Less was loaded.", "version": 2,
    "reference": "COOP-101-ABCD-EFGH-J", "coop_code": "COOP-26-7", "count": 3, "because": "departed", "before": "1000.000",
    "after": "900.000", "changes": [{"field": "vessel", "before": "", "after": "MV Other"}],
}  # fmt: skip


def told(topic: str, **more: Any) -> str:
    row = Notification(
        topic=topic, audience=Audience.CLIENT, object_type="certificate", object_id=uuid.uuid4(),
        context={**WORDS, **more},
    )  # fmt: skip
    message = render(row, "en", "Invented Certification")
    return f"{message.subject}\n{message.body}"


@pytest.mark.parametrize(
    ("topic", "says"),
    [
        ("certificate.amended", ["101-1010000011-000001", "Less was loaded.", "vessel or flight: – → MV Other"]),
        ("certificate.document_version", ["Version 2", "101-1010000011-000001"]),
        ("certificate.continuity", ["COOP-101-ABCD-EFGH-J", "COOP-26-7", "OR1"]),
        ("certificate.unregistered", ["COOP-101-ABCD-EFGH-J", "had left when OID was back"]),
        ("coop.started", ["COOP-26-7", "Less was loaded."]),
        ("coop.ended", ["COOP-26-7", "3"]),
    ],
)
def test_every_notice_says_what_it_is_about(topic: str, says: list[str]) -> None:
    text = told(topic)
    for words in says:
        assert words in text, text


@pytest.mark.parametrize(("because", "says"), [("setting", "does not register"), ("ended", "was closed before")])
def test_why_nothing_is_registered_afterwards(because: str, says: str) -> None:
    assert says in told("certificate.unregistered", because=because)
