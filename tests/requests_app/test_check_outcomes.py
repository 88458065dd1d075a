"""Each check shows each of its outcomes: what a check is, and EXP, IMP, SUP, QTY, VOL, CTR, DOC."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from core import clock
from core.checks import Finding, Moment, registry
from core.identity import act_as
from organizations.models import Operation, OperationStatus
from organizations.rules import change_rules
from requests_app.domain import checking, documents, drafts, submission
from requests_app.models import Request
from tests.support.drafts import complete_draft
from tests.support.world import PLATFORM, World, make_operation

pytestmark = pytest.mark.django_db

CODES = (
    "EXP-1 EXP-2 IMP-1 IMP-2 SUP-1 PVF-1 PVF-2 PVF-3 ORG-1 STD-1 VOL-1 VOL-2 HTS-1 HTS-2 HTS-3 PER-1 PER-2 QTY-1 QTY-2 "
    "CTR-1 DOC-1 RPL-1"
).split()
UNCERTIFIED = [status for status in OperationStatus if status != OperationStatus.CERTIFIED]


def judged(world: World, code: str, request: Request, moment: Moment = Moment.DRAFT) -> Finding:
    """What the check ``code`` finds in ``request``."""
    actor = world.who("signatory")
    with act_as(actor):
        return {finding.code: finding for finding in checking.findings(actor, request, moment)}[code]


def found(world: World, code: str, request: Request, moment: Moment = Moment.DRAFT) -> tuple[str, dict[str, Any]]:
    """Outcome and figures of :func:`judged`."""
    finding = judged(world, code, request, moment)
    return finding.outcome.value, finding.compared


def with_rows(world: World, request: Request, part: str, rows: list[dict[str, Any]]) -> Request:
    """``request`` with ``rows`` for its lots, containers or invoices."""
    actor = world.who("signatory")
    with act_as(actor):
        return drafts.replace_rows(actor, request.pk, part, rows, expected_version=request.version)


def settings(world: World, **changes: Any) -> None:
    """A new version of the certifier's settings."""
    with act_as(world.loop()):
        change_rules(world.certifier.pk, changes, None)


def set_client(world: World, **values: Any) -> None:
    """The certifier's own record of the exporter."""
    with act_as(world.loop()):
        assert type(world.client).objects.filter(pk=world.client.pk).update(**values) == 1


def set_operation(operation: Operation, **values: Any) -> None:
    """What the directory says of an operation."""
    with act_as(PLATFORM):
        assert Operation.objects.filter(pk=operation.pk).update(**values) == 1


def days_ago(world: World, days: int) -> dt.date:
    """A day before the certifier's today."""
    return clock.today_in(world.certifier.time_zone) - dt.timedelta(days=days)


# --- what a check is


def test_every_check_is_registered_with_title_and_citation():
    known = {check.code: check for check in registry.all() if type(check).__module__.startswith("requests_app.checks.")}
    assert sorted(known) == sorted(CODES)
    for check in known.values():
        assert str(check.title).strip(), check.code
        assert check.citation.strip(), check.code


def test_exactly_eight_checks_are_never_set_aside():
    hard = {check.code for check in registry.all() if not check.overridable}
    assert hard == {"EXP-1", "IMP-1", "PVF-1", "VOL-1", "HTS-1", "PER-2", "RPL-1", "TXT-1"}


def test_a_finding_carries_what_its_check_says_of_itself(world: World):
    """And a complete draft fails none."""
    actor = world.who("signatory")
    draft = complete_draft(world)
    with act_as(actor):
        findings = {finding.code: finding for finding in checking.findings(actor, draft, Moment.DRAFT)}
    for code in CODES:
        check, finding = registry.get(code), findings[code]
        assert (finding.overridable, finding.mendable, finding.staff_only, finding.rule_version, finding.field) == (
            check.overridable, check.mendable, check.staff_only, check.version, check.field,
        )  # fmt: skip
        assert not finding.blocks
        assert str(finding.message)


# --- EXP


def exporter_figures(world: World, **figures: Any) -> dict[str, Any]:
    operation = Operation.objects.get(pk=world.client.operation_id)
    return {
        "nop_id": operation.nop_id, "directory_status": "Certified", "own_status": "Certified",
        "directory_date": operation.directory_date, **figures,
    }  # fmt: skip


def test_exp_1_passes_by_both_records(world: World):
    assert found(world, "EXP-1", complete_draft(world)) == ("pass", exporter_figures(world))


def test_exp_1_fails_by_the_certifiers_own_record(world: World):
    draft = complete_draft(world)
    for status in UNCERTIFIED:
        set_client(world, own_status=status)
        assert found(world, "EXP-1", draft) == ("fail", exporter_figures(world, own_status=status))


