"""Rotation of the encryption key: everything at rest comes under the new one, and only then may the old one go."""

from __future__ import annotations

import ast
import json
from io import StringIO
from typing import Any

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken
from django.core.management import call_command

from certificates.domain import signing
from certificates.models import SigningKey
from certportal import reencryption
from certportal.launcher.places import PROJECT
from core.identity import NOBODY, act_as
from core.models import AuditRow
from core.secrets import decrypt, encrypt, renewed
from oid_sync.domain import links
from oid_sync.models import OidConnection
from organizations.domain import sign_on
from organizations.models_changes import GuardedChange
from organizations.models_sign_on import SignOnProvider
from tests.certificates.test_signing_key import PASSWORD, a_key
from tests.support.two_managers import agree
from tests.support.world import World, make_world

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
#: Modules that encrypt, and where what they encrypt is renewed. Whoever adds one adds it to certportal/reencryption.py.
ENCRYPTING = {
    "certificates/domain/signing.py": "SigningKey.encrypted_pkcs12, GuardedChange.secret",
    "oid_sync/domain/links.py": "OidConnection.encrypted_key, GuardedChange.secret",
    "organizations/domain/sign_on.py": "SignOnProvider.encrypted_secret, GuardedChange.secret",
    "organizations/adapter.py": "Authenticator.data",
    "certportal/demo/links.py": "OidConnection.encrypted_key",
}
SEED = "JBSWY3DPEHPK3PXP"
PROVIDER: dict[str, Any] = {
    "issuer": "https://login.invented.example", "client_id": "the-portal", "name": "Invented ID", "required": False,
    "second_step": True,
}  # fmt: skip


@pytest.fixture
def secrets(world: World, settings: Any) -> list[World]:
    """Every kind of secret under the old key, at two certifiers."""
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    other = make_world(2)
    for one in (world, other):
        with act_as(one.who("manager")) as manager:
            sign_on.propose(manager, client_secret=f"secret of {one.certifier.code}", **PROVIDER)
        assert agree(one) == 1
        with act_as(one.who("manager")) as manager:
            signing.install(manager, one.certifier.pk, a_key(), PASSWORD)
            links.connect(
                manager, connector="http", key=f"key of {one.certifier.code}", time_limit_seconds=10, switches=()
            )
            # a second key of each kind waits for another manager
            signing.install(manager, one.certifier.pk, a_key(days=500), PASSWORD)
            links.connect(manager, connector="http", key="the next key", time_limit_seconds=10, switches=())
        user = one.members["reviewer"].user
        with act_as(NOBODY):
            Authenticator.objects.create(user=user, type="totp", data={"secret": get_adapter().encrypt(SEED)})
            codes = [get_adapter().encrypt(code) for code in ("11112222", "33334444")]
            Authenticator.objects.create(
                user=user, type="recovery_codes", data={"migrated_codes": codes, "used_mask": 0}
            )
            Authenticator.objects.create(
                user=one.members["approver"].user, type="webauthn", data={"name": "key", "credential": {}}
            )
    return [world, other]


def run(*options: str) -> tuple[int, dict[str, dict[str, Any]]]:
    out = StringIO()
    code = 0
    try:
        call_command("reencrypt", "--json", *options, stdout=out)
    except SystemExit as end:
        code = int(str(end.code))
    return code, {entry["kind"]: entry for entry in json.loads(out.getvalue())["secrets"]}


def counts(found: dict[str, dict[str, Any]], what: str) -> list[int]:
    return [entry[what] if isinstance(entry[what], int) else len(entry[what]) for entry in found.values()]


def all_readable(worlds: list[World]) -> None:
    """Each secret is what it was."""
    for one in worlds:
        with act_as(one.loop()):
            assert signing.key_in_use(one.certifier.pk) is not None
            assert decrypt(OidConnection.objects.get().encrypted_key) == f"key of {one.certifier.code}".encode()
            secret = decrypt(SignOnProvider.objects.get().encrypted_secret)
            assert secret == f"secret of {one.certifier.code}".encode()
            waiting = {row.kind: bytes(row.secret) for row in GuardedChange.objects.all()}
            assert decrypt(waiting["connection"]) == b"the next key"
            assert decrypt(waiting["signing_key"])
        with act_as(NOBODY):
            rows = Authenticator.objects.filter(user=one.members["reviewer"].user)
            assert get_adapter().decrypt(rows.get(type="totp").data["secret"]) == SEED
            data = rows.get(type="recovery_codes").data
            assert [get_adapter().decrypt(code) for code in data["migrated_codes"]] == ["11112222", "33334444"]
            assert data["used_mask"] == 0


