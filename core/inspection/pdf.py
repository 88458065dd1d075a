"""PDF: opened, walked through, and refused where it does something by itself or carries programs."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pikepdf

from core.inspection import ARCHIVES, PROGRAMS, Unfit, refuse_second_face

#: Objects of a document that are looked at; a scanned invoice has some hundreds.
MAX_OBJECTS = 300_000
#: Direct values inside one object: how deep, how many.
MAX_DEPTH, MAX_VALUES = 60, 200_000
#: Actions that run, send, or open something (ISO 32000-2, table 201). Links to web pages and places in the document stay.
ACTIVE = frozenset(
    {"/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToE", "/GoToR", "/Rendition", "/Movie", "/RichMediaExecute",
     "/GoTo3DView", "/Sound"}
)  # fmt: skip
#: Annotations that play something.
PLAYED = frozenset({"/RichMedia", "/Movie", "/Screen", "/3D", "/Sound"})
#: Embedded data that hybrid invoices and certificates carry, and that no program runs.
DATA_NAMES = (".xml", ".json")


def inspect(data: bytes) -> None:
    """Raise ``Unfit``: FILE-MIXED, FILE-LOCKED, FILE-BROKEN, FILE-ACTIVE, FILE-EMBEDDED, FILE-LIMITS."""
    end = data.rfind(b"%%EOF")
    if end < 0:
        raise Unfit("FILE-BROKEN", kind="PDF")
    if data[end + 5 :].strip(b"\0\t\n\f\r "):
        raise Unfit("FILE-MIXED", kind="PDF", found="%%EOF")
    refuse_second_face(data, "PDF")
    try:
        document = pikepdf.open(io.BytesIO(data), suppress_warnings=True, attempt_recovery=True)
    except pikepdf.PasswordError as error:
        raise Unfit("FILE-LOCKED") from error
    except (pikepdf.PdfError, ValueError, TypeError) as error:
        raise Unfit("FILE-BROKEN", kind="PDF") from error
    with document:
        try:
            _walk(document)
        except (pikepdf.PdfError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise Unfit("FILE-BROKEN", kind="PDF") from error


def _walk(document: pikepdf.Pdf) -> None:
    if "/Pages" not in document.Root:
        raise Unfit("FILE-BROKEN", kind="PDF")
    if len(document.objects) > MAX_OBJECTS:
        raise Unfit("FILE-LIMITS")
    for held in [document.trailer, *document.objects]:
        for value in _dictionaries(held):
            _judge(value)


def _dictionaries(held: Any) -> Iterator[Any]:
    """The dictionaries of one object, those directly inside it too. Objects it refers to have their own turn."""
    waiting: list[tuple[Any, int]] = [(held, 0)]
    seen = 0
    while waiting:
        value, depth = waiting.pop()
        seen += 1
        if seen > MAX_VALUES or depth > MAX_DEPTH:
            raise Unfit("FILE-LIMITS")
        if isinstance(value, pikepdf.Stream):
            waiting.append((value.stream_dict, depth + 1))
        elif isinstance(value, pikepdf.Dictionary):
            yield value
            waiting += [(item, depth + 1) for _name, item in value.items() if _is_inside(item)]
        elif isinstance(value, pikepdf.Array):
            waiting += [(item, depth + 1) for item in value if _is_inside(item)]


def _is_inside(value: Any) -> bool:
    return isinstance(value, (pikepdf.Dictionary, pikepdf.Array)) and not value.is_indirect


def _judge(value: Any) -> None:
    action = str(value.get("/S", ""))
    if action in ACTIVE:
        raise Unfit("FILE-ACTIVE", found=action)
    for name in ("/JS", "/JavaScript", "/XFA"):
        if name in value:
            raise Unfit("FILE-ACTIVE", found=name)
    kind = str(value.get("/Subtype", ""))
    if kind in PLAYED and "/Rect" in value:
        raise Unfit("FILE-ACTIVE", found=kind)
    if "/EF" in value:
        _judge_embedded(value)


def _judge_embedded(value: Any) -> None:
    """Allow data (XML, JSON) that are what they say; refuse every other file inside."""
    files = value["/EF"]
    if not isinstance(files, pikepdf.Dictionary):
        raise Unfit("FILE-BROKEN", kind="PDF")
    name = str(value.get("/UF", value.get("/F", "")))
    if not name.lower().endswith(DATA_NAMES):
        raise Unfit("FILE-EMBEDDED", found=name[:80])
    for _key, held in files.items():
        if not isinstance(held, pikepdf.Stream):
            raise Unfit("FILE-BROKEN", kind="PDF")
        if held.read_bytes()[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith((*ARCHIVES, *PROGRAMS, b"%PDF")):
            raise Unfit("FILE-EMBEDDED", found=name[:80])
