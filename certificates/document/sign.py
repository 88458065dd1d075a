"""PDF → signed PDF: a PAdES baseline signature (ETSI EN 319 142-1, level B-B) over the whole file.

The signature is an appended revision: the rendered bytes stay as they are, and the first bytes of a signed document are
exactly what :func:`certificates.document.render.render_document` returned.
"""

from __future__ import annotations

import io
import logging

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.fields import InvisSigSettings, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.general import SigningError

from certificates.document.errors import NoSigningKey, UnfaithfulDocument
from certificates.document.keys import SigningKey

FIELD_NAME = "CertifierSignature"
DIGEST = "sha256"
#: Room for the signature: an RSA 4096 signature with a certificate chain takes under 8 KiB (hexadecimal: twice that).
#: A fixed room saves signing twice, once to measure.
ROOM = 2 * 12 * 1024

logger = logging.getLogger(__name__)


class _SignatureRevision(IncrementalPdfFileWriter):
    """An appended revision that adds a signature and nothing else.

    pyHanko would also write itself into the producer and date of the metadata. The document's metadata describe the
    document; they are covered by the signature, and PDF/A wants their two spellings to agree.
    """

    def _update_meta(self) -> None:
        pass


def sign_document(pdf: bytes, key: SigningKey | None) -> bytes:
    """``pdf`` with the signature of ``key``; the field is invisible, the PDF reader shows who signed.

    Raises :class:`~certificates.document.errors.NoSigningKey` without a key: an unsigned document is never returned.
    """
    if key is None:
        raise NoSigningKey("no key is stored")
    signer = PdfSigner(
        PdfSignatureMetadata(
            field_name=FIELD_NAME,
            md_algorithm=DIGEST,
            subfilter=SigSeedSubFilter.PADES,
            name=key.subject,
            reason="Issue of the NOP Import Certificate",
        ),
        signer=key.signer,
        new_field_spec=SigFieldSpec(
            FIELD_NAME,
            on_page=0,
            readable_field_name="Electronic signature of the certifying agent",
            # PDF/A forbids a hidden field, PDF/UA an untagged one in the page: so it lies outside the page.
            invis_sig_settings=InvisSigSettings(set_print_flag=True, box_out_of_bounds=True),
        ),
    )
    output = io.BytesIO()
    try:
        signer.sign_pdf(_SignatureRevision(io.BytesIO(pdf)), output=output, bytes_reserved=ROOM)
    except (SigningError, PdfError, ValueError) as error:
        raise UnfaithfulDocument(f"signing failed: {error}") from error
    signed = output.getvalue()
    if not signed.startswith(pdf) or len(signed) == len(pdf):
        raise UnfaithfulDocument("the signature did not come as an appended revision")
    return signed
