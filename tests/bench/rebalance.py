"""Measures what partitions cost a group of workers: `python -m tests.bench.rebalance`.

28 regions with three source topics. Workers join one after another. The output is how long the other workers lose
their partitions (by their `piket_worker_rebalance_seconds`), how long a worker takes to start, and its memory. Topics
are empty: this measures the group, Faust and the clients, not the recovery of facts.
"""

import asyncio
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from statistics import median
from urllib.error import URLError
from urllib.request import urlopen

from aiokafka.admin import NewTopic

from deploy.local.kafka import Kafka
from deploy.local.server_process import Child, free_ports
from services.reporting.domain.freshness import SOURCE_SERVICES
from services.reporting.worker.changelog import changelog_topic, create_changelog
from shared.domain.envelope import topic
from shared.kafka import broker
from shared.kafka.connection import KafkaConnection
from tests.support.waiting import wait_until

REGIONS = [str(number) for number in range(3201, 3229)]
PARTITIONS, WORKERS, RUNS = (3, 6, 12, 24), 3, 3
WITHIN_S, QUIET_S = 120, 2
START = """
import sys
from services.reporting.worker import settings, __main__ as worker
settings._has_topics = lambda *_: True  # only the topics that a worker uses exist
sys.exit(worker.main())
"""
SUM, COUNT = "piket_worker_rebalance_seconds_sum", "piket_worker_rebalance_seconds_count"


class MeasuredWorker:
    """A worker process, measured by its metrics."""

    def __init__(self, bootstrap: str, partitions: int, folder: Path, number: int) -> None:
        self.port, self.started_at = free_ports(1)[0], time.monotonic()
        settings_by_name = {
            "PIKET_KAFKA": bootstrap,
            "PIKET_REGIONS": ",".join(REGIONS),
            "PIKET_PARTITIONS": str(partitions),
            "PIKET_METRICS_PORT": str(self.port),
            "PIKET_SESSION_TIMEOUT_S": "30",
        }
        command = ["env", *(f"{key}={value}" for key, value in settings_by_name.items()), sys.executable, "-c", START]
        self.child = Child(command, folder / f"worker-{number}.log")

    def metrics(self) -> Mapping[str, float]:
        """Return the metrics without labels; zeros while the worker does not answer."""
        try:
            page = urlopen(f"http://127.0.0.1:{self.port}/metrics").read().decode()
        except URLError:
            return {SUM: 0.0, COUNT: 0.0}
        rows = (line.rsplit(" ", 1) for line in page.splitlines() if line.startswith("piket_"))
        return {name: float(value) for name, value in rows}

    def memory_mb(self) -> int:
        """Return the resident memory in MB."""
        lines = Path(f"/proc/{self.child.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) // 1024


def wait_for_rebalance(workers: Sequence[MeasuredWorker], before: Sequence[Mapping[str, float]]) -> list[float]:
    """Wait until all workers have rebalanced and none does for a while; return the seconds that each one lost."""
    latest, unchanged_since = [worker.metrics() for worker in workers], time.monotonic()
    deadline = unchanged_since + WITHIN_S
    while time.monotonic() < deadline and all(worker.child.running for worker in workers):
        time.sleep(0.1)  # the interval of the samples
        current = [worker.metrics() for worker in workers]
        if [sample[COUNT] for sample in current] != [sample[COUNT] for sample in latest]:
            latest, unchanged_since = current, time.monotonic()
        if (
            all(s[COUNT] > b[COUNT] for s, b in zip(latest, before, strict=True))
            and time.monotonic() - unchanged_since > QUIET_S
        ):
            return [s[SUM] - b[SUM] for s, b in zip(latest, before, strict=True)]
    raise TimeoutError(f"no rebalance within {WITHIN_S} s: {workers[-1].child.logged().decode()[-1000:]}")


async def create_topics(bootstrap: str, partitions: int) -> None:
    """Create the empty topics that workers read and write."""
    async with broker.admin_client(KafkaConnection(bootstrap), 60_000) as client:
        for region in REGIONS:
            await client.create_topics(
                [NewTopic(topic(region, name), partitions, 1) for name in (*SOURCE_SERVICES, "coverage")]
            )
    await create_changelog(KafkaConnection(bootstrap), "local", partitions, 1)

    async def exists() -> bool:
        return changelog_topic("local") in await broker.topic_sizes(KafkaConnection(bootstrap))

    await wait_until(exists, what="the changelog exists", every=0.1)


def measure(partitions: int, folder: Path) -> Iterator[tuple[float, float, float]]:
    """Yield for each joining worker: seconds others had no partitions, seconds of its start, maximum memory in MB."""
    workers: list[MeasuredWorker] = []
    with Kafka(folder / "kafka", jit="full") as broker:
        asyncio.run(create_topics(broker.bootstrap, partitions))
        try:
            for number in range(1, WORKERS + 1):
                before = [worker.metrics() for worker in workers]
                workers.append(MeasuredWorker(broker.bootstrap, partitions, folder, number))
                *lost_by_others, _ = wait_for_rebalance(workers, [*before, {SUM: 0.0, COUNT: 0.0}])
                start_seconds = time.monotonic() - workers[-1].started_at - QUIET_S
                yield max(lost_by_others, default=0.0), start_seconds, max(worker.memory_mb() for worker in workers)
        finally:
            for worker in workers:
                worker.child.kill()


def run(counts: Sequence[int]) -> None:
    """Print medians, minimum and maximum of interleaved runs by number of partitions and workers."""
    results: defaultdict[tuple[int, int], list[tuple[float, float, float]]] = defaultdict(list)
    for _, partitions in product(range(RUNS), counts):
        with tempfile.TemporaryDirectory() as folder:
            for number, figures in enumerate(measure(partitions, Path(folder)), 1):
                results[partitions, number].append(figures)
    print(
        "| partitions | workers | others without partitions, s | started, s | most memory, MB |\n|---|---|---|---|---|"
    )
    for (partitions, number), runs in sorted(results.items()):
        cells = (f"{median(sample):.1f} ({min(sample):.1f} to {max(sample):.1f})" for sample in zip(*runs, strict=True))
        print(f"| {partitions} | {number} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    run([*map(int, sys.argv[1:])] or PARTITIONS)
