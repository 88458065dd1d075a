"""The public check: signed out, number and code, nothing without both."""

from __future__ import annotations

import datetime as dt
import hashlib
from decimal import Decimal
from pathlib import Path

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import MemoryFileUploadHandler, TemporaryFileUploadHandler
from django.db import ProgrammingError, connection
from django.http import HttpResponse
from django.test import Client as Browser
from django.urls import reverse

from certificates.domain import amending, documents, downloads, public_check, signing, voiding
from certificates.models import Certificate, CertificateDocument, CertificateLookup, SigningKey
from core import ids
from core.clock import now
from core.files import PDF, store_own
from core.identity import Identity, Kind, act_as
from core.models import StoredFile
from tests.support.certificates import issued, numbered, released
from tests.support.world import World, make_world

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
    assert answer["Referrer-Policy"] == "strict-origin"


@pytest.mark.django_db
def test_a_wrong_code_or_number_says_nothing(world: World):
    certificate = released(world)
    for number, code in ((certificate.number, ids.readable_code()), ("101-1010000011-999999", certificate.check_code)):
        answer = Browser().get(ADDRESS, {"number": number, "code": code})
        page = answer.content.decode()
        assert answer.status_code == 200
        assert "Organic green coffee" not in page
        assert "No issued certificate" in page


@pytest.mark.django_db
def test_what_is_not_released_is_not_shown(world: World):
    certificate = numbered(world)
    page = Browser().get(ADDRESS, {"number": certificate.number, "code": certificate.check_code}).content.decode()
    assert "No issued certificate" in page


@pytest.mark.django_db
def test_the_code_may_be_typed_as_people_type(world: World):
    certificate = released(world)
    code = f" {certificate.check_code[:3].lower()}-{certificate.check_code[3:].lower()} "
    assert (
        "Organic green coffee" in Browser().post(ADDRESS, {"number": certificate.number, "code": code}).content.decode()
    )


def posted(certificate: Certificate, content: bytes | None = None, **more: str) -> HttpResponse:
    asked = {"number": certificate.number, "code": certificate.check_code, **more}
    if content is not None:
        asked["file"] = SimpleUploadedFile("c.pdf", content, "application/pdf")
    return Browser().post(ADDRESS, asked)


def issued_bytes(world: World, certificate: Certificate) -> bytes:
    importer = world.who("importer")
    with act_as(importer):
        return downloads.download(importer, certificate.pk).data


@pytest.mark.django_db
def test_a_file_is_compared_by_its_bytes_alone(world: World):
    certificate = released(world)
    data = issued_bytes(world, certificate)
    assert "byte for byte" in posted(certificate, data).content.decode()
    for forged in (data + b"\n", data[:-1], b"no pdf at all", b""):
        assert "not the issued document" in posted(certificate, forged).content.decode()
    with act_as(world.who("reviewer")):
        assert set(CertificateLookup.objects.values_list("via", "answer")) == {
            ("upload", "file_issued"), ("upload", "file_not_issued"),
        }  # fmt: skip


@pytest.mark.django_db
def test_an_earlier_version_is_told_from_the_one_that_counts(world: World):
    certificate = released(world)
    first = issued_bytes(world, certificate)
    second = first + b"% amended\n"
    with act_as(world.loop()) as loop:
        stored = store_own(
            loop, second, name="2.pdf", purpose=StoredFile.Kind.CERTIFICATE, content_type=PDF,
            certifier_id=certificate.certifier_id, client_id=certificate.client_id,
        )  # fmt: skip
        CertificateDocument(
            certifier_id=certificate.certifier_id, client_id=certificate.client_id, certificate=certificate, version=2,
            file=stored, sha256=stored.sha256, template_version="1",
        ).save(force_insert=True)  # fmt: skip
    page = posted(certificate, first).content.decode()
    assert "version 1 as it was issued, but version 2 has taken its place" in page
    assert "version 2 of" in page
    assert "the document that was issued (version 2)" in posted(certificate, second).content.decode()
    asked = {"number": certificate.number, "code": certificate.check_code, "sha256": hashlib.sha256(first).hexdigest()}
    answer = Browser().post(reverse("api:certificate-check"), asked, content_type="application/json").json()
    assert answer["file"] == {"issued": True, "version": 1, "current": False}
    assert [row["version"] for row in answer["versions"]] == [1, 2]


