"""Giving stored bytes out: the one way in which a file that somebody uploaded, or that was made, leaves the portal."""

from __future__ import annotations

from typing import IO

from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

#: A browser that opens a file all the same runs nothing of it, loads nothing for it, and takes it for nobody's page.
POLICY = "sandbox; default-src 'none'"
#: Content types that leave the portal: none that a browser shows as a page.
GIVEN = frozenset(
    {
        "application/pdf", "image/png", "image/jpeg", "application/zip",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
)  # fmt: skip


def attachment(
    content: bytes | IO[bytes],
    *,
    name: str,
    content_type: str,
    size: int | None = None,
    etag: str = "",
    cache: str = "private, no-store",
) -> HttpResponseBase:
    """An answer that is saved, never shown: attachment, no sniffing, sandboxed, to no other site.

    A file (``size`` given) is streamed and must not need the database. ``etag``: the SHA-256, unquoted. Raises
    ``ValueError`` for a content type that is not in :data:`GIVEN`.
    """
    if content_type not in GIVEN:
        raise ValueError(f"{content_type} is never given out")
    answer: HttpResponseBase
    if isinstance(content, bytes):
        answer = HttpResponse(content, content_type=content_type)
    else:
        answer = FileResponse(content, content_type=content_type)
        answer.reads_no_rows = True  # type: ignore[attr-defined]
        if size is not None:
            answer["Content-Length"] = str(size)
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = POLICY
    answer["Cross-Origin-Resource-Policy"] = "same-origin"
    answer["Cache-Control"] = cache
    if etag:
        answer["ETag"] = f'"{etag}"'
    return answer
