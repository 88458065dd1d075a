"""Each check shows each of its outcomes: PVF, ORG, STD, HTS, PER."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta

from core import clock
from core.checks import Moment
from core.identity import act_as
from pvf.models import PVF, HtsCode, HtsEdition, PVFVersion
from tests.requests_app.test_check_outcomes import found, judged, set_client, settings
from tests.support.drafts import complete_draft
from tests.support.world import GREEN_COFFEE, PLATFORM, World

pytestmark = pytest.mark.django_db

#: A conventional code under the same eight digits as ``GREEN_COFFEE``, and one under other digits.
CONVENTIONAL = "0901110025"
BERRIES = "0810100001"
YEAR = clock.now().year + 1


def today(world: World) -> dt.date:
    """The certifier's today."""
    return clock.today_in(world.certifier.time_zone)


def days(number: int) -> dt.timedelta:
    """So many days."""
    return dt.timedelta(days=number)


# --- PVF


def set_pvf(world: World, **values: Any) -> None:
    with act_as(world.loop()):
        assert PVF.objects.filter(pk=world.pvf.pk).update(**values) == 1


@pytest.mark.parametrize(
    ("pvf_days", "period_days", "outcome"),
    [
        ((-60, 305), (2, 90), "pass"),
        ((0, 90), (2, 90), "pass"),
        ((-60, 89), (2, 90), "warn"),
        ((-60, 2), (2, 90), "warn"),
        ((-60, 1), (2, 90), "fail"),
        ((-60, -1), (2, 90), "fail"),
        ((1, 305), (2, 90), "fail"),
        ((-60, 305), (306, 310), "fail"),
    ],
)
def test_pvf_1_compares_the_days(world: World, pvf_days: tuple[int, int], period_days: tuple[int, int], outcome: str):
    day = today(world)
    first, last, start, end = (day + days(number) for number in (*pvf_days, *period_days))
    draft = complete_draft(world, start_date=start, end_date=end)
    set_pvf(world, period_start=first, period_end=last)
    assert found(world, "PVF-1", draft) == (
        outcome,
        {
            "pvf": world.pvf.number, "state": "approved", "pvf_from": first, "pvf_until": last, "today": day,
            "start_date": start, "end_date": end,
        },
    )  # fmt: skip


@pytest.mark.parametrize(("fails", "outcome"), [(False, "warn"), (True, "fail")])
def test_pvf_1_past_the_end_warns_or_fails_by_setting(world: World, fails: bool, outcome: str):
    draft = complete_draft(world)
    settings(world, past_pvf_end_fails=fails)
    set_pvf(world, period_end=draft.end_date - days(1))
    finding = judged(world, "PVF-1", draft)
    assert finding.outcome == outcome
    assert finding.compared["end_date"] - finding.compared["pvf_until"] == days(1)


@pytest.mark.parametrize("state", ["draft", "closed"])
def test_pvf_1_fails_where_the_pvf_is_not_approved(world: World, state: str):
    draft = complete_draft(world)
    set_pvf(world, state=state)
    outcome, compared = found(world, "PVF-1", draft)
    assert (outcome, compared["state"], compared["pvf"]) == ("fail", state, world.pvf.number)


def test_without_terms_in_force_nothing_is_compared_with_the_line(world: World):
    """The version in force no longer has the line."""
    draft = complete_draft(world)
    with act_as(world.loop()):
        PVFVersion.objects.filter(pvf=world.pvf).update(state=PVFVersion.State.SUPERSEDED, in_force_until=clock.now())
    assert found(world, "PVF-1", draft)[0] == "fail"
    for code in ("PVF-2", "PVF-3", "ORG-1", "EXP-2"):
        assert found(world, code, draft) == ("not_applicable", {})


def test_without_a_product_pvf_1_fails_and_the_rest_does_not_apply(world: World):
    draft = complete_draft(world, line_id=None)
    assert found(world, "PVF-1", draft) == ("fail", {})
    for code in ("PVF-2", "PVF-3", "ORG-1"):
        assert found(world, code, draft) == ("not_applicable", {})


@pytest.mark.parametrize(
    ("typed", "differences"),
    [
        ("Organic green coffee", None),
        ("Organic Green coffee", [["equal", "Organic "], ["delete", "G"], ["insert", "g"], ["equal", "reen coffee"]]),
        ("Organic green coffees", [["equal", "Organic green coffee"], ["delete", "s"]]),
        ("", [["insert", "Organic green coffee"]]),
    ],
)
def test_pvf_2_compares_letter_by_letter(world: World, typed: str, differences: list[list[str]] | None):
    figures: dict[str, Any] = {"label_name": typed, "pvf_label_name": "Organic green coffee"}
    expected = ("fail", {**figures, "differences": differences}) if differences else ("pass", figures)
    assert found(world, "PVF-2", complete_draft(world, label_name=typed)) == expected


