"""Every pair of a certificate's states, allowed or forbidden; the picture in the documentation is the table."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from certificates.domain import states
from certificates.models import Certificate, CertificateState
from core.errors import Conflict

DOCS = Path(__file__).resolve().parents[2] / "docs" / "certificate-life.md"


@pytest.mark.parametrize(("source", "target"), list(product(CertificateState, CertificateState)))
def test_every_pair_of_states(source: CertificateState, target: CertificateState) -> None:
    certificate = Certificate(state=source)
    allowed = {
        "awaiting_number": {"awaiting_document", "continuity", "abandoned"}, "awaiting_document": {"issued", "void"},
        "continuity": {"awaiting_document", "closed"}, "issued": {"closed", "void", "replaced"},
    }  # fmt: skip
    if target.value in allowed.get(source.value, set()):
        states.move(certificate, target)
        assert certificate.state == target
    else:
        with pytest.raises(Conflict):
            states.move(certificate, target)


def test_the_picture_in_the_documentation_is_the_table() -> None:
    pictures = re.findall(r"```mermaid\n(.*?)\n```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert states.diagram() in pictures
