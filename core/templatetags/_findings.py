"""Findings of checks as the page shows them: labels of what was compared, in the reader's language."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.checks import registry
from core.templatetags.portal_format import day, decimal_of, kg

Text = str | Promise

#: Labels of the keys of `Finding.compared`. A key that is not here is shown as it is written, which no language likes.
COMPARED_LABELS: dict[str, Text] = {
    "asked": gettext_lazy("Asked for"),
    "characters": gettext_lazy("Characters"),
    "field": gettext_lazy("Field"),
    "available": gettext_lazy("Available"),
    "replaced": gettext_lazy("Of the certificate it replaces"),
    "rest": gettext_lazy("Not shipped"),
    "covered": gettext_lazy("Counted here"),
    "earlier": gettext_lazy("Left before"),
    "held": gettext_lazy("Already held by this request"),
    "already_reserved": gettext_lazy("Already held by this request"),
    "limit": gettext_lazy("Limit"),
    "over": gettext_lazy("Above the limit"),
    "remaining": gettext_lazy("Left"),
    "net": gettext_lazy("Net weight"),
    "gross": gettext_lazy("Gross weight"),
    "lots": gettext_lazy("Lots"),
    "lots_total": gettext_lazy("Sum of the lots"),
    "invoices": gettext_lazy("Supplier invoices"),
    "invoices_total": gettext_lazy("Sum of the invoices"),
    "certified": gettext_lazy("Certified"),
    "difference": gettext_lazy("Difference"),
    "product": gettext_lazy("Product"),
    "product_name": gettext_lazy("Product name"),
    "label_name": gettext_lazy("Name on the label"),
    "hts": gettext_lazy("HTS code"),
    "hts_code": gettext_lazy("HTS code"),
    "codes": gettext_lazy("Codes"),
    "listed": gettext_lazy("On the PVF line"),
    "organic_codes": gettext_lazy("Codes with the organic suffix"),
    "siblings": gettext_lazy("Codes with the organic suffix"),
    "valid_from": gettext_lazy("Valid from"),
    "valid_to": gettext_lazy("Valid to"),
    "edition": gettext_lazy("Tariff edition"),
    "start": gettext_lazy("First day"),
    "end": gettext_lazy("Last day"),
    "period": gettext_lazy("Period"),
    "pvf": gettext_lazy("PVF"),
    "pvf_line": gettext_lazy("PVF line"),
    "pvf_state": gettext_lazy("State of the PVF"),
    "pvf_start": gettext_lazy("PVF from"),
    "pvf_end": gettext_lazy("PVF until"),
    "today": gettext_lazy("Today"),
    "departure": gettext_lazy("Departure"),
    "port": gettext_lazy("Port of lading"),
    "decision": gettext_lazy("Earliest decision"),
    "max_months": gettext_lazy("Longest period, months"),
    "months": gettext_lazy("Months"),
    "origin": gettext_lazy("Origin"),
    "origins": gettext_lazy("Origins on the PVF line"),
    "allowed": gettext_lazy("Allowed"),
    "standard": gettext_lazy("Organic standard"),
    "issuer": gettext_lazy("Issued by"),
    "status": gettext_lazy("Status"),
    "directory": gettext_lazy("Status in the directory"),
    "directory_status": gettext_lazy("Status in the directory"),
    "directory_date": gettext_lazy("Date of the directory"),
    "directory_age_days": gettext_lazy("Age of the directory, days"),
    "own_status": gettext_lazy("Status on the certifier's record"),
    "own_record": gettext_lazy("Status on the certifier's record"),
    "nop_id": gettext_lazy("NOP ID"),
    "name": gettext_lazy("Name"),
    "scope": gettext_lazy("Scope"),
    "scopes": gettext_lazy("Scopes"),
    "exporter": gettext_lazy("Exporter"),
    "importer": gettext_lazy("Importer of record"),
    "recipient": gettext_lazy("Recipient"),
    "consignee": gettext_lazy("Consignee"),
    "supplier": gettext_lazy("Supplier"),
    "suppliers": gettext_lazy("Suppliers"),
    "last_handler": gettext_lazy("Last handler"),
    "container": gettext_lazy("Container"),
    "containers": gettext_lazy("Containers"),
    "check_digit": gettext_lazy("Check digit"),
    "expected": gettext_lazy("Expected"),
    "found": gettext_lazy("Found"),
    "given": gettext_lazy("Given"),
    "missing": gettext_lazy("Missing"),
    "required": gettext_lazy("Required"),
    "present": gettext_lazy("There"),
    "documents": gettext_lazy("Documents"),
    "lot": gettext_lazy("Lot"),
    "declared": gettext_lazy("Declared"),
    "other": gettext_lazy("On other certificates"),
    "others": gettext_lazy("On other certificates"),
    "total": gettext_lazy("Total"),
    "certificates": gettext_lazy("Certificates"),
    "certificate": gettext_lazy("Certificate"),
    "request": gettext_lazy("Request"),
    "invoice": gettext_lazy("Invoice"),
    "bill_of_lading": gettext_lazy("Bill of lading"),
    "certified_organic": gettext_lazy("Certified organic code"),
    "departure_date": gettext_lazy("Departure"),
    "description": gettext_lazy("Description"),
    "differences": gettext_lazy("Differences"),
    "directory_limit_days": gettext_lazy("Allowed age of the directory, days"),
    "elsewhere": gettext_lazy("On other certificates"),
    "end_date": gettext_lazy("Last day"),
    "first_day": gettext_lazy("In force from"),
    "kg": gettext_lazy("Kilograms"),
    "last_day": gettext_lazy("In force until"),
    "ledger": gettext_lazy("Ledger"),
    "left": gettext_lazy("Left"),
    "missing_day": gettext_lazy("First day not in force"),
    "net_weight": gettext_lazy("Net weight"),
    "number": gettext_lazy("Number"),
    "port_time_zone": gettext_lazy("Port's time zone"),
    "pvf_from": gettext_lazy("PVF from"),
    "pvf_hts_codes": gettext_lazy("Codes on the PVF line"),
    "pvf_label_name": gettext_lazy("Name on the PVF line"),
    "pvf_origins": gettext_lazy("Origins on the PVF line"),
    "pvf_until": gettext_lazy("PVF until"),
    "recipient_nop_id": gettext_lazy("Recipient's NOP ID"),
    "reserved": gettext_lazy("Reserved"),
    "season": gettext_lazy("Season"),
    "shipped": gettext_lazy("Shipped"),
    "snapshot_sha256": gettext_lazy("SHA-256 of the content"),
    "standards": gettext_lazy("Standards of the certifier"),
    "start_date": gettext_lazy("First day"),
    "state": gettext_lazy("State"),
    "there": gettext_lazy("There"),
    "today_at_port": gettext_lazy("Today at the port"),
    "valid": gettext_lazy("Valid"),
}


#: Words for the values of a key, where they are codes of a list (kinds of documents): each floor adds its own.
VALUE_WORDS: dict[str, Mapping[str, Text]] = {}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def name_values(keys: Iterable[str], words: Mapping[str, Text]) -> None:
    """Let the values of these keys of `compared` be shown by their words."""
    VALUE_WORDS.update(dict.fromkeys(keys, words))


def get_of(source: Any, name: str, default: Any = None) -> Any:
    """`source.name` or `source["name"]`: components take objects and mappings alike."""
    return source.get(name, default) if isinstance(source, Mapping) else getattr(source, name, default)


def label_of(key: str) -> str:
    """The words for a key of `compared`; "_kg" at its end is left to the value."""
    name = key.removesuffix("_kg")
    known = COMPARED_LABELS.get(key) or COMPARED_LABELS.get(name)
    return str(known) if known else name.replace("_", " ").capitalize()


def _is_segment(part: Any) -> bool:
    return isinstance(part, (list, tuple)) and len(part) == 2 and part[0] in {"equal", "insert", "delete"}


def _value_of(key: str, shown: Any) -> Any:
    if shown is None or shown == "":
        return "\N{EM DASH}"
    if isinstance(shown, bool):
        return _("yes") if shown else _("no")
    if key.endswith("_kg") and decimal_of(shown) is not None:
        return kg(shown)
    if key in VALUE_WORDS and shown in VALUE_WORDS[key]:
        return str(VALUE_WORDS[key][shown])
    if key and isinstance(shown, str) and _DAY.fullmatch(shown):
        return day(shown)
    return shown


def compared_rows(compared: Any) -> list[dict[str, Any]]:
    """What a check compared as rows: `value`, `entries` (a list), `rows` (a mapping) or `segments` (letter by letter)."""
    rows: list[dict[str, Any]] = []
    for key, shown in (compared or {}).items():
        row: dict[str, Any] = {"label": label_of(str(key))}
        if isinstance(shown, (list, tuple)) and shown and all(_is_segment(part) for part in shown):
            row["segments"] = [{"op": op, "text": text} for op, text in shown]
        elif isinstance(shown, (list, tuple, set)) and any(isinstance(part, Mapping) for part in shown):
            row["groups"] = [compared_rows(part) if isinstance(part, Mapping) else [{"value": part}] for part in shown]
        elif isinstance(shown, (list, tuple, set)):
            row["entries"] = [str(_value_of(str(key), part)) for part in shown]
        elif isinstance(shown, Mapping):
            row["groups"] = [compared_rows(shown)]
        else:
            row["value"] = _value_of(str(key), shown)
        rows.append(row)
    return rows


#: How the ledger writes kilograms: always to the gram.
_KILOGRAMS = re.compile(r"-?\d+\.\d{3}")


def said(value: Any) -> str:
    """What one side of a comparison says, in words: "Available 48,999.500 kg; Reserved 0 kg"."""
    if isinstance(value, Mapping):
        return "; ".join(f"{label_of(str(key))} {said(part)}" for key, part in value.items()) or "\N{EM DASH}"
    if isinstance(value, (list, tuple)):
        return ", ".join(said(part) for part in value) or "\N{EM DASH}"
    return kg(value) if _KILOGRAMS.fullmatch(str(value)) else str(_value_of("", value))


def shown_finding(finding: Any) -> dict[str, Any]:
    """One finding (a `core.checks.Finding` or its stored JSON) with title and citation from the registry."""
    code = str(get_of(finding, "code"))
    try:
        check: Any = registry.get(code)
    except KeyError:
        check = None
    return {
        "code": code,
        "title": get_of(finding, "title") or getattr(check, "title", ""),
        "citation": get_of(finding, "citation") or getattr(check, "citation", ""),
        "message": get_of(finding, "message"),
        "compared": compared_rows(get_of(finding, "compared")),
        "overridable": bool(get_of(finding, "overridable", True)),
        "staff_only": bool(get_of(finding, "staff_only", False)),
        "override": get_of(finding, "override"),
        "url": get_of(finding, "url"),
    }