@pytest.mark.django_db
def test_an_uploaded_file_is_never_written_anywhere(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    certificate = released(world)
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]

    def refuse(*_args: object, **_kwargs: object) -> None:
        raise AssertionError("the upload is kept")

    for keeper in (TemporaryFileUploadHandler, MemoryFileUploadHandler):
        monkeypatch.setattr(keeper, "new_file", refuse)
    assert "not the issued document" in posted(certificate, b"x" * (3 * 1024 * 1024)).content.decode()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == kept


@pytest.mark.django_db
def test_a_file_larger_than_any_document_is_refused_unread(world: World, settings):
    certificate = released(world)
    settings.UPLOAD_MAX_BYTES = 100_000
    answer = posted(certificate, b"x" * 200_000)
    assert answer.status_code == 422
    assert "too large to be a certificate" in answer.content.decode()
    assert "Organic green coffee" not in answer.content.decode()


@pytest.mark.django_db
def test_the_form_is_guarded_against_other_sites(world: World):
    certificate = released(world)
    browser = Browser(enforce_csrf_checks=True)
    asked = {"number": certificate.number, "code": certificate.check_code}
    assert browser.post(ADDRESS, asked).status_code == 403
    browser.get(ADDRESS)
    token = browser.cookies["csrftoken"].value
    file = SimpleUploadedFile("c.pdf", b"other bytes", "application/pdf")
    answer = browser.post(ADDRESS, {**asked, "file": file, "csrfmiddlewaretoken": token})
    assert "not the issued document" in answer.content.decode()


@pytest.mark.django_db
def test_what_was_typed_is_recognised(world: World):
    certificate = released(world)
    nop_id = world.client.operation.nop_id
    for number, words in (
        (nop_id, "This is a NOP ID, not a certificate number"),
        (f"{certificate.number}-DRAFT", "Draft numbers are not valid"),
        (certificate.snapshot["request_reference"], "the number of a request"),
        ("101-101000001-000001", "The second part of a certificate number has 10 digits; this has 9"),
    ):
        page = posted(certificate, number=number)
        assert page.status_code == 422
        assert words in page.content.decode()
        asked = {"number": number, "code": certificate.check_code}
        api = Browser().post(reverse("api:certificate-check"), asked, content_type="application/json")
        assert api.status_code == 422
        assert words in api.json()["errors"][0]["detail"]
        with act_as(Identity(kind=Kind.CHECK)):
            assert CertificateLookup.objects.count() == 0  # who asks reads nothing back


