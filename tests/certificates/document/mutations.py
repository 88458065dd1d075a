"""What can be done to an issued certificate: by name, and what a verifier must say about it.

Those "signed again" are by the certifier's own key: there the signature is good, and only data and page can tell.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pikepdf
from asn1crypto import cms
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import SigFieldSpec, append_signature_field

from certificates.document.datafile import DATA_FILE
from certificates.document.keys import SigningKey
from certificates.document.proof import Problem
from certificates.document.sign import sign_document


@dataclass(frozen=True)
class Keys:
    """Keys to sign again with: the certifier's own, somebody's, one with the certifier's name, one that has ended."""

    own: SigningKey
    other: SigningKey
    namesake: SigningKey
    ended: SigningKey


@dataclass(frozen=True)
class Case:
    """``pdf`` → the mutated file; ``unsigned`` is the document before it was signed."""

    name: str
    make: Callable[[bytes, bytes, Keys], bytes]
    says: frozenset[Problem]


CASES: list[Case] = []


def case(name: str, *says: Problem) -> Callable[[Any], Any]:
    def keep(make: Callable[[bytes, bytes, Keys], bytes]) -> Callable[[bytes, bytes, Keys], bytes]:
        CASES.append(Case(name, make, frozenset(says)))
        return make

    return keep


def saved(pdf: bytes, change: Callable[[pikepdf.Pdf], object] = lambda _pdf: None, **how: Any) -> bytes:
    """Read, change, write anew."""
    output = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        change(opened)
        opened.save(output, **how)
    return output.getvalue()


def appended(pdf: bytes, change: Callable[[IncrementalPdfFileWriter], object]) -> bytes:
    """A revision after the signature."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    change(writer)
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


def say_more_kilograms(opened: pikepdf.Pdf) -> None:
    """The page shows 99,250.000 kg: glyphs of the weight are exchanged in the page's own text."""
    swap_digit(opened, "19,250.000", "1", "9")


def swap_digit(opened: pikepdf.Pdf, text: str, digit: str, other: str) -> None:
    """Print ``other`` where the first page's text begins ``text`` with ``digit``, in each place."""
    page = opened.pages[0]
    fonts = {name: to_unicode(font) for name, font in page.Resources.Font.items()}
    font, done = "", 0
    result: list[tuple[Any, pikepdf.Operator]] = []
    for operands, operator in pikepdf.parse_content_stream(page):
        result.append((operands, operator))
        if str(operator) == "Tf":
            font = str(operands[0])
        if str(operator) in ("Tj", "TJ"):
            glyphs = {letter: code for code, letter in fonts[font].items()}
            pieces = list(operands[0]) if str(operator) == "TJ" else [operands[0]]
            shown = "".join(fonts[font].get(code, "") for piece in pieces for code in codes(piece))
            if shown.startswith(text) and digit in glyphs and other in glyphs:
                pieces = exchanged(pieces, glyphs[digit], glyphs[other])
                result[-1] = ([pikepdf.Array(pieces)], pikepdf.Operator("TJ"))
                done += 1
    assert done, f"{text!r} is not on the page as one piece"
    page.Contents = opened.make_stream(pikepdf.unparse_content_stream(result))


def codes(piece: Any) -> list[bytes]:
    if not isinstance(piece, pikepdf.String):
        return []
    raw = bytes(piece)
    return [raw[start : start + 2] for start in range(0, len(raw), 2)]


def exchanged(pieces: list[Any], old: bytes, new: bytes) -> list[Any]:
    for index, piece in enumerate(pieces):
        found = codes(piece)
        if old in found:
            place = found.index(old)
            pieces[index] = pikepdf.String(b"".join([*found[:place], new, *found[place + 1 :]]))
            return pieces
    return pieces


def to_unicode(font: pikepdf.Object) -> dict[bytes, str]:
    """A font's glyphs (two bytes each) and the text they stand for."""
    text = font.ToUnicode.read_bytes().decode("ascii")
    pairs = re.findall(r"^<([0-9a-fA-F]{4})> <([0-9a-fA-F]+)>$", text, re.MULTILINE)
    return {bytes.fromhex(glyph): bytes.fromhex(letters).decode("utf-16-be") for glyph, letters in pairs}


