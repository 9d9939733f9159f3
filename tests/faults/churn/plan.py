"""Draws the faults of a run from a seed: one at a time, each kind at least once. Pure."""

import random
from collections.abc import Mapping, Sequence
from typing import NamedTuple

KILLS: Mapping[str, tuple[str, ...]] = {
    "worker killed": ("worker",),
    "broker killed": ("broker",),
    "relay killed": ("relay",),
    "worker and broker killed": ("worker", "broker"),
    "worker and relay killed": ("worker", "relay"),
}
"""Processes that a kind of fault kills at the same time (SIGKILL)."""
OTHER_KINDS = (
    "broker paused",
    "zombie",
    "zombie with a successor",
    "worker leaves and joins",
    "guest joins and leaves",
    "rolling restart",
    "record skipped",
)
KINDS = (*KILLS, *OTHER_KINDS)
BROKERS = 3
SHORT_HOLD_S = 0.3


class Fault(NamedTuple):
    """A fault at a second of the run; what it stops is restarted after `hold` seconds."""

    at: float
    kind: str
    worker: int
    broker: int
    hold: float


def draw_faults(seed: int, seconds: float, kills: int, workers: int, kinds: Sequence[str] = KINDS) -> list[Fault]:
    """Draw each of these kinds once, and further kills until there are `kills` in total, in random order.

    The last slot ends after `seconds`; a fault that takes longer than its slot delays the following ones.
    """
    chance = random.Random(seed)  # noqa: S311 - a game of chance
    further_kills = range(kills - len(KILLS.keys() & set(kinds)))
    drawn = [*kinds, *(chance.choice([*KILLS]) for _ in further_kills)]
    chance.shuffle(drawn)
    slot = seconds / len(drawn)
    return [
        Fault(
            at=round(slot * (number + chance.uniform(0.05, 0.6)), 2),
            kind=kind,
            worker=chance.randint(1, workers),
            broker=chance.randint(1, BROKERS),
            hold=round(chance.choice((SHORT_HOLD_S, chance.uniform(1, 6))), 2),
        )
        for number, kind in enumerate(drawn)
    ]
