"""`make bench`: every figure beside its named baseline, interleaved, with the spread. No figure is a test."""

import argparse

from tests.bench import checkins, growth, policy, recovery, rosters, rows, worker
from tests.bench.report import machine, table


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("part", choices=("all", "worker", "policy"), nargs="?", default="all")
    arguments.add_argument("--rounds", type=int, default=5)
    given = arguments.parse_args()
    print(machine(), flush=True)
    if given.part in {"all", "policy"}:
        policy.run(given.rounds)
    if given.part == "all":
        everything(given.rounds)
    if given.part in {"all", "worker"}:
        worker.run(given.rounds)
    if given.part == "worker":
        recovery.run(given.rounds)
        growth.run(7)


def everything(rounds: int) -> None:
    print(table("Check-ins through HTTP, durable before 201", "taps/s", checkins.run(rounds)), flush=True)
    rosters.run(rounds)
    rows.run()


if __name__ == "__main__":
    main()
