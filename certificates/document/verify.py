"""Signed PDF → whether it is what its signer issued, and if not, why not. Offline, and for files from anywhere.

What is checked:

- there is exactly one signature, it covers every byte of the file but itself, and the bytes of the signature field hold
  the signature and nothing else;
- the signature fits the bytes, its certificate allows signing and was valid when it was made (by the time stamp where
  there is one) and not revoked as far as the file knows, and, where the caller says whom to trust, is one of those;
- a time stamp is one of this signature;
- nothing in the file acts by itself or lies over a page;
- exactly one data file is attached, in its canonical form, its hash is the one in the metadata, and the hash of the
  snapshot in it is the one that it and the metadata name;
- on request, the page is made anew from the data and compared byte for byte (:func:`page_matches_data`), or its text is
  compared with the data (:func:`certificates.document.visible.compare`).

The first five are :mod:`certificates.document.proof`, which needs nothing of the portal. None says anything about the
certificate's present state (void, replaced): only the check page knows that.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from certificates.document.continuity import remake_continuity
from certificates.document.errors import DocumentError
from certificates.document.proof import Finding, Problem, Signer, Trust, Verification, prove
from certificates.document.render import remake_document

__all__ = ["Finding", "Problem", "Signer", "Trust", "Verification", "page_matches_data", "verify_document"]


def verify_document(
    pdf: bytes,
    *,
    trust: Trust | None = None,
    trusted_fingerprints: Collection[str] | None = None,
    remake_page: bool = False,
) -> Verification:
    """Check ``pdf``. Never raises for what is in the file: a file that cannot be read is a finding.

    ``trusted_fingerprints``: SHA-256 of the certificates that may sign (64 hexadecimal digits), where there is no
    ``trust`` to say more; with neither, anybody's intact signature passes and ``signer.trusted`` stays None.
    ``remake_page`` also compares the page with the data: only meaningful with the libraries the document was made with.
    """
    if trust is None and trusted_fingerprints is not None:
        trust = Trust.of(trusted_fingerprints)
    found = prove(pdf, trust)
    if remake_page and found.content and found.ok and not page_matches_data(pdf, found.content):
        differs = Finding(Problem.PAGE, "the page made anew from the attached data differs from this one")
        return replace(found, findings=(differs,))
    return found


def page_matches_data(pdf: bytes, content: dict[str, Any]) -> bool:
    """Whether rendering ``content`` (the attached data) gives exactly the bytes that were signed in ``pdf``.

    It is made with the template that the data name. A match proves that page and data say the same. On other versions of
    the libraries a difference proves nothing.
    """
    try:
        rendered = remake_continuity(content) if "data" in content else remake_document(content)
    except (DocumentError, KeyError, TypeError, ValueError):
        return False
    return pdf.startswith(rendered)
