"""A newer edition of the tariff: what it adds, ends and changes, and which lines and requests that touches."""

from __future__ import annotations

import datetime as dt
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from core.checks import Moment
from core.errors import InvalidInput, NotPermitted
from core.identity import act_as
from pvf.domain import hts, hts_edition
from pvf.models import HtsCode, HtsEdition
from requests_app.domain import checking
from tests.support import stages
from tests.support.drafts import complete_draft
from tests.support.world import GREEN_COFFEE, PLATFORM, World, make_world

pytestmark = pytest.mark.django_db
NAME, DAY = "2099 rev 1", dt.date(2099, 3, 1)
HEAD = "code,description,certified_organic,unit,am8,first_edition,last_edition"
#: A newer edition's heading 0901: one code goes, one comes with the organic suffix, one is described anew.
OLD = [
    "0901110015,Arabica: Certified organic,yes,kg,,,",
    "0901110020,Arabica: Other,no,kg,,,",
    "0901120000,Decaf,no,kg,,,",
]
NEW = [
    "0901110015,Arabica: Certified organic,yes,kg,,,",
    "0901110025,Other organic,yes,kg,,,",
    "0901120000,Decaffeinated,no,kg,,,",
]


@pytest.fixture(autouse=True)
def _table() -> None:
    codes = [*OLD, "0709400020,Celery,no,kg,,,"]
    with act_as(PLATFORM):
        HtsEdition.objects.create(name="2098 rev 9", position=209809)
        for line in codes:
            code, text, organic, *_rest = line.split(",")
            HtsCode.objects.update_or_create(
                pk=code, defaults={"description": text, "certified_organic": organic == "yes", "unit": "kg"}
            )


def load(tmp_path: Path, lines: list[str], *, head: str = HEAD, name: str = NAME, day: dt.date = DAY) -> dict[str, Any]:
    """The report in JSON of loading these lines as an edition."""
    path, out = tmp_path / "hts.csv", io.StringIO()
    path.write_text("\n".join([head, *lines]))
    call_command("load_hts", "--edition", name, "--first-day", day.isoformat(), "--json", str(path), stdout=out)
    return dict(json.loads(out.getvalue()))


def changes(report: dict[str, Any]) -> list[tuple[str, str]]:
    return sorted((change["code"], change["kind"]) for change in report["changes"])


def test_what_is_added_ended_and_changed_is_told(tmp_path: Path) -> None:
    report = load(tmp_path, NEW)
    assert changes(report) == [("0901110020", "ended"), ("0901110025", "added"), ("0901120000", "description")]
    assert report["not_covered"] == 1
    assert hts.validity("0901110020").last_day == DAY - dt.timedelta(days=1)
    assert hts.validity("0901110025").first_day == DAY
    kept = hts.validity("0709400020")
    assert (kept.first_day, kept.last_day, kept.dates_known) == (None, None, True)


def test_the_same_file_again_changes_nothing(tmp_path: Path) -> None:
    load(tmp_path, NEW)
    before = list(HtsCode.objects.order_by("pk").values())
    assert load(tmp_path, NEW)["changes"] == []
    assert list(HtsCode.objects.order_by("pk").values()) == before


def test_a_code_that_comes_back_is_in_force_from_the_edition_that_lists_it_again(tmp_path: Path) -> None:
    load(tmp_path, NEW)
    report = load(tmp_path, [*NEW, OLD[1]], name="2099 rev 2", day=dt.date(2099, 6, 1))
    assert changes(report) == [("0901110020", "returned")]
    back = hts.validity("0901110020")
    assert (back.first_day, back.last_day) == (dt.date(2099, 6, 1), None)


def test_the_organic_suffix_given_or_taken_is_told(tmp_path: Path) -> None:
    report = load(tmp_path, [OLD[0].replace(",yes,", ",no,"), OLD[1], OLD[2]])
    assert [(change["kind"], change["before"], change["after"]) for change in report["changes"]] == [
        ("organic", "yes", "no")
    ]


def test_lines_and_open_requests_are_named_with_their_certifier(tmp_path: Path, world: World) -> None:
    other = make_world(2)
    open_request, draft = stages.submitted(world), complete_draft(other, hts_code="0901110020")
    complete_draft(world, hts_code="0709400020")
    decided = stages.approved(world).snapshot["request_reference"]
    touched = load(tmp_path, NEW[1:])["touched"]
    assert [(row["certifier"], row["kind"], row["reference"]) for row in touched] == [
        (world.certifier.name, "pvf_line", f"{world.pvf.number}, line 1"),
        (world.certifier.name, "request", open_request.reference),
        (other.certifier.name, "pvf_line", f"{other.pvf.number}, line 1"),
        (other.certifier.name, "request", draft.reference),
    ]
    assert touched[0]["why"] == [f"{GREEN_COFFEE} ended"]
    assert touched[3]["why"] == ["0901110020 ended", "0901110025 organic code added"]
    assert decided not in {row["reference"] for row in touched}


