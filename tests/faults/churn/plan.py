"""Which faults strike when: drawn from a seed, one at a time, every kind at least once. Pure."""

import random
from collections.abc import Mapping
from typing import NamedTuple

KILLS: Mapping[str, tuple[str, ...]] = {
    "worker killed": ("worker",),
    "broker killed": ("broker",),
    "relay killed": ("relay",),
    "worker and broker killed": ("worker", "broker"),
    "worker and relay killed": ("worker", "relay"),
}
"""What each kind kills with -9, together."""
OTHERS = (
    "broker paused",
    "zombie",
    "zombie with a successor",
    "worker leaves and joins",
    "guest joins and leaves",
    "rolling restart",
    "record skipped",
)
KINDS = (*KILLS, *OTHERS)
BROKERS = 3
AT_ONCE_S = 0.3


class Fault(NamedTuple):
    """A fault at so many seconds of the run; what it takes away is back after `hold` seconds."""

    at: float
    kind: str
    worker: int
    broker: int
    hold: float


def draw(seed: int, seconds: float, kills: int, workers: int) -> list[Fault]:
    """Every kind once and further kills, `kills` in all if that is more than there are kinds of, in any order.

    `seconds` is when the last slot ends; a fault that takes longer delays those after it.
    """
    chance = random.Random(seed)  # noqa: S311 - a game of chance
    kinds = [*KINDS, *(chance.choice([*KILLS]) for _ in range(kills - len(KILLS)))]
    chance.shuffle(kinds)
    slot = seconds / len(kinds)
    return [
        Fault(
            at=round(slot * (number + chance.uniform(0.05, 0.6)), 2),
            kind=kind,
            worker=chance.randint(1, workers),
            broker=chance.randint(1, BROKERS),
            hold=round(chance.choice((AT_ONCE_S, chance.uniform(1, 6))), 2),
        )
        for number, kind in enumerate(kinds)
    ]
