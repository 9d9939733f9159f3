"""`make bench`: every figure beside its named baseline, interleaved, with the spread. No figure is a test."""

import argparse

from tests.bench import checkins, rosters, rows, worker
from tests.bench.report import machine, table


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=5)
    rounds = arguments.parse_args().rounds
    print(machine())
    print(table("Check-ins through HTTP, durable before 201", "taps/s", checkins.run(rounds)), flush=True)
    rosters.run(rounds)
    rows.run()
    worker.run(rounds)


if __name__ == "__main__":
    main()
