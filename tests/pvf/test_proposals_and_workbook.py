"""PVFs as workbooks and proposals: exact decimals, errors row by row, what approval moves, the tariff table."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from openpyxl import Workbook

from core.errors import Conflict, InvalidInput, NotPermitted
from core.identity import act_as
from pvf.domain import hts, hts_table, ledger, lines, proposals, workbook, workbook_out
from pvf.domain.rows import ProposedLine
from pvf.models import PVF, Balance, Bucket, Cause, Holder, HtsCode, HtsEdition, Movement, PVFVersion
from tests.support.world import PLATFORM, World, a_uuid

#: The columns that a line needs; those of the volume basis may be left out.
HEADERS = [names[0] for names in workbook.COLUMNS.values()][:9]
SPANISH = [names[1] for names in workbook.COLUMNS.values()][:9]
GOOD: list[Any] = [1, "Green coffee", "Organic green coffee", "Handling", "0901.11.0015", "PE", 19250.5, "KGM", ""]


def a_book(*rows: list[Any], headers: list[str] = HEADERS, number: str = "PVF-1", start: Any = "2031-01-01") -> bytes:
    book = Workbook()
    head: Any = book.active
    head.title = "PVF"
    for pair in (("PVF number", number), ("Period start", start), ("Period end", dt.date(2031, 12, 31))):
        head.append(pair)
    sheet = book.create_sheet("Lines")
    sheet.append(headers)
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def changed(**cells: Any) -> list[Any]:
    fields = list(workbook.COLUMNS)
    row = list(GOOD)
    for field, value in cells.items():
        row[fields.index(field)] = value
    return row


def test_columns_are_found_by_spanish_headers_in_any_order() -> None:
    parsed = workbook.read_pvf(a_book(GOOD[::-1], headers=SPANISH[::-1]))
    assert parsed.errors == []
    assert parsed.rows[0].hts_codes == ("0901110015",)
    assert parsed.period_end == dt.date(2031, 12, 31)


@pytest.mark.parametrize(
    ("cell", "unit", "quantity", "kg"),
    [
        (19250.5, "KGM", "19250.5", "19250.500"), (0.1, "TNE", "0.1", "100.000"), ("12.345678", "LBR", "12.345678", "5.600"),
        (3, "STN", "3", "2721.554"), (1234567.891, "KGM", "1234567.891", "1234567.891"), (7, "", "7", "7.000"),
    ],
)  # fmt: skip
def test_quantities_are_read_as_they_were_typed(cell: Any, unit: str, quantity: str, kg: str) -> None:
    parsed = workbook.read_pvf(a_book(changed(quantity=cell, unit=unit)))
    assert parsed.errors == []
    assert (parsed.rows[0].quantity, str(parsed.rows[0].authorised_kg)) == (Decimal(quantity), kg)


@pytest.mark.parametrize(
    ("field", "cell"),
    [
        ("line_number", 0), ("line_number", "one"), ("line_number", 1.5), ("line_number", "sNaN"), ("product_name", ""),
        ("label_name", "x" * 201), ("scope", "Fishing"), ("hts_codes", "0901.11"), ("hts_codes", ""),
        ("hts_codes", 901110015), ("origins", "Peru"), ("origins", "XX"), ("quantity", 0), ("quantity", -1),
        ("quantity", "19,250"), ("quantity", "NaN"), ("quantity", "Infinity"), ("quantity", "1e30"),
        ("quantity", "0.0000001"), ("quantity", "much"), ("unit", "BAG"),
    ],
)  # fmt: skip
def test_a_cell_that_cannot_be_used_is_named_by_row_and_column(field: str, cell: Any) -> None:
    parsed = workbook.read_pvf(a_book(GOOD, changed(line_number=2, **{field: cell}) if field != "line_number"
                                      else changed(line_number=cell)))  # fmt: skip
    assert [(error.row, error.column) for error in parsed.errors] == [(3, workbook.COLUMNS[field][0])]
    assert parsed.errors[0].message


def test_all_errors_are_told_at_once() -> None:
    rows = [changed(quantity=0, unit="BAG"), changed(line_number=2, origins="XX")]
    parsed = workbook.read_pvf(a_book(*rows, number="", start="soon"))
    assert {(error.row, error.column) for error in parsed.errors} >= {(1, "PVF number"), (2, "Period start")}


def test_missing_columns_sheets_and_repeated_lines_are_errors() -> None:
    assert "Quantity" in {error.column for error in workbook.read_pvf(a_book(headers=HEADERS[:6])).errors}
    assert [error.row for error in workbook.read_pvf(a_book(GOOD, GOOD)).errors] == [3]
    assert workbook.read_pvf(a_book()).errors
    empty = io.BytesIO()
    Workbook().save(empty)
    assert {error.column for error in workbook.read_pvf(empty.getvalue()).errors} == {"PVF", "Lines"}


def test_what_is_no_workbook_is_refused() -> None:
    with pytest.raises(InvalidInput):
        workbook.read_pvf(b"not a workbook")


def test_what_is_written_is_read_back_the_same() -> None:
    row = ProposedLine(
        4, "Bananas", "Organic bananas", "Crops", ("0803901100",), ("EC", "PE"), Decimal("10.25"), "TNE", "farm"
    )
    head: dict[str, Any] = {"number": "P", "period_start": dt.date(2031, 1, 1), "period_end": dt.date(2031, 2, 1)}
    parsed = workbook.read_pvf(workbook_out.write_pvf(head, [row]))
    assert (parsed.errors, parsed.rows) == ([], [row])


def a_line(quantity: str, number: int = 1) -> ProposedLine:
    return ProposedLine(
        number, "Green coffee", "Organic green coffee", "Handling", ("0901110015",), ("PE",), Decimal(quantity)
    )


def propose(world: World, *rows: ProposedLine, role: str = "manager", **fields: Any) -> PVFVersion:
    values = {"number": world.pvf.number, "period_start": world.pvf.period_start, "period_end": world.pvf.period_end}
    with act_as(world.who(role)) as actor:
        return proposals.propose(actor, client_id=world.client.pk, rows=rows, **{**values, **fields})


def decide(world: World, version: PVFVersion) -> PVFVersion:
    with act_as(world.who("manager")) as actor:
        return proposals.approve(actor, version.pk)


@pytest.mark.django_db
def test_approval_moves_the_difference_and_supersedes_the_version_before(world: World) -> None:
    version = propose(world, a_line("60000"), a_line("500", number=2), role="preparer")
    decide(world, version)
    decide(world, version)  # twice changes nothing
    with act_as(world.loop()):
        causes = Movement.objects.order_by("line__line_number", "sequence").values_list("cause", "kg")
        assert list(causes) == [("authorise", 50000), ("top_up", 10000), ("authorise", 500)]
        assert list(world.pvf.versions.order_by("number").values_list("state", flat=True)) == ["superseded", "approved"]
        terms = lines.terms_in_force(world.line.pk)
        assert terms is not None
        assert terms.authorised_kg == 60000


@pytest.mark.django_db
def test_a_reduction_below_what_is_used_is_refused_with_figures_and_changes_nothing(world: World) -> None:
    with act_as(world.who("signatory")) as actor:
        ledger.move(
            actor, world.line.pk, Cause.SUBMIT, Bucket.AVAILABLE, Bucket.RESERVED, Decimal(30000), key="s",
            target_holder=(Holder.REQUEST, a_uuid()),
        )  # fmt: skip
    version = propose(world, a_line("29999.999"))
    with pytest.raises(InvalidInput) as refused:
        decide(world, version)
    figures = {"line": 1, "wanted_kg": "29999.999", "used_kg": "30000.000"}
    assert (refused.value.code, refused.value.details) == ("PVF-USED", figures)
    with act_as(world.loop()):
        assert PVFVersion.objects.get(pk=version.pk).state == "proposed"
        assert Balance.objects.get(pk=world.line.pk).available == 20000
    decide(world, propose(world, a_line("30000")))
    with act_as(world.loop()):
        assert Balance.objects.get(pk=world.line.pk).available == 0


@pytest.mark.django_db
def test_two_pvfs_of_a_client_never_share_a_day(world: World) -> None:
    end = world.pvf.period_end
    clash = propose(world, a_line("1"), number="NEXT", period_start=end, period_end=end + dt.timedelta(days=300))
    with pytest.raises(InvalidInput) as refused:
        decide(world, clash)
    assert refused.value.code == "PVF-OVERLAP"
    # mended: the period of a PVF that was never in force follows the new proposal
    start = end + dt.timedelta(days=1)
    decide(world, propose(world, a_line("1"), number="NEXT", period_start=start, period_end=start + dt.timedelta(300)))
    with act_as(world.loop()):
        assert PVF.objects.get(number="NEXT").period_start == start


@pytest.mark.django_db
def test_a_version_keeps_the_period_of_a_pvf_in_force(world: World) -> None:
    with pytest.raises(InvalidInput, match="PVF-PERIOD"):
        propose(world, a_line("1"), period_end=world.pvf.period_end + dt.timedelta(days=1))


@pytest.mark.django_db
def test_a_superseded_or_rejected_version_cannot_be_approved(world: World) -> None:
    first = propose(world, a_line("60000"))
    second = propose(world, a_line("70000"))
    with pytest.raises(Conflict):
        decide(world, first)
    with act_as(world.who("manager")) as actor:
        proposals.reject(actor, second.pk, "Harvest figures are missing")
    with pytest.raises(Conflict):
        decide(world, second)


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["viewer", "auditor", "approver", "importer"])
def test_others_do_not_propose(world: World, role: str) -> None:
    with pytest.raises(NotPermitted):
        propose(world, a_line("1"), role=role)


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["reviewer", "approver", "auditor", "signatory"])
def test_others_do_not_approve(world: World, role: str) -> None:
    version = propose(world, a_line("60000"))
    with act_as(world.who(role)) as actor, pytest.raises(NotPermitted):
        proposals.approve(actor, version.pk)


@pytest.mark.django_db
def test_import_command_proposes_or_says_what_is_wrong(world: World, tmp_path: Path) -> None:
    path = tmp_path / "pvf.xlsx"
    asked = ["--certifier", world.certifier.code, "--client", world.client.operation.nop_id, str(path)]
    path.write_bytes(a_book(changed(quantity=0)))
    with pytest.raises(CommandError, match="row 2, Quantity"):
        call_command("import_pvf", *asked)
    path.write_bytes(a_book(GOOD))
    call_command("import_pvf", *asked, stdout=io.StringIO())
    with act_as(world.loop()):
        assert PVF.objects.get(number="PVF-1").versions.get().state == "proposed"


@pytest.mark.django_db
def test_the_tariff_table_loads_twice_without_change_and_keeps_first_days() -> None:
    call_command("load_hts", stdout=io.StringIO())
    assert (HtsCode.objects.count(), HtsCode.objects.filter(certified_organic=True).count()) == (3229, 111)
    assert not HtsEdition.objects.exclude(first_day=None).exists()
    edition = HtsEdition.objects.order_by("position")[0]
    with act_as(PLATFORM):
        HtsEdition.objects.filter(pk=edition.pk).update(first_day=dt.date(2025, 1, 1))
    call_command("load_hts", stdout=io.StringIO())
    assert HtsEdition.objects.get(pk=edition.pk).first_day == dt.date(2025, 1, 1)
    assert HtsCode.objects.count() == 3229


@pytest.mark.django_db
def test_a_code_is_in_force_from_its_first_edition_to_the_eve_of_the_one_after_its_last() -> None:
    with act_as(PLATFORM):
        early, late = (
            HtsEdition.objects.create(name=name, position=hts_table.position_of(name))
            for name in ("2025 rev 15", "2025 rev 16")
        )
        HtsCode.objects.create(code="0901110001", description="gone", last_edition=early)
        HtsCode.objects.create(code="0901110002", description="new", first_edition=late, certified_organic=True)
    assert not hts.validity("0000000000").known
    assert not hts.validity("0901110001").dates_known
    assert not hts.validity("0901110002").dates_known
    with act_as(PLATFORM):
        HtsEdition.objects.filter(pk=late.pk).update(first_day=dt.date(2025, 7, 1))
    assert hts.validity("0901110001").last_day == dt.date(2025, 6, 30)
    new = hts.validity("0901110002")
    assert (new.first_day, new.dates_known) == (dt.date(2025, 7, 1), True)
    assert not new.in_force(dt.date(2025, 6, 30))
    assert new.in_force(dt.date(2025, 7, 1))
    assert [row.code for row in hts.organic_siblings("0901110001")] == ["0901110002"]


def test_a_season_may_run_over_new_year() -> None:
    winter = hts.Validity(known=True, season=("1115", "0228"))
    assert winter.in_force(dt.date(2026, 1, 1))
    assert not winter.in_force(dt.date(2026, 6, 1))
