"""The tests of row-level security test it: with row security switched off, each of those named here fails."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from tests.support import databases

pytestmark = pytest.mark.timeout(900)

NAMED = {
    "tests/core/test_policy_row_security.py": [
        "test_every_table_with_a_tenants_column_has_row_security_switched_on",
        "test_two_certifiers_see_nothing_of_each_other_in_any_table_without_a_filter",
        "test_two_clients_of_one_certifier_see_nothing_of_each_other_in_any_table_without_a_filter",
        "test_nobody_and_people_without_a_membership_see_no_row_of_any_tenant",
        "test_with_the_applications_filter_patched_out_postgresql_still_answers_404",
    ],
    "tests/core/test_tables_and_grants.py": ["test_every_closed_table_has_row_security_and_one_policy_a_verb"],
    "tests/core/test_rows_by_kind.py": [
        "test_people_are_seen_by_whoever_shares_an_organisation_with_them",
        "test_addresses_and_second_steps_are_a_persons_own",
        "test_nobody_changes_another_person_or_makes_themselves_an_operator",
        "test_the_directory_is_written_by_its_keeper_alone_and_locked_by_whoever_decides",
        "test_a_certifier_is_made_by_the_operator_and_changed_by_itself",
        "test_brokers_and_the_tariff_have_their_keepers_too",
        "test_the_platform_operator_reads_no_people_and_makes_no_member",
        "test_an_organisation_lets_its_own_people_in_and_no_other_does",
        "test_only_importer_and_exporter_delegate",
        "test_nobody_writes_an_audit_row_in_anothers_name",
        "test_an_importer_writes_about_a_certificate_that_it_sees_and_no_other",
        "test_nobody_sends_in_another_certifiers_name",
        "test_a_broker_sees_from_the_first_day_of_a_grant_to_its_last",
    ],
    "tests/core/test_identity_per_transaction.py": [
        "test_an_identity_ends_with_its_commit_and_the_same_connection_shows_nothing_afterwards",
        "test_an_identity_ends_with_a_roll_back_too",
        "test_row_security_put_off_shows_nothing_but_an_error",
    ],
    "tests/organizations/test_support_sessions.py": [
        "test_while_it_is_open_every_row_of_that_certifier_is_read_and_none_of_another",
        "test_without_a_row_that_is_open_postgresql_shows_nothing_whatever_the_application_says",
        "test_a_session_that_has_run_out_shows_nothing",
        "test_the_database_lets_it_write_nothing",
        "test_the_database_lets_it_add_nothing_and_move_no_kilogram",
        "test_keys_are_not_part_of_it",
        "test_an_ended_session_is_not_taken_up_again",
    ],
    "tests/organizations/test_letterhead.py": ["test_another_certifier_sees_none_of_it_even_without_a_filter"],
    "tests/certificates/test_access.py": [
        "test_without_the_applications_filter_the_database_still_hides_it",
        "test_raw_rows_of_strangers_are_none",
    ],
    "tests/review/test_claims_and_queue.py": ["test_row_policies_hold_where_the_application_forgets"],
    "tests/requests_app/test_brokers.py": [
        "TestRowPolicies::test_with_certificates_alone_nothing_is_seen_or_written",
        "TestRowPolicies::test_after_the_grant_neither",
        "TestRowPolicies::test_another_brokers_and_another_exporters_grant_open_nothing",
        "TestRowPolicies::test_a_draft_cannot_be_made_a_submitted_request",
        "TestRowPolicies::test_what_was_submitted_is_written_no_more",
        "TestRowPolicies::test_a_draft_does_not_move_to_another_exporter_nor_its_parts",
    ],
    "tests/certificates/test_broker_acts.py": [
        "TestRowPolicies::test_with_certificates_alone_nothing_is_written",
        "TestRowPolicies::test_after_the_grants_neither",
    ],
    "tests/requests_app/test_lock_of_a_request.py": [
        "test_with_the_applications_rule_patched_out_postgresql_shows_nothing"
    ],
}


def run(*arguments: str) -> tuple[subprocess.CompletedProcess[str], set[str], set[str]]:
    """The named tests in a process of their own; which failed, and which passed (by file and name, without parameters)."""
    wanted = [f"{path}::{name}" for path, names in NAMED.items() for name in names]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n0", "-q", "--no-header", "-rfpE", "--tb=no", *arguments, *wanted],
        cwd=databases.ROOT, env=os.environ | {"PORTAL_ENV": "test"}, capture_output=True, text=True, check=False,
        timeout=800,
    )  # fmt: skip
    ends = [
        {found.split("[", maxsplit=1)[0] for found in re.findall(rf"^{word} (\S+)", done.stdout, re.MULTILINE)}
        for word in ("FAILED", "PASSED")
    ]
    return done, ends[0], ends[1]


def test_without_row_security_every_named_test_fails(capsys: pytest.CaptureFixture[str]) -> None:
    wanted = {f"{path}::{name}" for path, names in NAMED.items() for name in names}
    done, failed, passed = run("-p", "tests.long.row_security_off")
    assert done.returncode == 1, done.stdout[-3000:]
    with capsys.disabled():
        sys.stdout.write(f"\n{len(failed)} of {len(wanted)} named tests fail without row security:\n")
        sys.stdout.write("".join(f"  {name}\n" for name in sorted(failed)))
    # in every one of its cases
    assert (wanted - failed, failed & passed) == (set(), set())


def test_with_row_security_they_pass() -> None:
    wanted = {f"{path}::{name}" for path, names in NAMED.items() for name in names}
    done, failed, passed = run()
    assert (done.returncode, failed, passed) == (0, set(), wanted), done.stdout[-3000:]
