"""An uploaded file of which nothing is kept but its SHA-256: it is hashed as it arrives and never lies anywhere whole."""

from __future__ import annotations

import hashlib
import io
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile


class HashedFile(UploadedFile):
    """Name, size and SHA-256 of what was uploaded; it has no content."""

    def __init__(self, name: str, content_type: str, size: int, sha256: str) -> None:
        super().__init__(file=io.BytesIO(), name=name, content_type=content_type, size=size)
        self.sha256 = sha256


class HashingUploadHandler(FileUploadHandler):
    """The only handler of the public check. A file above ``UPLOAD_MAX_BYTES`` is read to its end and hashed no further.

    ``too_large`` says afterwards that there was one.
    """

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self.too_large = False
        self._hash = hashlib.sha256()

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin with the next file of the form."""
        super().new_file(*args, **kwargs)
        self._hash = hashlib.sha256()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Hash one chunk and let go of it; nothing is handed on."""
        if start + len(raw_data) > settings.UPLOAD_MAX_BYTES:
            self.too_large = True
            raise SkipFile
        self._hash.update(raw_data)

    def file_complete(self, file_size: int) -> HashedFile:
        """What the form gets to see."""
        name, kind = self.file_name or "file", self.content_type or ""
        return HashedFile(name, kind, file_size, self._hash.hexdigest())
