"""The last touch before the PDF is written: what WeasyPrint leaves open, and a look at what it did.

- Text in page margins (number, page count) becomes a pagination artifact. WeasyPrint marks it as content but leaves it
  out of the structure tree, which PDF/UA (ISO 14289-1, 7.1) forbids.
- Text whose letters are joined, stacked or run from right to left is spelled out beside its glyphs (ActualText, ISO 32000-1,
  14.9.4): one such glyph may stand for part of a letter, or for several, and no table from glyphs to letters says which.
- The PDF/UA claim and the data's hashes go into the metadata.
- The associated-files list names the data file once.
- Only bundled fonts may have been used, and no glyph may be missing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any

import pydyf
from weasyprint.formatting_structure import boxes
from weasyprint.layout.absolute import AbsolutePlaceholder

from certificates.document.errors import UnfaithfulDocument
from certificates.document.fonts import FAMILY_PREFIX
from certificates.document.xmp import CertificateMetadata, descriptions

#: Its documents were written with margins that are content and without spellings; made again, they must come out so.
_FIRST_TEMPLATE = "1"
#: Vowels of these scripts are letters to Unicode and yet stand round their consonant.
_THAI_LAO = frozenset(map(chr, range(0x0E00, 0x0F00)))
_RDF_END = b"</rdf:RDF>"


class Finisher:
    """A WeasyPrint ``finisher``: called with the laid-out document and the PDF object tree.

    ``metadata``: those of a certificate, which then has exactly one data file; None for a print that is no certificate and
    has none.
    """

    def __init__(self, metadata: CertificateMetadata | None) -> None:
        self._metadata = metadata

    def __call__(self, document: Any, pdf: pydyf.PDF) -> None:
        """Mend ``pdf`` in place. Raises :class:`~certificates.document.errors.UnfaithfulDocument`."""
        self._check_fonts(document)
        self._complete_metadata(pdf)
        self._mark_content(document, pdf)
        files = pydyf.Array(dict.fromkeys(pdf.catalog.get("AF", ())))
        wanted = 0 if self._metadata is None else 1
        if len(files) != wanted:
            raise UnfaithfulDocument(f"{len(files)} files are attached, not {wanted}")
        if files:
            pdf.catalog["AF"] = files

    def _check_fonts(self, document: Any) -> None:
        for font in document.fonts.values():
            if not font.family.startswith(FAMILY_PREFIX):
                raise UnfaithfulDocument(f"the font {font.family!r} is none of the bundled ones")
            if font.missing:
                raise UnfaithfulDocument(f"{font.family!r} lacks glyphs for {sorted(font.missing)}")

    def _complete_metadata(self, pdf: pydyf.PDF) -> None:
        stream = _object(pdf, pdf.catalog["Metadata"])
        xml = b"".join(stream.stream)
        if xml.count(_RDF_END) != 1:
            raise UnfaithfulDocument("the metadata do not hold exactly one rdf:RDF")
        stream.stream = [xml.replace(_RDF_END, descriptions(self._metadata) + _RDF_END)]

    def _mark_content(self, document: Any, pdf: pydyf.PDF) -> None:
        root = _object(pdf, pdf.catalog["StructTreeRoot"])
        reachable: set[bytes] = set()
        _collect(pdf, root, reachable)
        nums = _object(pdf, root["ParentTree"])["Nums"]
        owners = dict(zip(nums[::2], nums[1::2], strict=True))
        for page in _pages(pdf):
            parents = owners[page["StructParents"]]
            orphans = {mcid for mcid, parent in enumerate(parents) if parent not in reachable}
            if self._metadata is None or self._metadata.template != _FIRST_TEMPLATE:
                operations = _object(pdf, page["Contents"]).stream
                _spell_out(operations, _spellings(document.pages[page["StructParents"]], pdf, parents))
                _make_artifacts(operations, orphans)
            parents[:] = [parent if parent in reachable else "null" for parent in parents]


def _spellings(page: Any, pdf: pydyf.PDF, parents: list[bytes]) -> dict[int, str]:
    """The texts of a page that have to be spelled out, by the identifier of their marked content.

    WeasyPrint makes a structure element for each box of text in the order of the boxes, and numbers the marks in the order of
    drawing: the elements in their order are the boxes in theirs. Raises ``UnfaithfulDocument`` where they do not pair up.
    """
    texts = [box.text for box in _text_boxes(page._page_box)]
    elements = [(int(ref.split()[0]), mcid) for mcid, ref in enumerate(parents) if _object(pdf, ref)["S"] == "/Span"]
    if len(texts) != len(elements):
        raise UnfaithfulDocument(f"{len(texts)} texts do not pair up with {len(elements)} elements of the structure")
    marks = [mcid for _number, mcid in sorted(elements)]
    return {mcid: text for mcid, text in zip(marks, texts, strict=True) if _is_shaped(text)}


def _text_boxes(box: Any) -> Iterator[Any]:
    """The boxes of text below ``box``, in the order in which WeasyPrint tags them."""
    box = box._box if isinstance(box, AbsolutePlaceholder) else box
    for child in getattr(box, "children", ()):
        for each in child.children if isinstance(child, boxes.LineBox) else [child]:
            if isinstance(each, boxes.TextBox):
                yield each
            else:
                yield from _text_boxes(each)


def _is_shaped(text: str) -> bool:
    """Whether letters of ``text`` are joined, stacked or run from right to left."""
    return any(
        unicodedata.bidirectional(c) in {"R", "AL"} or unicodedata.category(c) in {"Mn", "Mc"} or c in _THAI_LAO
        for c in text
    )


def _spell_out(operations: list[Any], spellings: dict[int, str]) -> None:
    """Add to the properties of each mark the text that its glyphs stand for."""
    for place, operation in enumerate(operations):
        if operation == b"BDC" and operations[place - 1].get("MCID") in spellings:
            operations[place - 1]["ActualText"] = pydyf.String(spellings[operations[place - 1]["MCID"]])


def _make_artifacts(operations: list[Any], orphans: set[int]) -> None:
    """Mark the content ``orphans`` as pagination. A mark stands as three items: its tag, its properties, the operator.

    Raises :class:`~certificates.document.errors.UnfaithfulDocument` where not all of them are found.
    """
    found = set()
    for place, operation in enumerate(operations):
        if operation == b"BDC" and operations[place - 1].get("MCID") in orphans:
            found.add(operations[place - 1]["MCID"])
            operations[place - 2 : place] = ["/Artifact", pydyf.Dictionary({"Type": "/Pagination"})]
    if found != orphans:
        raise UnfaithfulDocument(f"the marks of {len(orphans - found)} margins are not where they were looked for")


def _object(pdf: pydyf.PDF, reference: bytes) -> Any:
    return pdf.objects[int(reference.split()[0])]


def _pages(pdf: pydyf.PDF) -> list[Any]:
    return [o for o in pdf.objects if isinstance(o, dict) and o.get("Type") == "/Page"]


def _collect(pdf: pydyf.PDF, element: Any, reachable: set[bytes]) -> None:
    """The references of all structure elements below ``element``."""
    for kid in element.get("K", ()):
        if isinstance(kid, bytes) and kid not in reachable:
            reachable.add(kid)
            _collect(pdf, _object(pdf, kid), reachable)
