"""What the renderer may read: the bundled fonts and style sheet, and `data:` URLs. Nothing else, ever.

The certificate's data come from people outside. Were a name able to make the renderer open a URL, it could read the
portal's files and inner network. So there is no handler for any other scheme in here, no redirect to follow, and a
refusal ends the rendering instead of leaving a hole in the page.
"""

from __future__ import annotations

import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from certificates.document.errors import FontsMissing


class BundledFetcher(URLFetcher):  # type: ignore[misc]
    """Fetches exactly the files it was made with, and `data:` URLs; everything else is a fatal error."""

    def __init__(self, files: Iterable[Path]) -> None:
        super().__init__(allowed_protocols=("file", "data"), allow_redirects=False, fail_on_errors=True)
        # The parent installs handlers for http, https, ftp and files. None of them may be reachable from here.
        self.handlers: list[Any] = []
        self.handle_open: dict[str, Any] = {}
        self.handle_error: dict[str, Any] = {}
        self.process_response: dict[str, Any] = {}
        self.process_request: dict[str, Any] = {}
        self.add_handler(urllib.request.DataHandler())
        self._files = {path.as_uri(): path for path in files}

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        """The bytes behind ``url``. Raises ``FatalURLFetchingError``, which nothing in WeasyPrint swallows."""
        if url.startswith("data:"):
            return super().fetch(url, headers)
        path = self._files.get(url)
        if path is None:
            raise FatalURLFetchingError(url)
        if not path.is_file():
            raise FontsMissing(str(path))
        return URLFetcherResponse(url, path.read_bytes())
