"""The chain over the audit trail: sealed in its own order, and any cut, change, insertion or reorder is found."""

from __future__ import annotations

import datetime as dt
import json
import random
import threading
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, connections

from core import audit, audit_chain, audit_seal, clock
from core.identity import Identity, act_as
from core.models import AuditHead, AuditRow, AuditSeal, AuditSealing, Notification
from core.tasks import publish_audit_heads, seal_audit
from tests.support.world import World, make_world

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.django_db(transaction=True)


def act(world: World, count: int = 1, **after: object) -> None:
    """So many acts of the manager."""
    with act_as(world.who("manager")) as actor:
        for number in range(count):
            audit.record(actor, "thing.changed", "thing", f"t{number}", after={"number": number, **after})


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


def exported(world: World) -> list[str]:
    with act_as(world.loop()):
        return list(audit_seal.export(world.certifier.pk))


def test_rows_are_sealed_in_order_without_a_gap_and_only_once(world: World) -> None:
    act(world, 5)
    done = audit_seal.seal(world.certifier.pk)
    assert done >= 5
    assert audit_seal.seal(world.certifier.pk) == 0
    act(world, 3)
    assert audit_seal.seal(world.certifier.pk) == 3
    with act_as(world.loop()):
        sequences = list(AuditSeal.objects.order_by("sequence").values_list("sequence", flat=True))
        assert sequences == list(range(1, done + 4))
        assert AuditRow.objects.filter(seal=None).count() == 0
    assert audit_seal.verify(world.certifier.pk).faults == []


def test_small_batches_miss_nothing(world: World) -> None:
    act(world, 7)
    act(world, 7)
    while audit_seal.seal(world.certifier.pk, limit=3):
        pass
    with act_as(world.loop()):
        assert AuditRow.objects.filter(seal=None).count() == 0
    assert audit_seal.verify(world.certifier.pk).faults == []


def test_a_row_that_commits_late_is_sealed_late_and_not_missed(world: World) -> None:
    written, may_commit = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with act_as(world.who("manager")) as actor:
                audit.record(actor, "slow.act", "thing", "slow")
                written.set()
                assert may_commit.wait(20)
        finally:
            connections.close_all()

    thread = threading.Thread(target=slow)
    thread.start()
    assert written.wait(20)
    act(world, 4)
    assert audit_seal.seal_all(world.certifier.pk) >= 4
    act(world, 2)
    assert audit_seal.seal_all(world.certifier.pk) == 2
    may_commit.set()
    thread.join(20)
    assert audit_seal.seal_all(world.certifier.pk) == 1
    with act_as(world.loop()):
        newest = AuditSeal.objects.select_related("row").order_by("-sequence").first()
        assert newest is not None
        assert newest.row.act == "slow.act"
    assert audit_seal.verify(world.certifier.pk).faults == []


def test_sealers_at_the_same_time_make_one_chain(world: World) -> None:
    act(world, 60)

    def sealer() -> None:
        try:
            for _ in range(30):
                audit_seal.seal(world.certifier.pk, limit=5)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=sealer) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    audit_seal.seal_all(world.certifier.pk)
    with act_as(world.loop()):
        assert AuditRow.objects.filter(seal=None).count() == 0
    assert audit_seal.verify(world.certifier.pk).faults == []


def test_each_certifier_has_a_chain_of_its_own_and_so_have_acts_of_no_certifier(world: World) -> None:
    other = make_world(2)
    act(world, 2)
    act(other, 3)
    with act_as(world.who("importer")) as importer:
        audit.record(importer, "importer.act", "thing", "x")
    assert seal_audit() > 5
    for name in (world.certifier.pk, other.certifier.pk, None):
        assert audit_seal.verify(name).faults == []
    with act_as(world.who("auditor")):
        assert set(AuditSeal.objects.values_list("chain", flat=True)) == {world.certifier.pk}
    for role in ("signatory", "importer", "broker"):
        with act_as(world.who(role)):
            assert not AuditSeal.objects.exists()
    with act_as(Identity.loop(None)):
        assert AuditSeal.objects.get().chain == audit_seal.NOBODYS


def test_after_a_restore_into_a_server_that_counts_anew_nothing_is_missed(world: World) -> None:
    act(world, 2)
    audit_seal.seal_all(world.certifier.pk)
    with act_as(world.loop()):
        AuditSealing.objects.update(sealed_before=2**60)
    act(world, 3)
    assert audit_seal.seal_all(world.certifier.pk) == 3


def test_the_age_of_what_waits_for_its_seal_is_told(world: World) -> None:
    audit_seal.seal_all(world.certifier.pk)
    assert audit_seal.unsealed_age(world.certifier.pk) is None
    act(world)
    age = audit_seal.unsealed_age(world.certifier.pk)
    assert age is not None
    assert dt.timedelta() <= age < dt.timedelta(minutes=1)


