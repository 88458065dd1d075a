"""What is kept of an exchange: as it was, with every secret struck out before anything is written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

STRUCK = "[secret]"
#: Kept of one side of an exchange, in characters.
LONGEST = 65_536
_HEADERS = re.compile(r"authorization|cookie|token|secret|api-?key|signature", re.IGNORECASE)
_FIELDS = re.compile(r"^(?:api_?)?key$|password|passwd|secret|token|authorization|cookie", re.IGNORECASE)


def redacted(headers: Mapping[str, Any], body: bytes, secrets: Iterable[str]) -> str:
    """Headers and body as text. Secret headers and fields are struck out, and ``secrets`` wherever they stand."""
    lines = [f"{name}: {STRUCK if _HEADERS.search(name) else value}" for name, value in headers.items()]
    text = "\n".join([*lines, "", _body(body)]).strip()
    for secret in secrets:
        if secret:
            text = text.replace(secret, STRUCK)
    # PostgreSQL keeps no NUL in a text
    text = text.replace("\x00", "\N{REPLACEMENT CHARACTER}")
    return text if len(text) <= LONGEST else text[:LONGEST] + "\n[…]"


def _body(body: bytes) -> str:
    text = body.decode("utf-8", errors="replace")
    try:
        content = json.loads(text)
    except ValueError:
        return text
    struck = _struck(content)
    return text if struck == content else json.dumps(struck, ensure_ascii=False)


def _struck(content: Any) -> Any:
    if isinstance(content, dict):
        return {name: STRUCK if _FIELDS.search(str(name)) else _struck(value) for name, value in content.items()}
    return [_struck(item) for item in content] if isinstance(content, list) else content
