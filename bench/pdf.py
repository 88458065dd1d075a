"""The portal's document, warm, against the bare tools: WeasyPrint's render of the same HTML plus pyHanko's signature.

The portal's leg is ``certificates.document.issue.issue_document``: the snapshot checked field by field, its canonical
JSON and hash, the fonts chosen by the characters, the QR code, the template, the render, metadata and structure
finished, and the signature.

The baseline renders the very HTML of that document with WeasyPrint, with the same fonts and style sheet, the same PDF
variant and the same attachment, and signs with pyHanko, with the same key, the same sub-filter and digest. Fonts and
style sheet are prepared once on both sides, as a warm worker has them. The baseline leaves out: reading and checking
the snapshot, hashing it, choosing fonts, drawing the QR code and filling in the template (its HTML is ready), the
finishing of metadata and tags, the fixed date and identifier that make the bytes repeatable, and the comparison that
the signature was appended. It is given the room for the signature that we reserve: measuring it would sign once more
and flatter us.

Legs alternate in pairs, the first of a pair changing each time; the figures are medians. Goal: at most 1.3.

Then the documents worker itself, with all services running (see ``bench/_documents.py``; the first documents of each
worker, while it warms up, are not counted):

- ``scaling``: documents per second with two processes over those with one. Goal, on two cores: at least 1.5.
- ``cpu_growth``: CPU seconds of the worker for one document with two processes over those with one. At most 1.15.
- ``rss_growth``: resident memory of a process after 1,000 documents over that after 100. At most 1.3.
"""

from __future__ import annotations

import io
import json
import os
import statistics
import sys
import time
from collections.abc import Callable

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.fields import SigSeedSubFilter
from weasyprint import HTML

from bench import _database, _documents
from certificates.document.fonts import faces_for
from certificates.document.issue import issue_document
from certificates.document.payload import Issue, data_file
from certificates.document.render import VARIANT, data_attachment, document_html, prepare
from certificates.document.sign import DIGEST, ROOM
from certificates.document.snapshot import read_snapshot, walk
from tests.certificates.document import samples

assert _database.__name__  # imported first: it sets Django up

PAIRS, WARM_UP = 25, 3
#: Documents of the long run of one process: from the first figure on they are measured, to the second its memory is.
LONG = (100, int(os.environ.get("BENCH_DOCUMENTS", "1000")))
#: Documents of two processes: to warm up, then measured.
SHORT = (60, max(40, LONG[1] // 4))
URL = f"{samples.ORIGIN}/certificates/check/?number={samples.NUMBER}&code={samples.CODE}"


def portal_leg() -> bytes:
    """One document of ours."""
    return issue_document(
        samples.snapshot(), number=samples.NUMBER, check_code=samples.CODE, check_url=URL, issued_at=samples.AT,
        public_origin=samples.ORIGIN, key=samples.key(),
    )  # fmt: skip


def baseline() -> tuple[Callable[[], bytes], Callable[[bytes], bytes]]:
    """The bare render and the bare signature, with all they need made ready."""
    snapshot = read_snapshot(samples.snapshot())
    issue = Issue(samples.NUMBER, samples.CODE, URL, samples.AT, samples.ORIGIN, specimen=True)
    html = document_html(snapshot, issue)
    data = data_file(snapshot, issue)
    prepared = prepare(faces_for((path, value) for path, value in walk(snapshot) if isinstance(value, str)))
    signer = samples.key().signer

    def render() -> bytes:
        pdf: bytes = HTML(string=html, url_fetcher=prepared.fetcher).write_pdf(
            font_config=prepared.font_config, stylesheets=[prepared.stylesheet],
            attachments=[data_attachment(data, issue)], pdf_variant=VARIANT,
        )  # fmt: skip
        return pdf

    def sign(pdf: bytes) -> bytes:
        metadata = PdfSignatureMetadata(field_name="Signature", md_algorithm=DIGEST, subfilter=SigSeedSubFilter.PADES)
        output = io.BytesIO()
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
        PdfSigner(metadata, signer=signer).sign_pdf(writer, output=output, bytes_reserved=ROOM)
        return output.getvalue()

    return render, sign


def compare() -> dict[str, object]:
    """The portal's document against the bare tools."""
    render, sign = baseline()
    ours: list[float] = []
    renders: list[float] = []
    signatures: list[float] = []
    ratios: list[float] = []

    def bare() -> float:
        started = time.perf_counter()
        pdf = render()
        rendered = time.perf_counter()
        assert sign(pdf).startswith(b"%PDF-")
        ended = time.perf_counter()
        renders.append(rendered - started)
        signatures.append(ended - rendered)
        return ended - started

    def portal() -> float:
        started = time.perf_counter()
        assert portal_leg().startswith(b"%PDF-")
        ours.append(time.perf_counter() - started)
        return ours[-1]

    for pair in range(WARM_UP + PAIRS):
        if pair == WARM_UP:
            ours.clear(), renders.clear(), signatures.clear(), ratios.clear()
        if pair % 2:
            mine, theirs = portal(), bare()
        else:
            theirs, mine = bare(), portal()
        ratios.append(mine / theirs)
    figures = {name: round(statistics.median(values) * 1000, 1) for name, values in
               (("portal_ms", ours), ("baseline_render_ms", renders), ("baseline_sign_ms", signatures))}  # fmt: skip
    print(f"portal: {figures['portal_ms']} ms a document")
    print(
        f"baseline: render {figures['baseline_render_ms']} ms, signature {figures['baseline_sign_ms']} ms", flush=True
    )
    return {
        "ratio": round(statistics.median(ratios), 3),
        **figures,
        "baseline": "bare WeasyPrint: same HTML, variant and attachment; plus bare pyHanko signature",
        "pairs": PAIRS,
    }


def work() -> dict[str, object]:
    """The documents worker with one process and with two."""
    with _documents.bench() as bench:
        one = bench.run(1, LONG[0], LONG[1] - LONG[0])
        megabytes = [max(each.resident.values()) / 1e6 for each in (one.first, one.last)]
        print(f"one process: {one.pace:.2f} documents/s, {one.cpu * 1000:.0f} ms CPU each")
        print(f"resident: {megabytes[0]:.0f} MB after {LONG[0]}, {megabytes[1]:.0f} MB after {LONG[1]}", flush=True)
        two = bench.run(2, *SHORT)
        print(f"two processes: {two.pace:.2f} documents/s, {two.cpu * 1000:.0f} ms CPU each", flush=True)
    return {
        "cpu_growth": round(two.cpu / one.cpu, 3),
        "scaling": round(two.pace / one.pace, 3),
        "rss_growth": round(one.growth, 3),
        "documents_per_second": [round(one.pace, 2), round(two.pace, 2)],
        "cpu_ms": [round(one.cpu * 1000, 1), round(two.cpu * 1000, 1)],
        "rss_mb": [round(each, 1) for each in megabytes],
        "documents": [one.made, two.made],
    }


def main() -> int:
    """Print the figures of both sides, then one line of JSON."""
    result = {"bench": "pdf", **compare(), **work(), "load_average": os.getloadavg()[0]}
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