def test_exp_1_fails_by_the_directory(world: World):
    draft = complete_draft(world)
    for status in UNCERTIFIED:
        set_operation(world.client.operation, status=status)
        assert found(world, "EXP-1", draft) == ("fail", exporter_figures(world, directory_status=status))


@pytest.mark.parametrize(("limit", "age", "outcome"), [(35, 35, "pass"), (35, 36, "warn"), (5, 6, "warn")])
def test_exp_1_warns_by_old_directory_data(world: World, limit: int, age: int, outcome: str):
    draft = complete_draft(world)
    settings(world, directory_max_age_days=limit)
    set_operation(world.client.operation, directory_date=days_ago(world, age))
    aged = {"directory_age_days": age, "directory_limit_days": limit} if outcome == "warn" else {}
    assert found(world, "EXP-1", draft) == (outcome, exporter_figures(world, **aged))


def test_exp_1_fails_for_the_status_also_where_the_data_are_old(world: World):
    draft = complete_draft(world)
    set_operation(world.client.operation, status=OperationStatus.SUSPENDED, directory_date=days_ago(world, 99))
    assert found(world, "EXP-1", draft) == ("fail", exporter_figures(world, directory_status="Suspended"))


@pytest.mark.parametrize(
    ("scopes", "outcome"),
    [(["Handling"], "pass"), (["Crops", "Handling"], "pass"), (["Crops"], "fail"), ([], "fail")],
)
def test_exp_2_compares_the_scopes(world: World, scopes: list[str], outcome: str):
    draft = complete_draft(world)
    set_operation(world.client.operation, scopes=scopes)
    assert found(world, "EXP-2", draft) == (outcome, {"scope": "Handling", "scopes": scopes})


def test_exp_2_does_not_apply_without_a_product(world: World):
    assert found(world, "EXP-2", complete_draft(world, line_id=None)) == ("not_applicable", {})


# --- IMP


def importer_figures(world: World, **figures: Any) -> dict[str, Any]:
    row = Operation.objects.get(pk=world.importer.pk)
    known = {"nop_id": row.nop_id, "name": row.name, "directory_status": row.status}
    return {**known, "directory_date": row.directory_date, **figures}


def test_imp_1_passes_and_fails_by_the_directory(world: World):
    draft = complete_draft(world)
    assert found(world, "IMP-1", draft) == ("pass", importer_figures(world))
    for status in UNCERTIFIED:
        set_operation(world.importer, status=status)
        assert found(world, "IMP-1", draft) == ("fail", importer_figures(world, directory_status=status))


@pytest.mark.parametrize(
    ("nop_id", "figures"),
    [("", {"nop_id": ""}), ("9990000011", {"nop_id": "9990000011", "directory_status": ""})],
)
def test_imp_1_fails_for_an_importer_nobody_knows(world: World, nop_id: str, figures: dict[str, str]):
    assert found(world, "IMP-1", complete_draft(world, importer_nop_id=nop_id)) == ("fail", figures)


def test_imp_1_warns_by_old_directory_data(world: World):
    draft = complete_draft(world)
    set_operation(world.importer, directory_date=days_ago(world, 40))
    aged = {"directory_age_days": 40, "directory_limit_days": 35}
    assert found(world, "IMP-1", draft) == ("warn", importer_figures(world, **aged))


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({}, "pass"),
        ({"recipient_name": "INVENTED IMPORTS INC."}, "pass"),
        ({"recipient_name": "", "recipient_nop_id": "", "consignee_name": ""}, "pass"),
        ({"recipient_name": "Invented Roasters"}, "warn"),
        ({"recipient_nop_id": "3030000099"}, "warn"),
        ({"consignee_name": "Invented Warehouse"}, "warn"),
        ({"importer_nop_id": "9990000011"}, "not_applicable"),
    ],
)
def test_imp_2_compares_the_three_parties(world: World, changes: dict[str, str], outcome: str):
    draft = complete_draft(world, **changes)
    assert found(world, "IMP-2", draft) == (
        outcome,
        {
            "importer": "" if outcome == "not_applicable" else world.importer.name,
            "recipient": draft.recipient_name,
            "recipient_nop_id": draft.recipient_nop_id,
            "consignee": draft.consignee_name,
        },
    )


# --- SUP


