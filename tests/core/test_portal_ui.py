"""Components say in words what they show in colour, and format for the reader's language."""

import datetime as dt
import importlib
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import TextChoices
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation

from core.checks import Finding, Outcome
from core.templatetags._findings import compared_rows, said
from core.templatetags._states import STATES, look_of
from core.templatetags.portal_format import day, hts, kg, moment, signed_kg

NOW = dt.datetime(2026, 3, 4, 15, 30, tzinfo=dt.UTC)
BALANCE = {
    "available": Decimal(19250),
    "reserved": Decimal(8000),
    "certified": Decimal("12750.5"),
    "shipped": Decimal(10000),
}


def shown(source: str, **context: Any) -> str:
    return Template("{% load portal_ui %}" + source).render(Context(context))


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("\xa0", " ").replace("&nbsp;", " ").strip()


def test_kilograms_are_whole_or_to_the_gram_in_the_readers_language() -> None:
    with translation.override("en"):
        assert kg(Decimal("19250.000")) == "19,250\xa0kg"
        assert kg("19250.5") == "19,250.500\xa0kg"
        assert signed_kg(Decimal(-500)) == "−500\xa0kg"
    with translation.override("es"):
        assert kg(Decimal("19250.500")) == "19\xa0250,500\xa0kg"


@pytest.mark.parametrize("value", [None, "", "x", float("nan")])
def test_what_is_no_weight_is_a_dash(value: Any) -> None:
    assert kg(value) == "—"


def test_dates_name_the_month_and_times_name_the_zone() -> None:
    with translation.override("en"):
        assert ">4 Mar 2026<" in day(dt.date(2026, 3, 4))
        assert "15:30 UTC" in moment(NOW)
        assert 'datetime="2026-03-04T15:30:00+00:00"' in moment(NOW)


def test_a_tariff_code_gets_its_points_and_anything_else_is_left_alone() -> None:
    assert hts("0901110015") == "0901.11.00.15"
    assert hts("0901") == "0901"


def test_the_volume_bar_says_every_bucket_in_words() -> None:
    text = words(shown("{% volume_bar balance %}", balance=BALANCE))
    for part in (
        "19,250 kg available of 50,000.500 kg",
        "Shipped 10,000 kg",
        "Certified 12,750.500 kg",
        "Reserved 8,000 kg",
    ):
        assert part in text


def test_a_request_above_what_is_available_says_by_how_much() -> None:
    html = shown("{% volume_bar balance asking=asking %}", balance=BALANCE, asking=Decimal("20000.25"))
    assert "750.250 kg more than is available" in words(html)
    assert "portal-volume__over" in html


def test_the_volume_bar_of_an_empty_line_does_not_divide_by_zero() -> None:
    assert "0 kg available of 0 kg" in words(shown("{% volume_bar balance %}", balance={}))


def test_the_numbers_of_the_drawing_are_not_localised() -> None:
    with translation.override("es"):
        html = shown("{% volume_bar balance %}", balance=BALANCE)
    assert not re.findall(r'(?:x|width)="[^"]*,[^"]*"', html)


@pytest.mark.parametrize("kind", STATES)
def test_every_state_has_a_word_and_an_icon_of_the_sprite(kind: str) -> None:
    sprite = Path(settings.BASE_DIR, "node_modules/@uswds/uswds/dist/img/sprite.svg").read_text()
    for state, look in STATES[kind].items():
        assert look.label, state
        assert f'id="{look.icon}"' in sprite, look.icon
        assert str(look.label) in words(shown("{% status_tag kind state %}", kind=kind, state=state))


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("request", "requests_app.models.RequestState"),
        ("certificate", "certificates.models.CertificateState"),
        ("operation", "organizations.models.OperationStatus"),
        ("registration", "oid_sync.models.CallState"),
        ("role", "organizations.roles.Role"),
        ("check", "core.checks.Outcome"),
    ],
)
def test_every_state_of_the_models_has_a_look(kind: str, path: str) -> None:
    module, name = path.rsplit(".", 1)
    states: type[TextChoices] = getattr(importlib.import_module(module), name)
    codes = {state.value.lower().replace(" ", "_") for state in states}
    assert codes <= set(STATES[kind])


def test_an_unknown_state_is_shown_by_its_own_name() -> None:
    assert look_of("request", "brand_new").label == "Brand new"


