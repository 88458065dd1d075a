"""How a file comes in: streamed to the disk and hashed on the way, bounded, then judged by its content alone.

Three steps: :class:`BoundedUploadHandler` receives (no upload is ever whole in memory), :func:`accept` judges in the limited
process of :mod:`core.sandbox`, :func:`core.files.keep` stores. Judging comes before any lock is taken.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import re
import tempfile
from collections.abc import Callable
from typing import IO, Any, ClassVar

import filetype
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from core import sandbox
from core.errors import InvalidInput
from core.inspection import Unfit
from core.models import StoredFile

PDF, PNG, JPEG = "application/pdf", "image/png", "image/jpeg"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: Content types that people may hand in, by what a file is kept for; told from the bytes, never from the name.
ALLOWED: dict[str, frozenset[str]] = {
    StoredFile.Kind.UPLOAD: frozenset({PDF, PNG, JPEG, XLSX}),
    StoredFile.Kind.SHEET: frozenset({XLSX}),
}
#: First bytes of a file, its content type, and what the limited process calls it.
_MARKS = (
    (b"%PDF-", PDF, "PDF"), (b"\x89PNG\r\n\x1a\n", PNG, "PNG"), (b"\xff\xd8\xff", JPEG, "JPEG"),
    (b"PK\x03\x04", XLSX, "XLSX"),
)  # fmt: skip
_CHUNK = 64 * 1024
Source = bytes | IO[bytes] | UploadedFile  # type: ignore[type-arg]

#: What a refusal says: what is wrong, and how to mend it.
_TEXTS: dict[str, str | Promise] = {
    "FILE-TYPE": gettext_lazy("This kind of file is not accepted. Send a PDF, PNG, JPEG or XLSX file (found: %(found)s)."),
    "FILE-BROKEN": gettext_lazy("The file is damaged or not complete. Open it, save or print it again, and send the new file."),
    "FILE-BOMB": gettext_lazy("The workbook unpacks into far more than it should. Save only the sheet that is asked for."),
    "FILE-LIMITS": gettext_lazy("The file is too complicated to be checked. Print it to a new PDF and send that."),
    "FILE-LOCKED": gettext_lazy("The PDF needs a password to be opened. Save it without one and send it again."),
    "FILE-ACTIVE": gettext_lazy(
        "The PDF does something by itself (%(found)s): scripts, forms that send, media. Print it to a new PDF and send that."
    ),
    "FILE-EMBEDDED": gettext_lazy("Another file is inside this one (%(found)s). Take it out, or send the files one by one."),
    "FILE-MIXED": gettext_lazy(
        "More than a %(kind)s file is in there: other data come before or after it. "
        "Save or print it again and send the new file."
    ),
    "FILE-MACRO": gettext_lazy("The workbook has macros or controls (%(found)s). Save it as a plain XLSX workbook."),
    "FILE-LINKS": gettext_lazy(
        "The workbook takes data from elsewhere (%(found)s). Break its links (Data, Edit links) and save it again."
    ),
    "FILE-PIXELS": gettext_lazy(
        "The picture is %(width)s × %(height)s pixels; %(most)s million are the limit. Save it smaller and send it again."
    ),
}  # fmt: skip


def clean_name(name: str) -> str:
    """The last part of a file name, at most 200 characters, without path signs, control characters or marks of direction.

    A mark that turns the direction of writing would let "exe.pdf" be shown for "fdp.exe".
    """
    last = re.split(r"[\\/]", name)[-1]
    last = re.sub("[\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]", "", last)
    return re.sub(r"[\x00-\x1f\x7f-\x9f\"<>|:*?]", "_", last).strip(". ")[-200:] or "file"


class ReceivedFile(UploadedFile):  # type: ignore[type-arg]
    """An upload on the disk, without a name there: it is gone with the request. ``size`` counts all that was sent.

    ``sha256`` is of all of it; empty where it was larger than the limit, and then nothing was kept of the rest.
    """

    def __init__(self, file: IO[bytes], name: str, content_type: str, size: int, sha256: str) -> None:
        super().__init__(file=file, name=name, content_type=content_type, size=size)
        self.sha256 = sha256


class BoundedUploadHandler(FileUploadHandler):
    """Every upload of the portal: written to a file without a name and hashed, no further than the limits.

    What is beyond the limit of one file, or of all files of one request, is read off the line and dropped, so that the
    form comes back with what was typed and with the reason at its field.
    """

    #: Bytes of one file; None: ``settings.UPLOAD_MAX_BYTES``.
    most: ClassVar[int | None] = None

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self._all = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin with the next file of the form."""
        super().new_file(*args, **kwargs)
        self._file = tempfile.TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR)  # noqa: SIM115 - closed with the request
        self._hash = hashlib.sha256()
        self._size = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write and hash one chunk; nothing is handed on to another handler."""
        limit = self.most or settings.UPLOAD_MAX_BYTES
        self._size += len(raw_data)
        self._all += len(raw_data)
        if self._size <= limit and self._all <= max(limit, settings.UPLOAD_MAX_REQUEST_BYTES):
            self._hash.update(raw_data)
            self._file.write(raw_data)

    def file_complete(self, file_size: int) -> ReceivedFile:
        """What the form gets to see."""
        written = self._file.tell()
        self._file.seek(0)
        sha256 = self._hash.hexdigest() if written == self._size else ""
        return ReceivedFile(self._file, self.file_name or "file", self.content_type or "", self._size, sha256)


def receiving(
    handler: type[FileUploadHandler],
) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """A view whose uploads come in by another handler. It is in its place before anything reads the form."""

    def decorate(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        guarded = csrf_protect(view)

        @csrf_exempt  # csrf_protect reads the form next
        def received(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            request.upload_handlers = [handler(request)]
            return guarded(request, *args, **kwargs)

        received.__doc__, received.__name__, received.__module__ = view.__doc__, view.__name__, view.__module__
        return received

    return decorate


@dataclasses.dataclass(frozen=True, slots=True)
class Accepted:
    """A file that may be kept: on the disk, its hash known, its content judged. ``content_type`` is what the bytes say."""

    file: IO[bytes]
    size: int
    sha256: str
    content_type: str
    name: str
    kind: str


def accept(
    source: Source | Accepted, *, name: str, kind: str = StoredFile.Kind.UPLOAD, field: str = "file"
) -> Accepted:
    """Judge what somebody handed in. Touches no row and takes no lock; call it before either.

    Raises ``InvalidInput`` at ``field``: FILE-EMPTY, FILE-SIZE, and the codes of :mod:`core.inspection`; ``SandboxAway``.
    """
    if isinstance(source, Accepted):
        return source
    file, size, sha256 = on_disk(source, field=field)
    start = file.read(16)
    file.seek(0)
    for mark, content_type, called in _MARKS:
        if start.startswith(mark) and content_type in ALLOWED[kind]:
            try:
                sandbox.run("document", file, kind=called)
            except Unfit as refusal:
                raise in_words(refusal, kind=kind, field=field) from refusal
            return Accepted(file, size, sha256, content_type, clean_name(name), kind)
    guessed = filetype.guess(file.read(8192))
    raise in_words(Unfit("FILE-TYPE", found=str(guessed.mime) if guessed else _("unknown")), kind=kind, field=field)


def in_words(refusal: Unfit, *, kind: str = StoredFile.Kind.UPLOAD, field: str = "file") -> InvalidInput:
    """The refusal as people read it."""
    text = str(_TEXTS.get(refusal.code, _TEXTS["FILE-BROKEN"]))
    if refusal.code == "FILE-TYPE" and kind == StoredFile.Kind.SHEET:
        text = _(
            "This is no XLSX workbook (found: %(found)s). Open it in a spreadsheet program and save it again as XLSX."
        )
    words = {"found": "", "kind": "", "width": 0, "height": 0, "most": 0, **refusal.words}
    code = refusal.code if refusal.code in _TEXTS else "FILE-BROKEN"
    return InvalidInput(code, text % words, field=field, details=dict(refusal.words))


def on_disk(source: Source, *, field: str = "file") -> tuple[IO[bytes], int, str]:
    """A file of ours with the bytes of ``source``, its size and SHA-256. Raises ``InvalidInput`` FILE-EMPTY, FILE-SIZE."""
    if isinstance(source, ReceivedFile):
        _require_size(source.size or 0, field)
        if not source.sha256:
            words = {"limit": settings.UPLOAD_MAX_REQUEST_BYTES // 2**20}
            text = _("The files of this form are larger than %(limit)s MB together. Send them in several steps.")
            raise InvalidInput("FILE-TOTAL", text % words, field=field)
        file: Any = source.file
        file.seek(0)
        return file, source.size or 0, source.sha256
    incoming: Any = io.BytesIO(source) if isinstance(source, bytes) else source
    incoming.seek(0)
    copy = tempfile.TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR)  # noqa: SIM115 - its reader closes it
    digest, size = hashlib.sha256(), 0
    while chunk := incoming.read(_CHUNK):
        size += len(chunk)
        if size > settings.UPLOAD_MAX_BYTES:
            break
        digest.update(chunk)
        copy.write(chunk)
    _require_size(size, field)
    copy.seek(0)
    return copy, size, digest.hexdigest()


def _require_size(size: int, field: str) -> None:
    if not size:
        raise InvalidInput("FILE-EMPTY", _("The file is empty."), field=field)
    if size > settings.UPLOAD_MAX_BYTES:
        words = {"limit": settings.UPLOAD_MAX_BYTES // (1024 * 1024)}
        raise InvalidInput("FILE-SIZE", _("The file is larger than %(limit)s MB.") % words, field=field)
