"""The public check: signed out, number and code, nothing without both."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from django.urls import reverse

from certificates.domain import amending, documents, downloads, public_check
from certificates.models import Certificate, CertificateLookup
from core.identity import act_as
from tests.support.certificates import issued, numbered
from tests.support.world import World

ADDRESS = "/certificates/check/"


@pytest.mark.django_db
def test_the_address_of_the_qr_code_opens_signed_out(world: World):
    certificate = issued(world)
    url = documents.check_url(certificate)
    assert url.startswith("http://127.0.0.1:8000/certificates/check/?")
    answer = Browser().get(url.removeprefix("http://127.0.0.1:8000"), headers={"host": "localhost"})
    page = answer.content.decode()
    assert answer.status_code == 200
    for words in (certificate.number, "Organic green coffee", "1,000", "Invented Cooperative 1", "Invented Imports"):
        assert str(words) in page
    assert "Issued" in page
    assert answer["Referrer-Policy"] == "no-referrer"


@pytest.mark.django_db
def test_a_wrong_code_or_number_says_nothing(world: World):
    certificate = issued(world)
    wrong = "".join("A" if letter != "A" else "B" for letter in certificate.check_code)
    for number, code in ((certificate.number, wrong), ("101-1010000011-999999", certificate.check_code)):
        page = Browser().get(ADDRESS, {"number": number, "code": code}).content.decode()
        assert "Organic green coffee" not in page
        assert "No issued certificate" in page


@pytest.mark.django_db
def test_what_is_not_released_is_not_shown(world: World):
    certificate = numbered(world)
    page = Browser().get(ADDRESS, {"number": certificate.number, "code": certificate.check_code}).content.decode()
    assert "No issued certificate" in page


@pytest.mark.django_db
def test_the_code_may_be_typed_as_people_type(world: World):
    certificate = issued(world)
    code = f" {certificate.check_code[:3].lower()}-{certificate.check_code[3:].lower()} "
    assert (
        "Organic green coffee" in Browser().post(ADDRESS, {"number": certificate.number, "code": code}).content.decode()
    )


@pytest.mark.django_db
def test_a_file_is_compared_by_its_bytes_alone(world: World):
    certificate = issued(world)
    importer = world.who("importer")
    with act_as(importer):
        data = downloads.download(importer, certificate.pk).data

    def answer(content: bytes) -> str:
        file = SimpleUploadedFile("c.pdf", content, "application/pdf")
        asked = {"number": certificate.number, "code": certificate.check_code, "file": file}
        return Browser().post(ADDRESS, asked).content.decode()

    assert "byte for byte" in answer(data)
    assert "not the issued document" in answer(data + b"\n")
    assert "not the issued document" in answer(b"no pdf at all")


@pytest.mark.django_db
def test_too_many_questions_are_refused_and_each_leaves_a_row(
    world: World, monkeypatch: pytest.MonkeyPatch, owner_connection
):
    monkeypatch.setattr(public_check, "LIMIT", 3)
    certificate = issued(world)
    asked = {"number": certificate.number, "code": certificate.check_code}
    codes = [Browser().get(ADDRESS, asked).status_code for _ in range(5)]
    assert codes == [200, 200, 200, 429, 429]
    with act_as(world.who("reviewer")):
        rows = list(CertificateLookup.objects.filter(certificate_id=certificate.pk))
    assert [row.answer for row in rows] == ["found"] * 3


@pytest.mark.django_db
def test_signed_in_people_of_any_side_may_ask(world: World):
    certificate = issued(world)
    for role in ("importer", "signatory", "reviewer", "broker"):
        page = world.browser(role).get(ADDRESS, {"number": certificate.number, "code": certificate.check_code})
        assert "Organic green coffee" in page.content.decode(), role


@pytest.mark.django_db
def test_over_the_api(world: World):
    certificate = issued(world)
    address = reverse("api:certificate-check")
    found = Browser().get(address, {"number": certificate.number, "code": certificate.check_code})
    assert found.status_code == 200
    assert found.json()["net_kg"] == "1000.000"
    assert found.json()["state"] == "issued"
    assert Browser().get(address, {"number": certificate.number, "code": "AAAA"}).status_code == 404


@pytest.mark.django_db
def test_the_download_is_the_stored_document(world: World):
    certificate = issued(world)
    browser, address = world.browser("importer"), reverse("certificates:pdf", args=[certificate.pk])
    answer = browser.get(address)
    assert answer["Content-Type"] == "application/pdf"
    assert f'filename="{certificate.number}.pdf"' in answer["Content-Disposition"]
    assert browser.get(address, headers={"if-none-match": answer["ETag"]}).status_code == 304
    api = browser.get(reverse("api:certificate-pdf", args=[certificate.pk]), headers={"accept": "application/pdf"})
    assert api.content == answer.content
    assert api["ETag"] == answer["ETag"]


@pytest.mark.django_db
def test_a_given_up_document_is_on_the_desk_and_tried_again(world: World, settings):
    certificate = numbered(world)
    with act_as(world.loop()):
        Certificate.objects.filter(pk=certificate.pk).update(
            document_attempts=settings.DOCUMENT_MAX_ATTEMPTS, document_error="DOC-KEY: no key"
        )
    browser = world.browser("approver")
    assert "DOC-KEY" in browser.get(reverse("certificates:stuck")).content.decode()
    assert "1 document could not be made" in browser.get(reverse("certificates:list")).content.decode()
    address = reverse("certificates:retry-document", args=[certificate.pk])
    assert world.browser("signatory").post(address).status_code == 403
    assert world.browser("auditor").post(address).status_code == 403
    assert browser.post(address).status_code == 302
    with act_as(world.loop()):
        assert documents.due(world.certifier.pk) == [certificate.pk]


@pytest.mark.django_db
def test_an_amended_weight_is_shown_to_whoever_checks(client: Browser, world: World):
    certificate = issued(world)
    with act_as(world.who("approver")) as approver:
        amending.amend_down(approver, certificate.pk, Decimal("640.5"), reason="Less was loaded.")
    page = client.get(reverse("certificates:check"), {"number": certificate.number, "code": certificate.check_code})
    text = page.content.decode()
    assert "Amended to" in text
    assert "640.5" in text
