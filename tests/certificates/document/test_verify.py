"""A document proves itself; whatever was done to it afterwards is found."""

from __future__ import annotations

import io

import pikepdf
import pytest
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from certificates.document.payload import DATA_FILE
from certificates.document.render import render_document
from certificates.document.sign import sign_document
from certificates.document.verify import Problem, page_matches_data, verify_document
from tests.certificates.document import samples


def _unsigned(**changes: str) -> bytes:
    return render_document(
        samples.snapshot(**changes), number=samples.NUMBER, check_code=samples.CODE,
        check_url=f"{samples.ORIGIN}/certificates/check/?number={samples.NUMBER}&code={samples.CODE}",
        issued_at=samples.AT, public_origin=samples.ORIGIN, specimen=True,
    )  # fmt: skip


def test_an_issued_document_is_found_whole():
    found = verify_document(
        samples.document(), trusted_fingerprints={samples.key().fingerprint}, remake_page=True
    )  # fmt: skip
    assert found.findings == ()
    assert found.number == samples.NUMBER
    assert found.is_demo
    assert found.signer is not None
    assert found.signer.trusted is True


def test_changed_bytes_are_found():
    pdf = bytearray(samples.document())
    for position in range(200, len(pdf), len(pdf) // 40):
        changed = bytes(pdf[:position]) + bytes([pdf[position] ^ 1]) + bytes(pdf[position + 1 :])
        assert not verify_document(changed).ok, position


def test_an_appended_revision_is_found():
    writer = IncrementalPdfFileWriter(io.BytesIO(samples.document()))
    writer.root["/Lang"] = writer.root["/Lang"]
    writer.update_root()
    output = io.BytesIO()
    writer.write(output)
    found = verify_document(output.getvalue())
    assert Problem.NOT_WHOLE_FILE in found.problems


def test_bytes_after_the_end_are_found():
    assert Problem.NOT_WHOLE_FILE in verify_document(samples.document() + b"\n% more\n").problems


def test_a_swapped_attachment_is_found_even_when_signed_again():
    with pikepdf.open(io.BytesIO(_unsigned())) as pdf:
        data = pdf.attachments[DATA_FILE].get_file().read_bytes().replace(b"19250.000", b"99250.000")
        pdf.attachments[DATA_FILE] = pikepdf.AttachedFileSpec(pdf, data, filename=DATA_FILE)
        output = io.BytesIO()
        pdf.save(output)
    found = verify_document(sign_document(output.getvalue(), samples.key()))
    assert {Problem.DATA_HASH, Problem.SNAPSHOT_HASH} & set(found.problems)


def test_a_second_attachment_is_found():
    with pikepdf.open(io.BytesIO(_unsigned())) as pdf:
        pdf.attachments["more.json"] = pikepdf.AttachedFileSpec(pdf, b"{}", filename="more.json")
        output = io.BytesIO()
        pdf.save(output)
    assert Problem.SEVERAL_FILES in verify_document(sign_document(output.getvalue(), samples.key())).problems


def test_a_key_nobody_trusts_is_found():
    found = verify_document(samples.document("Somebody Else"), trusted_fingerprints={samples.key().fingerprint})
    assert found.problems == (Problem.SIGNER_NOT_TRUSTED,)


def test_an_unsigned_document_is_no_certificate():
    assert Problem.NO_SIGNATURE in verify_document(_unsigned()).problems


def test_a_page_that_says_something_else_than_its_data_is_found():
    other = _unsigned(net_kg="29250.000")
    content = verify_document(samples.document()).content
    assert page_matches_data(samples.document(), content)
    assert not page_matches_data(other, content)


@pytest.mark.parametrize("junk", [b"", b"%PDF-1.7", b"no pdf", b"%PDF-1.7\n" + b"\x00" * 500, b"PK\x03\x04"])
def test_what_is_no_pdf_is_a_finding_and_no_crash(junk: bytes):
    assert not verify_document(junk).ok
