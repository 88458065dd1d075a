"""What people send is judged by its content in a limited process: what acts, hides or explodes is refused, with a way out."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory
from django.urls import reverse

from core.errors import InvalidInput
from core.files import read_file, store_file
from core.identity import act_as
from core.models import StoredFile
from core.uploads import BoundedUploadHandler, ReceivedFile, accept, clean_name
from requests_app.domain import drafts
from tests.support import hostile
from tests.support.drafts import PAPER
from tests.support.world import World

GOOD = {
    "a pdf": (PAPER, "application/pdf"),
    "a pdf with objects in streams": (hostile.pdf(object_stream_mode=2), "application/pdf"),
    "an invoice with its data inside": (
        hostile.pdf(hostile._attached("factur-x.xml", b"<?xml?><a/>")),
        "application/pdf",
    ),
    "a picture": (hostile.picture(), "image/png"),
    "a photograph with a small one behind it": (hostile.picture("JPEG") + hostile.picture("JPEG"), "image/jpeg"),
    "a workbook": (hostile.book(), "spreadsheetml"),
}


@pytest.mark.parametrize("what", GOOD)
def test_sound_files_are_accepted_for_what_they_are(what: str) -> None:
    data, kind = GOOD[what]
    accepted = accept(data, name="a.bin")
    assert kind in accepted.content_type
    assert accepted.file.read() == data


@pytest.mark.parametrize("attack", hostile.ATTACKS)
def test_known_attacks_are_refused_with_words(attack: str) -> None:
    code, make = hostile.ATTACKS[attack]
    with pytest.raises(InvalidInput) as refusal:
        accept(make(), name="invoice.pdf")
    assert (refusal.value.code, refusal.value.field) == (code, "file")
    assert len(str(refusal.value.message)) > 15 and "%(" not in str(refusal.value.message)


def test_a_password_of_the_owner_alone_hides_nothing() -> None:
    import pikepdf

    data = hostile.pdf(encryption=pikepdf.Encryption(user="", owner="secret"))
    assert accept(data, name="a.pdf").content_type == "application/pdf"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\x\\in voice.pdf", "in voice.pdf"),
        ('a"\r\nb.pdf', "a___b.pdf"),
        ("..", "file"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("a\u200b\u2066b\ud800.pdf", "ab.pdf"),
        ("x" * 5000 + ".pdf", "x" * 196 + ".pdf"),
    ],
)
def test_file_names_are_harmless(given: str, kept: str) -> None:
    assert clean_name(given) == kept


def _received(size: int, settings: object, *, most: int = 1000, together: int = 2500) -> list[ReceivedFile]:
    settings.UPLOAD_MAX_BYTES, settings.UPLOAD_MAX_REQUEST_BYTES = most, together  # type: ignore[attr-defined]
    files = [io.BytesIO(b"x" * size) for _ in range(3)]
    for number, file in enumerate(files):
        file.name = f"{number}.pdf"
    request = RequestFactory().post("/", {"typed": "kept", "files": files})
    assert request.POST["typed"] == "kept"
    return request.FILES.getlist("files")  # type: ignore[return-value]


def test_uploads_lie_on_the_disk_with_their_hash(settings: object) -> None:
    for file in _received(900, settings, together=5000):
        assert isinstance(file, ReceivedFile)
        assert file.file.fileno() > 0  # type: ignore[union-attr]
        assert (file.size, len(file.sha256)) == (900, 64)


def test_what_is_beyond_the_limits_is_counted_and_not_kept(settings: object) -> None:
    first, *_rest = _received(5000, settings)
    assert (first.size, first.sha256, len(first.read())) == (5000, "", 0)
    with pytest.raises(InvalidInput) as refusal:
        accept(first, name="a.pdf")
    assert refusal.value.code == "FILE-SIZE"


def test_all_files_of_a_form_have_one_limit(settings: object) -> None:
    files = _received(1000, settings)
    assert [bool(file.sha256) for file in files] == [True, True, False]
    with pytest.raises(InvalidInput) as refusal:
        accept(files[2], name="a.pdf")
    assert refusal.value.code == "FILE-TOTAL"


def test_the_portal_receives_uploads_by_one_way(settings: object) -> None:
    assert settings.FILE_UPLOAD_HANDLERS == ["core.uploads.BoundedUploadHandler"]  # type: ignore[attr-defined]
    assert BoundedUploadHandler.most is None


@pytest.mark.django_db
def test_a_day_has_its_limit(world: World, settings: object) -> None:
    settings.UPLOAD_DAY_FILES = 2  # type: ignore[attr-defined]
    with act_as(world.who("preparer")) as actor:
        for name in ("a.pdf", "b.pdf"):
            store_file(actor, PAPER, name=name, certifier_id=world.certifier.pk, client_id=world.client.pk)
        with pytest.raises(InvalidInput) as refusal:
            store_file(actor, PAPER, name="c.pdf", certifier_id=world.certifier.pk, client_id=world.client.pk)
    assert refusal.value.code == "FILE-DAY"


@pytest.mark.django_db
def test_a_refused_upload_keeps_what_was_typed_and_stores_nothing(world: World, settings: object) -> None:
    with act_as(world.who("preparer")) as actor:
        draft = drafts.start(actor, "single")
    page = reverse("requests:document_add", args=[draft.pk])
    evil = SimpleUploadedFile("i.pdf", hostile.ATTACKS["javascript"][1](), "application/pdf")
    answer = world.browser("preparer").post(page, {"kind": "bill_of_lading", "file": evil})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "Print it to a new PDF" in text and 'value="bill_of_lading" selected' in text
    with act_as(world.who("manager")):
        assert not StoredFile.objects.exists()
    assert not [path for path in Path(settings.PORTAL_DATA_DIR).rglob("*") if path.is_file()]  # type: ignore[attr-defined]


@pytest.mark.django_db
def test_an_upload_is_kept_as_it_came(world: World) -> None:
    with act_as(world.who("preparer")) as actor:
        row = store_file(
            actor, io.BytesIO(PAPER), name="a.pdf", certifier_id=world.certifier.pk, client_id=world.client.pk
        )
        assert read_file(row) == PAPER
