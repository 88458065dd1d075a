"""Snapshot and number → the document as it is released: rendered, then signed, or not made at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from certificates.document.errors import NoSigningKey
from certificates.document.history import NONE, History
from certificates.document.keys import SigningKey
from certificates.document.render import render_document
from certificates.document.sign import sign_document


def issue_document(
    snapshot: Mapping[str, Any],
    *,
    number: str,
    check_code: str,
    check_url: str,
    issued_at: dt.datetime,
    public_origin: str,
    key: SigningKey | None,
    logo: bytes = b"",
    history: History = NONE,
) -> bytes:
    """The signed PDF of the certificate. Arguments as for :func:`certificates.document.render.render_document`.

    A document signed with a demonstration key says so on every page. Raises a
    :class:`~certificates.document.errors.DocumentError`; without a key before anything is rendered.
    """
    if key is None:
        raise NoSigningKey("no key is stored")
    pdf = render_document(
        snapshot,
        number=number,
        check_code=check_code,
        check_url=check_url,
        issued_at=issued_at,
        public_origin=public_origin,
        specimen=key.is_demo,
        logo=logo,
        history=history,
    )
    return sign_document(pdf, key)
