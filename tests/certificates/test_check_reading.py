"""What people type at the public check is understood, or told what it is instead."""

from __future__ import annotations

import pytest

from certificates.domain.check_reading import CODE_LENGTH, read

NUMBER = "101-1010000011-000001"
#: A code as the portal makes them; the same in every process, since it names tests.
CODE = "QH4A6RKHE"


@pytest.mark.parametrize(
    "typed",
    [
        NUMBER, f" {NUMBER} ", "101 1010000011 000001", "1011010000011000001", "101\u20131010000011\u2011000001",
        "101\u00a0-\u00a01010000011\u2212000001", f"{NUMBER}\u200b",
    ],
)  # fmt: skip
def test_blanks_and_dashes_of_every_kind_do_not_matter(typed: str) -> None:
    question = read(typed, CODE)
    assert (question.number, question.faults) == (NUMBER, ())


@pytest.mark.parametrize("typed", [CODE.lower(), f"{CODE[:3]}-{CODE[3:6]}-{CODE[6:]}", f"{CODE[:3]} {CODE[3:]}\n"])
def test_a_code_may_be_typed_as_people_type(typed: str) -> None:
    question = read(NUMBER, typed)
    assert (question.code, question.faults) == (CODE, ())


@pytest.mark.parametrize(
    ("typed", "code", "words"),
    [
        ("1010000011", "CHECK-NOP-ID", "NOP ID, not a certificate number"),
        ("101 0000 011", "CHECK-NOP-ID", "NOP ID"),
        (f"{NUMBER} draft", "CHECK-DRAFT", "Draft numbers are not valid"),
        ("BORRADOR 12", "CHECK-DRAFT", "Draft numbers are not valid"),
        ("R-ABCDEFGH", "CHECK-DRAFT", "number of a request"),
        ("COOP-101-ABCD-EFGH-J", "CHECK-CONTINUITY", "reference of a continuity document"),
        ("101-1010000011-00001", "CHECK-NUMBER", "third part of a certificate number has 6 digits; this has 5"),
        ("11-1010000011-000001", "CHECK-NUMBER", "first part of a certificate number has 3 digits; this has 2"),
        ("123456", "CHECK-NUMBER", "19 digits in three parts (3, 10 and 6); this has 6"),
        ("1O1-1010000011-000001", "CHECK-NUMBER", "digits and hyphens only; this has O"),
        ("\u0661\u0660\u0661-1010000011-000001", "CHECK-NUMBER", "digits and hyphens only"),
        ("<script>alert(1)</script>", "CHECK-NUMBER", "digits and hyphens only"),
    ],
)
def test_a_number_that_is_none_is_told_by_its_form(typed: str, code: str, words: str) -> None:
    (fault,) = read(typed, CODE).faults
    assert (fault.field, fault.code) == ("number", code)
    assert words in fault.message


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (CODE[:-1], f"has {CODE_LENGTH} letters and digits; this has 8"),
        ("ABCDEFGH0", "never has these characters: 0"),
        ("1010000011", "NOP ID, not a check code"),
        (CODE[:-1] + ("A" if CODE[-1] != "A" else "B"), "a letter or digit was mistaken"),
    ],
)
def test_a_code_that_cannot_be_one_is_told_by_its_form(typed: str, words: str) -> None:
    (fault,) = read(NUMBER, typed).faults
    assert (fault.field, fault.code) == ("code", "CHECK-CODE")
    assert words in fault.message


def test_a_code_typed_as_the_number_is_not_written_down() -> None:
    assert read(CODE, CODE).number_to_note == ""
    assert read(NUMBER, CODE).number_to_note == NUMBER
    assert read("1010000011", CODE).number_to_note == "1010000011"
