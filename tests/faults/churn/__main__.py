"""Runs kills and churn over three real brokers (`make test-faults`); the view must end equal to the driver's count.

Without arguments: an hour in twelve runs of five minutes, alternating one, two and three workers. PIKET_FAULTS may
hold arguments, for example `PIKET_FAULTS="--runs 1 --seconds 60" make test-faults`.
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
from tests.faults.churn.plan import KINDS
from tests.faults.churn.run import RunParameters, run_churn

ROOT = Path("run/faults")


def main() -> int:
    """Run all runs, and return 1 if one of them failed."""
    arguments = argparse.ArgumentParser(prog="python -m tests.faults.churn", description=__doc__)
    arguments.add_argument(
        "--seed", type=int, default=randbelow(10**6), help="of the first run; increases by one per run"
    )
    arguments.add_argument("--runs", type=positive_int, default=12)
    arguments.add_argument("--seconds", type=positive_int, default=300)
    arguments.add_argument("--kills", type=int, default=12, help="number of SIGKILL faults per run, at least five")
    arguments.add_argument("--workers", type=int, choices=(1, 2, 3), help="in all runs; default: alternating")
    arguments.add_argument("--regions", default="32,3271")
    arguments.add_argument("--kinds", type=fault_kinds, default=KINDS, help="of faults, by commas; default: all")
    broker.silence_client_logs()
    options = arguments.parse_args([*shlex.split(os.environ.get("PIKET_FAULTS", "")), *sys.argv[1:]])
    workers = islice(cycle((options.workers,) if options.workers else (1, 2, 3)), options.runs)
    regions = tuple(options.regions.split(","))
    files = [
        run_once(RunParameters(options.seed + number, options.seconds, options.kills, count, regions, options.kinds))
        for number, count in enumerate(workers)
    ]
    Console(width=160, soft_wrap=True).print(record.summary_table(files))
    return int(any(record.read_report(file)["anomalies"] for file in files))


def positive_int(text: str) -> int:
    """Parse a positive integer. Raise ValueError for other texts."""
    if int(text) < 1:
        raise ValueError
    return int(text)


def fault_kinds(text: str) -> tuple[str, ...]:
    """Parse kinds of faults. Raise ValueError for unknown ones."""
    if unknown := set(text.split(",")) - set(KINDS):
        raise ValueError(unknown)
    return tuple(text.split(","))


def run_once(parameters: RunParameters) -> Path:
    """Run once and return the JSON file. Logs are kept only if the run failed or a process ended by itself."""
    print(f"\nseed {parameters.seed}, {parameters.workers} workers, {parameters.seconds:.0f} s", flush=True)
    with record.recorded_run(ROOT, parameters) as (folder, report):
        asyncio.run(run_churn(parameters, folder, report.results, lambda line: print(line, flush=True)))
    print(report.summary(), flush=True)
    return report.file


if __name__ == "__main__":
    sys.exit(main())