@pytest.mark.parametrize(("code", "outcome"), [(GREEN_COFFEE, "pass"), (CONVENTIONAL, "fail"), ("", "fail")])
def test_pvf_3_looks_for_the_code_on_the_line(world: World, code: str, outcome: str):
    figures = {"hts_code": code, "pvf_hts_codes": [GREEN_COFFEE]}
    assert found(world, "PVF-3", complete_draft(world, hts_code=code)) == (outcome, figures)


@pytest.mark.parametrize(("origin", "outcome"), [("PE", "pass"), ("BR", "fail"), ("", "fail")])
def test_org_1_looks_for_the_origin_on_the_line(world: World, origin: str, outcome: str):
    figures = {"origin": origin, "pvf_origins": ["PE"]}
    assert found(world, "ORG-1", complete_draft(world, origin=origin)) == (outcome, figures)


@pytest.mark.parametrize(
    ("standard", "allowed", "outcome"),
    [
        ("USDA-NOP", ["USDA-NOP"], "pass"),
        ("EU-ORGANIC", ["USDA-NOP", "EU-ORGANIC"], "pass"),
        ("EU-ORGANIC", ["USDA-NOP"], "fail"),
        ("USDA-NOP", ["EU-ORGANIC"], "fail"),
        ("", ["USDA-NOP"], "fail"),
    ],
)
def test_std_1_goes_by_the_certifiers_standards(world: World, standard: str, allowed: list[str], outcome: str):
    settings(world, standards=allowed)
    figures = {"standard": standard, "standards": allowed, "origin": "PE"}
    assert found(world, "STD-1", complete_draft(world, standard=standard)) == (outcome, figures)


@pytest.mark.parametrize(
    ("standard", "origin", "outcome"),
    [("EU", "DE", "pass"), ("EU", "PE", "fail"), ("COR", "CA", "pass"), ("COR", "US", "fail"), ("EU", "", "pass")],
)
def test_std_1_goes_by_the_origins_of_a_trade_arrangement(world: World, standard: str, origin: str, outcome: str):
    settings(world, standards=["USDA-NOP", "EU", "COR"])
    figures = {"standard": standard, "standards": ["USDA-NOP", "EU", "COR"], "origin": origin}
    assert found(world, "STD-1", complete_draft(world, standard=standard, origin=origin)) == (outcome, figures)


# --- HTS


def hts_code(code: str, **values: Any) -> str:
    """A code of the tariff table."""
    with act_as(PLATFORM):
        HtsCode.objects.update_or_create(pk=code, defaults={"description": f"Invented goods {code}", **values})
    return code


def editions(*first_days: dt.date | None) -> list[HtsEdition]:
    """Editions that follow each other."""
    rows = [HtsEdition(name=f"Edition {n}", position=9000 + n, first_day=day) for n, day in enumerate(first_days)]
    with act_as(PLATFORM):
        return HtsEdition.objects.bulk_create(rows)


@pytest.mark.parametrize("code", ["", "09011100", "09011100AB", "0901119999"])
def test_hts_1_fails_for_what_is_no_code(world: World, code: str):
    assert found(world, "HTS-1", complete_draft(world, hts_code=code)) == ("fail", {"hts_code": code})


@pytest.mark.parametrize("organic", [True, False])
def test_hts_1_passes_for_a_code_of_the_table(world: World, organic: bool):
    draft = complete_draft(world, hts_code=hts_code(BERRIES, certified_organic=organic))
    finding = judged(world, "HTS-1", draft)
    assert (finding.outcome, finding.compared) == ("pass", {"hts_code": BERRIES, "certified_organic": organic})
    assert finding.message == f"Invented goods {BERRIES}"


#: The period that the editions are compared with.
START, END = dt.date(YEAR, 5, 1), dt.date(YEAR, 6, 30)


def in_force(world: World, code: str, start: dt.date | None = START, end: dt.date | None = END) -> Any:
    return found(world, "HTS-2", complete_draft(world, hts_code=code, start_date=start, end_date=end))


def force_figures(first: dt.date | None, last: dt.date | None, missing: dt.date | None = None) -> dict[str, Any]:
    figures = {
        "hts_code": BERRIES, "start_date": START, "end_date": END, "first_day": first, "last_day": last, "season": []
    }  # fmt: skip
    return {**figures, "missing_day": missing} if missing else figures


def test_hts_2_passes_for_a_code_of_every_edition(world: World):
    assert in_force(world, hts_code(BERRIES)) == ("pass", force_figures(None, None))


