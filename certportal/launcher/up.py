"""`./portal up` and its relatives: start everything, watch it, stop it in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from .console import Console
from .environment import production, production_faults, wanted_engines
from .errors import PortalError
from .install import Installer
from .places import Places
from .processes import Identity, open_log, stop
from .programs import Programs
from .provision import Provisioner
from .runtime import RunFile, Runtime
from .services import EmbeddedServices
from .supervisor import Supervisor
from .users import service_user

DETACH_SECONDS = 2400.0
"""A first start on a slow line installs everything; past this something is wrong."""

DOWN_SECONDS = 120.0


class Up:
    """One run of the portal, from set-up to the last process gone."""

    def __init__(self, places: Places, console: Console, port: int | None) -> None:
        self.places = places
        self.console = console
        self.port = port
        self.run_file = RunFile(places.home)
        self.supervisor: Supervisor | None = None
        self.phase = "starting"

    def run(self) -> int:
        """Start, watch until told to stop, stop. Returns the exit code."""
        self._check_production()
        self.places.home.mkdir(parents=True, exist_ok=True)
        if not self.run_file.lock.take(wait=False):
            return already_running(self.places, self.console)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._told_to_stop)
        try:
            return self._run_locked()
        except KeyboardInterrupt:
            self.console.line("Stopped before the portal was up; what was done so far is kept.")
            return 130
        except PortalError as error:
            self.run_file.write(phase="failed", error=str(error))
            raise
        finally:
            self.run_file.lock.release()

    def _check_production(self) -> None:
        if production(os.environ) and (faults := production_faults(os.environ)):
            raise PortalError(
                "PORTAL_ENV=production needs its settings from the environment: " + "; ".join(faults) + "."
            )

    def _told_to_stop(self, number: int, frame: Any) -> None:
        if self.phase == "healthy" and self.supervisor is not None:
            self.supervisor.stopping.set()
        elif self.phase == "starting":
            raise KeyboardInterrupt

    def _run_locked(self) -> int:
        self.run_file.end_leftovers()
        me = Identity.of(os.getpid())
        self.run_file.forget()
        us = {"pid": me.pid, "started": me.started}
        engines_of_ours = list(wanted_engines(os.environ))
        self.run_file.write(supervisor=us, phase="starting", processes={}, engines=engines_of_ours)
        user = service_user(EmbeddedServices(self.places).state.get("run", "service_user"))
        Installer(self.places, user, self.console).run()
        runtime = Runtime(self.places)
        engines = " and ".join(runtime.services.wanted)
        with self.console.step(f"Starting {engines}" if engines else "Using the given servers"):
            runtime.__enter__()
        try:
            return self._serve(runtime)
        finally:
            self.phase = "stopping"
            self.run_file.write(phase="stopping")
            if self.supervisor is not None:
                with self.console.step("Stopping the portal"):
                    self.supervisor.stop()
            with self.console.step("Stopping the databases" if engines else "Leaving the given servers"):
                stopped = runtime.services.release()
            if engines and not stopped:
                self.console.line("  (another ./portal command still uses the databases; they stop with it)")
            self.run_file.forget()

    def _serve(self, runtime: Runtime) -> int:
        with self.console.step("Preparing roles and databases"):
            environment = runtime.environment()
        addresses = runtime.choose_addresses(self.port)
        provisioner = Provisioner(environment, addresses, runtime.state)
        with self.console.step("Collecting static files"):
            provisioner.static_files()
        with self.console.step("Migrating the databases"):
            provisioner.migrate()
        if environment.demo and provisioner.seed_needed():
            with self.console.step("Loading the demo"):
                provisioner.seed()
        programs = Programs(environment, addresses)
        self.supervisor = Supervisor(
            programs.stages(programs.names()), user=runtime.user, root=self.places.root, logs=self.places.logs,
            say=self.console.line, changed=lambda record: self.run_file.write(processes=record),
        )  # fmt: skip
        self.supervisor.start(self.console.step)
        urls = {"url": environment.portal(addresses)["PORTAL_PUBLIC_ORIGIN"], "listens": addresses.web_url}
        if environment.runs_store:
            urls["store"] = addresses.store_url
        if environment.catches_mail:
            urls["mail"] = addresses.mail_url
        self.run_file.write(urls=urls, processes=self.supervisor.record())
        # from here on a signal ends the watch instead of interrupting a step
        self.phase = "healthy"
        summary(self.places, self.console, urls, provisioner.accounts())
        self.run_file.write(phase="healthy")
        self.supervisor.watch(lambda: self._tend(runtime))
        return 0

    def _tend(self, runtime: Runtime) -> None:
        """Start an engine again that has died. Nothing is lost: PostgreSQL replays its log, and rows are the record."""
        for name in runtime.services.restart_dead():
            self.console.line(f"{name} had stopped and was started again ({runtime.services.log(name)})")


def summary(places: Places, console: Console, urls: dict[str, str], accounts: list[dict[str, str]]) -> None:
    """Where everything is, and one sign-in per role."""
    console.line()
    console.line(f"CertPortal is up: {urls['url']}/")
    if "store" in urls:
        console.line(f"  OID-style store  {urls['store']}/")
    if "mail" in urls:
        console.line(f"  caught mail      {urls['mail']}/")
    console.line(f"  logs             {places.logs}/")
    shown: dict[str, dict[str, str]] = {}
    for account in accounts:
        shown.setdefault(account.get("role", ""), account)
    if shown:
        console.line()
        width = max(map(len, shown))
        console.line("Sign in as (demo accounts):")
        for role, account in shown.items():
            console.line(
                f"  {role.ljust(width)}  {account.get('email', '')}  {account.get('password', '')}"
                f"  {account.get('organisation', '')}"
            )
        if any(account.get("totp_secret") for account in shown.values()):
            console.line("  Who decides or signs is asked for a code too: the page shows it, and so does ./portal code")
        if len(accounts) > len(shown):
            console.line(f"  {len(accounts) - len(shown)} more in {places.data / 'demo_accounts.json'}")
    console.line()
    console.line("Ctrl-C, or ./portal down, stops everything; the data stay.")


def already_running(places: Places, console: Console) -> int:
    """Another `up` has this home: say where it is, once it is healthy."""
    run_file = RunFile(places.home)
    end = time.monotonic() + DETACH_SECONDS
    while run_file.read().get("phase") == "starting" and run_file.supervisor() and time.monotonic() < end:
        time.sleep(0.2)
    record = run_file.read()
    if record.get("phase") != "healthy":
        raise PortalError("Another ./portal up has just stopped or failed: run ./portal up again.")
    console.line(f"CertPortal is running already: {record['urls']['url']}/")
    return 0


def detach(places: Places, console: Console, port: int | None) -> int:
    """Start `up` in the background and return once it is healthy (0) or has failed (its exit code)."""
    run_file = RunFile(places.home)
    if run_file.supervisor() is not None:
        return already_running(places, console)
    log_path = service_user().folder(places.logs, 0o755) / "up.log"
    command = [sys.executable, str(places.root / "portal"), "up", *(["--port", str(port)] if port else [])]
    with open_log(log_path) as log:
        start = log.tell()
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd=places.root
        )
    try:
        return _follow(child, run_file, log_path, start, console)
    except KeyboardInterrupt:
        child.terminate()
        child.wait(DOWN_SECONDS)
        return 130


def _follow(child: subprocess.Popen[bytes], run_file: RunFile, log_path: Path, start: int, console: Console) -> int:
    """Show what the background `up` says until it is healthy or gone."""
    end = time.monotonic() + DETACH_SECONDS
    with log_path.open("rb") as log:
        log.seek(start)
        while True:
            code = child.poll()
            record = run_file.read()
            healthy = record.get("phase") == "healthy" and record.get("supervisor", {}).get("pid") == child.pid
            console.write(log.read().decode(errors="replace"))
            if healthy or code is not None:
                # it lives on without us: no warning about a child that was not awaited
                child.returncode = code or 0
                return code or 0
            if time.monotonic() > end:
                child.terminate()
                raise PortalError("The portal was not healthy in time.", log=log_path)
            time.sleep(0.1)


def down(places: Places, console: Console) -> int:
    """Stop a running portal in order; also clean up after one that was killed."""
    if not places.home.exists():
        console.line("CertPortal is not running.")
        return 0
    run_file = RunFile(places.home)
    who = run_file.supervisor()
    if who is not None:
        with console.step("Stopping the portal and its databases"):
            clean = stop(who, polite=signal.SIGTERM, patience=DOWN_SECONDS)
        if not clean:
            console.line("  It had to be ended; the next start recovers.")
    run_file.end_leftovers()
    run_file.forget()
    unused = EmbeddedServices(places).stop_if_unused()
    console.line("CertPortal is stopped." if who is not None else "CertPortal was not running.")
    if not unused:
        console.line("The databases stay: another ./portal command uses them.")
    return 0