@pytest.mark.django_db
def test_after_the_command_the_old_key_can_go(secrets: list[World], settings: Any) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    all_readable(secrets)
    assert run("--dry-run")[0] == 1  # the old one must still stay
    code, found = run()
    assert code == 0
    assert counts(found, "old") == [2, 2, 2, 4, 4]
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    all_readable(secrets)
    code, found = run("--dry-run")
    assert (code, counts(found, "newest"), counts(found, "old")) == (0, [2, 2, 2, 4, 4], [0] * 5)


@pytest.mark.django_db
def test_counting_changes_nothing(secrets: list[World], settings: Any) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    code, found = run("--dry-run")
    assert (code, counts(found, "old"), counts(found, "newest")) == (1, [2, 2, 2, 4, 4], [0] * 5)
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    all_readable(secrets)
    with act_as(secrets[0].loop()):
        assert not AuditRow.objects.filter(act="secrets.renewed").exists()


@pytest.mark.django_db
def test_a_second_run_finds_nothing_to_do_and_writes_nothing(secrets: list[World], settings: Any) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    run()
    with act_as(secrets[0].loop()):
        before = bytes(SigningKey.objects.get().encrypted_pkcs12)
    code, found = run()
    assert (code, counts(found, "old"), counts(found, "newest")) == (0, [0] * 5, [2, 2, 2, 4, 4])
    with act_as(secrets[0].loop()):
        assert bytes(SigningKey.objects.get().encrypted_pkcs12) == before
        rows = AuditRow.objects.filter(act="secrets.renewed").order_by("at")
        assert [row.after for row in rows] == [
            {"kind": "signing keys", "renewed": 1}, {"kind": "keys to OID", "renewed": 1},
            {"kind": "secrets of single sign-on", "renewed": 1},
            {"kind": "changes that wait for a second manager", "renewed": 2},
        ]  # fmt: skip


@pytest.mark.django_db
def test_what_no_key_opens_is_named_and_left_and_the_rest_goes_on(secrets: list[World], settings: Any) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    lost = encrypt(b"of a key that is gone")
    with act_as(secrets[0].loop()):
        connection = OidConnection.objects.get()
        OidConnection.objects.filter(pk=connection.pk).update(encrypted_key=lost)
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    code, found = run()
    assert code == 1
    assert found["keys to OID"]["unreadable"] == [str(connection.pk)]
    assert counts(found, "old") == [2, 1, 2, 4, 4]
    with act_as(secrets[0].loop()):
        assert bytes(OidConnection.objects.get().encrypted_key) == lost
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("reencrypt", stdout=out)
    assert f"no key opens {connection.pk}" in out.getvalue()


@pytest.mark.django_db
def test_a_change_that_waited_through_the_rotation_can_still_be_confirmed(secrets: list[World], settings: Any) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    run()
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    assert agree(secrets[0]) == 2
    with act_as(secrets[0].loop()):
        assert decrypt(OidConnection.objects.get().encrypted_key) == b"the next key"
        assert signing.key_in_use(secrets[0].certifier.pk) is not None


def test_only_what_is_not_under_the_first_key_is_renewed(settings: Any) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    stored = encrypt(b"x")
    assert renewed(stored) is None
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    fresh = renewed(stored)
    assert fresh is not None
    assert Fernet(NEW).decrypt(fresh) == b"x"
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    with pytest.raises(InvalidToken):
        renewed(stored)


def test_every_module_that_encrypts_is_thought_of() -> None:
    found = set()
    for floor in ("core", "organizations", "pvf", "requests_app", "certificates", "review", "oid_sync", "certportal"):
        for path in (PROJECT / floor).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if (
                    isinstance(node, ast.ImportFrom)
                    and node.module == "core.secrets"
                    and any(a.name == "encrypt" for a in node.names)
                ):
                    found.add(path.relative_to(PROJECT).as_posix())
    assert found == set(ENCRYPTING)
    text = (PROJECT / "certportal" / "reencryption.py").read_text(encoding="utf-8")
    for places in ENCRYPTING.values():
        for place in places.split(", "):
            model, column = place.split(".")
            assert model in text
            assert column in text or model == "Authenticator"
    assert reencryption.MFA_VALUES == ("secret", "seed", "migrated_codes")
