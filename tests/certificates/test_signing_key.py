"""Installing a certifier's signing key: by its manager alone, never a weak or wrong one, and documents that waited go on."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from cryptography.x509.oid import NameOID
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError

from certificates.document.errors import NoSigningKey
from certificates.domain import documents, numbers, signing
from certificates.models import Certificate, CertificateState, SigningKey
from core import clock
from core.identity import act_as
from core.models import AuditRow
from organizations.models_changes import GuardedChange
from tests.support import stages
from tests.support.two_managers import agree
from tests.support.world import World, make_world

PAGE = "/certificates/signing/"
PASSWORD = b"opens it"


def a_key(*, bits: int = 2048, days: int = 365, may_sign: bool = True, private: Any = None) -> bytes:
    """A PKCS#12 file with a fresh self-signed key."""
    private = private or rsa.generate_private_key(public_exponent=65537, key_size=bits)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Invented Certifier, Signing")])
    start = clock.now() - dt.timedelta(days=400)
    usage = dict.fromkeys(
        ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
         "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"), False,
    )  # fmt: skip
    usage["digital_signature" if may_sign else "crl_sign"] = True
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=400 + days))
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .sign(private, hashes.SHA256())
    )
    return pkcs12.serialize_key_and_certificates(None, private, certificate, None, BestAvailableEncryption(PASSWORD))


def _send(world: World, role: str, data: bytes, password: bytes = PASSWORD) -> Any:
    file = SimpleUploadedFile("key.p12", data, content_type="application/x-pkcs12")
    return world.browser(role).post(PAGE, {"file": file, "password": password.decode()})


@pytest.mark.django_db
def test_a_manager_installs_a_key_and_the_one_before_signs_no_more(world: World) -> None:
    assert _send(world, "manager", a_key()).status_code == 302
    assert _send(world, "manager", a_key(private=ec.generate_private_key(ec.SECP256R1()))).status_code == 302
    assert agree(world) == 1
    with act_as(world.who("manager")) as manager:
        newest, older = signing.keys_of(manager)
        assert (newest.retired_at, older.retired_at is None) == (None, False)
        assert signing.key_in_use(world.certifier.pk).fingerprint == newest.fingerprint_sha256  # type: ignore[union-attr]
        trace = AuditRow.objects.filter(act="certificate.signing_key").order_by("-at").first()
        assert trace.before == {"fingerprint": older.fingerprint_sha256}  # type: ignore[union-attr]
    page = world.browser("auditor").get(PAGE).content.decode()
    assert newest.fingerprint_sha256 in page
    assert "Use this key" not in page


@pytest.mark.django_db
def test_the_present_key_signs_until_a_second_manager_agrees_to_another(world: World) -> None:
    assert _send(world, "manager", a_key()).status_code == 302
    assert _send(world, "manager", a_key()).status_code == 302
    browser = world.browser("manager")
    assert "A change waits for a second manager." in browser.get(PAGE).content.decode()
    with act_as(world.who("manager")):
        first, change = SigningKey.objects.get(), GuardedChange.objects.get()
        assert bytes(change.secret)
    assert first.fingerprint_sha256 in browser.get("/organization/changes/").content.decode()
    again = _send(world, "manager", a_key())
    assert again.status_code == 422
    assert "waits for a second manager" in again.content.decode()
    with act_as(world.loop()):
        assert signing.key_in_use(world.certifier.pk).fingerprint == first.fingerprint_sha256  # type: ignore[union-attr]
    assert agree(world) == 1
    with act_as(world.loop()):
        in_use = SigningKey.objects.get(retired_at=None)
        assert in_use.fingerprint_sha256 == change.payload["fingerprint"]
        assert signing.key_in_use(world.certifier.pk) is not None
        assert bytes(GuardedChange.objects.get().secret) == b""


