"""What can be wrong with a row of the directory, in the reader's language."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

#: Nothing of the row is taken: without these it is not known which operation it is about or how it stands.
REFUSING: dict[str, Promise] = {
    "NOP-ID": _("The NOP ID must have exactly 10 digits; format the column as text."),
    "NAME": _("The name is missing."),
    "STATUS": _("There is no such status; known are those of OID, for example Certified or Suspended."),
    "REPEATED": _("An earlier row of the file has the same NOP ID and says something else."),
}
#: The row is taken, without this one value.
NOTING: dict[str, Promise] = {
    "COUNTRY": _("The country is not known: neither a name nor two letters of ISO 3166."),
    "EMAIL": _("This is no e-mail address."),
    "DATE": _("This is no date; write it like 2026-07-31."),
    "LONG": _("The text is too long and was cut."),
}
TEXTS: dict[str, Promise] = {**REFUSING, **NOTING}
