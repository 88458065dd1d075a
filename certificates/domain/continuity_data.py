"""What a continuity document says: the certificate's content with the data that customs ask for under message set OR1.

OR1 wants the intended use and, of exporter, ultimate consignee, issuer of the certificate and last handler, name, address,
contact and NOP ID; of the last handler its certifier too. What the portal knows is taken; what it lacks is asked for.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from certificates.document.errors import UnprintableText
from certificates.document.fonts import faces_for
from certificates.models import Certificate
from core.errors import InvalidInput
from organizations.models import Certifier, Client, Operation

SCHEMA = 1
#: Parties in the order of the document.
PARTIES = ("exporter", "consignee", "issuer", "last_handler")
#: Fields that may be asked for, with the most characters; those marked False may stay empty.
ASKED: dict[str, tuple[int, bool]] = {
    "intended_use": (200, True),
    "exporter_address": (500, True),
    "exporter_contact": (200, True),
    "consignee_address": (500, True),
    "consignee_contact": (200, True),
    "consignee_nop_id": (10, False),
    "issuer_address": (500, True),
    "issuer_contact": (200, True),
    "last_handler_name": (300, True),
    "last_handler_address": (500, True),
    "last_handler_contact": (200, True),
    "last_handler_certifier": (300, True),
}
#: Taken from the certificate where it states them; only what it leaves out is asked for.
_FROM_CERTIFICATE = ("exporter_address", "consignee_address", "last_handler_name", "last_handler_certifier")


def known(certificate: Certificate) -> dict[str, str]:
    """What the portal knows of each field; empty where it knows nothing."""
    content = certificate.snapshot
    client = Client.objects.select_related("operation", "certifier").get(pk=certificate.client_id)
    handler = content["final_handler"]
    if not handler["nop_id"]:
        handler = {**content["exporter"], "certifier": content["certifier"]["name"]}
    operation = Operation.objects.filter(nop_id=handler["nop_id"]).first()
    same = content["consignee"]["name"] == content["importer"]["name"]
    return {
        "intended_use": "",
        "exporter_address": content["exporter"]["address"],
        "exporter_contact": client.contact_email or _contact(client.operation),
        "consignee_address": content["consignee"]["address"],
        "consignee_contact": certificate.request.importer_contact_email if same else "",
        "consignee_nop_id": content["importer"]["nop_id"] if same else "",
        "issuer_address": _one_line(client.certifier),
        "issuer_contact": client.certifier.email,
        "last_handler_name": handler["name"] or (operation.name if operation else ""),
        "last_handler_nop_id": handler["nop_id"],
        "last_handler_address": operation.full_address if operation else "",
        "last_handler_contact": _contact(operation) if operation else "",
        "last_handler_certifier": handler["certifier"] or (operation.certifier_name if operation else ""),
    }


def _contact(operation: Operation) -> str:
    return ", ".join(part for part in (operation.email, operation.phone) if part)


def _one_line(certifier: Certifier) -> str:
    lines = [line.strip() for line in certifier.address.splitlines() if line.strip()]
    return ", ".join([*lines, certifier.country])


def fixed(certificate: Certificate) -> set[str]:
    """The fields that the certificate itself states: they are shown, not asked for."""
    have = known(certificate)
    return {name for name in _FROM_CERTIFICATE if have[name]}


def build(certificate: Certificate, *, reference: str, coop_code: str, given: dict[str, str]) -> dict[str, Any]:
    """Everything the document says. Raises ``InvalidInput`` OR1 at the field that is missing, TXT-1 where one cannot print."""
    have = known(certificate)
    stated = fixed(certificate)
    values = dict(have)
    for name, (length, required) in ASKED.items():
        if name not in stated:
            values[name] = " ".join(str(given.get(name, "")).split())[:length]
        if required and not values[name]:
            raise InvalidInput("OR1", _("Message set OR1 asks for this."), field=name)
    if values["consignee_nop_id"] and not (
        values["consignee_nop_id"].isdecimal() and len(values["consignee_nop_id"]) == 10
    ):
        raise InvalidInput("OR1", _("A NOP ID has ten digits."), field="consignee_nop_id")
    try:
        faces_for((name, value) for name, value in values.items())
    except UnprintableText as error:
        field = next(iter(error.characters.values()))
        raise InvalidInput("TXT-1", error.message, field=field, details=error.details) from error
    return {
        "schema": SCHEMA,
        "kind": "continuity",
        "reference": reference,
        "coop_code": coop_code,
        "or1": _or1(certificate, values),
        "snapshot_sha256": certificate.snapshot_sha256,
        "snapshot": certificate.snapshot,
    }


def _or1(certificate: Certificate, values: dict[str, str]) -> dict[str, Any]:
    content = certificate.snapshot
    issuer = content["certifier"]
    names = {
        "exporter": (content["exporter"]["name"], content["exporter"]["nop_id"]),
        "consignee": (content["consignee"]["name"] or content["importer"]["name"], values["consignee_nop_id"]),
        "issuer": (issuer["name"], issuer["code"]),
        "last_handler": (values["last_handler_name"], values["last_handler_nop_id"]),
    }
    found: dict[str, Any] = {"intended_use": values["intended_use"]}
    for party in PARTIES:
        name, nop_id = names[party]
        found[party] = {
            "name": name,
            "address": values[f"{party}_address"],
            "contact": values[f"{party}_contact"],
            "nop_id": nop_id,
        }
    found["last_handler"]["certifier"] = {
        "name": values["last_handler_certifier"],
        # the first three digits of an operation's NOP ID name its certifier
        "nop_id": values["last_handler_nop_id"][:3],
    }
    return found