@pytest.mark.django_db
def test_too_many_questions_are_refused_and_each_answered_one_leaves_a_row(world: World, settings):
    settings.CHECK_LIMIT = 3
    certificate = released(world)
    asked = {"number": certificate.number, "code": certificate.check_code}
    answers = [Browser().get(ADDRESS, asked) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert answers[-1]["Retry-After"] == "600"
    assert "Organic green coffee" not in answers[-1].content.decode()
    api = Browser().get(reverse("api:certificate-check"), asked)
    assert (api.status_code, api["Retry-After"]) == (429, "600")
    with act_as(world.who("reviewer")):
        rows = list(CertificateLookup.objects.filter(certificate_id=certificate.pk))
    assert [row.answer for row in rows] == ["found"] * 3


@pytest.mark.django_db
def test_the_limit_counts_callers_as_the_trusted_proxy_names_them(world: World, settings):
    settings.CHECK_LIMIT, settings.ALLAUTH_TRUSTED_PROXY_COUNT = 2, 1
    certificate = released(world)
    asked = {"number": certificate.number, "code": certificate.check_code}

    def code(chain: str) -> int:
        return Browser().get(ADDRESS, asked, headers={"x-forwarded-for": chain}).status_code

    # what the caller itself puts in front of the proxy's entry gives it no new count
    assert [code(f"198.51.100.{n}, 203.0.113.7") for n in range(3)] == [200, 200, 429]
    assert code("203.0.113.8") == 200
    # one subscriber's many IPv6 addresses are one caller
    assert [code(f"2001:db8:1:2::{n}") for n in range(1, 4)] == [200, 200, 429]
    assert code("2001:db8:1:3::1") == 200
    with act_as(world.who("reviewer")):
        kept = set(CertificateLookup.objects.values_list("network", flat=True))
    assert kept == {"203.0.113.0/24", "2001:db8:1::/48"}


@pytest.mark.django_db
def test_all_callers_together_have_a_limit_too(world: World, settings):
    settings.CHECK_LIMIT_ALL, settings.ALLAUTH_TRUSTED_PROXY_COUNT = 2, 1
    certificate = released(world)
    asked = {"number": certificate.number, "code": certificate.check_code}
    answers = [Browser().get(ADDRESS, asked, headers={"x-forwarded-for": f"203.0.113.{n}"}) for n in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "Too many people" in answers[-1].content.decode()


@pytest.mark.django_db
def test_signed_in_people_of_any_side_may_ask(world: World):
    certificate = released(world)
    for role in ("importer", "signatory", "reviewer", "broker"):
        page = world.browser(role).get(ADDRESS, {"number": certificate.number, "code": certificate.check_code})
        assert "Organic green coffee" in page.content.decode(), role


@pytest.mark.django_db
def test_over_the_api(world: World):
    certificate = released(world)
    address = reverse("api:certificate-check")
    asked = {"number": certificate.number, "code": certificate.check_code}
    found = Browser().get(address, asked)
    assert found.status_code == 200
    assert found["Cache-Control"] == "no-store"
    told = found.json()
    assert (told["net_kg"], told["state"], told["file"]) == ("1000.000", "issued", None)
    assert told["certifier_code"] == world.certifier.code
    assert told["checked_at_origin"] == "http://127.0.0.1:8000"
    assert Browser().post(address, asked, content_type="application/json").json() == told
    assert Browser().get(address, {**asked, "code": ids.readable_code()}).status_code == 404
    assert Browser().get(address, {**asked, "code": "AAAA"}).status_code == 422
    assert Browser().post(address, {**asked, "sha256": "12"}, content_type="application/json").status_code == 422
    assert Browser().post(address, {"number": certificate.number}, content_type="application/json").status_code == 400


@pytest.mark.django_db
def test_the_page_says_who_issued_it_and_which_address_is_the_true_one(world: World, settings):
    certificate = issued(world)
    settings.PORTAL_PUBLIC_ORIGIN = "https://certificates.example"
    page = posted(certificate).content.decode()
    with act_as(world.who("manager")):
        key = SigningKey.objects.get(retired_at=None)
    for words in (
        f"{world.certifier.name}, certifying agent {world.certifier.code}", key.fingerprint_sha256,
        "https://certificates.example/</code>",
    ):  # fmt: skip
        assert words in page
    assert "https://certificates.example/</code>" in Browser().get(ADDRESS).content.decode()


@pytest.mark.django_db
def test_the_key_shown_is_the_one_that_signed(world: World):
    with act_as(world.who("manager")):
        signing.install_demo_key(world.certifier)
    certificate = released(world)
    with act_as(world.who("manager")):
        old = SigningKey.objects.get(retired_at=None)
        SigningKey.objects.filter(pk=old.pk).update(retired_at=now())
        signing.install_demo_key(world.certifier)
    assert old.fingerprint_sha256 in posted(certificate).content.decode()


@pytest.mark.django_db
def test_a_state_that_is_not_valid_is_said_in_words(world: World):
    certificate = released(world)
    with act_as(world.who("approver")) as approver:
        voiding.void(approver, certificate.pk, reason="Issued by mistake.")
    page = posted(certificate).content.decode()
    assert "This certificate is void: it is not valid for entry" in page
    data = issued_bytes(world, certificate)
    page = posted(certificate, data).content.decode()
    assert "byte for byte" in page and "is void" in page


@pytest.mark.django_db
def test_it_speaks_spanish(world: World):
    certificate = released(world)
    asked = {"number": certificate.number, "code": certificate.check_code}
    page = Browser().get(ADDRESS, asked, headers={"accept-language": "es"}).content.decode()
    assert 'lang="es"' in page
    assert "Comprobar un certificado" in page
    assert "Organic green coffee" in page


@pytest.mark.django_db
def test_exporter_and_certifier_see_when_it_was_checked_and_nobody_else_does(world: World):
    certificate = released(world)
    address = reverse("certificates:detail", args=[certificate.pk])
    assert "Nobody has checked it yet" in world.browser("viewer").get(address).content.decode()
    posted(certificate)
    Browser().get(ADDRESS, {"number": certificate.number, "code": certificate.check_code})
    for role in ("viewer", "auditor"):
        page = world.browser(role).get(address).content.decode()
        assert "checked 2 times" in page
        assert "by the QR code or link · shown" in page
    assert "Public checks" not in world.browser("importer").get(address).content.decode()
    other = make_world(2)
    for role in ("reviewer", "signatory"):
        with act_as(other.who(role)) as stranger:
            assert CertificateLookup.objects.count() == 0
            assert CertificateLookup.objects.visible_to(stranger).count() == 0


@pytest.mark.django_db
def test_nobody_but_the_check_writes_that_something_was_checked(world: World):
    certificate = released(world)
    row = {"certifier_id": certificate.certifier_id, "client_id": certificate.client_id, "answer": "found"}
    for role in ("manager", "signatory", "importer"):
        with pytest.raises(ProgrammingError), act_as(world.who(role)):
            CertificateLookup(certificate_id=certificate.pk, **row).save(force_insert=True)


@pytest.mark.django_db
def test_questions_are_forgotten_after_their_days(world: World, settings):
    certificate = released(world)
    settings.CHECK_LOG_DAYS = 60
    with time_machine.travel(now() - dt.timedelta(days=61), tick=False):
        posted(certificate)
    posted(certificate)
    assert public_check.forget_old() == 1
    with act_as(world.who("reviewer")):
        assert CertificateLookup.objects.count() == 1
    settings.CHECK_LOG_DAYS = 0
    assert public_check.forget_old() == 0  # never one of the last thirty days
    with act_as(world.who("manager")), connection.cursor() as cursor:
        cursor.execute("SELECT certificates_forget_lookups(now() + interval '1 year')")
        assert cursor.fetchone() == (0,)


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
    certificate = released(world)
    with act_as(world.who("approver")) as approver:
        amending.amend_down(approver, certificate.pk, Decimal("640.5"), reason="Less was loaded.")
    page = client.get(reverse("certificates:check"), {"number": certificate.number, "code": certificate.check_code})
    text = page.content.decode()
    assert "Amended to" in text
    assert "640.5" in text
    assert "The new version of the document is not made yet" in text
    asked = {"number": certificate.number, "code": certificate.check_code}
    assert client.get("/api/v1/certificates/check/", asked).json()["amendment_pending"] is True
    with act_as(world.loop()):
        sha256 = certificate.documents.get().sha256
    sent = asked | {"sha256": sha256}
    answer = client.post("/api/v1/certificates/check/", sent, content_type="application/json").json()
    assert answer["file"] == {"issued": True, "version": 1, "current": False}
