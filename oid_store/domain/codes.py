"""Every code the register can answer with, its HTTP status and its message: the one list of them.

0xx the call itself · 1xx registration · 2xx calls about a registered certificate · 9xx rehearsals.
"""

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True)
class CodeInfo:
    """A code as it stands in an answer, the HTTP status it comes with, and what it says."""

    code: str
    status: int
    message: str


class Code(Enum):
    """Coded answers. A message may name values in braces; they are filled in when the code is raised."""

    NOT_JSON = CodeInfo("OID-001", 400, "The body is not a JSON object.")
    MISSING = CodeInfo("OID-002", 422, "The field is missing or empty.")
    FORM = CodeInfo("OID-003", 422, "The field has the wrong form: {detail}")
    UNKNOWN_FIELD = CodeInfo("OID-004", 422, "The register knows no such field: remove it.")
    NO_KEY = CodeInfo("OID-010", 401, "Send the header 'Authorization: Key <your key>'.")
    BAD_KEY = CodeInfo("OID-011", 401, "The key is unknown or revoked.")
    NO_RECORD = CodeInfo("OID-020", 404, "There is no such record for this certifier.")
    METHOD = CodeInfo("OID-021", 405, "The address does not take this method.")
    MEDIA_TYPE = CodeInfo("OID-022", 415, "Send application/json.")
    NOT_ACCEPTABLE = CodeInfo("OID-023", 406, "The register answers application/json only.")
    NO_ADDRESS = CodeInfo("OID-024", 404, "There is no such address.")
    TOO_LARGE = CodeInfo("OID-025", 413, "The body is larger than 1 MB.")
    REFERENCE_REUSED = CodeInfo("OID-030", 409, "The reference is already used for a registration with other data.")
    CALL_REUSED = CodeInfo("OID-031", 409, "The call_id is already used for another call or other data.")
    RATE = CodeInfo("OID-040", 429, "Too many calls: wait for the seconds in Retry-After.")
    MAINTENANCE = CodeInfo(
        "OID-041", 503, "The register is under maintenance: try again after the seconds in Retry-After."
    )
    INTERNAL = CodeInfo(
        "OID-042", 500, "The register failed. Whether the call was done is not known: ask before repeating."
    )
    BUSY = CodeInfo("OID-043", 503, "The register is busy: try again after the seconds in Retry-After.")
    BAD_CURSOR = CodeInfo("OID-050", 400, "The cursor is not one that the register gave.")
    BAD_FILTER = CodeInfo("OID-051", 400, "The filter has the wrong form: {detail}")
    LOST_CURSOR = CodeInfo("OID-052", 410, "The cursor belongs to another change log: start again without a cursor.")

    CERTIFIER_NOT_KEYS = CodeInfo("OID-101", 422, "The certifier code {given} is not the one of the key.")
    EXPORTER_UNKNOWN = CodeInfo("OID-102", 422, "No operation has the NOP ID {nop_id} (exporter).")
    EXPORTER_NOT_CERTIFIED = CodeInfo("OID-103", 422, "The exporter {nop_id} is {status}, not Certified.")
    NOP_PREFIX = CodeInfo(
        "OID-104", 422, "The NOP ID {nop_id} names certifier {prefix} by its first three digits, not {certifier}."
    )
    IMPORTER_UNKNOWN = CodeInfo("OID-105", 422, "No operation has the NOP ID {nop_id} (importer).")
    IMPORTER_NOT_CERTIFIED = CodeInfo("OID-106", 422, "The importer {nop_id} is {status}, not Certified.")
    HANDLER_UNKNOWN = CodeInfo("OID-107", 422, "No operation has the NOP ID {nop_id} (final handler).")
    HANDLER_NOT_CERTIFIED = CodeInfo("OID-108", 422, "The final handler {nop_id} is {status}, not Certified.")
    NAME_DIFFERS = CodeInfo("OID-109", 422, "The name differs from the directory's: {listed}.")
    HTS_FORM = CodeInfo("OID-120", 422, "An HTS code has ten digits, without points.")
    ORIGIN_UNKNOWN = CodeInfo("OID-121", 422, "{given} is not a country (ISO 3166-1, two letters).")
    STATE_UNKNOWN = CodeInfo("OID-122", 422, "{given} is not a state or territory of the United States (two letters).")
    STANDARD_UNKNOWN = CodeInfo("OID-123", 422, "{given} is not an organic standard that the register knows: {known}.")
    PERIOD_ORDER = CodeInfo("OID-130", 422, "The period ends ({end}) before it starts ({start}).")
    PERIOD_TOO_LONG = CodeInfo("OID-131", 422, "The period is longer than {months} months: it must end by {latest}.")
    BACKDATED = CodeInfo(
        "OID-132", 422, "The period may not start before {earliest}: no certificate is issued in retrospect."
    )
    PERIOD_OVER = CodeInfo("OID-133", 422, "The period ended on {end}: an expired certificate cannot be registered.")
    DEPARTED = CodeInfo("OID-134", 422, "The goods departed on {departure}: no certificate is issued after departure.")
    DEPARTURE_AFTER_END = CodeInfo(
        "OID-135", 422, "The departure ({departure}) is after the end of the period ({end})."
    )
    WEIGHT_NOT_POSITIVE = CodeInfo("OID-140", 422, "The net weight must be above 0 kg.")
    LOTS_ABOVE_WEIGHT = CodeInfo("OID-142", 422, "The lots add up to {lots} kg, above the net weight of {net} kg.")
    LOT_NOT_POSITIVE = CodeInfo("OID-143", 422, "The weight of a lot must be above 0 kg.")
    LOT_TWICE = CodeInfo("OID-144", 422, "The lot {lot} stands in the list twice.")
    REPLACES_UNKNOWN = CodeInfo("OID-150", 422, "There is no record {number} of this certifier to replace.")
    REPLACES_NOT_LIVE = CodeInfo("OID-151", 422, "The record {number} is {status}: only a live record can be replaced.")
    REPLACES_OTHER_EXPORTER = CodeInfo("OID-152", 422, "The record {number} is another exporter's.")
    SERIALS_EXHAUSTED = CodeInfo("OID-160", 422, "All 999,999 numbers of this certifier and exporter are given.")

    NOT_LIVE = CodeInfo("OID-201", 422, "The record is {status}: it takes no such call any more.")
    EXPIRED = CodeInfo("OID-202", 422, "The record expired on {end}: it can no longer be amended.")
    WEIGHT_NOT_DOWN = CodeInfo("OID-210", 422, "The net weight may only go down: it is {now} kg.")
    WEIGHT_BELOW_ACTUALS = CodeInfo(
        "OID-211", 422, "The net weight may not go below the {actual} kg reported as shipped."
    )
    NOTHING_TO_AMEND = CodeInfo("OID-213", 422, "Name a lower net weight, the lots or the transport details to amend.")
    ACTUAL_NOT_POSITIVE = CodeInfo("OID-220", 422, "The actual weight must be above 0 kg (0 only in a correction).")
    ACTUALS_ABOVE_WEIGHT = CodeInfo(
        "OID-221", 422, "Reported weights would be {total} kg, above the {net} kg of the record."
    )
    SHIPPED_OUTSIDE_PERIOD = CodeInfo("OID-222", 422, "The shipment must leave in the period {start} to {end}.")
    ACTUALS_TOO_LATE = CodeInfo("OID-223", 422, "Actual weights were due by {latest}.")
    SHIPMENT_REPORTED = CodeInfo("OID-224", 422, "The shipment {ref} is already reported: send a correction.")
    SHIPMENT_UNKNOWN = CodeInfo("OID-225", 422, "The shipment {ref} is not reported: there is nothing to correct.")
    TOTAL_DIFFERS = CodeInfo("OID-226", 422, "The total is {given} kg, the shipments reported add up to {sum} kg.")
    SHIPPED_IN_FUTURE = CodeInfo("OID-228", 422, "The shipment date is in the future.")

    REHEARSED = CodeInfo("OID-900", 422, "Rejected on demand (rehearsal).")

    @classmethod
    def by_code(cls, text: str) -> "Code | None":
        """The member whose code is ``text`` (``OID-103``), or None."""
        return next((member for member in cls if member.value.code == text), None)
