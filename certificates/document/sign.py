"""PDF → signed PDF: a PAdES signature (ETSI EN 319 142-1) over the whole file.

Level B-B; B-T where a time-stamp server is set up; with the authority's answers about revocation inside where the
signer's chain names whom to ask and the operator lets them be asked. What is set up is never left out quietly: a server
that does not answer is an error, and the document waits.

The signature is an appended revision: the rendered bytes stay as they are, and the first bytes of a signed document are
exactly what :func:`certificates.document.render.render_document` returned.
"""

from __future__ import annotations

import asyncio
import io

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.fields import InvisSigSettings, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.pdf_signer import DSSContentSettings, SigDSSPlacementPreference
from pyhanko.sign.timestamps import TimestampRequestError
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import PathBuildingError, PathValidationError, RevokedError

from certificates.document.errors import NoSigningKey, RevocationUnknown, TimeStampMissing, UnfaithfulDocument
from certificates.document.keys import SigningKey
from certificates.document.ltv import context, guarded_session
from certificates.document.proof import REASON, REASON_STAMPED, Problem, Trust, check_signature
from certificates.document.timestamp import HttpStamper

FIELD_NAME = "CertifierSignature"
DIGEST = "sha256"
#: Room for the signature: an RSA 4096 signature with a certificate chain takes under 8 KiB (hexadecimal: twice that), a
#: time stamp with its server's chain as much again. A fixed room saves signing twice, once to measure.
ROOM, ROOM_WITH_STAMP = 2 * 12 * 1024, 2 * 24 * 1024
#: A document's lease is 120 s: all calls together must end before it does.
SECONDS_IN_ALL = 60


class _SignatureRevision(IncrementalPdfFileWriter):
    """An appended revision that adds a signature and nothing else.

    pyHanko would also write itself into the producer and date of the metadata. The document's metadata describe the
    document; they are covered by the signature, and PDF/A wants their two spellings to agree.
    """

    def _update_meta(self) -> None:
        pass


def sign_document(pdf: bytes, key: SigningKey | None) -> bytes:
    """``pdf`` with the signature of ``key``; the field is invisible, the PDF reader shows who signed.

    Raises :class:`~certificates.document.errors.NoSigningKey` without a key, or with one whose certificate is revoked:
    an unsigned document is never returned; ``TimeStampMissing`` and ``RevocationUnknown`` where a server gave no answer.
    """
    if key is None:
        raise NoSigningKey("no key is stored")
    try:
        signed = asyncio.run(asyncio.wait_for(_sign(pdf, key), SECONDS_IN_ALL))
    except TimestampRequestError as error:
        raise TimeStampMissing(str(error)) from error
    except TimeoutError as error:
        raise RevocationUnknown("the servers did not answer in time") from error
    except (PathBuildingError, PathValidationError) as error:
        raise TimeStampMissing(f"the server's certificate is not accepted: {error}") from error
    except (SigningError, PdfError, ValueError) as error:
        raise _as_ours(error) from error
    if not signed.startswith(pdf) or len(signed) == len(pdf):
        raise UnfaithfulDocument("the signature did not come as an appended revision")
    if key.services.timestamp_url:
        _look_at_stamp(signed, key)
    return signed


async def _sign(pdf: bytes, key: SigningKey) -> bytes:
    services = key.services
    if not services.timestamp_url and not key.carries_revocation:
        return await _signed(pdf, key, None, None)
    async with guarded_session(services.revocation_hosts, services.timestamp_url) as session:
        stamper = HttpStamper(session, services.timestamp_url, services.seconds) if services.timestamp_url else None
        answers = context(key.chain, services, session) if key.carries_revocation else None
        return await _signed(pdf, key, stamper, answers)


async def _signed(pdf: bytes, key: SigningKey, stamper: HttpStamper | None, answers: ValidationContext | None) -> bytes:
    signer = PdfSigner(
        PdfSignatureMetadata(
            field_name=FIELD_NAME,
            md_algorithm=DIGEST,
            subfilter=SigSeedSubFilter.PADES,
            name=key.subject,
            reason=REASON if stamper is None else REASON_STAMPED,
            signer_key_usage=set(),  # what the key may do was checked when it was installed
            embed_validation_info=answers is not None,
            validation_context=answers,
            # no entry names the signature that does not exist yet: so the signature can cover the answers
            dss_settings=DSSContentSettings(
                include_vri=False, placement=SigDSSPlacementPreference.TOGETHER_WITH_SIGNATURE
            ),
        ),
        signer=key.signer,
        timestamper=stamper,
        new_field_spec=SigFieldSpec(
            FIELD_NAME,
            on_page=0,
            readable_field_name="Electronic signature of the certifying agent",
            # PDF/A forbids a hidden field, PDF/UA an untagged one in the page: so it lies outside the page.
            invis_sig_settings=InvisSigSettings(set_print_flag=True, box_out_of_bounds=True),
        ),
    )
    output = io.BytesIO()
    room = ROOM if stamper is None else ROOM_WITH_STAMP
    await signer.async_sign_pdf(_SignatureRevision(io.BytesIO(pdf)), output=output, bytes_reserved=room)
    return output.getvalue()


def _as_ours(error: Exception) -> NoSigningKey | RevocationUnknown | UnfaithfulDocument:
    """What a failure of pyHanko means to the desk."""
    if isinstance(error.__cause__, RevokedError):
        return NoSigningKey(f"the certificate is revoked ({error.__cause__.failure_msg})")
    if isinstance(error.__cause__, (PathBuildingError, PathValidationError)):
        return RevocationUnknown(str(error.__cause__))
    return UnfaithfulDocument(f"signing failed: {error}")


def _look_at_stamp(signed: bytes, key: SigningKey) -> None:
    """Refuse a stamp that no verifier would accept: another server's, another signature's, or one of another hour."""
    trust = Trust.of([key.fingerprint], clocks=key.services.timestamp_roots)
    signer, findings = check_signature(signed, trust)
    for finding in findings:
        if finding.problem is Problem.TIME_STAMP:
            raise TimeStampMissing(finding.detail)
        raise UnfaithfulDocument(f"the signature does not verify: {finding}")
    if signer is None or signer.stamped_at is None:
        raise TimeStampMissing("the signature came without a stamp")