def swap_data(opened: pikepdf.Pdf, old: bytes = b"19250.000", new: bytes = b"99250.000") -> None:
    data = opened.attachments[DATA_FILE].get_file().read_bytes()
    assert old in data
    opened.attachments[DATA_FILE] = pikepdf.AttachedFileSpec(opened, data.replace(old, new), filename=DATA_FILE)


@case("a byte of the page", Problem.CHANGED)
def _(pdf: bytes, unsigned: bytes, keys: Keys) -> bytes:
    position = pdf.index(b"stream\n") + 200
    return pdf[:position] + bytes([pdf[position] ^ 1]) + pdf[position + 1 :]


@case("a digit of the weight on the page", Problem.NOT_WHOLE_FILE, Problem.PAGE)
def _(pdf: bytes, unsigned: bytes, keys: Keys) -> bytes:
    return saved(pdf, say_more_kilograms)


@case("a digit of the weight on the page, signed again", Problem.PAGE)
def _(pdf: bytes, unsigned: bytes, keys: Keys) -> bytes:
    return sign_document(saved(unsigned, say_more_kilograms), keys.own)


@case("a digit of the weight in the data", Problem.NOT_WHOLE_FILE, Problem.DATA_HASH, Problem.SNAPSHOT_HASH)
def _(pdf: bytes, unsigned: bytes, keys: Keys) -> bytes:
    return saved(pdf, swap_data)


@case("a digit of the weight in the data, signed again", Problem.DATA_HASH, Problem.SNAPSHOT_HASH, Problem.PAGE)
def _(pdf: bytes, unsigned: bytes, keys: Keys) -> bytes:
    return sign_document(saved(unsigned, swap_data), keys.own)


@case("an added page", Problem.NOT_WHOLE_FILE)
def _(pdf: bytes, unsigned: bytes, keys: Keys) -> bytes:
    return saved(pdf, lambda opened: opened.add_blank_page())


@case("a removed page", Problem.NOT_WHOLE_FILE, Problem.PAGE)
def _(pdf: bytes, unsigned: bytes, keys: Keys) -> bytes:
    def remove(opened: pikepdf.Pdf) -> None:
        opened.add_blank_page()
        del opened.pages[0]

    return saved(pdf, remove)


@case("a revision that changes nothing", Problem.NOT_WHOLE_FILE)
def _(pdf: bytes, unsigned: bytes, keys: Keys) -> bytes:
    return appended(pdf, lambda writer: writer.update_root())


@case("an annotation over the weight", Problem.NOT_WHOLE_FILE, Problem.ACTIVE_CONTENT)
def _(pdf: bytes, unsigned: bytes, keys: Keys) -> bytes:
    def cover(writer: IncrementalPdfFileWriter) -> None:
        note = generic.DictionaryObject({
            pdf_name("/Type"): pdf_name("/Annot"), pdf_name("/Subtype"): pdf_name("/FreeText"),
            pdf_name("/Contents"): generic.pdf_string("99,250.000 kg"),
            pdf_name("/Rect"): generic.ArrayObject(map(generic.NumberObject, (100, 400, 300, 440))),
        })  # fmt: skip
        page = writer.root["/Pages"]["/Kids"][0]
        page.setdefault(pdf_name("/Annots"), generic.ArrayObject()).append(writer.add_object(note))
        writer.update_container(page)

    return appended(pdf, cover)


@case("a form field added", Problem.NOT_WHOLE_FILE)
def _(pdf: bytes, unsigned: bytes, keys: Keys) -> bytes:
    return appended(pdf, lambda writer: append_signature_field(writer, SigFieldSpec("Importer")))


@case("the signature cut off", Problem.NO_SIGNATURE)
def _(pdf: bytes, unsigned: bytes, keys: Keys) -> bytes:
    return pdf[: len(unsigned)]


@case("the signature taken out of its field", Problem.NO_SIGNATURE)
def _(pdf: bytes, unsigned: bytes, keys: Keys) -> bytes:
    def remove(opened: pikepdf.Pdf) -> None:
        del opened.Root.AcroForm.Fields[0].V

    return saved(pdf, remove)


