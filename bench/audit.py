"""Acts per second of one certifier with the sealer at work over those without it, and how long an act waits for its seal.

Four threads write acts of one certifier, each in a transaction of its own with its audit row, as fast as they can but at most
``--per-second`` together. With the sealer on, a process of its own seals that certifier's rows all the while, as the worker's
sweep does at shorter intervals. Rounds alternate; the ratio is the median of the pairs. ``max_unsealed_s``: the greatest age
of a row at its seal. Goal: 500 acts a second that the sealer does not slow down and keeps up with.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import threading
import time
import uuid

from bench._database import django_on, fresh_name, owner_on
from core import audit, audit_seal
from core.identity import Identity, act_as
from tests.support import databases
from tests.support.world import World, make_world

WRITERS = 4
_SEALER = """
import sys, time, uuid, django
django.setup()
from core import audit_seal
certifier = uuid.UUID(sys.argv[1])
print("ready", flush=True)
while True:
    if not audit_seal.seal(certifier):
        time.sleep(0.2)
"""


def acts(actor: Identity, seconds: float, per_second: float) -> float:
    """Write acts for so long; returns acts per second."""
    done = [0] * WRITERS
    start = time.monotonic()
    end = start + seconds

    def writer(which: int) -> None:
        from django.db import connections  # noqa: PLC0415 - after Django is set up

        pause = WRITERS / per_second
        due = time.monotonic()
        try:
            while time.monotonic() < end:
                with act_as(actor):
                    audit.record(
                        actor, "bench.act", "thing", uuid.uuid4(), before={"kg": "1.000"}, after={"kg": "2.000"}
                    )
                done[which] += 1
                due += pause
                time.sleep(max(0.0, due - time.monotonic()))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=writer, args=(which,)) for which in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / (time.monotonic() - start)


def with_sealer(name: str, world: World, seconds: float, per_second: float) -> float:
    """The same with a sealer at work."""
    env = os.environ | {"DATABASE_URL": databases.on_database(os.environ["DATABASE_URL"], name)}
    env["DJANGO_SETTINGS_MODULE"] = "certportal.settings"
    sealer = subprocess.Popen([sys.executable, "-c", _SEALER, str(world.certifier.pk)], env=env, stdout=subprocess.PIPE)
    try:
        assert sealer.stdout is not None
        assert sealer.stdout.readline() == b"ready\n"
        return acts(world.who("manager"), seconds, per_second)
    finally:
        sealer.kill()
        sealer.wait()


def main(arguments: list[str]) -> int:
    """Print the rounds, then one line of JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--per-second", type=float, default=500)
    options = parser.parse_args(arguments)
    name = databases.clone(fresh_name("audit"))
    ratios, rates, unsealed = [], [], 0.0
    try:
        with django_on(name), owner_on(name) as owner:
            world = make_world()
            for number in range(options.rounds):
                off = acts(world.who("manager"), options.seconds, options.per_second)
                audit_seal.seal_all(world.certifier.pk)
                owner.commit()
                since = owner.execute("SELECT now()").fetchone()
                owner.commit()
                on = with_sealer(name, world, options.seconds, options.per_second)
                row = owner.execute(
                    "SELECT extract(epoch FROM max(s.sealed_at - r.at)) FROM core_auditseal s JOIN core_auditrow r"
                    " ON r.id = s.row_id WHERE r.at > %s", since,
                ).fetchone()  # fmt: skip
                owner.commit()
                left = audit_seal.unsealed_age(world.certifier.pk)
                unsealed = max(unsealed, float(row[0] or 0) if row else 0, left.total_seconds() if left else 0)
                audit_seal.seal_all(world.certifier.pk)
                assert audit_seal.verify(world.certifier.pk).faults == []
                ratios.append(on / off)
                rates.append(on)
                print(f"round {number + 1}: {off:.0f}/s without, {on:.0f}/s with the sealer", flush=True)
    finally:
        databases.drop(name)
    result = {
        "bench": "audit",
        "ratio": round(statistics.median(ratios), 3),
        "acts_per_second": round(statistics.median(rates), 1),
        "max_unsealed_s": round(unsealed, 2),
        "offered_per_second": options.per_second,
        "baseline": "the same acts without a sealer",
        "rounds": [round(one, 3) for one in ratios],
        "load_average": os.getloadavg()[0],
    }
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