@pytest.mark.django_db
def test_a_key_that_ends_while_it_waits_is_not_put_in_use(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    _send(world, "manager", a_key())
    _send(world, "manager", a_key(days=5))
    moment = clock.now() + dt.timedelta(days=6)
    monkeypatch.setattr(clock, "now", lambda: moment)
    with pytest.raises(NoSigningKey):
        agree(world)
    with act_as(world.loop()):
        assert SigningKey.objects.count() == 1
        assert GuardedChange.objects.get().state == GuardedChange.State.WAITING


@pytest.mark.django_db
def test_postgresql_itself_refuses_another_key_of_one_manager(world: World) -> None:
    _send(world, "manager", a_key())
    with act_as(world.loop()):
        row = SigningKey.objects.get()
    row.pk, row.fingerprint_sha256, row.retired_at = uuid.uuid4(), "0" * 64, clock.now()
    with pytest.raises(IntegrityError, match="changed by two managers"), act_as(world.who("manager")):
        row.save(force_insert=True)


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["reviewer", "approver", "auditor"])
def test_others_of_the_certifier_read_and_do_not_install(world: World, role: str) -> None:
    assert world.browser(role).get(PAGE).status_code == 200
    assert _send(world, role, a_key()).status_code == 403
    with act_as(world.who(role)):
        assert not SigningKey.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["signatory", "preparer", "viewer", "importer", "broker"])
def test_nobody_else_opens_the_page(world: World, role: str) -> None:
    assert world.browser(role).get(PAGE).status_code == 403
    assert _send(world, role, a_key()).status_code == 403


@pytest.mark.django_db
def test_another_certifiers_keys_are_not_shown(world: World) -> None:
    _send(world, "manager", a_key())
    with act_as(world.who("manager")) as manager:
        (key,) = signing.keys_of(manager)
    assert key.fingerprint_sha256 not in make_world(2).browser("manager").get(PAGE).content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("data", "password", "says"),
    [
        (b"%PDF-1.7 no key", PASSWORD, "cannot be opened"),
        (a_key(), b"wrong", "the password is wrong"),
        (a_key(bits=1024), PASSWORD, "2048 bits, this one has 1024"),
        (a_key(days=-1), PASSWORD, "is not valid today"),
        (a_key(may_sign=False), PASSWORD, "does not allow its key to sign"),
        (b"x" * 70_000, PASSWORD, "too large to be a key"),
    ],
    ids=["no key", "password", "short", "ended", "usage", "size"],
)
def test_what_cannot_sign_is_refused_with_the_reason(world: World, data: bytes, password: bytes, says: str) -> None:
    answer = _send(world, "manager", data, password)
    assert answer.status_code == 422
    assert says in answer.content.decode()
    with act_as(world.who("manager")):
        assert not SigningKey.objects.exists()


@pytest.mark.django_db
def test_the_key_in_use_is_not_installed_again(world: World) -> None:
    data = a_key()
    assert _send(world, "manager", data).status_code == 302
    answer = _send(world, "manager", data)
    assert answer.status_code == 422
    assert "in use already" in answer.content.decode()
    with act_as(world.who("manager")):
        assert SigningKey.objects.get().retired_at is None


@pytest.mark.django_db(transaction=True)
def test_documents_that_waited_for_a_key_are_made_once_there_is_one(world: World, settings: Any) -> None:
    certificate = stages.approved(world)
    with act_as(world.loop()) as loop:
        numbers.give(loop, certificate.pk, "101-1010000011-000001", registered_at=clock.now())
    for _ in range(settings.DOCUMENT_MAX_ATTEMPTS):
        assert documents.make(world.certifier.pk, certificate.pk) is False
    assert documents.make(world.certifier.pk, certificate.pk) is False
    with act_as(world.loop()) as loop:
        assert documents.failed(loop).get().document_error.startswith(f"{NoSigningKey.CODE}:")

    answer = _send(world, "manager", a_key())
    assert answer.status_code == 302
    assert documents.make(world.certifier.pk, certificate.pk) is True
    with act_as(world.loop()):
        assert Certificate.objects.get().state == CertificateState.ISSUED