def test_the_ended_code_fails_in_a_request_from_that_day_on(tmp_path: Path, world: World) -> None:
    draft = complete_draft(
        world, hts_code="0901110020", start_date=DAY - dt.timedelta(days=5), end_date=DAY + dt.timedelta(days=5)
    )
    load(tmp_path, NEW)
    assert outcome(world, draft).outcome == "fail"
    assert str(DAY) in str(outcome(world, draft).message)


def outcome(world: World, draft: Any) -> Any:
    actor = world.who("signatory")
    with act_as(actor):
        return {item.code: item for item in checking.findings(actor, draft, Moment.DRAFT)}["HTS-2"]


def test_a_season_is_loaded_and_a_period_outside_it_fails(tmp_path: Path, world: World) -> None:
    celery = "0709400020,Celery,no,kg,,,,04-15,07-31"
    report = load(tmp_path, [celery], head=f"{HEAD},season_start,season_end")
    assert [(change["kind"], change["after"]) for change in report["changes"]] == [("season", "0415–0731")]
    inside = complete_draft(
        world, hts_code="0709400020", start_date=dt.date(2100, 4, 15), end_date=dt.date(2100, 7, 31)
    )
    outside = complete_draft(
        world, hts_code="0709400020", start_date=dt.date(2100, 7, 30), end_date=dt.date(2100, 8, 2)
    )
    assert outcome(world, inside).outcome == "pass"
    finding = outcome(world, outside)
    assert (finding.outcome, finding.compared["missing_day"]) == ("fail", dt.date(2100, 8, 1))
    assert "04-15 to 07-31" in str(finding.message)


def test_a_file_without_seasons_leaves_them(tmp_path: Path) -> None:
    load(tmp_path, ["0709400020,Celery,no,kg,,,,04-15,07-31"], head=f"{HEAD},season_start,season_end")
    assert load(tmp_path, ["0709400020,Celery,no,kg,,,"])["changes"] == []
    assert HtsCode.objects.get(pk="0709400020").season_start == "0415"


def test_the_bundled_table_does_not_undo_a_newer_edition(tmp_path: Path) -> None:
    load(tmp_path, NEW)
    call_command("load_hts", stdout=io.StringIO())
    assert HtsCode.objects.get(pk="0901110020").last_edition_id == "2098 rev 9"
    assert HtsCode.objects.get(pk="0901120000").description == "Decaffeinated"


@pytest.mark.parametrize(
    ("lines", "head", "said"),
    [
        (["09011100,Short,no,,,,"], HEAD, "line 2"),
        ([OLD[0], OLD[0]], HEAD, "twice"),
        (["0901110015,A,perhaps,,,,"], HEAD, "yes"),
        (["0901110015,A"], "code,text", "description, certified_organic"),
        ([], HEAD, "no code"),
        (["0709400020,Celery,no,kg,,,,04-15,"], f"{HEAD},season_start,season_end", "line 2: a season"),
        (["0709400020,Celery,no,kg,,,,04-15,13-40"], f"{HEAD},season_start,season_end", "line 2"),
    ],
)
def test_a_file_with_an_error_is_refused_whole(tmp_path: Path, lines: list[str], head: str, said: str) -> None:
    before = list(HtsCode.objects.order_by("pk").values())
    with pytest.raises(CommandError, match=f"HTS-FILE.*{said}"):
        load(tmp_path, [*lines], head=head)
    assert list(HtsCode.objects.order_by("pk").values()) == before
    assert not HtsEdition.objects.filter(name=NAME).exists()


def test_an_older_edition_is_refused_and_so_is_a_day_out_of_order(tmp_path: Path) -> None:
    load(tmp_path, NEW)
    with pytest.raises(CommandError, match="HTS-ORDER"):
        load(tmp_path, NEW, name="2098 rev 8")
    with pytest.raises(CommandError, match="HTS-ORDER"):
        load(tmp_path, NEW, name="2099 rev 2", day=DAY - dt.timedelta(days=1))
    with pytest.raises(CommandError, match="HTS-EDITION"):
        load(tmp_path, NEW, name="spring")


def test_only_the_platform_operator_loads_an_edition(world: World) -> None:
    for role in ("manager", "signatory", "importer"):
        actor = world.who(role)
        with act_as(actor), pytest.raises(NotPermitted):
            hts_edition.load_edition(actor, NAME, DAY, [HEAD, *NEW])
    with act_as(PLATFORM), pytest.raises(InvalidInput):
        hts_edition.load_edition(PLATFORM, NAME, DAY, [HEAD])


def test_the_report_in_words(tmp_path: Path, world: World) -> None:
    path, out = tmp_path / "hts.csv", io.StringIO()
    path.write_text("\n".join([HEAD, *NEW[1:]]))
    call_command("load_hts", "--edition", NAME, "--first-day", "2099-03-01", str(path), stdout=out)
    assert "2 ended" in out.getvalue() and f"{world.certifier.name}: pvf_line" in out.getvalue()
    with pytest.raises(CommandError, match="--first-day"):
        call_command("load_hts", "--edition", NAME, str(path), stdout=out)
