"""The metadata block (XMP, ISO 16684-1) that WeasyPrint does not write: the PDF/UA claim and the data's hashes.

PDF/A allows only properties that are predefined or described in the file (ISO 19005-3, 6.6.2.3): both name spaces bring
their description (extension schema) along.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from xml.sax.saxutils import escape

from certificates.document.datafile import NAMESPACE

PREFIX = "npc"

_UA_NAMESPACE = "http://www.aiim.org/pdfua/ns/id/"


@dataclass(frozen=True)
class CertificateMetadata:
    """The certificate's own properties, all text; the names are those in the file."""

    number: str
    reference: str
    dataSha256: str
    snapshotSha256: str
    template: str


_DESCRIPTIONS = {
    "number": "Number of the NOP Import Certificate in the Organic INTEGRITY Database",
    "reference": "UUID by which the issuing certifier registered the certificate",
    "dataSha256": "SHA-256 of the attached data file",
    "snapshotSha256": "SHA-256 of the certificate data in canonical JSON",
    "template": "Version of the template of the page",
}


def descriptions(metadata: CertificateMetadata | None) -> bytes:
    """``rdf:Description`` elements to stand inside the document's ``rdf:RDF``; without ``metadata`` the PDF/UA claim alone."""
    own = ""
    schemas = _schema(
        "PDF/UA identification", _UA_NAMESPACE, "pdfuaid", [("part", "Integer", "Part of ISO 14289 followed")]
    )
    if metadata is not None:
        values = "".join(
            f"<{PREFIX}:{field.name}>{escape(getattr(metadata, field.name))}</{PREFIX}:{field.name}>"
            for field in fields(metadata)
        )
        own = f'<rdf:Description rdf:about="" xmlns:{PREFIX}="{NAMESPACE}">{values}</rdf:Description>'
        described = [(name, "Text", text) for name, text in _DESCRIPTIONS.items()]
        schemas += _schema("NOP Import Certificate", NAMESPACE, PREFIX, described)
    return (
        f'<rdf:Description rdf:about="" xmlns:pdfuaid="{_UA_NAMESPACE}" pdfuaid:part="1"/>'
        f"{own}"
        '<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"'
        ' xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"'
        ' xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">'
        f"<pdfaExtension:schemas><rdf:Bag>{schemas}</rdf:Bag></pdfaExtension:schemas></rdf:Description>"
    ).encode()


def _schema(title: str, namespace: str, prefix: str, properties: list[tuple[str, str, str]]) -> str:
    described = "".join(
        '<rdf:li rdf:parseType="Resource">'
        f"<pdfaProperty:name>{name}</pdfaProperty:name><pdfaProperty:valueType>{kind}</pdfaProperty:valueType>"
        "<pdfaProperty:category>internal</pdfaProperty:category>"
        f"<pdfaProperty:description>{escape(text)}</pdfaProperty:description></rdf:li>"
        for name, kind, text in properties
    )
    return (
        '<rdf:li rdf:parseType="Resource">'
        f"<pdfaSchema:schema>{escape(title)}</pdfaSchema:schema>"
        f"<pdfaSchema:namespaceURI>{namespace}</pdfaSchema:namespaceURI><pdfaSchema:prefix>{prefix}</pdfaSchema:prefix>"
        f"<pdfaSchema:property><rdf:Seq>{described}</rdf:Seq></pdfaSchema:property></rdf:li>"
    )
