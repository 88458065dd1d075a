"""What people type at the public check: a number and a code, or something else that is told by its form."""

from __future__ import annotations

import dataclasses
import re

from django.utils.translation import gettext as _

from certificates.domain.numbers import NUMBER
from certificates.models import CertificateLookup
from core import ids

Outcome = CertificateLookup.Outcome

#: Letters and digits of a check code, the check character included (``core.ids.readable_code``).
CODE_LENGTH = 9
_PARTS = (3, 10, 6)
#: Hyphens, dashes and blanks as keyboards, PDF readers and word processors make them.
_HYPHENS = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d_]")
_BLANKS = re.compile(r"[\s\u00a0\u200b\ufeff]+")
_DRAFT = re.compile(r"DRAFT|BORRADOR")
_REQUEST = re.compile(rf"R-?[{ids.READABLE_ALPHABET}]{{8}}")


@dataclasses.dataclass(frozen=True, slots=True)
class Fault:
    """Why what was typed cannot be the number, or the code: ``field`` is "number" or "code"."""

    field: str
    outcome: str
    code: str
    message: str


@dataclasses.dataclass(frozen=True, slots=True)
class Question:
    """Number and code in the form in which they are printed. ``faults`` where they cannot be that; then nobody is asked."""

    number: str
    code: str
    faults: tuple[Fault, ...] = ()

    @property
    def number_to_note(self) -> str:
        """What may be written down of the number: never a code that was typed into the wrong field."""
        told_by_form = NUMBER.fullmatch(self.number) or (self.number.isdigit() and len(self.number) == 10)
        return self.number if told_by_form or _REQUEST.fullmatch(self.number) else ""


def read(number: str, code: str) -> Question:
    """Understand what was typed: blanks, dashes and case do not matter."""
    number = _HYPHENS.sub("-", _BLANKS.sub("", number)).strip("-").upper()
    digits = number.replace("-", "")
    if digits.isascii() and digits.isdigit() and len(digits) == sum(_PARTS):
        number = f"{digits[:3]}-{digits[3:13]}-{digits[13:]}"
    code = ids.normalise_code(_HYPHENS.sub("", _BLANKS.sub("", code)))
    faults = (_fault_of_number(number), _fault_of_code(code))
    return Question(number, code, tuple(fault for fault in faults if fault is not None))


def _fault_of_number(number: str) -> Fault | None:
    if NUMBER.fullmatch(number) and number.isascii():
        return None
    digits = number.replace("-", "")
    if number.startswith("COOP"):
        text = _(
            "This is the reference of a continuity document, which has no certificate number and a check of its own."
        )
        return Fault("number", Outcome.MALFORMED, "CHECK-CONTINUITY", text)
    if _DRAFT.search(number):
        text = _(
            "Draft numbers are not valid for entry. A certificate has its number only once it is registered in OID."
        )
        return Fault("number", Outcome.DRAFT, "CHECK-DRAFT", text)
    if _REQUEST.fullmatch(number):
        text = _("This is the number of a request, not of a certificate. A draft is not valid for entry.")
        return Fault("number", Outcome.DRAFT, "CHECK-DRAFT", text)
    if digits.isascii() and digits.isdigit() and len(digits) == 10:
        text = _(
            "This is a NOP ID, not a certificate number. A NOP ID names an operation; the number has 21 characters."
        )
        return Fault("number", Outcome.NOP_ID, "CHECK-NOP-ID", text)
    return Fault("number", Outcome.MALFORMED, "CHECK-NUMBER", _what_is_wrong(number))


def _what_is_wrong(number: str) -> str:
    strange = sorted({character for character in number if character not in "0123456789-"})
    if strange:
        text = _("A certificate number has digits and hyphens only; this has %(found)s.")
        return text % {"found": " ".join(strange)[:20]}
    parts = number.split("-")
    if len(parts) == len(_PARTS):
        names = (_("first"), _("second"), _("third"))
        part, have, want = next(
            (name, len(part), length)
            for name, part, length in zip(names, parts, _PARTS, strict=True)
            if len(part) != length
        )
        text = _("The %(part)s part of a certificate number has %(want)s digits; this has %(have)s.")
        return text % {"part": part, "want": want, "have": have}
    text = _("A certificate number has 19 digits in three parts (3, 10 and 6); this has %(have)s digits.")
    return text % {"have": len(number.replace("-", ""))}


def _fault_of_code(code: str) -> Fault | None:
    strange = sorted({character for character in code if character not in ids.READABLE_ALPHABET})
    if code.isascii() and code.isdigit() and len(code) == 10:
        text = _("This is a NOP ID, not a check code. The check code stands beside the QR code.")
    elif strange:
        text = _(
            "A check code never has these characters: %(found)s. Look-alikes such as 0 and O, 1 and I are left out."
        )
        text %= {"found": " ".join(strange)[:20]}
    elif len(code) != CODE_LENGTH:
        text = _("A check code has %(want)s letters and digits; this has %(have)s.")
        text %= {"want": CODE_LENGTH, "have": len(code)}
    elif not ids.is_readable_code(code):
        text = _("This check code cannot be right: a letter or digit was mistaken. Compare it with the document.")
    else:
        return None
    return Fault("code", Outcome.MALFORMED, "CHECK-CODE", text)
