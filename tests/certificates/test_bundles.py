"""Many documents in one ZIP: exactly those that the person sees, byte for byte, with a manifest, for a day."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
import zipfile
from collections.abc import Iterable

import pytest
import time_machine
from django.core.files.storage import default_storage
from django.test import Client as Browser
from django.urls import reverse

from certificates.domain import bundle_files, bundles, made_files, voiding
from certificates.domain.bundles import Wanted
from certificates.models import Bundle, Certificate
from certificates.tasks import make_bundle, sweep_made_files
from core import clock
from core.errors import Conflict, InvalidInput, NotPermitted
from core.files import read_file
from core.identity import Identity, Kind, act_as
from core.models import AuditRow
from organizations.models import Delegation, Membership
from tests.support.certificates import numbered, released
from tests.support.drafts import PAPER
from tests.support.world import World, make_client, make_exporter_people, make_operation, make_world, sign_in

PAGE = "/certificates/bundles/"


def asked(world: World, role: str = "viewer", **wanted: object) -> Bundle:
    with act_as(world.who(role)) as actor:
        return bundles.ask(actor, Wanted(**wanted))  # type: ignore[arg-type]


def made(world: World, role: str = "viewer", **wanted: object) -> zipfile.ZipFile:
    """The ZIP that a person gets for the asking (real commits)."""
    row = asked(world, role, **wanted)
    assert bundle_files.make(world.who(role).certifier_id, row.pk)
    answer = world.browser(role).get(reverse("certificates:bundle-file", args=[row.pk]))
    data = answer.getvalue()
    assert hashlib.sha256(data).hexdigest() == fresh(world, row).sha256
    assert int(answer["Content-Length"]) == len(data)
    return zipfile.ZipFile(io.BytesIO(data))


def fresh(world: World, row: Bundle) -> Bundle:
    with act_as(Identity.loop(row.certifier_id)):
        return Bundle.objects.get(pk=row.pk)


def numbers(archive: zipfile.ZipFile) -> set[str]:
    return {entry["number"] for entry in json.loads(archive.read("manifest.json"))["documents"]}


def many(world: World, count: int) -> list[Certificate]:
    """Certificates whose documents differ."""
    return [released(world, "10", content=PAPER + b"% " + str(number).encode()) for number in range(count)]


@pytest.mark.django_db(transaction=True)
def test_the_zip_holds_every_document_as_issued_and_says_so_in_its_manifest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle_files, "SLICE", 2)
    world = make_world()
    rows = many(world, 3)
    archive = made(world)
    assert archive.testzip() is None
    manifest = json.loads(archive.read("manifest.json"))
    lines = list(csv.DictReader(io.StringIO(archive.read("manifest.csv").decode())))
    assert manifest["certificates"] == len(lines) == 3
    assert [entry["number"] for entry in manifest["documents"]] == [row.number for row in rows]
    for entry, line, row in zip(manifest["documents"], lines, rows, strict=True):
        assert line == {key: str(value) for key, value in entry.items()}
        with act_as(world.loop()):
            document = row.documents.select_related("file").get()
            data = read_file(document.file)
        assert archive.read(entry["file"]) == data
        assert entry["sha256"] == document.sha256 == hashlib.sha256(data).hexdigest()
        assert (entry["state"], entry["version"], entry["current"]) == ("issued", 1, True)
        assert entry["issued_at"] == row.issued_at.isoformat() and entry["net_kg"] == "10.000"
    assert len(archive.namelist()) == 5


@pytest.mark.django_db(transaction=True)
def test_the_name_of_a_file_says_what_no_longer_counts() -> None:
    world = make_world()
    good, void = many(world, 2)
    with act_as(world.who("approver")) as approver:
        voiding.void(approver, void.pk, reason="Wrong importer.")
    archive = made(world)
    names = {entry["number"]: entry["file"] for entry in json.loads(archive.read("manifest.json"))["documents"]}
    assert names[good.number] == f"{good.number}-v1.pdf"
    assert names[void.number] == f"{void.number}-v1-VOID.pdf"
    assert set(names.values()) <= set(archive.namelist())


@pytest.mark.django_db(transaction=True)
def test_each_side_gets_what_it_sees_and_an_importer_from_all_its_certifiers() -> None:
    world, other = make_world(), make_world(2)
    stranger = make_operation("3030000099", "Other Imports Inc.", "US")
    mine, theirs = released(world), released(world, importer_nop_id=stranger.nop_id)
    elsewhere, waiting = released(other), numbered(world)
    assert numbers(made(world, "auditor")) == {mine.number, theirs.number}
    assert numbers(made(world, "viewer")) == {mine.number, theirs.number}
    assert numbers(made(world, "importer")) == {mine.number, elsewhere.number}
    assert waiting.number not in numbers(made(world, "manager"))
    with act_as(world.who("broker")) as broker, pytest.raises(InvalidInput) as refused:
        bundles.ask(broker, Wanted())
    assert refused.value.code == "BUNDLE-EMPTY"


@pytest.mark.django_db
def test_it_is_chosen_by_state_day_and_party(world: World) -> None:
    stranger = make_operation("3030000099", "Other Imports Inc.", "US")
    with time_machine.travel(dt.datetime.now(dt.UTC) - dt.timedelta(days=3), tick=True):
        old = released(world)
    new = released(world, importer_nop_id=stranger.nop_id)
    today = clock.now().date()
    cases: list[tuple[dict[str, object], Iterable[Certificate]]] = [
        ({}, [old, new]),
        ({"since": today}, [new]),
        ({"until": today - dt.timedelta(days=1)}, [old]),
        ({"importer": "other imp"}, [new]),
        ({"importer": world.importer.nop_id}, [old]),
        ({"exporter": "Invented Cooperative"}, [old, new]),
        ({"exporter": "nobody"}, []),
        ({"state": "issued"}, [old, new]),
        ({"state": "void"}, []),
    ]
    with act_as(world.who("manager")) as manager:
        for wanted, expected in cases:
            found = set(bundles.choose(manager, Wanted(**wanted)).values_list("pk", flat=True))  # type: ignore[arg-type]
            assert found == {row.pk for row in expected}, wanted


@pytest.mark.django_db
def test_too_many_none_and_nonsense_are_refused_in_words(world: World, settings) -> None:
    many(world, 3)
    settings.BUNDLE_MAX = 2
    browser = world.browser("viewer")
    page = browser.post(PAGE, {})
    assert page.status_code == 422
    assert "3 certificates; one file holds at most 2. Choose a shorter time" in page.content.decode()
    assert "no issued certificate to which this applies" in browser.post(PAGE, {"exporter": "nobody"}).content.decode()
    turned = browser.post(PAGE, {"since": "2026-02-01", "until": "2026-01-01"})
    assert (turned.status_code, "before the first" in turned.content.decode()) == (422, True)
    assert browser.post(PAGE, {"state": "awaiting_number"}).status_code == 422
    api = browser.post(reverse("api:bundle-list"), {}, content_type="application/json")
    assert (api.status_code, api.json()["errors"][0]["code"]) == (422, "BUNDLE-LARGE")
    with act_as(world.who("viewer")):
        assert Bundle.objects.count() == 0


@pytest.mark.django_db
def test_the_same_question_has_one_file_and_a_person_five_at_a_time(world: World) -> None:
    many(world, 1)
    first = asked(world)
    assert asked(world).pk == first.pk
    assert asked(world, "preparer").pk != first.pk
    for _turn in range(bundles.AT_ONCE - 1):
        with act_as(world.loop()):
            Bundle.objects.update(state="ready", path="x")
        asked(world)
    with act_as(world.loop()):
        Bundle.objects.update(state="ready", path="x")
    with pytest.raises(Conflict) as refused:
        asked(world)
    assert refused.value.code == "BUNDLE-MANY"


@pytest.mark.django_db(transaction=True)
def test_a_bundle_is_its_askers_alone() -> None:
    world, other = make_world(), make_world(2)
    released(world)
    row = asked(world)
    with act_as(world.loop()), pytest.raises(RuntimeError):
        bundle_files.make(world.certifier.pk, row.pk)
    make_bundle(str(world.certifier.pk), str(row.pk))
    rival = make_client(world.certifier, "1010000022", "Invented Rival")
    member = make_exporter_people(rival, "rival")["viewer"]
    browser = Browser()
    sign_in(browser, member)
    links = [
        reverse("certificates:bundle-file", args=[row.pk]), reverse("api:bundle-file", args=[row.pk]),
        reverse("api:bundle-detail", args=[row.pk]),
    ]  # fmt: skip
    others = [world.browser(role) for role in ("manager", "signatory", "importer", "broker")]
    for each in [*others, other.browser("manager"), other.browser("viewer"), browser]:
        assert {each.get(link).status_code for link in links} == {404}
        assert each.get(reverse("api:bundle-list")).json() == []
    assert {Browser().get(link).status_code for link in links} == {302, 401}
    identities = [world.who("manager"), world.who("signatory"), world.who("importer"), other.who("viewer")]
    for identity in [*identities, Identity(kind=Kind.CHECK), other.loop(), Identity.loop()]:
        with act_as(identity):
            assert Bundle.objects.count() == 0
            assert Bundle.objects.filter(pk=row.pk).update(wanted_by=identity.user_id) == 0
    with act_as(world.who("viewer")):
        assert Bundle.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_person_in_two_memberships_has_two_sets_of_files() -> None:
    world = make_world()
    released(world)
    row = asked(world)
    second = Membership(
        user=world.members["viewer"].user, side=Membership.Side.IMPORTER, roles=["importer"], operation=world.importer
    )
    with act_as(world.who("importer")):
        second.save(force_insert=True)
    browser = Browser()
    sign_in(browser, second)
    assert browser.get(reverse("api:bundle-detail", args=[row.pk])).status_code == 404
    assert world.browser("viewer").get(reverse("api:bundle-detail", args=[row.pk])).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_who_has_lost_access_gets_nothing_more() -> None:
    world = make_world()
    released(world)
    today = clock.now().date()
    grant = Delegation(
        broker=world.broker, operation=world.importer, valid_from=today, valid_until=today + dt.timedelta(days=30)
    )
    with act_as(world.who("importer")):
        grant.save(force_insert=True)
    assert numbers(made(world, "broker"))
    with act_as(world.who("broker")) as broker:
        (row,) = bundles.of_actor(broker)
    with act_as(world.who("importer")):
        Delegation.objects.filter(pk=grant.pk).update(revoked_at=clock.now())
    answer = world.browser("broker").get(reverse("api:bundle-file", args=[row.pk]))
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "BUNDLE-STALE")
    late = asked(world, "viewer")
    with act_as(world.who("manager")):
        Membership.objects.filter(pk=world.members["viewer"].pk).update(ended_at=clock.now())
    assert bundle_files.make(world.certifier.pk, late.pk) is False
    assert fresh(world, late).error == "BUNDLE-ACCESS"


@pytest.mark.django_db(transaction=True)
def test_taking_it_leaves_a_trace_at_every_certificate() -> None:
    world = make_world()
    rows = many(world, 2)
    made(world)
    with act_as(world.who("manager")):
        taken = AuditRow.objects.filter(act="certificate.download")
        assert {row.object_id for row in taken} == {str(row.pk) for row in rows}
        assert {row.client_id for row in taken} == {world.client.pk}
        assert {row.actor_id for row in taken} == {world.who("viewer").user_id}
        assert AuditRow.objects.filter(act="certificate.bundle").count() == 1


@pytest.mark.django_db(transaction=True)
def test_progress_is_shown_and_the_file_offered_when_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle_files, "SLICE", 1)
    world = make_world()
    many(world, 2)
    browser = world.browser("viewer")
    assert browser.post(PAGE, {"state": "issued"}).status_code == 302
    with act_as(world.loop()):
        row = Bundle.objects.get()
    seen: list[str] = []
    real = bundle_files.read_file

    def watched(stored: object) -> bytes:
        seen.append(browser.get(PAGE).content.decode())
        return real(stored)  # type: ignore[arg-type]

    monkeypatch.setattr(bundle_files, "read_file", watched)
    assert bundle_files.make(world.certifier.pk, row.pk)
    assert ["Being made: 0 of 2" in seen[0], "Being made: 1 of 2" in seen[1]] == [True, True]
    page = browser.get(PAGE).content.decode()
    assert reverse("certificates:bundle-file", args=[row.pk]) in page and "hx-get" not in page.split('id="bundles"')[1]
    assert bundle_files.make(world.certifier.pk, row.pk) is False


@pytest.mark.django_db(transaction=True)
def test_a_document_that_cannot_be_read_is_named_and_no_file_is_offered() -> None:
    world = make_world()
    good, bad = many(world, 2)
    with act_as(world.loop()):
        path = default_storage.path(bad.documents.select_related("file").get().file.path)
    with open(path, "ab") as file:
        file.write(b"changed")
    row = asked(world)
    assert bundle_files.make(world.certifier.pk, row.pk) is False
    page = world.browser("viewer").get(PAGE).content.decode()
    assert f"The stored document of {bad.number} cannot be read" in page and str(good.number) not in page


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_lost_its_lease_stops_and_the_next_one_makes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world()
    many(world, 2)
    row = asked(world)
    real = bundle_files.read_file

    def robbed(stored: object) -> bytes:
        monkeypatch.setattr(bundle_files, "read_file", real)
        with act_as(world.loop()):
            Bundle.objects.filter(pk=row.pk).update(lease_until=clock.now())
        return real(stored)  # type: ignore[arg-type]

    monkeypatch.setattr(bundle_files, "read_file", robbed)
    assert bundle_files.make(world.certifier.pk, row.pk) is False
    with act_as(world.loop()):
        assert bundle_files.due(world.certifier.pk) == [row.pk]
    sweep_made_files()
    assert fresh(world, row).state == Bundle.State.READY


@pytest.mark.django_db(transaction=True)
def test_an_importers_file_is_found_by_the_sweep_and_gone_after_a_day() -> None:
    world = make_world()
    released(world)
    row = asked(world, "importer")
    assert row.certifier_id is None
    sweep_made_files()
    row = fresh(world, row)
    assert row.state == Bundle.State.READY and default_storage.exists(row.path)
    with time_machine.travel(row.expires_at, tick=False):
        assert world.browser("importer").get(reverse("certificates:bundle-file", args=[row.pk])).status_code == 404
        sweep_made_files()
    assert default_storage.listdir(made_files.FOLDER)[1] == []
    with act_as(Identity.loop()):
        assert Bundle.objects.count() == 0


@pytest.mark.django_db
def test_a_contact_of_one_certificate_has_no_bundles(world: World) -> None:
    user = world.members["viewer"].user
    with act_as(Identity(kind=Kind.PERSON, user_id=user.pk)) as person, pytest.raises(NotPermitted):
        bundles.ask(person, Wanted())


@pytest.mark.django_db
def test_over_the_api(world: World) -> None:
    released(world)
    browser, route = world.browser("importer"), reverse("api:bundle-list")
    first = browser.post(route, {"importer": world.importer.nop_id}, content_type="application/json")
    assert (first.status_code, first.json()["state"], first.json()["total"]) == (202, "waiting", 1)
    assert [row["id"] for row in browser.get(route).json()] == [first.json()["id"]]
    assert browser.get(reverse("api:bundle-file", args=[first.json()["id"]])).status_code == 409


def test_no_cell_of_the_manifest_is_a_formula() -> None:
    entry = dict.fromkeys(bundle_files.COLUMNS, "") | {
        "exporter": '=HYPERLINK("x")',
        "importer": "@a",
        "net_kg": "1.000",
    }
    (line,) = csv.DictReader(io.StringIO(bundle_files.as_csv([entry])))
    assert (line["exporter"], line["importer"], line["net_kg"]) == ('\'=HYPERLINK("x")', "'@a", "1.000")
