"""docker-compose.yml, the Dockerfile and their helpers hold together; no engine is needed to see it."""

import re
from typing import Any

import pytest
import yaml
from django.conf import settings

from certportal.launcher.places import PROJECT

COMPOSE: dict[str, Any] = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
TEXT = (PROJECT / "docker-compose.yml").read_text()
OURS = ("web", "worker", "oid", "documents", "beat", "migrate", "oid-store")
KNOWN_KEYS = {
    "image", "build", "command", "environment", "volumes", "networks", "depends_on", "healthcheck", "restart", "ports",
    "init", "read_only", "tmpfs", "cap_drop", "security_opt", "stop_grace_period", "shm_size",
}  # fmt: skip


def test_every_process_of_the_portal_is_there() -> None:
    assert set(SERVICES) == {*OURS, "proxy", "postgres", "valkey"}


@pytest.mark.parametrize("name", SERVICES)
def test_service_uses_known_keys_and_declared_things(name: str) -> None:
    service = SERVICES[name]
    assert set(service) <= KNOWN_KEYS
    assert "image" in service
    assert set(service["networks"]) <= set(COMPOSE["networks"])
    for volume in service.get("volumes", []):
        source, target = volume.split(":")[:2]
        assert target.startswith("/")
        assert source in COMPOSE["volumes"] or (PROJECT / source).exists(), source
    for other, condition in service.get("depends_on", {}).items():
        if condition["condition"] == "service_healthy":
            assert "healthcheck" in SERVICES[other]
        else:
            assert SERVICES[other]["restart"] == "no"


def test_only_the_proxy_is_reachable_from_outside() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert COMPOSE["networks"]["back"]["internal"] is True
    assert all(
        "front" not in SERVICES[name]["networks"] for name in ("postgres", "valkey", "oid-store", "worker", "oid")
    )


def test_every_queue_has_one_worker_in_containers_and_in_the_launcher() -> None:
    """A queue that nobody reads would leave its loop to nothing: the sweeps come by queues too."""
    woken = {queue for _, queue in settings.WAKE_TASKS.values()}
    swept = {
        entry.get("options", {}).get("queue", settings.CELERY_TASK_DEFAULT_QUEUE)
        for entry in settings.CELERY_BEAT_SCHEDULE.values()
    }
    composed = [argument for name in SERVICES for argument in queue_of(SERVICES[name].get("command", []))]
    assert sorted(composed) == sorted(woken | swept)
    programs = (PROJECT / "certportal" / "launcher" / "programs.py").read_text()
    assert sorted(re.findall(r"_celery_worker\(\w+, \"(\w+)\"", programs)) == sorted(woken | swept)


def queue_of(command: list[str]) -> list[str]:
    """The queues that a command reads."""
    return command[command.index("-Q") + 1].split(",") if "-Q" in command else []


def test_only_migrations_know_the_owner() -> None:
    holders = [name for name in OURS if "DATABASE_OWNER_URL" in SERVICES[name]["environment"]]
    assert holders == ["migrate"]
    assert SERVICES["migrate"]["environment"]["PORTAL_DB_ROLE"] == "owner"


@pytest.mark.parametrize("name", OURS)
def test_production_has_no_demo(name: str) -> None:
    environment = SERVICES[name]["environment"]
    assert environment["PORTAL_ENV"] == "production"
    assert not {"OID_STORE_FAULTS", "DOCUMENT_DEMO_KEY"} & set(environment)
    assert SERVICES[name]["cap_drop"] == ["ALL"]


def test_every_secret_is_demanded_and_listed() -> None:
    demanded = set(re.findall(r"\$\{(\w+):\?", TEXT))
    listed = set(re.findall(r"^(\w+)=", (PROJECT / "deploy" / "env.example").read_text(), re.MULTILINE))
    assert demanded <= listed
    # a secret with a default would be no secret
    assert not re.findall(r"\$\{\w*(?:PASSWORD|SECRET|KEYS?)\w*:-[^}]+\}", TEXT)


def test_image_installs_what_up_installs() -> None:
    steps = (PROJECT / "Dockerfile").read_text()
    for package in ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0", "tesseract-ocr", "tesseract-ocr-spa"):
        assert package in steps
    assert "--require-hashes -r requirements/runtime.txt" in steps
    assert "npm ci" in steps
    assert "collectstatic" in steps
    assert re.search(r"^USER portal$", steps, re.MULTILINE)


def test_copied_files_are_not_left_out_of_the_image() -> None:
    ignored = (PROJECT / ".dockerignore").read_text().split()
    for needed in (
        "requirements",
        "package-lock.json",
        ".npmrc",
        "deploy",
        "certportal",
        "oid_store",
        "locale",
        "static",
    ):
        assert needed not in ignored
    assert {".portal", ".git", ".env"} <= set(ignored)


#: Settings of docs/configuration.md that containers do not take from .env, with the reason.
NOT_PASSED = {
    "PORTAL_APP_ROLE": "the role in DATABASE_URL, which is fixed",
    "PORTAL_DATA_DIR": "the image's volume",
    "PORTAL_STATIC_ROOT": "made when the image is built",
    "PORTAL_MANIFEST_STATIC": "of the tests",
    "DOCUMENT_DEMO_KEY": "of the demo, refused in production",
    "PORTAL_WORKER_PROCESSES": "of ./portal; here the worker's command says how many",
}


def documented() -> set[str]:
    """Names of the settings of servers, portal and processes in docs/configuration.md."""
    text = (PROJECT / "docs" / "configuration.md").read_text()
    part = text[text.index("\n## Servers") : text.index("\n## The OID-style store")]
    cells = re.findall(r"^\| (`[^|]+) \|", part, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([A-Z][A-Z0-9_]+)`", cell)}


def test_every_setting_reaches_the_containers() -> None:
    """A setting that Compose does not pass on is set in .env and silently does nothing."""
    known = documented()
    assert "PORTAL_RETENTION_YEARS" in known and "WEB_THREADS" in known
    # given to a service, or used in what one is told to run
    passed = {key for name in OURS for key in SERVICES[name]["environment"]} | set(re.findall(r"\$\{(\w+)", TEXT))
    assert known - passed == set(NOT_PASSED)


@pytest.mark.parametrize("name", ["web", "worker", "oid", "documents", "beat", "migrate"])
def test_every_process_of_the_portal_has_the_same_settings(name: str) -> None:
    assert set(COMPOSE["x-portal-env"]) <= set(SERVICES[name]["environment"])
