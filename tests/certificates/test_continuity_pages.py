"""Continuity documents by their pages: the public check of one, and the way from the switch to the document."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest
from django.urls import reverse

from certificates.domain import continuity, continuity_check
from certificates.models import Certificate, CertificateLookup, ContinuityDocument, Outage, SigningKey
from core import clock
from core.identity import NOBODY, act_as
from requests_app.models import Request
from tests.certificates.test_continuity import give_number, number_of
from tests.support import stages
from tests.support.certificates import with_document
from tests.support.continuity import CODE, OR1, asked, declare, make, under_continuity
from tests.support.world import World

pytestmark = pytest.mark.django_db


class TestCheck:
    def test_by_reference_and_code_and_a_file_by_its_hash(self, world: World) -> None:
        certificate = stages.approved(world, start_date=clock.now().date())
        declare(world)
        row = asked(world, certificate)
        assert continuity_check.ask(NOBODY, row.reference, row.check_code) is None  # not made yet
        pdf = make(world, row)
        found = continuity_check.ask(NOBODY, row.reference.lower(), row.check_code, sha256=sha256(pdf).hexdigest())
        assert found is not None
        assert (found.file_is_issued, found.state, found.number, found.coop_code) == (True, "continuity", "", CODE)
        changed = continuity_check.ask(NOBODY, row.reference, row.check_code, sha256=sha256(pdf + b" ").hexdigest())
        assert changed is not None
        assert changed.file_is_issued is False
        assert continuity_check.ask(NOBODY, row.reference, "AAAAAAAAA") is None
        with act_as(world.loop()):
            answers = list(CertificateLookup.objects.order_by("asked_at").values_list("answer", flat=True))
        assert answers[-2:] == ["file_issued", "file_not_issued"]

    def test_the_page_behind_the_qr_code_works_signed_out(self, world: World, client: Any) -> None:
        certificate = under_continuity(world)
        with act_as(world.loop()):
            row = ContinuityDocument.objects.get()
        url = continuity.check_url(row).removeprefix("http://127.0.0.1:8000")
        answer = client.get(url)
        text = answer.content.decode()
        assert row.reference in text
        assert "filed under message set OR1" in text
        assert (answer["Referrer-Policy"], answer["Cache-Control"]) == ("strict-origin", "no-store")
        give_number(world, certificate)
        # the regular certificate is named once it is there to be had
        assert number_of(world) not in client.get(url).content.decode()
        with act_as(world.loop()):
            certificate = Certificate.objects.get(pk=certificate.pk)
        with_document(world, certificate)
        assert number_of(world) in client.get(url).content.decode()
        wrong = client.post(reverse("certificates:check-continuity"), {"reference": row.reference, "code": "AAAAAAAAA"})
        assert "No continuity document has this reference with this code" in wrong.content.decode()

    def test_machines_get_the_same(self, world: World, client: Any) -> None:
        under_continuity(world)
        with act_as(world.loop()):
            row = ContinuityDocument.objects.get()
        url = "/api/v1/certificates/check/continuity/"
        found = client.get(url, {"reference": row.reference, "code": row.check_code}).json()
        assert (found["coop_code"], found["document_sha256"]) == (CODE, row.sha256)
        assert client.get(url, {"reference": row.reference, "code": "AAAAAAAAA"}).status_code == 404
        asked = {"reference": row.reference, "code": row.check_code}
        assert client.post(url, asked, "application/json").json() == found
        assert client.post(url, {**asked, "code": "AAAAAAAAA"}, "application/json").status_code == 404
        with act_as(world.loop()):
            assert set(CertificateLookup.objects.values_list("via", flat=True)) == {"api"}
            key = SigningKey.objects.get()
        assert found["key_fingerprint"] == key.fingerprint_sha256

    def test_the_page_has_what_a_certificates_has(self, world: World, client: Any) -> None:
        """How to know the true page, whose signature, a code that leaves the address bar."""
        under_continuity(world)
        with act_as(world.loop()):
            row, key = ContinuityDocument.objects.get(), SigningKey.objects.get()
        text = client.get(continuity.check_url(row).removeprefix("http://127.0.0.1:8000")).content.decode()
        for expected in ("data-plain-address", "Is this the true page?", key.fingerprint_sha256):
            assert expected in text


def test_by_the_pages_from_the_switch_to_the_document(world: World) -> None:
    certificate = stages.approved(world)
    manager, outage = world.browser("manager"), reverse("certificates:outage")
    assert world.browser("approver").post(outage, {"act": "start", "coop_code": CODE, "reason": "x"}).status_code == 403
    assert manager.post(outage, {"act": "start", "coop_code": "", "reason": "x"}).status_code == 422
    assert manager.post(outage, {"act": "start", "coop_code": CODE, "reason": "Out."}).status_code == 302
    page, url = (
        reverse("certificates:detail", args=[certificate.pk]),
        reverse("certificates:continuity", args=[certificate.pk]),
    )
    approver = world.browser("approver")
    assert url in approver.get(page).content.decode()
    assert url not in manager.get(page).content.decode()
    shown = approver.get(url)
    given = {name: shown.context["form"].initial.get(name, "") for name in shown.context["form"].fields}
    refused = approver.post(url, given)
    assert refused.status_code == 422
    assert "intended_use" in refused.context["form"].errors
    assert approver.post(url, {**given, **{k: v for k, v in OR1.items() if k in given}}).status_code == 302
    assert "The continuity document is being made" in approver.get(page).content.decode()
    with act_as(world.loop()):
        make(world, ContinuityDocument.objects.get())
    text = manager.get(outage).content.decode()
    assert "COOP-101-" in text
    assert manager.post(outage, {"act": "end"}).status_code == 302
    with act_as(world.loop()):
        assert Outage.objects.get().ended_at is not None
        assert Request.objects.get().state == "approved"
