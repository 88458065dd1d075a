"""Known weaknesses of the locked packages: found by one question, failing unless accepted; without an answer it is said."""

from __future__ import annotations

import datetime as dt
import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from certportal.launcher import advisories
from certportal.launcher.advisories import Package
from certportal.launcher.console import Console
from certportal.launcher.places import PROJECT, Places
from certportal.launcher.testrun import CheckRun

TODAY = dt.date(2026, 5, 1)
BAD = Package("PyPI", "leaky", "1.0")
ANSWER = {"leaky 1.0": ["GHSA-aaaa-bbbb-cccc"], "hollow 2.0": ["GHSA-npm1-npm1-npm1", "CVE-2026-1"]}


class Service:
    """An advisory service on this machine: what it was asked, and what it does with the question."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.known: dict[str, list[str]] = {}
        self.behaviour: Callable[[BaseHTTPRequestHandler], None] | None = None
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                service.asked.append(body)
                if service.behaviour is not None:
                    service.behaviour(self)
                    return
                names = [f"{query['package']['name']} {query['version']}" for query in body["queries"]]
                results = [
                    {"vulns": [{"id": one} for one in service.known[name]]} if name in service.known else {}
                    for name in names
                ]
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps({"results": results}).encode())

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def environ(self) -> dict[str, str]:
        address = f"http://127.0.0.1:{self.server.server_address[1]}/v1/querybatch"
        return {"PORTAL_ADVISORIES_URL": address, "PORTAL_ADVISORIES_SECONDS": "1.5"}


@pytest.fixture
def service() -> Iterator[Service]:
    one = Service()
    yield one
    one.server.shutdown()
    one.server.server_close()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "runtime.txt").write_text(
        "sound==3.1 \\\n    --hash=sha256:00\n# via x\nLeaky[extra]==1.0 ; x\n"
    )
    (tmp_path / "requirements" / "dev.txt").write_text("sound==3.1\n")
    packages = {
        "": {"version": "0"},
        "node_modules/hollow": {"version": "2.0", "dev": True},
        "node_modules/a/node_modules/@s/b": {"version": "1"},
    }
    (tmp_path / "package-lock.json").write_text(json.dumps({"packages": packages}))
    return tmp_path


def _accept(project: Path, **entry: Any) -> None:
    values = {"id": "GHSA-aaaa-bbbb-cccc", "package": "leaky", "reason": "never called", "until": dt.date(2026, 6, 1)}
    lines = [
        f"{key} = {value.isoformat() if isinstance(value, dt.date) else json.dumps(value)}"
        for key, value in (values | entry).items()
        if value is not None
    ]
    (project / "requirements" / "advisories.toml").write_text("[[accepted]]\n" + "\n".join(lines))


def test_every_lock_is_read_each_package_once(project: Path) -> None:
    assert [str(one) for one in advisories.locked(project)] == [
        "leaky 1.0 (PyPI)", "sound 3.1 (PyPI)", "@s/b 1 (npm)", "hollow 2.0 (npm)",
    ]  # fmt: skip


def test_the_projects_own_locks_are_read_whole() -> None:
    found = advisories.locked(PROJECT)
    hashed = {
        line.split()[0]
        for name in advisories.PYTHON_LOCKS
        for line in (PROJECT / name).read_text(encoding="utf-8").splitlines()
        if "==" in line and not line.startswith((" ", "#"))
    }
    assert len([one for one in found if one.ecosystem == "PyPI"]) == len(hashed) > 100
    assert {"django", "pytest"} <= {one.name for one in found}
    assert "@uswds/uswds" in {one.name for one in found if one.ecosystem == "npm"}
    assert len(found) <= 1000  # of one question


def test_the_projects_own_list_can_be_used() -> None:
    advisories.accepted(PROJECT)


def test_one_question_and_no_weakness_pass(project: Path, service: Service) -> None:
    report = advisories.examine(project, service.environ, TODAY)
    assert (report.failed, report.summary, report.lines) == (False, "none in 4 packages", [])
    (asked,) = service.asked
    assert {"package": {"name": "leaky", "ecosystem": "PyPI"}, "version": "1.0"} in asked["queries"]


def test_a_known_weakness_fails_and_is_named(
    project: Path, service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    service.known = ANSWER
    assert advisories.main(service.environ, project) == 1
    printed = capsys.readouterr().out
    assert "3 known weaknesses" in printed
    for name in ("leaky 1.0 (PyPI): GHSA-aaaa-bbbb-cccc", "hollow 2.0 (npm): CVE-2026-1"):
        assert name in printed


def test_an_accepted_one_passes_until_its_day_and_only_for_its_package(project: Path, service: Service) -> None:
    service.known = {"leaky 1.0": ["GHSA-aaaa-bbbb-cccc"]}
    _accept(project)
    report = advisories.examine(project, service.environ, TODAY)
    assert not report.failed
    assert report.lines == ["leaky 1.0 (PyPI): GHSA-aaaa-bbbb-cccc is accepted until 2026-06-01: never called"]
    assert not advisories.examine(project, service.environ, dt.date(2026, 6, 1)).failed
    late = advisories.examine(project, service.environ, dt.date(2026, 6, 2))
    assert late.failed
    assert "Decide anew" in late.lines[0]
    _accept(project, package="sound")
    assert advisories.examine(project, service.environ, TODAY).failed


def test_an_acceptance_that_nothing_needs_is_told(project: Path, service: Service) -> None:
    _accept(project)
    report = advisories.examine(project, service.environ, TODAY)
    assert not report.failed
    assert "take it out" in report.lines[0]


@pytest.mark.parametrize(
    "lacking", [{"reason": " "}, {"until": None}, {"until": "soon"}, {"id": ""}, {"package": None}]
)
def test_an_acceptance_without_reason_or_day_fails(project: Path, service: Service, lacking: dict[str, Any]) -> None:
    _accept(project, **lacking)
    report = advisories.examine(project, service.environ, TODAY)
    assert report.failed
    assert "entry 1 needs" in report.lines[0]


def _silent(_: BaseHTTPRequestHandler) -> None:
    time.sleep(4)


def _trickle(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(20):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.2)


def _broken(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(b"<html>sign in to the hotel's network</html>")


def _short(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(b'{"results": []}')


def _failing(handler: BaseHTTPRequestHandler) -> None:
    handler.send_error(503)


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (_silent, "not checked: no answer from the advisory service within 1.5 s"),
        (_trickle, "not checked: no answer from the advisory service within 1.5 s"),
        (_failing, "not checked: the advisory service answered 503"),
        (_broken, "not checked: the advisory service answered something else than was asked"),
        (_short, "not checked: the advisory service answered something else than was asked"),
    ],
)
def test_without_a_usable_answer_it_is_said_in_time_and_passes(
    project: Path, service: Service, behaviour: Callable[[BaseHTTPRequestHandler], None], said: str
) -> None:
    service.behaviour = behaviour
    start = time.monotonic()
    report = advisories.examine(project, service.environ, TODAY)
    assert (report.failed, report.summary) == (False, said)
    assert time.monotonic() - start < 3


def test_off_line_it_is_said_and_passes(project: Path) -> None:
    environ = {"PORTAL_ADVISORIES_URL": "http://127.0.0.1:9/", "PORTAL_ADVISORIES_SECONDS": "2"}
    report = advisories.examine(project, environ, TODAY)
    assert not report.failed
    assert report.summary.startswith("not checked: no answer from the advisory service within 2 s")


def test_the_run_of_the_tests_asks_says_and_fails_with_it(
    project: Path, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in service.environ.items():
        monkeypatch.setenv(name, value)
    out = io.StringIO()
    run = CheckRun(Places(root=project), Console(out), [])
    monkeypatch.setattr(run, "_linters", list)
    monkeypatch.setattr(run, "_pytest", lambda env: (0, {"passed": 3}))
    assert run._steps({}) == 0
    service.known = ANSWER
    assert run._steps({}) == 1
    assert "GHSA-aaaa-bbbb-cccc" in out.getvalue()
    assert out.getvalue().rstrip().endswith("3 passed, 1 failed")
    # --no-lint asks nobody
    asked = len(service.asked)
    quick = CheckRun(Places(root=project), Console(out), ["--no-lint"])
    monkeypatch.setattr(quick, "_pytest", lambda env: (0, {"passed": 3}))
    assert quick._steps({}) == 0
    assert len(service.asked) == asked
