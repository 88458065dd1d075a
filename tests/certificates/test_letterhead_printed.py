"""The logo of the approved letterhead is in the document, and in its reading copy; without it there is no document."""

from __future__ import annotations

import pytest
from django.core.files.storage import default_storage

from certificates.document.payload import logo_of, read_data_file
from certificates.document.reading_copy import attached_data
from certificates.domain import documents, reading_copies, signing
from certificates.models import Certificate, CertificateDocument, CertificateState, ReadingCopy
from core.files import read_file
from core.identity import act_as
from organizations.domain import letterheads
from organizations.models import Letterhead
from tests.core.test_pictures import drawn
from tests.support.certificates import numbered
from tests.support.world import World

pytestmark = pytest.mark.django_db(transaction=True)


def lettered(world: World) -> tuple[Certificate, Letterhead]:
    """A certificate that waits for its document, approved under a letterhead that is not in force any more."""
    with act_as(world.who("manager")) as manager:
        signing.install_demo_key(world.certifier)
        first = letterheads.change(manager, accreditation="", text="Tel. 1", picture=drawn(), expected_version=0)
    certificate = numbered(world)
    with act_as(world.who("manager")) as manager:
        letterheads.change(manager, accreditation="", text="", picture=drawn((90, 90)), expected_version=1)
    assert first is not None
    return certificate, first


def test_the_document_and_its_copy_have_the_logo_of_the_approval(world: World):
    certificate, head = lettered(world)
    assert documents.make(world.certifier.pk, certificate.pk)
    with act_as(world.loop()):
        document = CertificateDocument.objects.select_related("file").get(certificate=certificate)
        kept = letterheads.logo(world.certifier.pk, head.logo_sha256)
    content = read_data_file(attached_data(read_file(document.file)))
    assert logo_of(content) == kept
    assert content["snapshot"]["letterhead"] == {"text": "Tel. 1", "logo_sha256": head.logo_sha256}
    with act_as(world.who("viewer")) as viewer:
        row = reading_copies.want(viewer, certificate.pk)
    assert reading_copies.make(world.certifier.pk, row.pk)
    with act_as(world.loop()):
        assert ReadingCopy.objects.get(pk=row.pk).state == ReadingCopy.State.READY


def test_a_logo_that_is_gone_stops_the_document_and_the_desk_learns_why(world: World):
    certificate, head = lettered(world)
    with act_as(world.loop()):
        assert head.logo is not None
        default_storage.delete(head.logo.path)
    assert not documents.make(world.certifier.pk, certificate.pk)
    with act_as(world.loop()):
        certificate.refresh_from_db()
    assert certificate.state == CertificateState.AWAITING_DOCUMENT
    assert certificate.document_error.startswith("DOC-LOGO:")
