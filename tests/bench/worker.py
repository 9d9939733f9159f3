"""Measures the streaming worker against its baselines on one real broker: `python -m tests.bench.worker [ROUNDS]`.

First the transport of events: one small agent on all stream processors (`run_agent`). Then the worker's own processing
(`run_reader`). A run is a new process and a new group that reads its topic from the beginning, and must count all OPD
correctly. The clock runs from the first event to the last; for the worker, to its acknowledgement.
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
from shared.kafka.connection import KafkaConnection
from tests.bench import streams
from tests.bench.report import machine, ratio, table
from tests.bench.tap_events import PARTITIONS, check_ins, expected_counts, fill

SIZES = {"31": 15_000, "32": 100_000, "33": 400_000}
"""Check-ins by region: slow contenders read fewer."""
TIMEOUT_S = 600


class BenchRun(NamedTuple):
    """One run of a contender: broker, name of its group and topics, folder."""

    bootstrap: str
    name: str
    folder: str


class Figure(NamedTuple):
    """The result of one run: events per second, and CPU µs per event."""

    rate: float
    cpu_us: float


class Contender(NamedTuple):
    """The command of a contender, and the region that it reads."""

    command: Callable[[BenchRun, str, int], Sequence[str]]
    region: str


def python(module: str, name: str, region: str) -> Contender:
    """Return a contender that runs in its own process: `module NAME REGION COUNT`."""
    start = [sys.executable, "-m", f"tests.bench.{module}", name]
    return Contender(lambda _, read, count: [*start, read, str(count)], region)


def _anchor(run: BenchRun, region: str, count: int) -> list[str]:
    return streams.command(run.bootstrap, topic(region, "attendance"), count, run.name, run.folder)


AIOKAFKA_LOOP, PIKET_CHANGELOG = "bare aiokafka loop", "Piket: the same, rows in a durable changelog"
KAFKA_STREAMS, STOCK_FAUST = "Kafka Streams, fully warm, rows in a changelog", "stock Faust, rows in a table"
AGENT_CONTENDERS: Mapping[str, Contender] = {
    AIOKAFKA_LOOP: python("run_agent", "bare", "33"),
    "Piket: transport, Faust app, agent": python("run_agent", "machinery", "33"),
    PIKET_CHANGELOG: python("run_agent", "changelog", "33"),
    KAFKA_STREAMS: Contender(_anchor, "33"),
    STOCK_FAUST: python("run_agent", "stock", "31"),
}
READER_CONTENDERS: Mapping[str, Contender] = {
    "bare aiokafka loop: decode, fold": python("run_reader", "bare", "32"),
    "Piket worker: decode, fold": python("run_reader", "fold", "32"),
    "Piket worker: and durable changelog": python("run_reader", "facts", "32"),
    "Piket worker: and coverage rows": python("run_reader", "whole", "32"),
    "stock Faust: decode, fold, table": python("run_reader", "stock", "31"),
}


def run(rounds: int) -> None:
    """Print events/s and CPU µs per event of all contenders, with `rounds` interleaved runs."""
    with tempfile.TemporaryDirectory() as folder, Kafka(Path(folder), jit="full") as broker:
        asyncio.run(write_events(broker.bootstrap))
        rates = compete("One small agent on all stream processors", AGENT_CONTENDERS, rounds, broker.bootstrap, folder)
        print(f"  goals: {ratio(rates, PIKET_CHANGELOG, STOCK_FAUST):.0f} x stock Faust (30), "
              f"{ratio(rates, PIKET_CHANGELOG, KAFKA_STREAMS):.2f} of Kafka Streams (1.00)", flush=True)  # fmt: skip
        compete("The worker's own processing", READER_CONTENDERS, rounds, broker.bootstrap, folder)


def compete(
    title: str, contenders: Mapping[str, Contender], rounds: int, bootstrap: str, folder: str
) -> Mapping[str, Sequence[float]]:
    """Run the contenders round by round, print their results, and return events/s."""
    runs: dict[str, list[Figure]] = {label: [] for label in contenders}
    for _ in range(rounds):
        for label, contender in contenders.items():
            runs[label].append(run_contender(contender, BenchRun(bootstrap, uuid4().hex, folder)))
    rates = {label: [figure.rate for figure in figures] for label, figures in runs.items()}
    cpu = {label: [figure.cpu_us for figure in figures] for label, figures in runs.items()}
    print(table(title, "events/s", rates))
    print(table(title, "CPU µs per event", cpu), flush=True)
    return rates


async def write_events(bootstrap: str) -> None:
    """Write the check-ins of all regions."""
    await broker.create_topics(KafkaConnection(bootstrap), list(SIZES), PARTITIONS, 1)
    for region, count in SIZES.items():
        await fill(bootstrap, topic(region, "attendance"), check_ins(region, count))


def run_contender(contender: Contender, run: BenchRun) -> Figure:
    """Run a contender over its region once, and check its counts by OPD."""
    asyncio.run(create_changelogs(run))
    count = SIZES[contender.region]
    command = contender.command(run, contender.region, count)
    figure = run_process(command, run, contender.region, expected_counts(contender.region, count))
    asyncio.run(delete_changelogs(run))
    return figure


def run_process(command: Sequence[str], run: BenchRun, region: str, expected: Mapping[str, int]) -> Figure:
    """Run the process of a contender, and return its result. Its counts must be as expected."""
    settings = {
        "PIKET_KAFKA": run.bootstrap,
        "PIKET_DEPLOYMENT": run.name,
        "PIKET_REGIONS": region,
        "PIKET_PARTITIONS": str(PARTITIONS),
        "PIKET_METRICS_PORT": "0",
        "PIKET_FOLDER": run.folder,
    }
    completed = subprocess.run(
        command, env={**os.environ, **settings}, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    assert completed.returncode == 0, completed.stderr[-2000:]
    result = json.loads(completed.stdout.splitlines()[-1])
    assert result["counts"] == expected, f"{run.name} has other counts"
    return Figure(result["rate"], result["cpu_us"])


async def create_changelogs(run: BenchRun) -> None:
    """Create the changelogs of a run, for the worker and for stock Faust."""
    await create_changelog(KafkaConnection(run.bootstrap), run.name, PARTITIONS, 1)
    compact = {"cleanup.policy": "compact"}
    async with broker.admin_client(KafkaConnection(run.bootstrap)) as client:
        await client.create_topics([NewTopic(table_topic(run), PARTITIONS, 1, topic_configs=compact)])


async def delete_changelogs(run: BenchRun) -> None:
    """Delete the changelogs, so that the broker's cleaner does not disturb the next runs."""
    async with broker.admin_client(KafkaConnection(run.bootstrap)) as client:
        await client.delete_topics([changelog_topic(run.name), table_topic(run)])


def table_topic(run: BenchRun) -> str:
    """Return the changelog topic of stock Faust's table."""
    return f"{run.name}-facts-changelog"


if __name__ == "__main__":
    print(machine())
    run(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