@pytest.mark.parametrize(
    ("status", "outcome"), [("Certified", "pass"), ("Suspended", "fail"), ("Revoked", "fail"), ("", "fail")]
)
@pytest.mark.parametrize("place", ["last_handler", "invoice"])
def test_sup_1_looks_suppliers_and_last_handler_up(world: World, place: str, status: str, outcome: str):
    nop_id = "7770000011"
    if status:
        make_operation(nop_id, "Invented Mill", "PE", status=status)
    draft = complete_draft(world, **({"last_handler_nop_id": nop_id} if place == "last_handler" else {}))
    if place == "invoice":
        draft = with_rows(world, draft, "invoices", [{"number": "S1", "supplier_nop_id": nop_id, "kg": "1000"}])
    row = {"nop_id": nop_id, "name": "Invented Mill" if status else "", "status": status}
    day = {"directory_date": clock.now().date()} if status else {}
    assert found(world, "SUP-1", draft) == (outcome, {"suppliers": [row], **day})


def test_sup_1_fails_by_one_of_two_and_names_only_that_one(world: World):
    make_operation("7770000011", "Invented Mill", "PE")
    draft = complete_draft(world, last_handler_nop_id="7770000011")
    draft = with_rows(world, draft, "invoices", [{"number": "S1", "supplier_nop_id": "7770000022", "kg": "1000"}])
    finding = judged(world, "SUP-1", draft)
    assert finding.outcome == "fail"
    assert [row["status"] for row in finding.compared["suppliers"]] == ["Certified", ""]
    assert "7770000022" in str(finding.message) and "7770000011" not in str(finding.message)


def test_sup_1_warns_where_the_directory_data_on_one_of_them_are_old(world: World):
    make_operation("7770000011", "Invented Mill", "PE")
    make_operation("7770000022", "Invented Washer", "PE", directory_date=days_ago(world, 36))
    draft = complete_draft(world, last_handler_nop_id="7770000011")
    assert judged(world, "SUP-1", draft).outcome == "pass"
    draft = with_rows(world, draft, "invoices", [{"number": "S1", "supplier_nop_id": "7770000022", "kg": "1000"}])
    finding = judged(world, "SUP-1", draft)
    assert (finding.outcome, finding.compared["directory_limit_days"]) == ("warn", 35)


def test_sup_1_does_not_apply_where_nobody_is_named(world: World):
    assert found(world, "SUP-1", complete_draft(world)) == ("not_applicable", {})


# --- QTY


@pytest.mark.parametrize(
    ("gross", "outcome"),
    [("1000.001", "pass"), ("1000", "pass"), ("999.999", "fail"), (None, "not_applicable")],
)
def test_qty_1_compares_net_and_gross(world: World, gross: str | None, outcome: str):
    figures = {"net_kg": Decimal(1000), "gross_kg": Decimal(gross) if gross else None}
    assert found(world, "QTY-1", complete_draft(world, gross_kg=gross)) == (outcome, figures)


def test_qty_1_does_not_apply_without_a_net_weight(world: World):
    draft = complete_draft(world, entered_quantity=None)
    assert found(world, "QTY-1", draft) == ("not_applicable", {"net_kg": None, "gross_kg": Decimal(1050)})


@pytest.mark.parametrize(
    ("kilograms", "outcome", "difference"),
    [
        (["1000"], "pass", "0"),
        (["400.5", "599.5"], "pass", "0"),
        (["400.5", "599.499"], "fail", "-0.001"),
        (["1000", "0.001"], "fail", "0.001"),
    ],
)
def test_qty_2_adds_the_lots_up(world: World, kilograms: list[str], outcome: str, difference: str):
    rows = [{"lot": f"L{number}", "kg": Decimal(kg)} for number, kg in enumerate(kilograms)]
    draft = with_rows(world, complete_draft(world), "lots", rows)
    total = Decimal(1000) + Decimal(difference)
    figures = {"net_kg": Decimal(1000), "lots": rows, "lots_kg": total, "difference_kg": Decimal(difference)}
    assert found(world, "QTY-2", draft) == (outcome, figures)


def test_qty_2_does_not_apply_without_lots(world: World):
    assert found(world, "QTY-2", complete_draft(world)) == ("not_applicable", {})


# --- VOL


@pytest.mark.parametrize(
    ("kg", "outcome", "left", "over"),
    [("1000", "pass", "49000", "0"), ("50000", "pass", "0", "0"), ("50000.001", "fail", "-0.001", "0.001")],
)
def test_vol_1_shows_its_arithmetic(world: World, kg: str, outcome: str, left: str, over: str):
    asked, limit = Decimal(kg), Decimal(50000)
    assert found(world, "VOL-1", complete_draft(world, kg)) == (
        outcome,
        {
            "asked_kg": asked, "available_kg": limit, "held_kg": 0, "limit_kg": limit, "left_kg": Decimal(left),
            "over_kg": Decimal(over),
        },
    )  # fmt: skip


