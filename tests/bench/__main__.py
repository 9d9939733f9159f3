"""Runs the benchmarks (`make bench`) with interleaved baselines, and prints medians with their spread."""

import argparse

from tests.bench import checkins, growth, policy, recovery, rosters, rows, scrapes, tracing, worker
from tests.bench.report import machine, table


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("part", choices=("all", "worker", "policy"), nargs="?", default="all")
    arguments.add_argument("--rounds", type=int, default=5)
    options = arguments.parse_args()
    print(machine(), flush=True)
    if options.part in {"all", "policy"}:
        policy.run(options.rounds)
    if options.part == "all":
        run_other_benchmarks(options.rounds)
    if options.part in {"all", "worker"}:
        worker.run(options.rounds)
    if options.part == "worker":
        recovery.run(options.rounds)
        growth.run(7)


def run_other_benchmarks(rounds: int) -> None:
    print(table("Check-ins through HTTP, durable before 201", "taps/s", checkins.run(rounds)), flush=True)
    rosters.run(rounds)
    rows.run()
    scrapes.run(rounds)
    tracing.run(rounds)


if __name__ == "__main__":
    main()
