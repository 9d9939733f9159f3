"""What partitions cost a group of workers: `python -m tests.bench.rebalance`.

28 regions, three topics read for each. Workers join one after another; told is how long those that were there lost
their partitions (by their own `piket_worker_rebalance_seconds`), how long a worker takes to start, and its memory.
Topics are empty: what is measured is the group, Faust and the clients, not the recovery of facts.
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
from services.reporting.domain.freshness import READ
from services.reporting.worker.changelog import changelog_topic, create_changelog
from shared.domain.envelope import topic
from shared.kafka import broker

REGIONS = [str(number) for number in range(3201, 3229)]
PARTITIONS, WORKERS, RUNS = (3, 6, 12, 24), 3, 3
WITHIN_S, QUIET_S = 120, 2
START = """
import sys
from services.reporting.worker import settings, __main__ as worker
settings._has_topics = lambda *_: True  # only what a worker reads and writes was made
sys.exit(worker.main())
"""
SUM, COUNT = "piket_worker_rebalance_seconds_sum", "piket_worker_rebalance_seconds_count"


class Worker:
    """One worker process, read by its metrics."""

    def __init__(self, bootstrap: str, partitions: int, folder: Path, number: int) -> None:
        self.port, self.began = free_ports(1)[0], time.monotonic()
        told = {
            "PIKET_KAFKA": bootstrap,
            "PIKET_REGIONS": ",".join(REGIONS),
            "PIKET_PARTITIONS": str(partitions),
            "PIKET_METRICS_PORT": str(self.port),
            "PIKET_SESSION_TIMEOUT_S": "30",
        }
        command = ["env", *(f"{key}={value}" for key, value in told.items()), sys.executable, "-c", START]
        self.child = Child(command, folder / f"worker-{number}.log")

    def told(self) -> Mapping[str, float]:
        """Its metrics without labels; zeros while it does not answer."""
        try:
            page = urlopen(f"http://127.0.0.1:{self.port}/metrics").read().decode()
        except URLError:
            return {SUM: 0.0, COUNT: 0.0}
        rows = (line.rsplit(" ", 1) for line in page.splitlines() if line.startswith("piket_"))
        return {name: float(value) for name, value in rows}

    def memory(self) -> int:
        """Resident memory in MB."""
        lines = Path(f"/proc/{self.child.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) // 1024


def rebalanced(workers: Sequence[Worker], before: Sequence[Mapping[str, float]]) -> list[float]:
    """Wait until each has gone through a rebalance more and none for a while; the seconds that each lost."""
    seen, since = [worker.told() for worker in workers], time.monotonic()
    deadline = since + WITHIN_S
    while time.monotonic() < deadline and all(worker.child.running for worker in workers):
        time.sleep(0.1)
        now = [worker.told() for worker in workers]
        if [each[COUNT] for each in now] != [each[COUNT] for each in seen]:
            seen, since = now, time.monotonic()
        if all(s[COUNT] > b[COUNT] for s, b in zip(seen, before, strict=True)) and time.monotonic() - since > QUIET_S:
            return [s[SUM] - b[SUM] for s, b in zip(seen, before, strict=True)]
    raise TimeoutError(f"no rebalance within {WITHIN_S} s: {workers[-1].child.written().decode()[-1000:]}")


async def prepare(bootstrap: str, partitions: int) -> None:
    """The topics that workers read and write, empty."""
    async with broker.admin(bootstrap, 60_000) as client:
        for region in REGIONS:
            await client.create_topics([NewTopic(topic(region, name), partitions, 1) for name in (*READ, "coverage")])
    await create_changelog(bootstrap, "local", partitions, 1)
    while changelog_topic("local") not in await broker.topic_sizes(bootstrap):  # noqa: ASYNC110 - Kafka tells nobody
        await asyncio.sleep(0.1)


def measure(partitions: int, folder: Path) -> Iterator[tuple[float, float, float]]:
    """For each worker that joins: the seconds others were without partitions and it took to start; most memory, MB."""
    workers: list[Worker] = []
    with Kafka(folder / "kafka", jit="full") as broker:
        asyncio.run(prepare(broker.bootstrap, partitions))
        try:
            for number in range(1, WORKERS + 1):
                before = [worker.told() for worker in workers]
                workers.append(Worker(broker.bootstrap, partitions, folder, number))
                *others, _ = rebalanced(workers, [*before, {SUM: 0.0, COUNT: 0.0}])
                started = time.monotonic() - workers[-1].began - QUIET_S
                yield max(others, default=0.0), started, max(worker.memory() for worker in workers)
        finally:
            for worker in workers:
                worker.child.kill()


def run(counts: Sequence[int]) -> None:
    """Print medians of interleaved runs, and the least and most, for each number of partitions and of workers."""
    found: defaultdict[tuple[int, int], list[tuple[float, float, float]]] = defaultdict(list)
    for _, partitions in product(range(RUNS), counts):
        with tempfile.TemporaryDirectory() as place:
            for number, figures in enumerate(measure(partitions, Path(place)), 1):
                found[partitions, number].append(figures)
    print(
        "| partitions | workers | others without partitions, s | started, s | most memory, MB |\n|---|---|---|---|---|"
    )
    for (partitions, number), runs in sorted(found.items()):
        told = (f"{median(each):.1f} ({min(each):.1f} to {max(each):.1f})" for each in zip(*runs, strict=True))
        print(f"| {partitions} | {number} | {' | '.join(told)} |", flush=True)


if __name__ == "__main__":
    run([*map(int, sys.argv[1:])] or PARTITIONS)
