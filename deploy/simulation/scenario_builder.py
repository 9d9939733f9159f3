"""Where situations are planted: the counters and duties of a morning, and what is free. Pure."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from deploy.simulation.behaviour import ON_SITE, Life, absent, present
from deploy.simulation.shifts import Counter, Open, Shift

AFTER_START, BEFORE_END = 10, 28
"""Minutes between the begin of the play, a counter's opening, and the end of the play."""
SMALL_CREW = 6
SOON = 90
"""Minutes after the begin by which something should happen: most counters open at 08:00, and a play begins at 06:30."""


class Sign(NamedTuple):
    """What the view must tell of a counter at a minute: that a lane is `short`, `met` or has `some`, or the state."""

    counter: Counter
    minute: int
    what: str
    lane: str = "known"


class Told(NamedTuple):
    """An event that must stand in the source, with these fields."""

    region: str
    service: str
    event: str
    fields: Mapping[str, object]


class Outage(NamedTuple):
    """A government whose phones reach nobody between two minutes."""

    region: str
    opds: tuple[str, ...]
    start: int
    end: int


@dataclass
class Plot:
    """The morning with everything that was planted: lives by duty, and the signs of each situation by name."""

    lives: dict[Shift, Life]
    signs: dict[str, list[Sign | Told]] = field(default_factory=dict)
    outage: Outage | None = None
    reader: Shift | None = None


@dataclass
class Stage:
    """What there is to plant in: the minutes that are played, the counters, duties, and what is not taken yet."""

    start: int
    end: int
    duties: Sequence[Shift]
    open: Sequence[Open]
    plot: Plot
    chance: random.Random
    used: set[Counter] = field(default_factory=set)
    busy: set[str] = field(default_factory=set)

    @cached_property
    def cut_off(self) -> str:
        """The government that will have the outage: the last one."""
        return max((duty.region for duty in self.duties), default="")

    @cached_property
    def alone(self) -> bool:
        """Whether there is but one government, which then has everything."""
        return self.cut_off == min((duty.region for duty in self.duties), default="")

    def counters(self, *, colleagues: bool = False) -> Iterator[Open]:
        """Free counters that open in time, smallest crews first; `colleagues`: in a unit that can spare somebody."""
        for each in sorted(self.open, key=self._suits):
            in_time = self.start + AFTER_START <= each.post.opens <= self.end - BEFORE_END
            here = self.alone or each.counter.region != self.cut_off
            free = here and in_time and each.shifts and each.counter not in self.used
            if free and (not colleagues or self.spare(each)):
                yield each

    def _suits(self, at: Open) -> tuple[bool, int, int]:
        return len(at.shifts) > SMALL_CREW, abs(at.post.opens - self.start - SOON), len(at.shifts)

    def spare(self, at: Open) -> Shift | None:
        """Somebody of the same unit who is on site, has another post or none, and can do what this post asks for."""
        able = {d.employee for o in self.open if same_unit(o.counter, at.counter) and o.post.skill == at.post.skill
                for d in o.shifts}  # fmt: skip
        here = (d for d in self.duties if d.mode == ON_SITE and same_unit(d.counter, at.counter) and d.start >= 0)
        started = (d for d in here if d.start <= at.post.opens and d.counter != at.counter)
        return next((d for d in started if not at.post.skill or d.employee in able), None)

    def take(self, *, colleagues: bool = False) -> Open | None:
        """The next free counter, which is then taken with its whole unit."""
        found = next(self.counters(colleagues=colleagues), None)
        if found:
            self.used |= {each.counter for each in self.open if same_unit(each.counter, found.counter)}
        return found

    def live(self, at: Open, came: int, went: int | None = None) -> None:
        """Everybody of a counter comes at a minute, and goes at another or at the end of the duty."""
        for n, duty in enumerate(at.shifts):
            self.plot.lives[duty] = present(duty, came * 60 + n, (went or duty.end + 5) * 60 + n)

    def nobody(self, at: Open) -> None:
        """Nobody of a counter comes."""
        for duty in at.shifts:
            self.plot.lives[duty] = absent(duty)

    def somebody(self) -> Shift | None:
        """Somebody without a post whose life is not planted yet; nobody on a day off."""
        offices = (d for d in self.duties if d.works and not d.post and d.start >= 0)
        own = [d for d in offices if d.employee not in self.busy and (self.alone or d.region != self.cut_off)]
        if not own:
            return None
        chosen = self.chance.choice(own)
        self.busy.add(chosen.employee)
        return chosen


def same_unit(one: Counter, other: Counter) -> bool:
    """Whether two posts are of one unit."""
    return one[:3] == other[:3]
