"""Whether pages say what their data say: each leaf of a data file, changed, is found; honest documents never are."""

from __future__ import annotations

import copy
import io
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pikepdf
import pytest

from certificates.document.continuity import issue_continuity
from certificates.document.datafile import DATA_FILE, canonical, continuity_findings, read_data_file
from certificates.document.history import Amended, AmendedField, History
from certificates.document.issue import issue_document
from certificates.document.proof import prove
from certificates.document.snapshot import snapshot_sha256, walk
from certificates.document.visible import Comparison, compare, compare_text, text_of
from tests.certificates.document import samples, scripts

#: Leaves that no page prints as text, each with its reason.
NOT_PRINTED = {
    "format": "what the file is; a file of another format is refused",
    "template": "the folder of the page's template",
    "check_url": "in the QR code alone",
    "snapshot.schema_version": "the form of the data",
    "snapshot.reference": "by which OID is asked; it stands in the metadata, which are compared",
    "snapshot.letterhead.logo_sha256": "a picture",
}
EVERYTHING: dict[str, Any] = {
    "schema_version": 2,
    "certifier": {
        "name": "Invented Certification", "code": "101", "address": "Calle 1\nLima", "country": "PE",
        "accreditation": "Accredited by nobody",
    },
    "final_handler": {"name": "Invented Mill", "nop_id": "1010000077", "certifier": "Other Invented Certifier"},
    "packages": {"kind": "bags", "number": "2"},
    "containers": [{"number": "MSKU1234565", "seal": "1"}, {"number": "MSKU7654321", "seal": ""}],
    "invoices": ["INV-7", "INV-8"],
    "letterhead": {"text": "Invented since 1999\noffice@invented.example", "logo_sha256": ""},
}  # fmt: skip
HISTORY = History(
    version=3, replaces="101-1010000011-000009", continuity="COOP-101-ABCD-EFGH-J",
    first_issued="2026-02-10T09:00:00Z",
    amendments=(
        Amended(1, "2026-02-11", "The vessel changed.", (
            AmendedField("vessel", "MV Former", "MV Invented"), AmendedField("net_kg", "19300.000", "19250.000"),
        )),
        Amended(2, "2026-02-12", "The port changed.", (AmendedField("port_of_lading", "", "Callao"),)),
    ),
)  # fmt: skip
MANY = [{"lot": f"LOT-{number:03}", "kg": "275.000" if number % 2 else ""} for number in range(71)]
CASES = {
    "plain": ({}, None),
    "everything": (EVERYTHING, None),
    "history": (EVERYTHING, HISTORY),
    "lots overleaf": ({**EVERYTHING, "lots": MANY}, None),
    "one lot too many for its box": ({"lots": MANY[:7]}, None),
    "several shipments": ({"kind": "multiple", "containers": [], "lots": [], "transport": {
        "mode": "", "port_of_lading": "", "vessel": "", "bill_of_lading": "", "departure_date": "",
    }}, None),
    "bare": ({"gross_kg": "", "packages": {"kind": "", "number": ""}, "invoices": [], "request_reference": ""}, None),
    "long texts": ({**EVERYTHING, "product": {"label_name": "Organic " * 40, "product_name": "Coffee " * 40}}, HISTORY),
}  # fmt: skip


def made(changes: Mapping[str, Any], history: History | None) -> bytes:
    """A signed document."""
    more = {"history": history} if history else {}
    return issue_document(
        samples.snapshot(**changes), number=samples.NUMBER, check_code=samples.CODE,
        check_url=f"{samples.ORIGIN}/certificates/check/?number={samples.NUMBER}", issued_at=samples.AT,
        public_origin=samples.ORIGIN, key=samples.key(), **more,
    )  # fmt: skip


@pytest.fixture(scope="module")
def documents() -> dict[str, bytes]:
    return {name: made(*case) for name, case in CASES.items()}


@pytest.mark.parametrize("name", CASES)
def test_an_honest_page_says_what_its_data_say(name: str, documents: dict[str, bytes]) -> None:
    found = prove(documents[name])
    assert found.ok
    assert compare(documents[name], found.content) == Comparison()


@pytest.mark.parametrize("name", [*scripts.NAMES, "letterhead", "lots", "specimen", "schema1", "template1"])
def test_an_honest_page_is_not_accused_whatever_its_script_or_template(name: str) -> None:
    """Letters that a page holds in another shape are named as not compared, by their box."""
    pdf = scripts.render(name)
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        content = read_data_file(opened.attachments[DATA_FILE].get_file().read_bytes())
    found = compare(pdf, content)
    assert found.differences == ()
    shaped = ("exporter", "product, named as on the label") if name in {"arabic", "thai"} else ()
    assert found.not_compared == shaped


def another(value: Any) -> Iterator[Any]:
    """What somebody might put in its place, in the same form."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value + 1
    elif value in {"single", "multiple"}:
        yield "multiple" if value == "single" else "single"
    elif re.fullmatch(r"\d{4}-\d\d-\d\d.*", value):
        yield value.replace("2026", "2027")
    elif re.fullmatch(r"\d+\.\d{3}", value):
        yield value[:-1] + ("1" if value[-1] == "0" else "0")
        yield value[1:]
    elif value:
        digit = re.search(r"\d", value)
        yield re.sub(r"\d", "9" if digit and digit[0] != "9" else "8", value, count=1) if digit else f"X{value[1:]}"
        yield value[:-1]
        yield f"{value}1"
    else:
        yield "12.000" if value == "" else value


def with_leaf(content: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The same data with one leaf changed."""
    changed = copy.deepcopy(content)
    *way, last = re.findall(r"[^.\[\]]+", path)
    place: Any = changed
    for step in way:
        place = place[int(step)] if isinstance(place, list) else place[step]
    place[int(last) if isinstance(place, list) else last] = value
    return changed


