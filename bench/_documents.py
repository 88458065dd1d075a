"""The documents worker at work, for ``bench.pdf``: its pace, its CPU time and its memory, with every service running.

Certificates that wait for their document are copies of one that the portal made itself (rows written as the owner, each
with its own number, reference and request); each is woken as after its registration. The worker is the command of
`./portal up` with one process and with two; web, the workers for OID and for mail, beat, the mail catcher and the
OID-style store run beside it on the same machine.
"""

from __future__ import annotations

import os
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from celery import Celery
from django.core.management import call_command

from bench._database import django_on, fresh_name, owner_on
from bench._reconcile_data import CERTIFICATE, REQUEST, Form, key, number_of, reference, triggers_off
from certificates.domain import numbers, signing
from certportal.launcher.ports import LOOPBACK, free_port
from core import clock
from core.identity import act_as
from tests.oid_store.server import StoreServer
from tests.support import databases, stages
from tests.support.processes import Process, Processes, until
from tests.support.world import World, make_world

TABLES = ("requests_app_request", "certificates_certificate")


@dataclass(frozen=True)
class Moment:
    """Where a worker stood: time, documents made, its CPU seconds, the resident bytes of its children."""

    at: float
    made: int
    cpu: float
    resident: dict[int, int]


@dataclass(frozen=True)
class Leg:
    """What a worker did between two moments."""

    first: Moment
    last: Moment

    @property
    def made(self) -> int:
        """Documents."""
        return self.last.made - self.first.made

    @property
    def pace(self) -> float:
        """Documents a second."""
        return self.made / (self.last.at - self.first.at)

    @property
    def cpu(self) -> float:
        """CPU seconds of a document."""
        return (self.last.cpu - self.first.cpu) / self.made

    @property
    def growth(self) -> float:
        """Resident memory at the end over that at the beginning, of the child that grew most."""
        return max(self.last.resident[pid] / before for pid, before in self.first.resident.items())


class Bench:
    """A database with certificates that wait, and the processes."""

    def __init__(
        self, owner: psycopg.Connection[Any], world: World, forms: dict[str, Form], processes: Processes
    ) -> None:
        self.owner, self.world, self.forms, self.processes = owner, world, forms, processes
        self.given = 0
        self.app = Celery(broker=processes.valkey.url)

    def made(self) -> int:
        """Documents so far."""
        row = self.owner.execute("SELECT count(*) FROM certificates_certificatedocument").fetchone()
        assert row is not None
        return int(row[0])

    def give(self, count: int) -> None:
        """So many more certificates that wait for their document, each with its message."""
        numbers_ = range(self.given, self.given + count)
        self.given += count
        for table, rows in (("requests_app_request", self._requests), ("certificates_certificate", self._certificates)):
            self.forms[table].fill(self.owner, rows(numbers_))
        with self.app.connection_for_write() as line:
            for index in numbers_:
                arguments = [str(self.world.certifier.pk), str(uuid.UUID(key(CERTIFICATE, index)))]
                self.app.send_task(
                    "certificates.tasks.make_document", args=arguments, queue="documents", connection=line,
                    ignore_result=True,
                )  # fmt: skip

    def _requests(self, indexes: range) -> Iterator[dict[str, Any]]:
        for index in indexes:
            yield {"id": key(REQUEST, index), "reference": reference(index)}

    def _certificates(self, indexes: range) -> Iterator[dict[str, Any]]:
        for index in indexes:
            yield {"id": key(CERTIFICATE, index), "request_id": key(REQUEST, index), "number": number_of(index)}

    def moment(self, worker: Process, made: int) -> Moment:
        """Wait until ``made`` documents are there; how the worker stands then."""
        seen = 0

        def enough() -> bool:
            nonlocal seen
            seen = self.made()
            return seen >= made

        until(enough, f"{made} documents\n{worker.tail()}", 900)
        at = clock.now().timestamp()
        return Moment(at, seen, worker.cpu_seconds(), worker.resident())

    def run(self, processes: int, warm: int, measured: int) -> Leg:
        """A worker of so many processes makes ``warm`` documents, then those that are measured."""
        before = self.made()
        worker = self.processes.documents(processes).start().await_ready()
        # a few more than are measured, so that no process idles at the end
        self.give(warm + measured + 2 * processes)
        leg = Leg(self.moment(worker, before + warm), self.moment(worker, before + warm + measured))
        self.moment(worker, self.given)
        worker.stop()
        return leg


def _prepare(name: str) -> World:
    """A world with a signing key and one certificate that waits for its document."""
    with django_on(name):
        call_command("load_hts", verbosity=0)
        world = make_world()
        with act_as(world.who("manager")):
            signing.install_demo_key(world.certifier)
        certificate = stages.approved(world, "1000", lot="L1")
        with act_as(world.loop()) as loop:
            numbers.give(loop, certificate.pk, "101-1010000011-999999", registered_at=clock.now())
    return world


@contextmanager
def bench() -> Iterator[Bench]:
    """Everything running but the documents worker."""
    name = databases.clone(fresh_name("documents"))
    try:
        world = _prepare(name)
        with (
            tempfile.TemporaryDirectory(prefix="bench-documents-") as folder,
            owner_on(name) as owner,
            StoreServer() as store,
        ):
            owner.autocommit = True
            forms = {table: Form(owner, table) for table in TABLES}
            triggers_off(owner, TABLES)
            owner.execute("UPDATE certificates_certificate SET state = 'void'")  # the form, not one of the documents
            with Processes(Path(folder), _environment(name, Path(folder), store)) as processes:
                _start_all(processes, Path(folder))
                yield Bench(owner, world, forms, processes)
    finally:
        databases.drop(name)


def _environment(name: str, folder: Path, store: StoreServer) -> dict[str, str]:
    return os.environ | {
        "DATABASE_URL": databases.on_database(os.environ["DATABASE_URL"], name),
        "PORTAL_DATA_DIR": str(folder / "data"),
        "OID_STORE_URL": store.url,
        "EMAIL_HOST": LOOPBACK,
        "EMAIL_PORT": str(free_port()),
        "PORTAL_BIND": f"{LOOPBACK}:{free_port()}",
    }


def _start_all(processes: Processes, folder: Path) -> None:
    """Mail catcher, web, the workers for mail and for OID, beat."""
    env = processes.env
    mail = (
        *("-m", "certportal.launcher.mailcatcher", "--smtp-port", env["EMAIL_PORT"]),
        *("--web-port", str(free_port()), "--folder", str(folder / "mail")),
    )
    (folder / "mail").mkdir()
    processes.python("mail", *mail).start()
    processes.python("web", "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "certportal.wsgi:application").start()
    for worker in (processes.worker("worker", "default", "-c", "2"), processes.oid()):
        worker.start().await_ready()
    processes.beat().start()


if __name__ == "__main__":
    sys.exit("run ./portal bench pdf")