@case("a second signature", Problem.SEVERAL_SIGNATURES)
def _(pdf: bytes, unsigned: bytes, keys: Keys) -> bytes:
    from pyhanko.sign import PdfSignatureMetadata, PdfSigner

    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    signer = PdfSigner(PdfSignatureMetadata("Second", md_algorithm="sha256"), signer=keys.other.signer)
    return signer.sign_pdf(writer).getvalue()


@case("the data of another certificate", Problem.NOT_WHOLE_FILE, Problem.DATA_HASH)
def _(pdf: bytes, unsigned: bytes, keys: Keys) -> bytes:
    return saved(pdf, lambda opened: swap_data(opened, b"101-1010000011-000001", b"101-1010000011-000002"))


@case("other data that are no certificate", Problem.NOT_WHOLE_FILE, Problem.BAD_DATA)
def _(pdf: bytes, unsigned: bytes, keys: Keys) -> bytes:
    return saved(pdf, lambda opened: swap_data(opened, b'"snapshot":', b'"snapshots":'))


@case("the data removed", Problem.NOT_WHOLE_FILE, Problem.NO_DATA)
def _(pdf: bytes, unsigned: bytes, keys: Keys) -> bytes:
    def remove(opened: pikepdf.Pdf) -> None:
        del opened.attachments[DATA_FILE]

    return saved(pdf, remove)


def attach(opened: pikepdf.Pdf) -> None:
    opened.attachments["more.json"] = pikepdf.AttachedFileSpec(opened, b"{}", filename="more.json")


@case("a second attachment", Problem.NOT_WHOLE_FILE, Problem.SEVERAL_FILES)
def _(pdf: bytes, unsigned: bytes, keys: Keys) -> bytes:
    return saved(pdf, attach)


@case("a second attachment, signed again", Problem.SEVERAL_FILES)
def _(pdf: bytes, unsigned: bytes, keys: Keys) -> bytes:
    return sign_document(saved(unsigned, attach), keys.own)


@case("the metadata changed", Problem.NOT_WHOLE_FILE, Problem.DATA_HASH)
def _(pdf: bytes, unsigned: bytes, keys: Keys) -> bytes:
    def change(opened: pikepdf.Pdf) -> None:
        text = opened.Root.Metadata.read_bytes().replace(b"101-1010000011-000001", b"101-1010000011-000009")
        opened.Root.Metadata.write(text)

    return saved(pdf, change)


@case("signed by another key", Problem.SIGNER_NOT_TRUSTED)
def _(pdf: bytes, unsigned: bytes, keys: Keys) -> bytes:
    return sign_document(unsigned, keys.other)


@case("signed by a key that calls itself the certifier's", Problem.SIGNER_NOT_TRUSTED)
def _(pdf: bytes, unsigned: bytes, keys: Keys) -> bytes:
    return sign_document(unsigned, keys.namesake)


@case("signed by a key that had ended", Problem.SIGNER_NOT_VALID)
def _(pdf: bytes, unsigned: bytes, keys: Keys) -> bytes:
    return sign_document(unsigned, keys.ended)