@pytest.mark.parametrize(
    ("first", "outcome", "missing"),
    [
        (START, "pass", None),
        (START - days(500), "pass", None),
        (START + days(1), "fail", START),
        (END + days(1), "fail", START),
        (None, "warn", None),
    ],
)
def test_hts_2_by_the_first_edition(world: World, first: dt.date | None, outcome: str, missing: dt.date | None):
    (edition,) = editions(first)
    hts_code(BERRIES, first_edition=edition)
    assert in_force(world, BERRIES) == (outcome, force_figures(first, None, missing))


@pytest.mark.parametrize(
    ("after", "outcome", "missing"),
    [
        (END + days(1), "pass", None),
        (END, "fail", END),
        (START + days(10), "fail", START + days(10)),
        (START - days(100), "fail", START),
        (None, "warn", None),
    ],
)
def test_hts_2_by_the_edition_after_the_last(
    world: World, after: dt.date | None, outcome: str, missing: dt.date | None
):
    """A code is in force until the eve of the edition that no longer has it."""
    first = START - days(400)
    before, last, _next = editions(first, first + days(100), after)
    hts_code(BERRIES, first_edition=before, last_edition=last)
    eve = after - days(1) if after else None
    assert in_force(world, BERRIES) == (outcome, force_figures(first, eve, missing))


def test_hts_2_fails_by_the_date_that_is_known_where_the_other_is_not(world: World):
    undated, after = editions(None, START + days(3))
    hts_code(BERRIES, first_edition=undated, last_edition=undated)
    assert after.first_day == START + days(3)
    assert in_force(world, BERRIES) == ("fail", force_figures(None, START + days(2), START + days(3)))


@pytest.mark.parametrize(
    ("season", "start", "end", "missing"),
    [
        (("0415", "0731"), (YEAR, 4, 15), (YEAR, 7, 31), None),
        (("0415", "0731"), (YEAR, 4, 14), (YEAR, 7, 1), (YEAR, 4, 14)),
        (("0415", "0731"), (YEAR, 7, 1), (YEAR, 8, 15), (YEAR, 8, 1)),
        (("1101", "0228"), (YEAR, 12, 1), (YEAR + 1, 1, 31), None),
        (("1101", "0228"), (YEAR, 10, 31), (YEAR, 11, 30), (YEAR, 10, 31)),
        (("1101", "0215"), (YEAR, 2, 1), (YEAR, 3, 2), (YEAR, 2, 16)),
    ],
)
def test_hts_2_by_the_season(
    world: World, season: tuple[str, str], start: Any, end: Any, missing: tuple[int, int, int] | None
):
    hts_code(BERRIES, season_start=season[0], season_end=season[1])
    first, last = dt.date(*start), dt.date(*end)
    gap = dt.date(*missing) if missing else None
    outcome, compared = in_force(world, BERRIES, first, last)
    assert (outcome, compared["season"], compared.get("missing_day")) == ("fail" if gap else "pass", list(season), gap)


@pytest.mark.parametrize(
    ("code", "start", "end"),
    [("0901119999", START, END), ("", START, END), (GREEN_COFFEE, None, END), (GREEN_COFFEE, END, START)],
)
def test_hts_2_does_not_apply_without_code_and_period(world: World, code: str, start: dt.date | None, end: dt.date):
    assert in_force(world, code, start, end) == ("not_applicable", {})


def test_hts_3_names_the_organic_sibling(world: World):
    draft = complete_draft(world, hts_code=hts_code(CONVENTIONAL))
    sibling = {"code": GREEN_COFFEE, "description": HtsCode.objects.get(pk=GREEN_COFFEE).description}
    finding = judged(world, "HTS-3", draft)
    assert (finding.outcome, finding.compared) == ("warn", {"hts_code": CONVENTIONAL, "siblings": [sibling]})
    assert GREEN_COFFEE in str(finding.message)


@pytest.mark.parametrize(
    ("code", "others", "outcome", "siblings"),
    [
        (GREEN_COFFEE, [], "pass", []),
        (GREEN_COFFEE, [(CONVENTIONAL, True)], "pass", [CONVENTIONAL]),
        (BERRIES, [(BERRIES, False), ("0810100099", False)], "pass", []),
        (BERRIES, [(BERRIES, False), ("0810200001", True)], "pass", []),
    ],
)
def test_hts_3_passes_where_no_code_is_better(
    world: World, code: str, others: list[tuple[str, bool]], outcome: str, siblings: list[str]
):
    for other, organic in others:
        hts_code(other, certified_organic=organic)
    result, compared = found(world, "HTS-3", complete_draft(world, hts_code=code))
    assert (result, [row["code"] for row in compared["siblings"]]) == (outcome, siblings)


@pytest.mark.parametrize("code", ["", "0901119999"])
def test_hts_3_does_not_apply_to_an_unknown_code(world: World, code: str):
    assert found(world, "HTS-3", complete_draft(world, hts_code=code)) == ("not_applicable", {})


