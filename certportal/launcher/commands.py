"""The commands of `./portal` besides up and down."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time

from .codes import code_at, seconds_left
from .console import Console
from .environment import COMPOSED
from .errors import PortalError
from .install import Installer
from .places import Places
from .runtime import RunFile, Runtime
from .services import EmbeddedServices
from .users import service_user

OWNER_COMMANDS = ("migrate", "makemigrations", "sqlmigrate", "showmigrations", "sqlflush", "flush")
"""Management commands that are the owner's business; all others run as the restricted role."""


def prepare(places: Places, console: Console, *, development: bool = False) -> Runtime:
    """Install what is missing; the runtime of a command, not entered yet."""
    places.home.mkdir(parents=True, exist_ok=True)
    user = service_user(EmbeddedServices(places).state.get("run", "service_user"))
    Installer(places, user, console).run(development=development)
    return Runtime(places)


def run(command: list[str], places: Places, env: dict[str, str]) -> int:
    """Run a command in the foreground with our own input and output."""
    return subprocess.run(command, cwd=places.root, env=env, check=False).returncode


def manage(places: Places, console: Console, arguments: list[str]) -> int:
    """A Django management command, with the engines running for its length."""
    with prepare(places, Console(sys.stderr)) as runtime:
        env = runtime.environment().manage(runtime.known_addresses())
        if arguments and arguments[0] in OWNER_COMMANDS:
            env["PORTAL_DB_ROLE"] = "owner"
        try:
            return run([str(places.python), "manage.py", *arguments], places, own_home(env))
        finally:
            runtime.give_back_data()


def own_home(env: dict[str, str]) -> dict[str, str]:
    """For commands that run as the caller: the caller's home folder."""
    kept = {name: os.environ[name] for name in ("HOME", "USER", "LOGNAME") if name in os.environ}
    return env | kept


def smoke(places: Places, console: Console) -> int:
    """The main job through the API of the running portal, as four demo people."""
    record = RunFile(places.home).read()
    if record.get("phase") != "healthy" or RunFile(places.home).supervisor() is None:
        raise PortalError("The portal is not running: run `./portal up --detach` first.")
    env = os.environ | {
        "PORTAL_URL": record["urls"]["listens"],
        "PORTAL_DATA_DIR": str(places.data),
        "PYTHONUNBUFFERED": "1",
    }
    return run([str(places.python), "-m", "certportal.launcher.smoke"], places, env)


def code(places: Places, console: Console, arguments: list[str]) -> int:
    """The code that the authenticator app of a demo person shows now; without an address, of each role's first person."""
    if os.environ.get("PORTAL_ENV") == "production":
        raise PortalError("There is no demo with PORTAL_ENV=production: codes come from the person's own app.")
    try:
        accounts = json.loads((places.data / "demo_accounts.json").read_text(encoding="utf-8"))["accounts"]
    except (OSError, ValueError, KeyError) as error:
        raise PortalError("The demo has not been loaded: run `./portal up` first.") from error
    wanted = [account for account in accounts if not arguments or account["email"] in arguments]
    if not wanted:
        raise PortalError(f"There is no demo account {' '.join(arguments)}: `./portal up` lists them.")
    secrets = {account["totp_secret"] for account in wanted if account.get("totp_secret")}
    if not secrets:
        raise PortalError(f"{' '.join(arguments)} signs in with the password alone.")
    now = int(time.time())
    for secret in sorted(secrets):
        console.line(f"{code_at(secret, now)}  for {seconds_left(now)} s more")
    return 0


def bench(places: Places, console: Console, name: str, arguments: list[str]) -> int:
    """A measurement against the engines; its last line is JSON."""
    known = sorted(path.stem for path in (places.root / "bench").glob("*.py") if not path.stem.startswith("_"))
    if name not in known:
        raise PortalError(f"There is no bench {name!r}: choose one of {', '.join(known) or '(none yet)'}.")
    with prepare(places, Console(sys.stderr), development=True) as runtime:
        env = runtime.environment().manage(runtime.known_addresses())
        try:
            return run([str(places.python), "-m", f"bench.{name}", *arguments], places, own_home(env))
        finally:
            runtime.give_back_data()


def show_env(places: Places, console: Console) -> int:
    """Shell exports for developers: `eval "$(./portal env)"`. The engines must stay up meanwhile (`./portal services`)."""
    with prepare(places, Console(sys.stderr)) as runtime:
        env = runtime.environment().manage(runtime.known_addresses())
    for name in COMPOSED:
        if env.get(name):
            console.line(f"export {name}={shlex.quote(env[name])}")
    return 0


def services(places: Places, console: Console) -> int:
    """Keep the embedded engines running, without the portal, until Ctrl-C."""
    with prepare(places, console) as runtime:
        runtime.environment()
        console.line('PostgreSQL and Valkey run; `eval "$(./portal env)"` gives their addresses. Ctrl-C stops them.')
        try:
            while True:
                time.sleep(1)
                runtime.services.restart_dead()
        except KeyboardInterrupt:
            return 0


def url(places: Places, console: Console) -> int:
    """The address of the running portal."""
    run_file = RunFile(places.home)
    record = run_file.read()
    if run_file.supervisor() is None or record.get("phase") != "healthy":
        raise PortalError("The portal is not running: run `./portal up`.")
    console.line(record["urls"]["url"] + "/")
    return 0


def status(places: Places, console: Console) -> int:
    """What runs: 0 when the portal is healthy, 3 when it is not running."""
    run_file = RunFile(places.home)
    record = run_file.read()
    who = run_file.supervisor()
    phase = record.get("phase", "stopped") if who else "stopped"
    console.line(f"portal      {phase}" + (f"  {record['urls']['url']}/" if who and "urls" in record else ""))
    engines = EmbeddedServices(places) if places.state.exists() else None
    for name in record.get("engines", engines.wanted) if engines else ():
        assert engines is not None
        known = engines.identity(name)
        alive = known is not None and known.alive()
        console.line(
            f"{name:<11} "
            + (f"running  process {known.pid}, port {engines.port(name)}" if alive and known else "not running")
        )
    for name, known_process in (record.get("processes", {}) if who else {}).items():
        minutes = (time.time() - known_process["since"]) / 60
        state = "running" if known_process["alive"] else "down   "
        console.line(
            f"{name:<11} {state}  process {known_process['pid']}, {minutes:.0f} min, restarts {known_process['restarts']}"
        )
    return 0 if phase == "healthy" else 3
