"""Marks of goods: keyed hashes of a lot with a container or bill of lading.

By them certifiers are warned of the same goods elsewhere without learning anything of each other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection
from django.utils.crypto import salted_hmac

from certificates.models import Certificate, GoodsMark
from core import clock

WINDOW = dt.timedelta(days=60)
_SALT = "certificates.goods-mark"


def _plain(text: str) -> str:
    """Upper case, letters and digits alone: how people write a number differs."""
    return "".join(character for character in text.upper() if character.isalnum())


def marks_of(lots: Iterable[str], places: Iterable[str]) -> list[str]:
    """A mark for each lot with each container or bill of lading; none where either is missing."""
    wheres = sorted({place for place in map(_plain, places) if place})
    goods = sorted({lot for lot in map(_plain, lots) if lot})
    return [salted_hmac(_SALT, f"{lot}|{where}", algorithm="sha256").hexdigest() for lot in goods for where in wheres]


def keep(certificate: Certificate) -> None:
    """Keep the marks of a certificate that has just been approved."""
    snapshot = certificate.snapshot
    places = [row["number"] for row in snapshot["containers"]] + [snapshot["transport"]["bill_of_lading"]]
    GoodsMark.objects.bulk_create(
        GoodsMark(certifier_id=certificate.certifier_id, certificate=certificate, mark=mark)
        for mark in marks_of((row["lot"] for row in snapshot["lots"]), places)
    )


def keep_more(certificate: Certificate, content: Mapping[str, Any]) -> None:
    """Keep the marks of an amended certificate beside those that it had: the goods are the same."""
    places = [row["number"] for row in content["containers"]] + [content["transport"]["bill_of_lading"]]
    wanted = marks_of((row["lot"] for row in content["lots"]), places)
    known = set(GoodsMark.objects.filter(certificate=certificate, mark__in=wanted).values_list("mark", flat=True))
    GoodsMark.objects.bulk_create(
        GoodsMark(certifier_id=certificate.certifier_id, certificate=certificate, mark=mark)
        for mark in wanted
        if mark not in known
    )


def seen_elsewhere(marks: list[str]) -> bool:
    """Whether a live certificate of another certifier carried one of the marks within 60 days."""
    if not marks:
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT certificates_seen_elsewhere(%s, %s)", [marks, clock.now() - WINDOW])
        row = cursor.fetchone()
    return bool(row and row[0])
