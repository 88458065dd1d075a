"""What PDF/A-3a (ISO 19005-3) and PDF/UA-1 (ISO 14289-1) ask of a document, as far as it can be read off its structure.

No validator of these standards is among the project's packages; this is not one. Each rule names the clause it reads.
`qpdf`'s own check of the file's syntax is part of it (through pikepdf, which brings the library).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import pikepdf
from defusedxml.ElementTree import fromstring
from pikepdf import Name, Pdf

from certificates.document.payload import DATA_FILE
from certificates.document.xmp import NAMESPACE

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
PDFA = "{http://www.aiim.org/pdfa/ns/id/}"
PDFUA = "{http://www.aiim.org/pdfua/ns/id/}"
DC = "{http://purl.org/dc/elements/1.1/}"
PDFA_SCHEMA = "{http://www.aiim.org/pdfa/ns/schema#}"
#: Structure types of ISO 32000-1, 14.8.4 that a page of ours may use.
TYPES = frozenset(
    "Document Part Art Sect Div P H H1 H2 H3 Table TR TH TD THead TBody TFoot Span Figure L LI Lbl LBody Caption Form NonStruct"
    .split()
)  # fmt: skip
#: Operators that put ink on the page.
INK = frozenset("Tj TJ ' \" f F f* B B* b b* S s Do sh EI".split())
FORBIDDEN_ACTIONS = frozenset(
    "/JavaScript /Launch /Sound /Movie /ResetForm /ImportData /Hide /SetOCGState /Rendition /Trans /GoTo3DView /URI".split()
)

Rule = Callable[[Pdf], Iterator[str]]


def faults(pdf: bytes, *, data: bool = True) -> list[str]:
    """All that speaks against ``pdf``; ``data``: whether it must carry the data file, or must carry none."""
    try:
        with pikepdf.open(io.BytesIO(pdf)) as opened:
            found = [fault for rule in RULES for fault in rule(opened)]
            found += _files(opened, data)
    except pikepdf.PdfError as error:
        return [f"syntax: {error}"]
    if not pdf.startswith(b"%PDF-1.7\n%") or min(pdf[10:14]) < 128:
        found.append("6.1.2: the header is not that of a binary PDF 1.7")
    return found


def syntax(pdf: Pdf) -> Iterator[str]:
    """What qpdf finds."""
    yield from (f"syntax: {problem}" for problem in pdf.check_pdf_syntax())


def trailer(pdf: Pdf) -> Iterator[str]:
    """6.1.3: an identifier, and no encryption."""
    if "/ID" not in pdf.trailer:
        yield "6.1.3: the trailer has no ID"
    if pdf.is_encrypted:
        yield "6.1.3: it is encrypted"


def catalogue(pdf: Pdf) -> Iterator[str]:
    """6.7 and PDF/UA 7.1, 7.2: tagged, in a language, its title shown; 6.6.1: nothing acts by itself."""
    root = pdf.Root
    if "/MarkInfo" not in root or root.MarkInfo.get("/Marked") is not True:
        yield "6.7.2: it is not marked as tagged"
    if not str(root.get("/Lang", "")):
        yield "UA 7.2: it names no language"
    if root.get("/ViewerPreferences", {}).get("/DisplayDocTitle") is not True:
        yield "UA 7.1: its title is not shown"
    for key in ("/OpenAction", "/AA", "/Requirements", "/OCProperties"):
        if key in root:
            yield f"6.6.1: the catalogue has {key}"
    names = root.get("/Names", {})
    yield from (f"6.6.1: there are {key}" for key in ("/JavaScript", "/AlternatePresentations") if key in names)


def metadata(pdf: Pdf) -> Iterator[str]:
    """6.6.2, 6.6.4, UA 5: the claims, a title, and a description of each name space of ours."""
    if "/Metadata" not in pdf.Root:
        yield "6.6.2: there are no metadata"
        return
    root = fromstring(pdf.Root.Metadata.read_bytes())
    claims = {key: _property(root, key) for key in (f"{PDFA}part", f"{PDFA}conformance", f"{PDFUA}part")}
    if list(claims.values()) != ["3", "A", "1"]:
        yield f"6.6.4: it claims {claims}"
    if not (root.findtext(f".//{DC}title//{RDF}li") or "").strip():
        yield "UA 7.1: the metadata have no title"
    described = {node.text for node in root.iter(f"{PDFA_SCHEMA}namespaceURI")}
    used = {node.tag[1:].partition("}")[0] for node in root.iter() if isinstance(node.tag, str)}
    if NAMESPACE in used and NAMESPACE not in described:
        yield "6.6.2.3: our name space is not described"
    if PDFUA[1:-1] not in described:
        yield "6.6.2.3: the name space of the PDF/UA claim is not described"


def colour(pdf: Pdf) -> Iterator[str]:
    """6.2.3: colours have one meaning, given by a profile in the file."""
    intents = list(pdf.Root.get("/OutputIntents", []))
    if not any(i.get("/S") == Name.GTS_PDFA1 and "/DestOutputProfile" in i for i in intents):
        yield "6.2.3: there is no output intent with a profile"


def fonts(pdf: Pdf) -> Iterator[str]:
    """6.2.11, UA 7.21: every font is embedded and says which characters its glyphs are."""
    for font in _objects(pdf, "/Font"):
        name = str(font.get("/BaseFont"))
        if font.get("/Subtype") in (Name.CIDFontType0, Name.CIDFontType2):
            held = font.get("/FontDescriptor", {})
            if not any(key in held for key in ("/FontFile", "/FontFile2", "/FontFile3")):
                yield f"6.2.11.4: {name} is not embedded"
        elif "/ToUnicode" not in font:
            yield f"6.2.11.7: {name} does not say which characters its glyphs are"


def actions(pdf: Pdf) -> Iterator[str]:
    """6.6.1: no action but going somewhere in the document."""
    for thing in pdf.objects:
        if isinstance(thing, pikepdf.Dictionary):
            if str(thing.get("/S", "")) in FORBIDDEN_ACTIONS:
                yield f"6.6.1: an action {thing['/S']}"
            if "/AA" in thing:
                yield "6.6.1: something acts by itself"


def streams(pdf: Pdf) -> Iterator[str]:
    """6.1.7: all data are in the file, and none are packed with LZW; 6.2.8: images are drawn as they are."""
    for thing in pdf.objects:
        if isinstance(thing, pikepdf.Stream):
            filters = thing.get("/Filter", [])
            if "/LZWDecode" in str(filters):
                yield "6.1.7.2: LZW"
            if "/F" in thing:
                yield "6.1.7.1: a stream lies outside the file"
            if thing.get("/Interpolate") is True:
                yield "6.2.8: an image is interpolated"


def content(pdf: Pdf) -> Iterator[str]:
    """UA 7.1: whatever is drawn is either an artifact or in the structure tree."""
    numbers = pdf.Root.StructTreeRoot.ParentTree.Nums
    parents = {int(numbers[i]): numbers[i + 1] for i in range(0, len(numbers), 2)}
    for number, page in enumerate(pdf.pages, start=1):
        owners = parents.get(int(page.obj.get("/StructParents", -1)), [])
        marked: list[bool] = []
        for instruction in pikepdf.parse_content_stream(page):
            operator, operands = str(instruction.operator), instruction.operands
            if operator == "BDC" and operands[0] != Name.Artifact and "/MCID" in operands[1]:
                owner = owners[int(operands[1]["/MCID"])] if int(operands[1]["/MCID"]) < len(owners) else None
                if not isinstance(owner, pikepdf.Dictionary):
                    yield f"UA 7.1: page {number} has content that the structure tree does not know"
            if operator in {"BDC", "BMC"}:
                marked.append(True)
            elif operator == "EMC":
                if not marked:
                    yield f"UA 7.1: page {number} ends a mark that was not begun"
                del marked[-1:]
            elif operator in INK and not marked:
                yield f"UA 7.1: page {number} draws outside marked content ({operator})"


def structure(pdf: Pdf) -> Iterator[str]:
    """UA 7.1 to 7.5: known types, headings in their order, pictures in words, table heads with their scope."""
    roles = pdf.Root.StructTreeRoot.get("/RoleMap", {})
    last = 0
    named = {str(name) for cell in _elements(pdf.Root.StructTreeRoot) for name in _attributes(cell).get("/Headers", [])}
    for element in _elements(pdf.Root.StructTreeRoot):
        kind = str(element.get("/S", ""))
        kind = str(roles.get(kind, kind)).lstrip("/")
        if kind not in TYPES:
            yield f"UA 7.1: {kind} is no structure type"
        if kind == "Figure" and not str(element.get("/Alt", "")).strip():
            yield "UA 7.3: a picture without words"
        if kind == "TH" and "/Scope" not in _attributes(element) and str(element.get("/ID", "")) not in named:
            yield "UA 7.5: a table head that no cell belongs to"
        if kind in {"H1", "H2", "H3"}:
            level = int(kind[1])
            if level > last + 1:
                yield f"UA 7.4.2: {kind} follows a heading of level {last}"
            last = level
    if not last:
        yield "UA 7.4: there are no headings"


def _files(pdf: Pdf, data: bool) -> Iterator[str]:
    """6.8: an embedded file is an associated file with its kind, date and description."""
    names = list(pdf.attachments)
    if names != ([DATA_FILE] if data else []):
        yield f"6.8: attached are {names}"
        return
    listed = list(pdf.Root.get("/AF", []))
    if len(listed) != len(names):
        yield f"6.8: {len(listed)} associated files for {len(names)} attached"
    for spec in listed:
        missing = [key for key in ("/AFRelationship", "/F", "/UF", "/Desc", "/EF") if key not in spec]
        stream = spec["/EF"]["/F"]
        missing += [key for key in ("/Subtype", "/Params") if key not in stream]
        if missing or "/ModDate" not in stream["/Params"]:
            yield f"6.8: the data file lacks {missing or 'its date'}"


def _objects(pdf: Pdf, kind: str) -> Iterator[Any]:
    return (o for o in pdf.objects if isinstance(o, pikepdf.Dictionary) and str(o.get("/Type", "")) == kind)


def _property(root: Any, key: str) -> str:
    """A simple property, spelled as an element or as an attribute."""
    found = root.findtext(f".//{key}")
    if found is None:
        found = next((node.get(key) for node in root.iter(f"{RDF}Description") if node.get(key)), "")
    return str(found)


def _elements(node: Any) -> Iterator[Any]:
    kids = node.get("/K", [])
    for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
        if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
            yield kid
            yield from _elements(kid)


def _attributes(element: Any) -> dict[str, Any]:
    found = element.get("/A", [])
    dictionaries = found if isinstance(found, pikepdf.Array) else [found]
    return {
        str(key): value for each in dictionaries if isinstance(each, pikepdf.Dictionary) for key, value in each.items()
    }


RULES: tuple[Rule, ...] = (
    syntax, trailer, catalogue, metadata, colour, fonts, actions, streams, content, structure
)  # fmt: skip
