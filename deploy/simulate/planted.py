"""Situations that a morning is made to hold, and by which minutes of the view each can be recognised afterwards. Pure.

Each is planted at a counter that opens inside the time that is played, so that it begins and shows before its end.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from deploy.simulate.lives import ON_SITE, Life, absent, cut_off, handed_in_late, present, taking
from deploy.simulate.shifts import Counter, Open, Shift

AFTER_START, BEFORE_END = 10, 28
"""Minutes between the begin of the play, a counter's opening, and the end of the play."""
OUTAGE_AT = (10, 35)
"""Minutes of an outage after the later of the begin of the play and 07:00."""
SEVEN = 7 * 60
GUARD_AT = 6 * 60 + 40
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
        return max(duty.region for duty in self.duties)

    @cached_property
    def alone(self) -> bool:
        """Whether there is but one government, which then has everything."""
        return self.cut_off == min(duty.region for duty in self.duties)

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
        able = {d.employee for o in self.open if _same_unit(o.counter, at.counter) and o.post.skill == at.post.skill
                for d in o.shifts}  # fmt: skip
        here = (d for d in self.duties if d.mode == ON_SITE and _same_unit(d.counter, at.counter) and d.start >= 0)
        started = (d for d in here if d.start <= at.post.opens and d.counter != at.counter)
        return next((d for d in started if not at.post.skill or d.employee in able), None)

    def take(self, *, colleagues: bool = False) -> Open | None:
        """The next free counter, which is then taken with its whole unit."""
        found = next(self.counters(colleagues=colleagues), None)
        if found:
            self.used |= {each.counter for each in self.open if _same_unit(each.counter, found.counter)}
        return found

    def live(self, at: Open, came: int, went: int | None = None) -> None:
        """Everybody of a counter comes at a minute, and goes at another or at the end of the duty."""
        for n, duty in enumerate(at.shifts):
            self.plot.lives[duty] = present(duty, came * 60 + n, (went or duty.end + 5) * 60 + n)

    def nobody(self, at: Open) -> None:
        """Nobody of a counter comes."""
        for duty in at.shifts:
            self.plot.lives[duty] = absent(duty)


def _same_unit(one: Counter, other: Counter) -> bool:
    return one[:3] == other[:3]


def plant(stage: Stage) -> Plot:
    """Plant everything that there is room for; what found none has no sign, and so is never found."""
    for name, situation in SITUATIONS.items():
        stage.plot.signs[name] = situation(stage)
    return stage.plot


Signs = list[Sign | Told]


def late_clerk(stage: Stage) -> Signs:
    """The crew of a counter comes twelve minutes after its opening."""
    if (at := stage.take()) is None:
        return []
    opens = at.post.opens
    stage.live(at, opens + 12)
    return [Sign(at.counter, opens + 5, "KRITIS"), Sign(at.counter, opens + 20, "met")]


def no_show(stage: Stage) -> Signs:
    """Nobody comes to a counter. A reader of the demo may."""
    if (at := stage.take()) is None:
        return []
    stage.nobody(at)
    stage.plot.reader = at.shifts[0]
    return [Sign(at.counter, at.post.opens + 20, "short", "restated"), Sign(at.counter, at.post.opens + 20, "KRITIS")]


def lost_clerk(stage: Stage) -> Signs:
    """A counter loses its crew a quarter of an hour after it opened."""
    if (at := stage.take()) is None:
        return []
    opens = at.post.opens
    stage.live(at, opens - 15, opens + 13)
    return [Sign(at.counter, opens + 10, "met"), Sign(at.counter, opens + 22, "KRITIS")]


def offline_then_synced(stage: Stage) -> Signs:
    """A crew comes in time with phones that find a signal a quarter of an hour after the opening."""
    if (at := stage.take()) is None:
        return []
    opens = at.post.opens
    stage.live(at, opens - 10)
    for duty in at.shifts:
        stage.plot.lives[duty] = handed_in_late(stage.plot.lives[duty], 26 * 60)
    return [Sign(at.counter, opens + 5, "short"), Sign(at.counter, opens + 5, "met", "restated")]


def take_over(stage: Stage) -> Signs:
    """Nobody comes to a counter; a colleague takes it over eight minutes later."""
    if (at := stage.take(colleagues=True)) is None or (colleague := stage.spare(at)) is None:
        return []
    opens = at.post.opens
    stage.nobody(at)
    life = present(colleague, (opens - 15) * 60, (colleague.end + 5) * 60)
    stage.plot.lives[colleague] = taking(life, (opens + 8) * 60, at.counter.unit, at.counter.post)
    return [Sign(at.counter, opens + 4, "short"), Sign(at.counter, opens + 20, "some")]


