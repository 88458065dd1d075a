"""Product Verification Forms, their lines, the volume ledger and the HTS table.

A PVF belongs to one client and one certification year. Its *lines* are stable (the ledger hangs on them); what a line
says (label name, HTS codes, origins, authorised volume) stands in the *terms* of each approved version.
"""

from pvf.models.fields import KilogramField
from pvf.models.ledger import Balance, Bucket, Cause, Holder, Movement
from pvf.models.life import CarryOver, ProcessingReport, PVFDocument, TopUp
from pvf.models.pvf import PVF, PVFLine, PVFLineTerms, PVFVersion
from pvf.models.statements import StatementFile
from pvf.models.tariff import HtsCode, HtsEdition

__all__ = [
    "PVF",
    "Balance",
    "Bucket",
    "CarryOver",
    "Cause",
    "Holder",
    "HtsCode",
    "HtsEdition",
    "KilogramField",
    "Movement",
    "PVFDocument",
    "PVFLine",
    "PVFLineTerms",
    "PVFVersion",
    "ProcessingReport",
    "StatementFile",
    "TopUp",
]
