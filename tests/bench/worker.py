"""`python -m tests.bench.worker [ROUNDS]`: the streaming worker beside its baselines on one real broker, interleaved.

First what carries the events: one small agent on everything (`carriers`). Then the worker's own fold (`contenders`).
Each run is a fresh process and a fresh group that reads its topic from the log start, and must count every OPD right.
Clock from the first event to the last: for the worker, its acknowledgement.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from aiokafka.admin import NewTopic

from deploy.local.kafka import Kafka
from services.reporting.worker.changelog import changelog_topic, create_changelog
from shared.domain.envelope import topic
from shared.kafka import broker
from tests.bench import streams
from tests.bench.report import machine, ratio, table
from tests.bench.tap_events import PARTITIONS, check_ins, counted, fill

SIZES = {"31": 15_000, "32": 100_000, "33": 400_000}
"""Check-ins by region: the slower who reads them, the fewer."""
PATIENCE_S = 600


class Run(NamedTuple):
    """One run of a contender: a broker, the name of its group and topics, a folder."""

    bootstrap: str
    name: str
    folder: str


class Figure(NamedTuple):
    """What one run took."""

    rate: float
    cpu_us: float


class Contender(NamedTuple):
    """How to start one, and the region that it reads."""

    command: Callable[[Run, str, int], Sequence[str]]
    region: str


def python(module: str, name: str, region: str) -> Contender:
    """A contender in a process of its own: `module NAME REGION COUNT`."""
    start = [sys.executable, "-m", f"tests.bench.{module}", name]
    return Contender(lambda _, read, count: [*start, read, str(count)], region)


def _anchor(run: Run, region: str, count: int) -> list[str]:
    return streams.command(run.bootstrap, topic(region, "attendance"), count, run.name, run.folder)


BARE, OURS = "bare aiokafka loop", "Piket: the same, rows in a durable changelog"
WARM, STOCK = "Kafka Streams, fully warm, rows in a changelog", "stock Faust, rows in a table"
MACHINERY: Mapping[str, Contender] = {
    BARE: python("carriers", "bare", "33"),
    "Piket: transport, Faust app, agent": python("carriers", "machinery", "33"),
    OURS: python("carriers", "changelog", "33"),
    WARM: Contender(_anchor, "33"),
    STOCK: python("carriers", "stock", "31"),
}
FOLD: Mapping[str, Contender] = {
    "bare aiokafka loop: decode, fold": python("contenders", "bare", "32"),
    "Piket worker: decode, fold": python("contenders", "fold", "32"),
    "Piket worker: and durable changelog": python("contenders", "facts", "32"),
    "Piket worker: and coverage rows": python("contenders", "whole", "32"),
    "stock Faust: decode, fold, table": python("contenders", "stock", "31"),
}


def run(rounds: int) -> None:
    """Print events/s and CPU µs per event of every contender, `rounds` interleaved runs each."""
    with tempfile.TemporaryDirectory() as folder, Kafka(Path(folder), jit="full") as broker:
        asyncio.run(lay_out(broker.bootstrap))
        carried = compete("One small agent on everything", MACHINERY, rounds, broker.bootstrap, folder)
        print(f"  goals: {ratio(carried, OURS, STOCK):.0f} x stock Faust (30), "
              f"{ratio(carried, OURS, WARM):.2f} of Kafka Streams (1.00)", flush=True)  # fmt: skip
        compete("The worker's own fold", FOLD, rounds, broker.bootstrap, folder)


def compete(
    title: str, contenders: Mapping[str, Contender], rounds: int, bootstrap: str, folder: str
) -> Mapping[str, Sequence[float]]:
    """Print what each took, round by round; answers events/s."""
    runs: dict[str, list[Figure]] = {label: [] for label in contenders}
    for _ in range(rounds):
        for label, contender in contenders.items():
            runs[label].append(one(contender, Run(bootstrap, uuid4().hex, folder)))
    rates = {label: [figure.rate for figure in figures] for label, figures in runs.items()}
    cpu = {label: [figure.cpu_us for figure in figures] for label, figures in runs.items()}
    print(table(title, "events/s", rates))
    print(table(title, "CPU µs per event", cpu), flush=True)
    return rates


async def lay_out(bootstrap: str) -> None:
    """Write the check-ins of every region."""
    await broker.create_topics(bootstrap, list(SIZES), PARTITIONS, 1)
    for region, count in SIZES.items():
        await fill(bootstrap, topic(region, "attendance"), check_ins(region, count))


def one(contender: Contender, run: Run) -> Figure:
    """One run over a region; what it counted for each OPD must be what it was given."""
    asyncio.run(make_room(run))
    count = SIZES[contender.region]
    command = contender.command(run, contender.region, count)
    figure = measured(command, run, contender.region, counted(contender.region, count))
    asyncio.run(clear(run))
    return figure


def measured(command: Sequence[str], run: Run, region: str, expected: Mapping[str, int]) -> Figure:
    """Run a process that tells what it took, and what it counted."""
    settings = {
        "PIKET_KAFKA": run.bootstrap,
        "PIKET_DEPLOYMENT": run.name,
        "PIKET_REGIONS": region,
        "PIKET_PARTITIONS": str(PARTITIONS),
        "PIKET_METRICS_PORT": "0",
        "PIKET_FOLDER": run.folder,
    }
    ended = subprocess.run(
        command, env={**os.environ, **settings}, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    told = json.loads(ended.stdout.splitlines()[-1])
    assert told["counts"] == expected, f"{run.name} counted otherwise"
    return Figure(told["rate"], told["cpu_us"])


async def make_room(run: Run) -> None:
    """The changelogs of this run, the worker's and stock Faust's."""
    await create_changelog(run.bootstrap, run.name, PARTITIONS, 1)
    compact = {"cleanup.policy": "compact"}
    async with broker.admin(run.bootstrap) as client:
        await client.create_topics([NewTopic(table_topic(run), PARTITIONS, 1, topic_configs=compact)])


async def clear(run: Run) -> None:
    """Delete them: the broker's cleaner would work beside the next runs."""
    async with broker.admin(run.bootstrap) as client:
        await client.delete_topics([changelog_topic(run.name), table_topic(run)])


def table_topic(run: Run) -> str:
    """The changelog of stock Faust's table."""
    return f"{run.name}-facts-changelog"


if __name__ == "__main__":
    print(machine())
    run(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