@pytest.mark.parametrize("name", ["everything", "history", "one lot too many for its box"])
def test_each_fact_of_the_data_that_is_not_on_the_pages_is_found(name: str, documents: dict[str, bytes]) -> None:
    text, content = text_of(documents[name]), prove(documents[name]).content
    unseen = []
    asked = 0
    for path, value in walk(content):
        if path in NOT_PRINTED:
            continue
        for other in another(value):
            asked += 1
            if compare_text(text, with_leaf(content, path, other)).differences == ():
                unseen.append(f"{path}: {value!r} -> {other!r}")
    assert not unseen, "\n".join(unseen)
    assert asked > 100
    assert set(NOT_PRINTED) - {"snapshot.letterhead.logo_sha256"} < {path for path, _value in walk(content)}


@pytest.mark.parametrize("name", ["everything", "history", "lots overleaf"])
def test_what_the_pages_say_beyond_their_data_is_found(name: str, documents: dict[str, bytes]) -> None:
    """Each text of the data taken out, or a member of a list: the page says it still."""
    text, content = text_of(documents[name]), prove(documents[name]).content
    unseen = []
    for path, value in walk(content):
        if path in NOT_PRINTED or not isinstance(value, str) or not value:
            continue
        if compare_text(text, with_leaf(content, path, "")).differences == ():
            unseen.append(path)
    for path in ("lots", "containers", "invoices"):
        for fewer in (content["snapshot"][path][1:], content["snapshot"][path][:-1]):
            if compare_text(text, with_leaf(content, f"snapshot.{path}", fewer)).differences == ():
                unseen.append(f"{path}: one less")
    assert not unseen, "\n".join(unseen)


CONTINUITY_DATA: dict[str, Any] = {
    "schema": 1, "kind": "continuity", "reference": "COOP-101-ABCD-EFGH-J", "coop_code": "COOP-26-7",
    "or1": {
        "intended_use": "human consumption",
        **{
            party: {"name": f"Invented {party}", "address": f"{party} Road 1", "contact": f"{party} desk", "nop_id": nop_id}
            for party, nop_id in (("exporter", "1010000011"), ("consignee", ""), ("issuer", "101"))
        },
        "last_handler": {
            "name": "Invented Mill", "address": "Mill Road 2", "contact": "mill desk", "nop_id": "1020000012",
            "certifier": {"name": "Other Invented Certifier", "nop_id": "102"},
        },
    },
}  # fmt: skip
#: Leaves that a continuity document does not print as text: those of the certificate's data that OR1 does not ask for.
NOT_ON_CONTINUITY = re.compile(
    r"format|template|check_url|data\.(schema|kind)|data\.snapshot\.(schema_version|reference|kind|letterhead\..*|"
    r"hts\.certified_organic|recipient\..*|consignee\..*|exporter\..*|final_handler\..*|product\.product_name|"
    r"certifier\.(address|country|accreditation))"
)


@pytest.fixture(scope="module")
def continuity() -> tuple[str, dict[str, Any]]:
    """The text of a continuity document, and its data."""
    snapshot = samples.snapshot(**EVERYTHING)
    data = {**CONTINUITY_DATA, "snapshot": snapshot, "snapshot_sha256": snapshot_sha256(snapshot)}
    pdf = issue_continuity(
        data, check_code=samples.CODE, check_url=f"{samples.ORIGIN}/certificates/check/continuity/", made_at=samples.AT,
        public_origin=samples.ORIGIN, key=samples.key(),
    )  # fmt: skip
    found = prove(pdf)
    assert found.ok
    assert compare(pdf, found.content) == Comparison()
    return text_of(pdf), found.content


def test_each_fact_of_a_continuity_document_that_is_not_on_its_pages_is_found(
    continuity: tuple[str, dict[str, Any]],
) -> None:
    text, content = continuity
    printed = [(path, value) for path, value in walk(content) if not NOT_ON_CONTINUITY.fullmatch(path)]
    assert len(printed) > 50
    unseen = [
        f"{path}: {value!r} -> {other!r}"
        for path, value in printed
        for other in (*another(value), *(["" if value else "another"] if isinstance(value, str) else []))
        if compare_text(text, with_leaf(content, path, other)).differences == ()
    ]
    assert not unseen, "\n".join(unseen)


def test_a_contradiction_within_a_continuity_documents_data_is_found(continuity: tuple[str, dict[str, Any]]) -> None:
    _text, content = continuity
    assert list(continuity_findings(content)) == []
    wrong = with_leaf(content, "data.snapshot.reference", "0190b5a0-0000-7000-8000-000000000002")
    assert [kind for kind, _what in continuity_findings(wrong)] == ["snapshot"]


def test_two_lots_that_changed_places_are_found(documents: dict[str, bytes]) -> None:
    content = prove(documents["lots overleaf"]).content
    lots = content["snapshot"]["lots"]
    swapped = with_leaf(content, "snapshot.lots", [lots[1], lots[0], *lots[2:]])
    assert canonical(swapped) != canonical(content)
    assert compare(documents["lots overleaf"], swapped).differences