@pytest.mark.parametrize("table", ["core_auditrow", "core_auditseal", "core_audithead"])
@pytest.mark.parametrize("verb", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_not_even_the_owner_changes_or_removes_anything(
    world: World, owner_connection: Any, table: str, verb: str
) -> None:
    act(world)
    seal_audit()
    publish_audit_heads()
    verb = verb.replace("id = id", "row_id = row_id") if table == "core_auditseal" else verb
    with pytest.raises(Exception, match="append-only"):
        owner_connection.execute(verb.format(table))
    with pytest.raises(DatabaseError, match="permission denied"), act_as(world.loop()), connection.cursor() as cursor:
        cursor.execute(verb.format(table))


# -- the verifier ---------------------------------------------------------------------------------------------------------


def test_the_one_file_is_the_module_itself() -> None:
    shipped = (ROOT / "scripts" / "verify_audit.py").read_text(encoding="utf-8")
    assert shipped == (ROOT / "core" / "audit_chain.py").read_text(encoding="utf-8")


def test_an_export_verifies_offline_and_from_the_middle(world: World, tmp_path: Path) -> None:
    act(world, 6, email="person@invented.example")
    audit_seal.seal_all(world.certifier.pk)
    whole, part = tmp_path / "whole.jsonl", tmp_path / "part.jsonl"
    slug = world.certifier.slug
    call_command("audit_export", certifier=slug, output=str(whole), stderr=(tmp_path / "said").open("w"))
    call_command(
        "audit_export", certifier=slug, first=3, last=5, output=str(part), stderr=(tmp_path / "said").open("w")
    )
    assert audit_chain.main([str(whole)]) == 0
    assert audit_chain.main([str(part)]) == 0
    assert len(part.read_text().splitlines()) == 5
    call_command("verify_audit", verbosity=0, stdout=(tmp_path / "said").open("w"))


def test_a_file_that_is_no_export_is_said_to_be_none(tmp_path: Path, capsys: Any) -> None:
    for number, text in enumerate(("", "{", "[]", '{"format": "other"}', '{"format": "portal-audit-1"}')):
        path = tmp_path / f"{number}.jsonl"
        path.write_text(text)
        assert audit_chain.main([str(path)]) == 2
        assert "cannot be read" in capsys.readouterr().err


MEDDLINGS = ("change", "remove", "insert", "swap", "cut", "reseal", "personal", "rewrite", "head", "double")


def meddle(lines: list[str], kind: str, chance: random.Random) -> list[str]:
    """A forged copy of an export."""
    entries = [json.loads(line) for line in lines]
    body = range(1, len(entries) - 1)
    at = chance.choice(body)
    if kind == "change":
        column = chance.choice(["act", "object_id", "actor_kind", "at", "request_id"])
        entries[at]["row"][column] += "x"
    elif kind == "remove":
        del entries[at]
    elif kind == "insert":
        forged = json.loads(json.dumps(entries[at]))
        forged["row"]["id"] = "0" * 36
        entries.insert(at, forged)
    elif kind == "double":
        entries.insert(at, entries[at])
    elif kind == "swap":
        other = chance.choice([place for place in body if place != at])
        entries[at], entries[other] = entries[other], entries[at]
    elif kind == "cut":
        entries = entries[: chance.choice(body)]
    elif kind == "reseal":
        entries[at]["row"]["act"] += "x"
        entries[at]["row_sha256"] = audit_chain.row_sha256(entries[at]["row"])
    elif kind == "personal":
        entries[at]["row"]["ip"] = "203.0.113.77"
        entries[at]["row"]["ip_sha256"] = entries[at]["row"]["ip_sha256"] or "0" * 64
    elif kind == "head":
        entries[at]["chain_sha256"] = "f" * 64
    else:  # everything from one row on is sealed anew: only a published head tells
        entries[at]["row"]["act"] += "x"
        previous = entries[at - 1].get("chain_sha256") or entries[0]["after"]["chain_sha256"]
        for entry in entries[at:-1]:
            entry["row_sha256"] = audit_chain.row_sha256(entry["row"])
            previous = audit_chain.chain_sha256(previous, entry["sequence"], entry["row_sha256"])
            entry["chain_sha256"] = previous
        entries[-1]["end"]["chain_sha256"] = previous
    return [json.dumps(entry) for entry in entries]


@pytest.mark.parametrize("kind", MEDDLINGS)
def test_whoever_meddles_is_found(world: World, kind: str) -> None:
    with act_as(world.who("manager")) as actor:
        for number in range(40):
            audit.record(actor, "thing.changed", "thing", f"t{number}", after={"email": f"p{number}@invented.example"})
    audit_seal.seal_all(world.certifier.pk)
    lines = exported(world)
    with act_as(world.loop()):
        state = AuditSealing.objects.get()
    head = [(state.sequence, state.chain_sha256)]
    assert audit_chain.verify(lines, head).faults == []
    chance = random.Random(kind)
    for _ in range(20):
        assert audit_chain.verify(meddle(lines, kind, chance), head).faults, kind


# -- heads, erasure -------------------------------------------------------------------------------------------------------


def test_a_head_is_noted_once_a_day_and_told_to_auditors_and_managers(world: World) -> None:
    act(world)
    seal_audit()
    assert publish_audit_heads() == 1
    assert publish_audit_heads() == 0
    with act_as(world.loop()):
        head = AuditHead.objects.get()
        notice = Notification.objects.get(topic="audit.head")
        assert head.day == clock.now().date()
        assert notice.context["chain_sha256"] == head.chain_sha256
        assert set(notice.audience_roles) == {"auditor", "manager"}


def test_personal_values_stand_beside_the_row_that_holds_their_digests(world: World) -> None:
    act(world, email="person@invented.example")
    with act_as(world.loop()):
        row = AuditRow.objects.get(act="thing.changed")
    assert row.after["email"] == {"sha256": audit_chain.digest(row.salt, "person@invented.example")}
    assert row.personal == {"after.email": "person@invented.example"}
    assert audit.values_of(row, "after")["email"] == "person@invented.example"
