"""TXT-1: every character that the certificate would print has a glyph."""

from __future__ import annotations

import dataclasses

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from certificates.document.errors import FontsMissing
from certificates.document.fonts import missing_glyphs, named_character
from certificates.document.snapshot import texts_of
from certificates.domain import snapshots
from core.checks import Finding, Text, registry
from requests_app.checks.base import RequestCheck
from requests_app.domain.facts import RequestFacts

#: Parts of the snapshot that the exporter enters: the field of the request and what it is called. Longest path first.
_OF_REQUEST: tuple[tuple[str, str, Text], ...] = (
    ("recipient.name", "recipient_name", gettext_lazy("Recipient")),
    ("consignee.name", "consignee_name", gettext_lazy("Ultimate consignee")),
    ("consignee.address", "consignee_address", gettext_lazy("Address of the consignee")),
    ("destination.city", "destination_city", gettext_lazy("Destination: city")),
    ("destination.state", "destination_state", gettext_lazy("Destination: state")),
    ("product.label_name", "label_name", gettext_lazy("Name on the label")),
    ("standard", "standard", gettext_lazy("Organic standard")),
    ("packages.kind", "packages_kind", gettext_lazy("Packages")),
    ("lots", "lots", gettext_lazy("Lots")),
    ("containers", "containers", gettext_lazy("Containers and seals")),
    ("invoices", "invoices", gettext_lazy("Invoices")),
    ("transport.port_of_lading", "port_of_lading", gettext_lazy("Port of lading")),
    ("transport.vessel", "vessel", gettext_lazy("Vessel or flight")),
    ("transport.bill_of_lading", "bill_of_lading", gettext_lazy("Bill of lading or air waybill")),
)
#: Parts that come from elsewhere: the directory, the PVF, the certifier itself.
_FROM_ELSEWHERE: tuple[tuple[str, Text], ...] = (
    ("certifier", gettext_lazy("Certifier")),
    ("letterhead", gettext_lazy("Letterhead")),
    ("exporter", gettext_lazy("Exporter")),
    ("importer", gettext_lazy("Importer of record")),
    ("final_handler", gettext_lazy("Final handler and its certifier")),
    ("product", gettext_lazy("Product name")),
    ("hts", gettext_lazy("HTS code")),
    ("origin", gettext_lazy("Country of origin")),
)


@registry.register
class TextPrintable(RequestCheck):
    """TXT-1: the bundled fonts have a glyph for each character; none may print as a box, none may steer the text's direction.

    It looks at the same data, in the same way, as the renderer does when the certificate is made.
    """

    code = "TXT-1"
    title = gettext_lazy("Every character can be printed")
    citation = "7 CFR 205.273"
    overridable = False

    def judge(self, facts: RequestFacts) -> Finding:
        try:
            missing = missing_glyphs(texts_of(snapshots.unfinished(facts)))
        except FontsMissing:
            return self.warned(_("The fonts of the document are not installed; nothing could be looked up."))
        if not missing:
            return self.passed(_("All characters can be printed."))
        rows = [
            {"field": _place(path)[1], "characters": [named_character(each) for each in found]}
            for path, found in missing.items()
        ]
        words = "; ".join(f"{row['field']}: {', '.join(row['characters'])}" for row in rows)
        fields = [field for field, _name in map(_place, missing) if field]
        text = _("Characters that no font of the certificate has: %(places)s. Write them differently.")
        failure = self.failed(text % {"places": words}, fields[0] if fields else "", characters=rows)
        # what the directory or the certifier wrote, the exporter cannot mend
        return failure if fields else dataclasses.replace(failure, mendable=False)


def _place(path: str) -> tuple[str, str]:
    """The request's field for a path of the snapshot (empty where it is none of the exporter's) and its name."""
    for start, field, name in _OF_REQUEST:
        if path.startswith(start):
            return field, str(name)
    return "", next((str(name) for start, name in _FROM_ELSEWHERE if path.startswith(start)), path)
