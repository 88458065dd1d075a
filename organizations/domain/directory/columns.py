"""Columns of the directory by their headers, and a row as the record of an operation."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import pycountry
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from core.errors import InvalidInput
from organizations.domain.directory import problems
from organizations.models import Operation, OperationStatus, Scope

#: Our name of a value → the headers under which it may stand, compared without case, spaces and signs. OID's own first.
HEADERS: dict[str, tuple[str, ...]] = {
    "nop_id": ("op_nopOpID", "NOP ID", "NOP operation ID", "Operation ID"),
    "name": ("op_name", "Operation name", "Name"),
    "status": ("op_status", "Operation status", "Operation certification status", "Status"),
    "other_names": ("op_otherNames", "Other names", "Other/former names"),
    "status_date": ("op_statusEffectiveDate", "Status effective date", "Effective date of operation status"),
    "certifier_name": ("op_certifierName", "Cert_name", "Certifier name", "Certifier"),
    "crops": ("opSC_CR", "Crops scope certification status", "Crops"),
    "livestock": ("opSC_LS", "Livestock scope certification status", "Livestock"),
    "wild_crops": ("opSC_WC", "Wild crops scope certification status", "Wild crops"),
    "handling": ("opSC_HANDLING", "Handling scope certification status", "Handling"),
    "line1": ("opPA_line1", "Physical address: street 1", "Address", "Street"),
    "line2": ("opPA_line2", "Physical address: street 2"),
    "city": ("opPA_city", "Physical address: city", "City"),
    "state": ("opPA_state", "Physical address: state/province", "State"),
    "country": ("opPA_country", "Physical address: country", "Country"),
    "postal_code": ("opPA_zip", "Physical address: ZIP/postal code", "Postal code", "ZIP"),
    "phone": ("op_phone", "Phone"),
    "email": ("op_email", "Email"),
}
REQUIRED = ("nop_id", "name", "status")
#: Headers of OID's that the portal knows of and has no use for: not reported as unknown.
UNUSED = re.compile(
    r"opma.*|opex.*|opsc.*ed|oppacount.*|(cr|ls|wc|han|hand)(certifiedproducts|certnos).*|ci.*|pubdate|"
    r"op(url|clientid|contfirstname|contlastname|nopanniversarydate|lastupdateddate|certificate|totalacreage|parent|"
    r"additionalinfo|opextrainfo)|item.*|otheritems|organic100|organic|madewithorganic"
)
SCOPES = {
    "crops": Scope.CROPS.value, "livestock": Scope.LIVESTOCK.value, "wild_crops": Scope.WILD_CROPS.value,
    "handling": Scope.HANDLING.value,
}  # fmt: skip
_YES = frozenset({"certified", "yes", "y", "true", "x", "1"})
_STATUSES = {value.casefold(): value for value in OperationStatus.values}
_LIMITS = {
    field.name: field.max_length for field in Operation._meta.concrete_fields if getattr(field, "max_length", None)
}
#: Day 0 of a spreadsheet's dates.
_EPOCH = dt.date(1899, 12, 30)


@dataclasses.dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one value of a row: a code of :mod:`problems`, our name of the column, the value."""

    code: str
    column: str = ""
    value: str = ""

    @property
    def refuses(self) -> bool:
        """Whether nothing of the row can be taken."""
        return self.code in problems.REFUSING


@dataclasses.dataclass(frozen=True, slots=True)
class Record:
    """One row: the columns of ``Operation`` that the file speaks of (None for ``nop_id``: unreadable), and what is wrong."""

    row: int
    nop_id: str
    values: dict[str, Any]
    problems: tuple[Problem, ...] = ()

    @property
    def refused(self) -> bool:
        """Whether nothing of it can be taken."""
        return any(problem.refuses for problem in self.problems)


def plain(header: str) -> str:
    """A header as it is compared: letters and digits alone, lower case."""
    return re.sub(r"[\W_]+", "", header).casefold()


_BY_HEADER = {plain(header): name for name, headers in HEADERS.items() for header in headers}


