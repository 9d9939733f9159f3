"""`make test-faults`: kills and churn over three real brokers; every view must end as the driver knows it.

Without arguments: an hour in twelve runs of five minutes, by turns with one, two and three workers. PIKET_FAULTS may
hold the arguments, as in `PIKET_FAULTS="--runs 1 --seconds 60" make test-faults`.
"""

import argparse
import asyncio
import os
import shlex
import sys
from itertools import cycle, islice
from pathlib import Path
from secrets import randbelow

from rich.console import Console

from shared.kafka import broker
from tests.faults.churn import record
from tests.faults.churn.run import Asked, play

ROOT = Path("run/faults")


def main() -> int:
    """Play the runs, and answer 1 when one of them failed."""
    arguments = argparse.ArgumentParser(prog="python -m tests.faults.churn", description=__doc__)
    arguments.add_argument("--seed", type=int, default=randbelow(10**6), help="of the first run; then one more each")
    arguments.add_argument("--runs", type=one_or_more, default=12)
    arguments.add_argument("--seconds", type=one_or_more, default=300)
    arguments.add_argument("--kills", type=int, default=12, help="strikes with -9 in each run, five at least")
    arguments.add_argument("--workers", type=int, choices=(1, 2, 3), help="in every run; else by turns")
    arguments.add_argument("--regions", default="32,3271")
    broker.quiet_client()
    given = arguments.parse_args([*shlex.split(os.environ.get("PIKET_FAULTS", "")), *sys.argv[1:]])
    workers = islice(cycle((given.workers,) if given.workers else (1, 2, 3)), given.runs)
    regions = tuple(given.regions.split(","))
    files = [
        one(Asked(given.seed + number, given.seconds, given.kills, count, regions))
        for number, count in enumerate(workers)
    ]
    Console(width=160, soft_wrap=True).print(record.table(files))
    return int(any(record.read(file)["anomalies"] for file in files))


def one_or_more(text: str) -> int:
    """A number of an argument. Raises ValueError for any other."""
    if int(text) < 1:
        raise ValueError
    return int(text)


def one(asked: Asked) -> Path:
    """Play one run; answers its JSON. Logs stay only of a failed one."""
    print(f"\nseed {asked.seed}, {asked.workers} workers, {asked.seconds:.0f} s", flush=True)
    with record.kept(ROOT, asked) as (folder, report):
        asyncio.run(play(asked, folder, report.told, lambda line: print(line, flush=True)))
    print(report.summary(), flush=True)
    return report.file


if __name__ == "__main__":
    sys.exit(main())
