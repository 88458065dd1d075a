"""How papers say "net weight", "gross weight", and what looks like it and is none. Without accents, in lower case."""

from __future__ import annotations

import re

from requests_app.evidence.scales import PACKAGE

MASS = (
    r"(?:weights?|wts?\b\.?|wgts?\b\.?|mass|kgs?\b\.?|kilos?|kilograms?|kilogramos|lbs?\b\.?|pounds|(?:metric |short )?tons?|"
    r"tonnes|tonnage|mts?\b|quantity|qty\b\.?|peso|shipped)"
)
MASA = (
    # the unit of a figure before it is no beginning of a label
    r"(?<!\d )(?<!\d)(?:pesos?|masa|kilos|kilogramos|kgs?\b\.?|kgrs?\b\.?|cantidad(?:es)?|libras|lbs\b\.?|"
    r"toneladas(?: metricas| cortas)?|tm\b|"
    r"quintales|weight|wt\b\.?)"
)
NETA = r"(?:nett|net|netos|netas|neto|neta|liquido)"
GROSSA = r"(?:gross|brutos|brutas|bruto|bruta)"
LABELS = re.compile(
    # money, days, and the contents of one package: no weight of the goods
    rf"(?P<other>\b(?:net|neto)\s+(?:\d+|amount|price|value|payable|due|invoice|proceeds|sales|cash|assets|"
    rf"fob|cif|days|a pagar|usd|total\s*\(?(?:usd|us\$|\$|eur))"
    rf"|\b(?:valor|importe|precio|monto|price|value|amount|total a pagar)\s+(?:unitario\s+)?net[oa]?\b|"
    rf"\bnet content(?:s)?\b|\bcontenido net[oa]\b"
    rf"|\b(?:unit|unitario|individual)\s+(?:{NETA}|{GROSSA})\s+{MASS}|\b{MASA}\s+unitario(?:\s+{NETA})?)"
    rf"|(?P<both>\b{NETA}(?:\s*{MASS})?\s*(?:/|&|-|\by\b|\band\b)\s*{GROSSA}(?:\s*{MASS})?|"
    rf"\b{MASA}\s*{NETA}\s*(?:/|-|y)\s*{GROSSA}|\bn\.?w\.?\s*/\s*g\.?w\b\.?)"
    rf"|(?P<turned>\b{GROSSA}(?:\s*{MASS})?\s*(?:/|&|-|\by\b|\band\b)\s*{NETA}(?:\s*{MASS})?|"
    rf"\b{MASA}\s*{GROSSA}\s*(?:/|-|y)\s*{NETA}|\bg\.?w\.?\s*/\s*n\.?w\b\.?)"
    rf"|(?P<gross>\b(?:{GROSSA})\b(?:\s*{MASS})?|\b{MASA}\s*[(,]?\s*(?:total\s+)?{GROSSA}\b\)?|"
    rf"\bg\.\s?w\b\.?|\bg/w\b|\bgw\b|\bgr\.? ?wt\b\.?|\bp\.\s?b\b\.?|\btare\b(?:\s*{MASS})?|\btara\b|"
    r"\b(?:chargeable|volume|volumetric|dimensional|vgm|verified gross)\s*(?:weight|mass)?\b)"
    rf"|(?P<net>\b(?:total\s+)?{NETA}\b\s*[-,]?\s*(?:total\s+)?{MASS}(?:\s+total\b)?|"
    rf"\b{MASA}\s*[-(,]*\s*(?:total(?:es)?\s+)?{NETA}\b\)?(?:\s*total\b)?"
    rf"|\b(?:total|totales)\s+{NETA}\b|\b{NETA}\s+total\b|\bn\.\s?w\b\.?(?:t\.)?|\bn/w\b|\bnw\b(?=\s*[:(]|"
    rf"\s*kg)|\bnt\.? ?wt\b\.?|\bp\.\s?n(?:eto)?\b\.?|\bp/n\b|\bp\s?neto\b|\bnetwt\b)"
    rf"|(?P<loose>\b{NETA}\b)"
)
PER = re.compile(
    rf"^\W{{0,4}}(?:\(?(?:in |en )?(?:kgs?|lbs?|kilos)\.?\)?\W{{0,3}})?(?:per\b|each\b|por\b|c/u|unitario|"
    rf"de cada|/\s*{PACKAGE}\b|(?:of|de) (?:one|each|un|cada)\b)"
)
TOTAL = re.compile(r"\b(?:grand |gran )?totale?s?\b")
