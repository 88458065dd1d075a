"""Kilograms, dates and codes as people of each language read them."""

import datetime as dt
from decimal import Decimal, InvalidOperation
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

register = template.Library()

NO_BREAK = "\N{NO-BREAK SPACE}"
DASH = "\N{EM DASH}"


def decimal_of(value: Any) -> Decimal | None:
    """`value` as an exact decimal, or None where it is no number. A float never gets here with a weight."""
    try:
        number = Decimal(str(value))
    except (InvalidOperation, ValueError):
        return None
    return number if number.is_finite() else None


@register.filter
def kg_number(value: Any) -> str:
    """Kilograms grouped and marked as the language does, without the unit: whole, or to the gram (3 places)."""
    number = decimal_of(value)
    if number is None:
        return DASH
    places = 0 if number == number.to_integral_value() else 3
    return str(number_format(number, decimal_pos=places, use_l10n=True, force_grouping=True))


@register.filter
def kg(value: Any) -> str:
    """Kilograms with their unit, kept on one line: "19,250 kg"."""
    text = kg_number(value)
    return text if text == DASH else f"{text}{NO_BREAK}kg"


@register.filter
def signed_kg(value: Any) -> str:
    """Kilograms of a change, with its sign: "+1,000 kg", "−500 kg"."""
    number = decimal_of(value)
    if number is None:
        return DASH
    sign = "+" if number > 0 else "\N{MINUS SIGN}" if number < 0 else ""
    return sign + kg(abs(number))


@register.filter
def day(value: dt.date | str | None) -> SafeString | str:
    """A plain date (also as ISO text), the month in words, so that no one confuses 3 April and 4 March."""
    if not value:
        return DASH
    if isinstance(value, str):
        value = dt.date.fromisoformat(value)
    plain = timezone.localtime(value).date() if isinstance(value, dt.datetime) else value
    return format_html('<time datetime="{}">{}</time>', plain.isoformat(), date_format(plain, "DATE_FORMAT"))


@register.filter
def moment(value: dt.datetime | None) -> SafeString | str:
    """A point in time in the current time zone, which is named; ISO 8601 for machines."""
    if not value:
        return DASH
    local = timezone.localtime(value)
    text = f"{date_format(local, 'DATE_FORMAT')}, {date_format(local, 'H:i')} {local.tzname()}"
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), text)


@register.filter
def plain_day(value: dt.date | str | None) -> str:
    """A date for plain text (also as ISO text of a date or a moment): "8 Dec 2026". Other text stays as it is."""
    moment_of = _moment_of(value)
    return date_format(moment_of, "DATE_FORMAT") if moment_of else str(value or DASH)


@register.filter
def plain_time(value: dt.datetime | str | None, zone: str = "") -> str:
    """A moment for plain text, in its own time zone, which ``zone`` or the text around it names: "8 Dec 2026, 14:05 UTC"."""
    moment_of = _moment_of(value)
    return (
        f"{date_format(moment_of, 'DATE_FORMAT')}, {moment_of:%H:%M} {zone}".strip()
        if moment_of
        else str(value or DASH)
    )


def _moment_of(value: dt.date | str | None) -> dt.datetime | None:
    if isinstance(value, dt.date):
        return value if isinstance(value, dt.datetime) else dt.datetime.combine(value, dt.time.min)
    try:
        return dt.datetime.fromisoformat(value or "")
    except ValueError:
        return None


@register.filter
def hts(value: str) -> str:
    """A ten-digit tariff code with its customary points: "0901.11.00.15"."""
    digits = "".join(ch for ch in str(value or "") if ch.isdigit())
    if len(digits) != 10:
        return str(value or DASH)
    return f"{digits[:4]}.{digits[4:6]}.{digits[6:8]}.{digits[8:]}"


def duration_words(span: dt.timedelta) -> str:
    """A span of time in the one unit that matters: "3 days", "5 hours", "20 minutes"."""
    seconds = int(abs(span.total_seconds()))
    if seconds >= 2 * 86400:
        return _("%(count)d days") % {"count": seconds // 86400}
    if seconds >= 2 * 3600:
        return _("%(count)d hours") % {"count": seconds // 3600}
    return _("%(count)d minutes") % {"count": max(seconds // 60, 1)}