def test_findings_are_grouped_with_the_worst_first_and_show_what_was_compared() -> None:
    findings = [
        Finding("QTY-1", Outcome.PASS, "Fine."),
        Finding(
            "VOL-1", Outcome.FAIL, "Too much.", {"asked_kg": "21000.000", "held_kg": "0"}, overridable=False
        ).as_json(),
        Finding("PVF-2", Outcome.WARN, "Differs.", {"difference": [["equal", "gr"], ["delete", "e"], ["insert", "a"]]}),
        Finding("LOT-X", Outcome.WARN, "Lots.", {"lots": [{"lot": "A1", "net_kg": "5"}], "flag": True, "gone": None}),
    ]
    html = shown("{% check_results findings %}", findings=findings)
    text = words(html)
    assert html.index("VOL-1") < html.index("PVF-2") < html.index("QTY-1")
    assert "Asked for 21,000 kg" in text
    assert "cannot be overridden" in text
    assert "[missing] e [end]" in text and "[added] a [end]" in text
    assert "Lot: A1" in text and "Net weight: 5 kg" in text


def test_days_and_codes_in_what_was_compared_are_words_of_the_reader() -> None:
    rows = {
        row["label"]: row for row in compared_rows({
            "today": "2026-11-26", "required": ["commercial_invoice", "packing_list"], "missing": ["<b>"],
            "lot": "2026-11", "invoices": ["2026-11-26"],
        })
    }  # fmt: skip
    assert rows["Today"]["value"] == '<time datetime="2026-11-26">26 Nov 2026</time>'
    assert rows["Required"]["entries"] == ["commercial invoice", "packing list"]
    assert rows["Missing"]["entries"] == ["<b>"]
    assert rows["Lot"]["value"] == "2026-11"
    with translation.override("es"):
        (required,) = compared_rows({"required": ["commercial_invoice"]})
    assert required["entries"] == ["factura comercial"]
    assert said("2026-11-26") == "2026-11-26"


def test_text_of_people_is_escaped_everywhere() -> None:
    evil = "<script>x</script>"
    html = (
        shown("{% check_results f %}", f=[Finding(evil, Outcome.FAIL, evil, {evil: [evil]})])
        + shown("{% timeline e %}", e=[{"when": NOW, "what": evil, "who": evil, "detail": evil}])
        + shown(
            "{% compare r left=e right=e %}",
            r=[{"label": evil, "left": evil, "right": "", "segments": [("insert", evil)]}],
            e=evil,
        )
        + shown(
            "{% summary_list r %}{% copy_value e label=e %}{% alert e title=e %}{% status_tag 'x' e %}",
            r=[(evil, evil, evil)],
            e=evil,
        )
        + shown(
            "{% task_list s %}{% empty_state e e e e %}",
            s=[{"name": evil, "state": evil, "url": "/", "hint": evil}],
            e=evil,
        )
    )
    assert "<script" not in html


def test_a_comparison_says_same_or_differs_in_words() -> None:
    rows = [{"label": "HTS", "left": "1", "right": "1"}, {"label": "Origin", "left": "Peru", "right": "Bolivia"}]
    text = words(shown("{% compare rows left='Request' right='PVF line' %}", rows=rows))
    assert "HTS 1 1 Same" in text and "Origin Peru Bolivia Differs" in text


@pytest.mark.parametrize(
    ("hours", "stopped", "says"),
    [(72, False, "3 days left"), (5, False, "5 hours left"), (-3, False, "3 hours late"), (5, True, "Clock stopped")],
)
def test_the_clock_says_what_is_left(hours: int, stopped: bool, says: str) -> None:
    deadline = NOW + dt.timedelta(hours=hours)
    assert says in words(shown("{% decide_by d stopped=s now=n %}", d=deadline, s=stopped, n=NOW))


def test_sort_links_turn_round_and_forget_the_page() -> None:
    request = RequestFactory().get("/?sort=due&page=3&q=x")
    html = shown("{% sort_header 'due' 'Due' %}{% sort_header 'kg' 'Kg' %}", request=request)
    assert 'aria-sort="ascending"' in html
    assert "?sort=-due&amp;q=x" in html and "?sort=kg&amp;q=x" in html and "page" not in html


def test_pages_keep_the_filter() -> None:
    request = RequestFactory().get("/?q=caf%C3%A9&page=2")
    html = shown("{% pagination page %}", request=request, page=Paginator(range(100), 20).get_page(2))
    assert "?q=caf%C3%A9&amp;page=3" in html and 'aria-current="page"' in html
    assert "21–40 of 100" in words(html)


def test_templates_hold_no_inline_script_style_or_handler() -> None:
    for path in Path(settings.BASE_DIR, "templates").rglob("*.html"):
        source = path.read_text()
        # a block of data is no script: nothing runs it, and the policy of scripts does not ask about it
        script = r'<script(?![^>]*\s(?:src=|type="application/json"))'
        assert not re.search(rf"<style|\sstyle=|\son[a-z]+=|javascript:|{script}", source), path


def test_the_lock_file_names_no_registry() -> None:
    assert "registry" not in Path(settings.BASE_DIR, "package-lock.json").read_text()