def held_by_the_night(stage: Stage) -> Signs:
    """Nobody of the gate's crew comes; a guard of the night holds it to the end of that duty, known to be near."""
    for night in (d for d in stage.duties if d.start < 0 < d.end and d.post):
        gates = (o for o in stage.open if _same_unit(o.counter, night.counter) and o.post.opens < GUARD_AT)
        for gate in gates:
            if gate.counter not in stage.used and gate.post.minimum == 1 and not gate.post.skill:
                stage.used.add(gate.counter)
                stage.nobody(gate)
                life = present(night, (night.start - 10) * 60, (night.end + 3) * 60)
                stage.plot.lives[night] = taking(life, GUARD_AT * 60, gate.counter.unit, gate.counter.post)
                return [Sign(gate.counter, night.end - 5, "RAWAN"), Sign(gate.counter, night.end + 4, "KRITIS")]
    return []


def previous_night(stage: Stage) -> Signs:
    """The night before was on duty until the morning."""
    nights = (d for d in stage.duties if d.start < 0 < stage.start < d.end and d.post and d.counter not in stage.used)
    for night in nights:
        stage.used.add(night.counter)
        stage.plot.lives[night] = present(night, (night.start - 10) * 60, (night.end + 3) * 60)
        return [Sign(night.counter, stage.start + 1, "some")]
    return []


def _from_an_office(stage: Stage) -> Shift:
    """Somebody without a post whose life is not planted yet."""
    offices = (d for d in stage.duties if d.works and not d.post and d.start >= 0)
    own = [d for d in offices if d.employee not in stage.busy and (stage.alone or d.region != stage.cut_off)]
    chosen = stage.chance.choice(own)
    stage.busy.add(chosen.employee)
    return chosen


def wrong_clock(stage: Stage) -> Signs:
    """A phone is three minutes and twenty seconds ahead; the tap counts by its clock."""
    duty, came = _from_an_office(stage), (stage.start + 12) * 60
    stage.plot.lives[duty] = present(duty, came, duty.end * 60, error=200)
    return [Told(duty.region, "attendance", "checked-in", {"employee": duty.employee, "second": came + 200})]


def refused(stage: Stage) -> Signs:
    """A phone is two hours ahead: its tap is refused, and the refusal is a fact."""
    duty = _from_an_office(stage)
    stage.plot.lives[duty] = present(duty, (stage.start + 14) * 60, duty.end * 60, error=2 * 3600)
    return [
        Told(duty.region, "attendance", "check-in-refused", {"employee": duty.employee, "reason": "IMPOSSIBLE_TIME"})
    ]


def early_leaver(stage: Stage) -> Signs:
    """Somebody leaves long before the end of the duty."""
    duty = _from_an_office(stage)
    stage.plot.lives[duty] = present(duty, (stage.start + 6) * 60, (stage.end - 9) * 60)
    return [Told(duty.region, "attendance", "checked-out", {"employee": duty.employee})]


def outage(stage: Stage) -> Signs:
    """No phone of the last government reaches the server for twenty-five minutes; what was pressed comes afterwards."""
    begin = max(stage.start, SEVEN if stage.start < SEVEN - OUTAGE_AT[0] else 0)
    first, last = begin + OUTAGE_AT[0], begin + OUTAGE_AT[1]
    region = stage.cut_off
    opds = tuple(sorted({duty.opd for duty in stage.duties if duty.region == region}))
    stage.plot.outage = Outage(region, opds, first, last)
    planted = {counter[:3] for counter in stage.used}
    for duty, life in stage.plot.lives.items():
        if duty.region == region and duty.counter[:3] not in planted and duty.employee not in stage.busy:
            stage.plot.lives[duty] = cut_off(life, first * 60, last * 60, stage.chance)
    return [Told(region, "attendance", "outage-applied", {"channel": "APP"}),
            Told(region, "attendance", "checked-in", {"offline": True, "late": True})]  # fmt: skip


SITUATIONS: Mapping[str, Callable[[Stage], Signs]] = {
    "held_by_the_night": held_by_the_night,
    "previous_night": previous_night,
    "late_clerk": late_clerk,
    "no_show": no_show,
    "lost_clerk": lost_clerk,
    "offline_then_synced": offline_then_synced,
    "take_over": take_over,
    "wrong_clock": wrong_clock,
    "refused": refused,
    "early_leaver": early_leaver,
    "outage": outage,
}
"""In the order of planting: the rarest places first."""