class Layout:
    """Which of our values stands in which column of a file.

    Raises ``InvalidInput`` DIRECTORY-COLUMNS naming the required columns that are missing.
    """

    def __init__(self, headers: Sequence[str]) -> None:
        self.places: dict[str, int] = {}
        self.unknown: list[str] = []
        for index, header in enumerate(headers):
            key = plain(header)
            name = _BY_HEADER.get(key)
            if name is not None and name not in self.places:
                self.places[name] = index
            elif key and name is None and not UNUSED.fullmatch(key):
                self.unknown.append(header.strip()[:60])
        missing = [HEADERS[name][0] for name in REQUIRED if name not in self.places]
        if missing:
            words = {"missing": ", ".join(missing), "found": ", ".join(h.strip() for h in headers[:20] if h.strip())}
            text = _("The file has no column %(missing)s. Its first headers are: %(found)s.") % words
            raise InvalidInput("DIRECTORY-COLUMNS", text, field="file", details={"missing": missing})
        self.names = list(self.places)
        self.columns = [self.places[name] for name in self.names]
        self._has = set(self.names)
        self._scopes = [name for name in SCOPES if name in self._has]

    def record(self, row: int, values: Sequence[str]) -> Record | None:
        """The record of a row's values in the order of :attr:`names`; None for an empty row and for one that explains."""
        found = {name: value.strip() for name, value in zip(self.names, values, strict=True)}
        nop_id = _whole_number(found["nop_id"])
        if not nop_id.isdigit() and (not any(found.values()) or _explains(found)):
            return None
        wrong: list[Problem] = []
        if not (len(nop_id) == 10 and nop_id.isascii() and nop_id.isdigit()):
            wrong.append(Problem("NOP-ID", "nop_id", found["nop_id"]))
        status = _STATUSES.get(found["status"].casefold())
        if status is None:
            wrong.append(Problem("STATUS", "status", found["status"]))
        if not found["name"]:
            wrong.append(Problem("NAME", "name"))
        if wrong:
            return Record(row, nop_id, {}, tuple(wrong))
        result: dict[str, Any] = {"status": status}
        for name in ("name", "other_names", "certifier_name", "city", "state", "postal_code", "phone"):
            if name in self._has:
                result[name] = found[name]
        if "line1" in self._has:
            result["address"] = ", ".join(filter(None, (found["line1"], found.get("line2", ""))))
        if self._scopes:
            result["scopes"] = [SCOPES[name] for name in self._scopes if found[name].casefold() in _YES]
        self._read(found, result, "email", "email", email_of, wrong)
        self._read(found, result, "country", "country", country_of, wrong)
        self._read(found, result, "status_date", "status_as_of", date_of, wrong)
        for name, value in result.items():
            limit = _LIMITS.get(name)
            if limit and isinstance(value, str) and len(value) > limit:
                wrong.append(Problem("LONG", name, value[:100]))
                result[name] = value[:limit].rstrip()
        return Record(row, nop_id, result, tuple(wrong))

    def _read(
        self, found: dict[str, str], result: dict[str, Any], name: str, field: str,
        reading: Callable[[str], Any], wrong: list[Problem],
    ) -> None:  # fmt: skip
        """Read a value that has a form of its own; one that does not have it is left out and noted."""
        if name not in self._has:
            return
        text = found[name]
        if not text:
            if field != "status_as_of":
                result[field] = ""
            return
        value = reading(text)
        if value is None:
            wrong.append(Problem({"status_date": "DATE"}.get(name, name.upper()), name, text[:100]))
        else:
            result[field] = value


def _whole_number(text: str) -> str:
    """A NOP ID that a spreadsheet stored as a number: "8150001234", "8150001234.0", "8.150001234E9"."""
    if text.isdigit():
        return text
    found = re.fullmatch(r"(\d)(?:\.(\d{1,15}))?E\+?(\d{1,2})", text)
    if found:
        digits = (found[2] or "").ljust(int(found[3]), "0")
        return found[1] + digits if len(digits) == int(found[3]) else text
    return text.removesuffix(".0")


def _explains(found: dict[str, str]) -> bool:
    """Whether a row is the one under OID's headers that says in words what each column holds."""
    return _BY_HEADER.get(plain(found["nop_id"])) == "nop_id" or "operation id" in found["nop_id"].casefold()


@lru_cache(maxsize=100_000)
def email_of(text: str) -> str | None:
    """An e-mail address; the first where several are given; None where it is none."""
    first = re.split(r"[;,\s]+", text.strip())[0]
    try:
        validate_email(first)
    except ValidationError:
        return None
    return first if len(first) <= 254 else None


@lru_cache(maxsize=2000)
def country_of(text: str) -> str | None:
    """ISO 3166's two letters for a country's letters or name ("Peru", "United States of America (the)"); None if unknown."""
    plain_name = re.sub(
        r"\s*\((the|plurinational state of|bolivarian republic of|islamic republic of)\)", "", text, flags=re.I
    )
    for name in (text, plain_name):
        try:
            return str(pycountry.countries.lookup(name.strip()).alpha_2)
        except LookupError:
            continue
    return None


@lru_cache(maxsize=20_000)
def date_of(text: str) -> dt.date | None:
    """A day: ISO, month/day/year as OID writes it, or a spreadsheet's number of days. None where it is none."""
    if re.fullmatch(r"\d{5}(\.\d+)?", text):
        return _EPOCH + dt.timedelta(days=int(text.split(".", maxsplit=1)[0]))
    iso = re.match(r"(\d{4})-(\d{2})-(\d{2})(?:$|[T ])", text)
    american = re.match(r"(\d{1,2})/(\d{1,2})/(\d{4})(?:$|\s)", text)
    try:
        if iso:
            return dt.date(int(iso[1]), int(iso[2]), int(iso[3]))
        if american:
            return dt.date(int(american[3]), int(american[1]), int(american[2]))
    except ValueError:
        return None
    return None
