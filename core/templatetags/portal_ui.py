"""The portal's components as template tags; each renders one file of `templates/components/`.

Use them by `{% load portal_ui %}`; `docs/frontend.md` shows each with its arguments, the page
`styleguide` shows each in every state.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import template
from django.core.paginator import Page
from django.templatetags.static import static
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from core.forms import form_layout
from core.templatetags._findings import get_of, said, shown_finding
from core.templatetags._states import look_of
from core.templatetags.portal_format import (
    day,
    decimal_of,
    duration_words,
    hts,
    kg,
    kg_number,
    moment,
    signed_kg,
)

register = template.Library()
Text = str | Promise
Ctx = dict[str, Any]

for _filter in (kg, kg_number, signed_kg, day, moment, hts):
    register.filter(_filter.__name__, _filter)
register.filter("said", said)


@register.simple_tag
def icon(name: str, label: Text = "", size: str = "") -> SafeString:
    """An icon of the design system; without `label` it is hidden from screen readers. `size`: 3 to 9."""
    css = f"usa-icon usa-icon--size-{size}" if size else "usa-icon"
    href = f"{static('uswds/img/sprite.svg')}#{name}"
    if label:
        return format_html(
            '<svg class="{}" role="img" aria-label="{}" focusable="false"><use href="{}"></use></svg>', css, label, href
        )
    return format_html('<svg class="{}" aria-hidden="true" focusable="false"><use href="{}"></use></svg>', css, href)


@register.inclusion_tag("components/status_tag.html")
def status_tag(kind: str, state: Any, label: Text = "", explain: bool = False) -> Ctx:
    """The state of a thing by word, icon and tone. `explain=True` adds the line on what it means."""
    return {"look": look_of(kind, str(state), label), "explain": explain}


@register.filter
def in_words(codes: Iterable[Any], kind: str) -> str:
    """Codes (roles, states) of a `kind` as words of the language, joined by commas."""
    return ", ".join(str(look_of(kind, str(code)).label) for code in codes or ())


# --- volume ---------------------------------------------------------------------------------------------------------

BUCKETS: tuple[tuple[str, Text], ...] = (
    ("shipped", gettext_lazy("Shipped")),
    ("certified", gettext_lazy("Certified")),
    ("reserved", gettext_lazy("Reserved")),
    ("available", gettext_lazy("Available")),
)


def _kilograms(source: Any, bucket: str) -> Decimal:
    value = get_of(source, bucket)
    if value is None:
        value = get_of(source, f"{bucket}_kg")
    return decimal_of(value) or Decimal(0)


def _percent(part: Decimal, whole: Decimal) -> str:
    """Share as an unlocalised percentage for an SVG attribute."""
    return f"{(part * 100 / whole if whole else Decimal(0)):.3f}%"


@register.inclusion_tag("components/volume_bar.html")
def volume_bar(balance: Any, title: Text = "", asking: Any = None, compact: bool = False) -> Ctx:
    """The buckets of a PVF line as a bar with their kilograms in words.

    `balance`: object or mapping with available, reserved, certified, shipped (or the same with `_kg`), kilograms.
    `asking`: kilograms of a request being written: shown inside what is available, or past the end where it is too much.
    `compact`: only the bar and the line "x of y available".
    """
    values = {name: _kilograms(balance, name) for name, _label in BUCKETS}
    authorised = sum(values.values(), Decimal(0))
    ask = decimal_of(asking) if asking is not None else None
    used = authorised - values["available"]
    scale = max(authorised, used + (ask or Decimal(0)))
    position, segments = Decimal(0), []
    for name, label in BUCKETS:
        share = values[name] * 100 / authorised if authorised else Decimal(0)
        segments.append(
            {
                "name": name,
                "label": label,
                "kg": values[name],
                "share": f"{share:.0f}",
                "x": _percent(position, scale),
                "width": _percent(values[name], scale),
            }
        )
        position += values[name]
    context: Ctx = {
        "segments": segments,
        "authorised": authorised,
        "available": values["available"],
        "title": title,
        "compact": compact,
        "asking": ask,
    }
    if ask is not None:
        fits = min(ask, values["available"])
        over = max(ask - values["available"], Decimal(0))
        context |= {
            "left": values["available"] - ask,
            "over": over,
            "ask_x": _percent(used, scale),
            "ask_width": _percent(fits, scale),
            "over_x": _percent(authorised, scale),
            "over_width": _percent(over, scale),
        }
    return context


# --- checks ---------------------------------------------------------------------------------------------------------

_OUTCOMES: tuple[tuple[str, Text], ...] = (
    ("fail", gettext_lazy("Failed")),
    ("warn", gettext_lazy("Warnings")),
    ("pass", gettext_lazy("Passed")),
    ("not_applicable", gettext_lazy("Not applicable")),
)


@register.inclusion_tag("components/check_results.html")
def check_results(findings: Iterable[Any], open_passed: bool = False, heading_level: int = 3) -> Ctx:
    """Findings grouped by outcome, the worst first; fails and warnings open, the rest behind a summary line."""
    grouped: dict[str, list[Ctx]] = {}
    for finding in findings or ():
        grouped.setdefault(str(get_of(finding, "outcome")), []).append(shown_finding(finding))
    groups = [
        {
            "outcome": outcome,
            "label": label,
            "findings": grouped[outcome],
            "look": look_of("check", outcome),
            "open": outcome in {"fail", "warn"} or open_passed,
        }
        for outcome, label in _OUTCOMES
        if outcome in grouped
    ]
    counts = [(look_of("check", code), label, len(grouped.get(code, ()))) for code, label in _OUTCOMES]
    return {"groups": groups, "counts": counts, "heading": f"h{heading_level}"}


# --- lists ----------------------------------------------------------------------------------------------------------


@register.inclusion_tag("components/timeline.html")
def timeline(events: Iterable[Any]) -> Ctx:
    """History, newest first as given. Event: `when`, `what`, and may have `who`, `on_behalf_of`, `detail`, `tone`, `icon`."""
    return {"events": list(events)}


@register.inclusion_tag("components/task_list.html")
def task_list(steps: Iterable[Any]) -> Ctx:
    """Steps of a form. Step: `name`, `state` (see `task` states), `url` (none: cannot be opened), and may have `hint`."""
    shown = [{"step": step, "look": look_of("task", str(get_of(step, "state")))} for step in steps]
    done = sum(1 for entry in shown if str(get_of(entry["step"], "state")) == "complete")
    return {"steps": shown, "done": done, "total": len(shown)}


@register.inclusion_tag("components/summary_list.html")
def summary_list(rows: Iterable[Any], compact: bool = False) -> Ctx:
    """Labels and values. Row: (label, value) or (label, value, change_url), or a mapping with `label`, `value`, `url`."""
    shown = []
    for row in rows:
        if isinstance(row, Mapping):
            shown.append(dict(row))
        else:
            label, value, *url = row
            shown.append({"label": label, "value": value, "url": url[0] if url else ""})
    return {"rows": shown, "compact": compact, "changes": any(row.get("url") for row in shown)}


@register.inclusion_tag("components/compare.html")
def compare(rows: Iterable[Any], left: Text, right: Text, caption: Text = "") -> Ctx:
    """Two columns side by side with the differences marked.

    Row: `label`, `left`, `right`; may have `same` (else left == right decides), `segments` (a letter-by-letter
    difference, list of (op, text) with op `equal`, `delete` = only left, `insert` = only right) and `note`.
    """
    shown = []
    for row in rows:
        same = get_of(row, "same")
        segments = [{"op": op, "text": text} for op, text in (get_of(row, "segments") or ())]
        shown.append(
            {
                "label": get_of(row, "label"),
                "left": get_of(row, "left"),
                "right": get_of(row, "right"),
                "same": get_of(row, "left") == get_of(row, "right") if same is None else same,
                "left_segments": [part for part in segments if part["op"] != "insert"],
                "right_segments": [part for part in segments if part["op"] != "delete"],
                "note": get_of(row, "note"),
            }
        )
    return {"rows": shown, "left": left, "right": right, "caption": caption}


@register.inclusion_tag("components/letter_diff.html")
def letter_diff(segments: Iterable[Sequence[str]]) -> Ctx:
    """One text with what was taken out and put in, letter by letter."""
    return {"segments": [{"op": op, "text": text} for op, text in segments]}


@register.inclusion_tag("components/breadcrumbs.html")
def breadcrumbs(*parts: Any) -> Ctx:
    """The way here: label, address, label, address, …, and last the label of this page without an address."""
    pairs = [*parts, ""] if len(parts) % 2 else [*parts]
    return {"crumbs": [{"label": label, "url": url} for label, url in zip(pairs[::2], pairs[1::2], strict=True)]}


@register.inclusion_tag("components/empty_state.html")
def empty_state(title: Text, text: Text = "", url: str = "", action: Text = "") -> Ctx:
    """What to show where there is nothing yet, and what to do about it."""
    return {"title": title, "text": text, "url": url, "action": action}


@register.inclusion_tag("components/copy_value.html")
def copy_value(value: Any, label: Text = "") -> Ctx:
    """An identifier in fixed width; where JavaScript runs, with a button that copies it. `label` names it."""
    return {"value": value, "label": label}


@register.inclusion_tag("components/alert.html")
def alert(
    text: Text, tone: str = "info", title: Text = "", slim: bool = False, url: str = "", action: Text = ""
) -> Ctx:
    """A notice in the page. `tone`: info, warning, error, success. `url`, `action`: a link at its end."""
    return {"text": text, "tone": tone, "title": title, "slim": slim, "url": url, "action": action}


# --- clock ----------------------------------------------------------------------------------------------------------


@register.inclusion_tag("components/decide_by.html")
def decide_by(
    deadline: dt.datetime | None, stopped: bool = False, now: dt.datetime | None = None, soon_hours: int = 24
) -> Ctx:
    """The latest safe decision time and how much of it is left; `stopped` while a question is open."""
    if deadline is None:
        return {"state": "none"}
    left = deadline - (now or timezone.now())
    if stopped:
        state = "stopped"
    elif left <= dt.timedelta(0):
        state = "late"
    else:
        state = "soon" if left <= dt.timedelta(hours=soon_hours) else "ok"
    return {"state": state, "deadline": deadline, "words": duration_words(left)}


# --- tables ---------------------------------------------------------------------------------------------------------


@register.inclusion_tag("components/pagination.html", takes_context=True)
def pagination(context: template.Context, page: Page[Any], param: str = "page") -> Ctx:
    """Pages of a list; keeps the rest of the query string. Needs `request` in the context."""
    numbers = page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    query = context["request"].GET.copy()
    query.pop(param, None)
    links = [
        {"number": number, "is_gap": not isinstance(number, int), "current": number == page.number}
        for number in numbers
    ]
    prefix = f"?{query.urlencode()}&{param}=" if query else f"?{param}="
    return {"page": page, "links": links, "prefix": prefix}


@register.inclusion_tag("components/sort_header.html", takes_context=True)
def sort_header(
    context: template.Context, field: str, label: Text, param: str = "sort", default: str = "", css: str = ""
) -> Ctx:
    """A column heading that sorts: `?sort=field`, `?sort=-field`. `default`: the order when none is asked for."""
    query = context["request"].GET.copy()
    current = query.get(param) or default
    query.pop("page", None)
    query[param] = f"-{field}" if current == field else field
    direction = {field: "ascending", f"-{field}": "descending"}.get(current, "")
    return {"label": label, "href": f"?{query.urlencode()}", "direction": direction, "css": css}


# --- forms ----------------------------------------------------------------------------------------------------------


@register.simple_tag
def form_groups(form: Any) -> list[dict[str, Any]]:
    """Fieldsets and rows of a form's visible fields (see `core.forms.form_layout`)."""
    return form_layout(form)


