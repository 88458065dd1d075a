"""The last touch before the PDF is written: what WeasyPrint leaves open, and a look at what it did.

- Text in page margins (number, page count) becomes a pagination artifact. WeasyPrint marks it as content but leaves it
  out of the structure tree, which PDF/UA (ISO 14289-1, 7.1) forbids.
- The PDF/UA claim and the data's hashes go into the metadata.
- The associated-files list names the data file once.
- Only bundled fonts may have been used, and no glyph may be missing.
"""

from __future__ import annotations

from typing import Any

import pydyf

from certificates.document.errors import UnfaithfulDocument
from certificates.document.fonts import FAMILY_PREFIX
from certificates.document.xmp import CertificateMetadata, descriptions

_ARTIFACT = b"/Artifact <</Type /Pagination>> BDC"
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
        self._mark_margins(pdf)
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

    def _mark_margins(self, pdf: pydyf.PDF) -> None:
        root = _object(pdf, pdf.catalog["StructTreeRoot"])
        reachable: set[bytes] = set()
        _collect(pdf, root, reachable)
        nums = _object(pdf, root["ParentTree"])["Nums"]
        owners = dict(zip(nums[::2], nums[1::2], strict=True))
        for page in _pages(pdf):
            parents = owners[page["StructParents"]]
            orphans = {mcid for mcid, parent in enumerate(parents) if parent not in reachable}
            stream = _object(pdf, page["Contents"])
            stream.stream = [_artifact_if_orphan(operation, orphans) for operation in stream.stream]
            parents[:] = [parent if parent in reachable else "null" for parent in parents]


def _artifact_if_orphan(operation: Any, orphans: set[int]) -> Any:
    if not isinstance(operation, bytes) or not operation.endswith(b"BDC") or b"/MCID" not in operation:
        return operation
    mcid = int(operation.split(b"/MCID", 1)[1].split(b">>", 1)[0])
    return _ARTIFACT if mcid in orphans else operation


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