# --- PER


@pytest.mark.parametrize(
    ("start", "end", "moment", "outcome", "field"),
    [
        (2, 90, "submit", "pass", "start_date"),
        (0, 0, "submit", "pass", "start_date"),
        (None, 90, "submit", "fail", "start_date"),
        (2, None, "submit", "fail", "start_date"),
        (5, 4, "submit", "fail", "end_date"),
        (-1, 90, "draft", "fail", "start_date"),
        (-1, 90, "submit", "fail", "start_date"),
        (-1, 90, "review", "pass", "start_date"),
        (-1, 0, "approve", "pass", "start_date"),
        (-9, -1, "approve", "fail", "end_date"),
    ],
)
def test_per_1_compares_start_end_and_today(
    world: World, start: int | None, end: int | None, moment: str, outcome: str, field: str
):
    day = today(world)
    first, last = (None if number is None else day + days(number) for number in (start, end))
    finding = judged(world, "PER-1", complete_draft(world, start_date=first, end_date=last), Moment(moment))
    figures = {"start_date": first, "end_date": last, "today": day, "max_months": 12}
    assert (finding.outcome, finding.field, finding.compared) == (outcome, field, figures)


@pytest.mark.parametrize(
    ("client", "certifier", "months"), [(None, 12, 12), (None, 18, 18), (3, 12, 3), (18, 12, 12), (3, 2, 2)]
)
def test_per_1_takes_the_shorter_of_certifiers_and_clients_months(
    world: World, client: int | None, certifier: int, months: int
):
    settings(world, max_period_months=certifier)
    set_client(world, max_period_months=client)
    start = today(world) + days(2)
    draft = complete_draft(world, start_date=start)
    beyond = start + relativedelta(months=months)
    for end, outcome in ((beyond - days(1), "pass"), (beyond, "fail")):
        draft.end_date = end
        figures = {"start_date": start, "end_date": end, "today": today(world), "max_months": months}
        assert found(world, "PER-1", draft) == (outcome, figures)


@pytest.mark.parametrize(
    ("departure", "outcome"),
    [(20, "pass"), (2, "pass"), (90, "pass"), (1, "fail"), (91, "fail"), (-1, "fail"), (None, "fail")],
)
def test_per_2_looks_for_a_departure_ahead_and_within_the_period(world: World, departure: int | None, outcome: str):
    day = today(world)
    leaves = None if departure is None else day + days(departure)
    draft = complete_draft(world, departure_date=leaves, start_date=day + days(2), end_date=day + days(90))
    figures = {"departure_date": leaves, "today_at_port": day, "port_time_zone": "America/Lima"}
    assert found(world, "PER-2", draft) == (outcome, figures)


@pytest.mark.parametrize("moment", list(Moment))
def test_per_2_never_passes_a_departure_in_the_past(world: World, moment: Moment):
    day = today(world)
    draft = complete_draft(world, departure_date=day - days(1), start_date=day - days(9), end_date=day + days(9))
    finding = judged(world, "PER-2", draft, moment)
    assert (finding.outcome, finding.overridable) == ("fail", False)


@pytest.mark.parametrize(
    ("zone", "port_today", "outcome"),
    [("America/Lima", 0, "warn"), ("Asia/Tokyo", 1, "fail"), ("", 0, "warn")],
)
def test_per_2_goes_by_the_day_at_the_port(
    world: World, zone: str, port_today: int, outcome: str, monkeypatch: pytest.MonkeyPatch
):
    """At 03:00 UTC it is still the day before in Lima, and already the next one in Tokyo. No port: the certifier's."""
    leaves = clock.now().date() + days(10)
    draft = complete_draft(world, port_time_zone=zone, departure_date=leaves)
    moment = dt.datetime.combine(leaves + days(1), dt.time(3), dt.UTC)
    monkeypatch.setattr(clock, "now", lambda: moment)
    figures = {
        "departure_date": leaves,
        "today_at_port": leaves + days(port_today),
        "port_time_zone": zone or "America/Lima",
    }
    assert found(world, "PER-2", draft) == (outcome, figures)


@pytest.mark.parametrize("moment", list(Moment))
def test_per_2_warns_before_the_decision_where_it_may_come_too_late(world: World, moment: Moment):
    day = today(world)
    draft = complete_draft(world, departure_date=day + days(1), start_date=day, end_date=day + days(9))
    advice = moment in {Moment.DRAFT, Moment.SUBMIT}
    assert judged(world, "PER-2", draft, moment).outcome == ("warn" if advice else "pass")


def test_per_2_does_not_apply_to_several_shipments(world: World):
    assert found(world, "PER-2", complete_draft(world, kind="multiple")) == ("not_applicable", {})