@pytest.mark.parametrize("missing", ["line_id", "entered_quantity"])
def test_vol_1_fails_where_there_is_nothing_to_compare(world: World, missing: str):
    assert found(world, "VOL-1", complete_draft(world, **{missing: None})) == ("fail", {})


@pytest.mark.parametrize(("asked", "outcome", "over"), [("50000", "pass", "0"), ("50001", "fail", "1")])
def test_vol_1_counts_what_the_request_itself_holds(world: World, asked: str, outcome: str, over: str):
    draft, signatory = complete_draft(world, "1000"), world.who("signatory")
    with act_as(signatory):
        request = submission.submit(signatory, draft.pk)
    request.net_kg = Decimal(asked)
    assert found(world, "VOL-1", request, Moment.REVIEW) == (
        outcome,
        {
            "asked_kg": Decimal(asked), "available_kg": Decimal(49000), "held_kg": Decimal(1000),
            "limit_kg": Decimal(50000), "left_kg": 50000 - Decimal(asked), "over_kg": Decimal(over),
        },
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kilograms", "outcome", "total"),
    [
        (["1000"], "pass", "1000"),
        (["600", "400.5"], "pass", "1000.5"),
        (["600", "399.999"], "warn", "999.999"),
        (["1000", None], "pass", "1000"),
        ([None], "warn", "0"),
        ([], "warn", "0"),
    ],
)
def test_vol_2_adds_the_invoices_up(world: World, kilograms: list[str | None], outcome: str, total: str):
    rows = [{"number": f"I{number}", "kg": kg and Decimal(kg)} for number, kg in enumerate(kilograms)]
    draft = with_rows(world, complete_draft(world), "invoices", rows)
    figures = {
        "asked_kg": Decimal(1000), "invoices": [row for row in rows if row["kg"]], "invoices_kg": Decimal(total),
        "difference_kg": Decimal(total) - 1000,
    }  # fmt: skip
    assert found(world, "VOL-2", draft) == (outcome, figures)


def test_vol_2_does_not_apply_to_several_shipments(world: World):
    assert found(world, "VOL-2", complete_draft(world, kind="multiple")) == ("not_applicable", {})


# --- CTR


@pytest.mark.parametrize(
    ("mode", "numbers", "outcome"),
    [
        ("sea", {"CSQU3054383": True}, "pass"),
        ("sea", {"CSQU3054384": False}, "warn"),
        ("sea", {"CSQU3054383": True, "TRUCK 1": False}, "warn"),
        ("air", {"CSQU3054384": False}, "not_applicable"),
        ("road", {"CSQU3054384": False}, "not_applicable"),
        ("sea", {}, "not_applicable"),
    ],
)
def test_ctr_1_reckons_check_digits_of_sea_containers(world: World, mode: str, numbers: dict[str, bool], outcome: str):
    draft = complete_draft(world, transport_mode=mode)
    draft = with_rows(world, draft, "containers", [{"number": number} for number in numbers])
    rows = [{"number": number, "valid": valid} for number, valid in numbers.items()]
    assert found(world, "CTR-1", draft) == (outcome, {} if outcome == "not_applicable" else {"containers": rows})


# --- DOC


@pytest.mark.parametrize(
    ("kind", "required", "missing", "outcome"),
    [
        ("single", ["commercial_invoice"], [], "pass"),
        ("single", ["commercial_invoice", "packing_list"], ["packing_list"], "fail"),
        ("single", [], [], "not_applicable"),
        ("multiple", [], [], "not_applicable"),
        ("multiple", ["commercial_invoice"], [], "pass"),
        ("multiple", ["supplier_certificate"], ["supplier_certificate"], "fail"),
    ],
)
def test_doc_1_asks_for_what_the_certifier_requires(
    world: World, kind: str, required: list[str], missing: list[str], outcome: str
):
    settings(world, **{f"document_kinds_{kind}": required})
    figures = {"required": required, "there": ["commercial_invoice"], "missing": missing}
    assert found(world, "DOC-1", complete_draft(world, kind=kind)) == (outcome, figures)


def test_doc_1_no_longer_counts_a_removed_document(world: World):
    draft, signatory = complete_draft(world), world.who("signatory")
    with act_as(signatory):
        documents.remove(signatory, draft.documents.get().pk)
    missing = {"required": ["commercial_invoice"], "there": [], "missing": ["commercial_invoice"]}
    assert found(world, "DOC-1", draft) == ("fail", missing)