@case("cut short", Problem.NOT_READABLE)
def _(pdf: bytes, unsigned: bytes, keys: Keys) -> bytes:
    return pdf[: len(unsigned) // 2]


@case("bytes added at the end", Problem.NOT_WHOLE_FILE)
def _(pdf: bytes, unsigned: bytes, keys: Keys) -> bytes:
    return pdf + b"\n% more\n"


@case("bytes added in front", Problem.NOT_READABLE)
def _(pdf: bytes, unsigned: bytes, keys: Keys) -> bytes:
    return b"% before\n" + pdf


@case("written anew for the web", Problem.NOT_WHOLE_FILE)
def _(pdf: bytes, unsigned: bytes, keys: Keys) -> bytes:
    return saved(pdf, linearize=True)


@case("written anew", Problem.NOT_WHOLE_FILE)
def _(pdf: bytes, unsigned: bytes, keys: Keys) -> bytes:
    return saved(pdf)


@case("written anew with object streams", Problem.NOT_WHOLE_FILE)
def _(pdf: bytes, unsigned: bytes, keys: Keys) -> bytes:
    return saved(pdf, object_stream_mode=pikepdf.ObjectStreamMode.generate)


@case("the signed range made shorter", Problem.NOT_WHOLE_FILE)
def _(pdf: bytes, unsigned: bytes, keys: Keys) -> bytes:
    found = re.search(rb"/ByteRange \[0 \d+ \d+ (\d+)", pdf)
    assert found
    shorter = str(int(found[1]) - 100).rjust(len(found[1])).encode()
    return pdf[: found.start(1)] + shorter + pdf[found.end(1) :]


@case("the signature's bytes zeroed", Problem.NOT_READABLE)
def _(pdf: bytes, unsigned: bytes, keys: Keys) -> bytes:
    start = pdf.rindex(b"/Contents <") + len(b"/Contents <")
    end = pdf.index(b">", start)
    return pdf[:start] + b"0" * (end - start) + pdf[end:]


@case("bytes hidden behind the signature", Problem.CHANGED)
def _(pdf: bytes, unsigned: bytes, keys: Keys) -> bytes:
    end = pdf.index(b">", pdf.rindex(b"/Contents <"))
    return pdf[: end - 8] + b"DEADBEEF" + pdf[end:]


def without_stamp(pdf: bytes) -> bytes:
    """The signature in the same room, its unsigned attributes left out."""
    start = pdf.rindex(b"/Contents <") + len(b"/Contents <")
    end = pdf.index(b">", start)
    signature = PdfFileReader(io.BytesIO(pdf)).embedded_signatures[0]
    whole = cms.ContentInfo.load(bytes(signature.pkcs7_content))
    information = whole["content"]["signer_infos"][0]
    information["unsigned_attrs"] = cms.CMSAttributes([])
    del information["unsigned_attrs"]
    spelled = whole.dump(force=True).hex().upper().encode()
    return pdf[:start] + spelled.ljust(end - start, b"0") + pdf[end:]


@case("the time stamp taken out", Problem.TIME_STAMP)
def _(pdf: bytes, unsigned: bytes, keys: Keys) -> bytes:
    return without_stamp(pdf)


@case("another page shown instead", Problem.NOT_WHOLE_FILE, Problem.PAGE)
def _(pdf: bytes, unsigned: bytes, keys: Keys) -> bytes:
    def shadow(writer: IncrementalPdfFileWriter) -> None:
        page = writer.root["/Pages"]["/Kids"][0]
        page[pdf_name("/Contents")] = writer.add_object(generic.StreamObject(stream_data=b"q Q"))
        writer.update_container(page)

    return appended(pdf, shadow)


@case("the fonts exchanged", Problem.NOT_WHOLE_FILE)
def _(pdf: bytes, unsigned: bytes, keys: Keys) -> bytes:
    def exchange(opened: pikepdf.Pdf) -> None:
        fonts = opened.pages[0].Resources.Font
        names = sorted(fonts.keys())
        fonts[names[0]], fonts[names[1]] = fonts[names[1]], fonts[names[0]]

    return saved(pdf, exchange)


@case("the words DEMO taken off the page", Problem.NOT_WHOLE_FILE)
def _(pdf: bytes, unsigned: bytes, keys: Keys) -> bytes:
    def remove(opened: pikepdf.Pdf) -> None:
        page = opened.pages[0]
        kept = [each for each in pikepdf.parse_content_stream(page) if str(each[1]) not in ("rg", "scn")]
        page.Contents = opened.make_stream(pikepdf.unparse_content_stream(kept))

    return saved(pdf, remove)


def run_script(opened: pikepdf.Pdf) -> None:
    opened.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert('valid')")


@case("a script when it is opened", Problem.NOT_WHOLE_FILE, Problem.ACTIVE_CONTENT)
def _(pdf: bytes, unsigned: bytes, keys: Keys) -> bytes:
    return saved(pdf, run_script)


@case("a script when it is opened, signed again", Problem.ACTIVE_CONTENT)
def _(pdf: bytes, unsigned: bytes, keys: Keys) -> bytes:
    return sign_document(saved(unsigned, run_script), keys.own)


@case("an encrypted copy", Problem.ENCRYPTED)
def _(pdf: bytes, unsigned: bytes, keys: Keys) -> bytes:
    return saved(pdf, encryption=pikepdf.Encryption(owner="owner", user=""))