@register.inclusion_tag("components/forms/fields.html")
def form_fields(form: Any) -> Ctx:
    """The fields of a form without its error summary, for a page that shows one summary for several forms."""
    return {"form": form}


@register.inclusion_tag("components/forms/rows.html")
def formset_rows(formset: Any) -> Ctx:
    """The rows of a formset without its error summary."""
    return {"formset": formset}


def _form_entries(form: Any) -> list[Ctx]:
    entries: list[Ctx] = [{"message": message} for message in form.non_field_errors()]
    for field in [*form.hidden_fields(), *form.visible_fields()]:
        target = "" if field.is_hidden else getattr(field, "error_target", field.id_for_label)
        label = str(field.label) if str(field.label).endswith((".", "?", "!", ":")) else f"{field.label}:"
        entries.extend({"message": error, "label": label, "target": target} for error in field.errors)
    return entries


@register.inclusion_tag("components/forms/error_summary.html")
def error_summary(*forms: Any) -> Ctx:
    """All errors of forms and formsets in one list at the top, each a link to its field. Nothing where all is well."""
    entries: list[Ctx] = []
    for form in forms:
        if not getattr(form, "is_bound", False):
            continue
        if hasattr(form, "forms"):
            entries.extend({"message": message} for message in form.non_form_errors())
            for row in form.forms:
                entries.extend(_form_entries(row))
        else:
            entries.extend(_form_entries(form))
    return {"entries": entries}
