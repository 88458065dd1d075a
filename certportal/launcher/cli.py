"""The command line of `./portal`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable

from certportal.secret_files import SecretFileError, read_secret_files

from . import commands, mirror
from .check import check as check_all
from .console import Console
from .errors import PortalError
from .places import Places
from .testrun import CheckRun
from .up import Up, detach, down

HELP = """\
CertPortal: NOP Import Certificates for organic certifiers.

usage: ./portal COMMAND [options]

the portal
  up [--detach] [--port N]   install what is missing, start everything, print where it is and how to sign in;
                             --detach returns once all is healthy; data stay in .portal/ between runs
  down                       stop everything in order
  url                        print the address of the running portal
  status                     what runs: processes, ports, restarts (exit code 3 when the portal is not running)
  code [E-MAIL]              the code that the authenticator app of the demo's people shows now (not in production)
  smoke                      run the main job through the API of the running portal; exit code 1 when it fails
  check [--deploy]           say what is missing or misconfigured, without changing anything; --deploy also says what
                             would be unsafe in a deployment (production always does)

development
  test [--long] [--no-lint] [pytest args]
                             ruff, mypy, import-linter, makemigrations --check, known weaknesses of the locked packages,
                             then the daily tests (or the long ones)
  bench NAME                 measure against a baseline; the last line is JSON
  manage COMMAND …           a Django management command with the right environment
  services                   keep only PostgreSQL and Valkey running, until Ctrl-C
  env                        print shell exports of the addresses and keys: eval "$(./portal env)"

environment (all optional in development)
  DATABASE_URL               PostgreSQL for web and workers, a restricted role. Given alone it must be an administrator's
                             URL: roles and databases are then made by ./portal
  DATABASE_OWNER_URL         the owner of the tables, for migrations
  OID_STORE_DATABASE_URL     the database of the OID-style store
  REDIS_URL                  Valkey or Redis
                             Without these, PostgreSQL and Valkey are started from the installed packages, on free ports
  PORTAL_ENV                 development (default), test or production; production needs its secrets from the environment
                             and has no demo
  PORTAL_HOME                another folder than .portal/ for all that is made at run time
  PORTAL_DATA_DIR            another folder for stored files
  PORTAL_RESET_ROLES=1       with an administrator's URL: give existing roles of the portal new passwords
  PORTAL_POSTGRES_BIN, PORTAL_VALKEY_BIN, PORTAL_CHROMIUM
                             other programs than those that are installed
  PORTAL_WORKER_PROCESSES, PORTAL_DOCUMENT_PROCESSES, PORTAL_OID_THREADS, WEB_CONCURRENCY, WEB_THREADS
                             size of the workers and of the web server
All settings of the portal itself are in docs/configuration.md.
"""


def parse_up(arguments: list[str]) -> argparse.Namespace:
    """Options of `up`."""
    parser = argparse.ArgumentParser(prog="./portal up", description="Start everything.")
    parser.add_argument("--detach", action="store_true", help="return once everything is healthy")
    parser.add_argument("--port", type=port_number, help="port of the portal on 127.0.0.1 (8000, or a free one)")
    return parser.parse_args(arguments)


def port_number(text: str) -> int:
    """A TCP port that an ordinary user may open."""
    number = int(text)
    if not 1024 <= number <= 65535:
        raise argparse.ArgumentTypeError("choose a port between 1024 and 65535")
    return number


def up(places: Places, console: Console, arguments: list[str]) -> int:
    """`./portal up`."""
    chosen = parse_up(arguments)
    if chosen.detach:
        return detach(places, console, chosen.port)
    return Up(places, console, chosen.port).run()


def bench(places: Places, console: Console, arguments: list[str]) -> int:
    """`./portal bench NAME`."""
    if not arguments:
        raise PortalError("Which bench?  ./portal bench NAME")
    return commands.bench(places, console, arguments[0], arguments[1:])


def check(places: Places, console: Console, arguments: list[str]) -> int:
    """`./portal check`."""
    parser = argparse.ArgumentParser(prog="./portal check", description="Say what is missing or misconfigured.")
    parser.add_argument("--deploy", action="store_true", help="also say what would be unsafe in a deployment")
    return check_all(places, console, deploy=parser.parse_args(arguments).deploy)


def test(places: Places, console: Console, arguments: list[str]) -> int:
    """`./portal test`."""
    return CheckRun(places, console, arguments).run()


def without_arguments(command: Callable[[Places, Console], int]) -> Callable[[Places, Console, list[str]], int]:
    """A command that takes none."""

    def run(places: Places, console: Console, arguments: list[str]) -> int:
        if arguments:
            raise PortalError(f"This command takes no arguments: {' '.join(arguments)}. See ./portal --help.")
        return command(places, console)

    return run


COMMANDS: dict[str, Callable[[Places, Console, list[str]], int]] = {
    "up": up,
    "down": without_arguments(down),
    "url": without_arguments(commands.url),
    "status": without_arguments(commands.status),
    "code": commands.code,
    "smoke": without_arguments(commands.smoke),
    "check": check,
    "test": test,
    "bench": bench,
    "manage": commands.manage,
    "services": without_arguments(commands.services),
    "env": without_arguments(commands.show_env),
}


def main(arguments: list[str]) -> int:
    """Run one command; returns the exit code."""
    console = Console()
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        console.line(HELP)
        return 0 if arguments else 2
    command = COMMANDS.get(arguments[0])
    if command is None:
        console.line(f"There is no command {arguments[0]!r}. See ./portal --help.")
        return 2
    # what we make is read by the services' user
    os.umask(0o022)
    places = Places.here()
    try:
        read_secret_files(os.environ)
        mirror.move_over(places.root, arguments, console)
        return command(places, console, arguments[1:])
    except (PortalError, SecretFileError) as error:
        print(f"portal: {error}", file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        return 130
