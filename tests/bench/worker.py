"""`python -m tests.bench.worker`: events/s and CPU time of the streaming worker beside its baselines, interleaved.

The same check-ins for everybody, on one real broker; each run is a fresh process and a fresh group that reads from the
log start. Clock from the first event to the last: for the worker, its acknowledgement.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from aiokafka.admin import NewTopic

from deploy.local.kafka import Kafka
from services.reporting.changelog import create_changelog
from shared import kafka
from shared.events import encode, topic
from tests import examples as ex
from tests.bench.report import machine, table

EVENTS, STOCK_EVENTS = 100_000, 10_000
OPDS = 1_350
PARTITIONS = 3
PATIENCE_S = 300


class Figure(NamedTuple):
    """What one run took."""

    rate: float
    cpu_us: float


class Contender(NamedTuple):
    """A program of `contenders`, and how many events it is given."""

    name: str
    events: int = EVENTS


CONTENDERS: Mapping[str, Contender] = {
    "bare aiokafka loop: decode, fold": Contender("bare"),
    "Piket worker: decode, fold": Contender("fold"),
    "Piket worker: and durable changelog": Contender("facts"),
    "Piket worker: and coverage rows": Contender("whole"),
    "stock Faust: decode, fold, table": Contender("stock", STOCK_EVENTS),
}


def run(rounds: int) -> None:
    """Print events/s and CPU µs per event of every contender, `rounds` interleaved runs each."""
    with tempfile.TemporaryDirectory() as folder, Kafka(Path(folder), jit="full") as broker:
        asyncio.run(fill(broker.bootstrap))
        runs: dict[str, list[Figure]] = {label: [] for label in CONTENDERS}
        for number in range(rounds):
            for label, contender in CONTENDERS.items():
                runs[label].append(one(contender, broker.bootstrap, f"{contender.name}{number}", folder))
    rates = {label: [figure.rate for figure in figures] for label, figures in runs.items()}
    cpu = {label: [figure.cpu_us for figure in figures] for label, figures in runs.items()}
    print(table("Streaming worker", "events/s", rates))
    print(table("Streaming worker", "CPU µs per event", cpu), flush=True)


async def fill(bootstrap: str) -> None:
    """Write the check-ins, each of another employee."""
    await kafka.create_topics(bootstrap, ["32"], PARTITIONS, 1)
    async with kafka.producer(bootstrap, 60_000) as producer:
        sent = [await producer.send(topic("32", "attendance"), body, key=key) for key, body in check_ins()]
        await asyncio.gather(*sent)


def check_ins() -> Iterator[tuple[bytes, bytes]]:
    """Key and body: one real event with other ids, since sealing each would take longer than reading it."""
    ledger = ex.Ledger()
    model = encode(ledger.record(ex.tap("in", ex.ANI, ex.at("07:21"), opd="OPD-0000"), ex.at("07:21")))
    first = ledger.events[0]
    for number in range(EVENTS):
        opd = f"OPD-{number % OPDS:04}"
        body = model.replace(str(first.id).encode(), str(UUID(int=number)).encode())
        body = body.replace(str(ex.ANI).encode(), str(UUID(int=EVENTS + number)).encode())
        body = body.replace(b"%020d" % 1, b"%020d" % (number + 1)).replace(b"OPD-0000", opd.encode())
        yield f"32/{opd}".encode(), body


def one(contender: Contender, bootstrap: str, deployment: str, folder: str) -> Figure:
    """One run in a process of its own; its facts must be the events that it was given."""
    asyncio.run(make_room(bootstrap, deployment))
    settings = {"PIKET_KAFKA": bootstrap, "PIKET_DEPLOYMENT": deployment, "PIKET_FOLDER": folder}
    ended = subprocess.run(
        [sys.executable, "-m", "tests.bench.contenders", contender.name, str(contender.events)],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    told = json.loads(ended.stdout.splitlines()[-1])
    assert told["facts"] == contender.events, told
    return Figure(told["rate"], told["cpu_us"])


async def make_room(bootstrap: str, deployment: str) -> None:
    """The changelogs of this run, the worker's and stock Faust's."""
    await create_changelog(bootstrap, deployment, PARTITIONS, 1)
    compact = {"cleanup.policy": "compact"}
    async with kafka.admin(bootstrap) as client:
        await client.create_topics([NewTopic(f"{deployment}-facts-changelog", PARTITIONS, 1, topic_configs=compact)])


if __name__ == "__main__":
    print(machine())
    run(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
