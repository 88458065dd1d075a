"""Letters without accents, and the words that labels begin with."""

from __future__ import annotations

import re
import unicodedata

#: How the labels of other fields begin: what begins so is no value.
_LABEL = re.compile(
    r"^(?:"
    r"exporter|exportador[ae]?s?|seller|vendedor[ae]?s?|shipper|embarcador|supplier|proveedor|manufacturer|producer|productor|"
    r"fabricante|remitente|beneficiary|beneficiario|importer|importador[ae]?s?|buyer|comprador[ae]?s?|"
    r"consignee|consignatari[oa]|"
    r"notify|notificar|sold to|vendido a|ship(?:ped)? to|bill(?:ed)? to|deliver(?:ed|y)?\b|destinatario|customer|cliente|"
    r"messrs|senor(?:es)?\b|address|direccion|domicilio|name\b|nombre\b|razon social|tel\b|tel[:.]|phone|"
    r"telefono|fax|e-?mail|correo|"
    r"attn|attention|atencion|contact|tax\b|ein\b|vat\b|r\.?u\.?c\b|nit\b|rfc\b|cuit\b|"
    r"invoice|factura|date\b|fecha|terms|condicion|incoterm|payment|pago\b|forma de pago|currency|moneda|"
    r"vessel|buque|nave\b|voyage|viaje|container|contenedor|seal|precinto|sello|port\b|puerto|place of|lugar|loading|discharge|"
    r"country|pais|origin|origen|destination|destino|final dest|b/?l\b|bill of|booking|reserva|reference|referencia|export ref|"
    r"our ref|your ref|order|pedido|orden|purchase|p\.?o\.?\b|contract|contrato|"
    r"lots?\b|lotes?\b|batch|partida|product|producto|goods|mercan|mercad|description|descripcion|commodity|item|detalle|"
    r"hs\b|hts\b|tariff|arancel|packages|bultos|packing|empaque|embalaje|bags\b|sacos\b|cartons|cajas|"
    r"boxes|quantity|cantidad|qty|"
    r"cant\b|unit|unidad|price|precio|amount|importe|valor|value|total|subtotal|net\b|neto|peso|gross|bruto|weight|tare|tara|"
    r"marks|marcas|measurement|volume|volumen|freight|flete|insurance|seguro|bank|banco|account|cuenta|swift|iban|"
    r"certif|nop\b|usda|remarks|observaciones|notes?\b|notas?\b|page|pagina|signature|firma|no\.|n[°ºo]\b|"
    r"number|numero|serie|folio|"
    r"ultimate|commercial\b|comercial\b|crop|cosecha|year|ano\b|grade|calidad|quality|pre-?carriage|"
    r"carrier|transport|via\b|mode|modo|broker|agente?\b|"
    r"forwarding|type|tipo|status|id\b"
    r")"
)


def folded(text: str) -> str:
    """Lower case without accents, of the same length as ``text``."""
    return "".join(unicodedata.normalize("NFD", letter)[0].lower()[:1] or letter for letter in text)


def is_label(text: str) -> bool:
    """Whether a text is a label, or begins with one."""
    plain = folded(text).strip(" ¦\t*•-")
    return bool(_LABEL.match(plain)) or plain.endswith(":")


_DATE = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{2}|(?:19|20)\d\d)|((?:19|20)\d\d)[/.-](\d\d)[/.-](\d\d)")
_NAMED_DATE = re.compile(
    r"\d{1,2}[-/. ](?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|ene|abr|ago|dic)[a-z]*[-/. ]\d{2,4}",
    re.IGNORECASE,
)


def is_date(text: str) -> bool:
    """Whether a text is a date: 14/03/2026, 2026-03-14, 14-Mar-26."""
    match = _DATE.fullmatch(text)
    if not match:
        return bool(_NAMED_DATE.fullmatch(text))
    numbers = [int(group) for group in match.groups() if group]
    days = numbers[1:] if match.group(4) else numbers[:2]
    return max(days) <= 31 and min(days) <= 12 and min(days) > 0
