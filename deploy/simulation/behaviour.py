"""How people live a day: when they really come and go, and what their phones say of it. Pure; drawn by a seed.

Seconds count from the midnight of the day that is played. A phone's clock may be wrong, and a press may be handed in
long after it was made.
"""

import random
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from deploy.simulation.shifts import Shift

CHECK_IN, CHECK_OUT, TAKE = "check-ins", "check-outs", "post-takings"
ON_SITE, AT_HOME = "WFO", "WFH"

NO_SHOW, LATE, FORGETS_IN, FORGETS_OUT, OFFLINE, WRONG_CLOCK = 0.006, 0.035, 0.008, 0.05, 0.02, 0.01
"""Shares of people. Who forgets to tap is there, and nobody is told: what is disclosed is never the whole truth."""

LEADS = {ON_SITE: (20, 11), AT_HOME: (8, 7)}
"""Minutes before the start by mode: mean and deviation."""
LAST_LEAD, FIRST_LEAD = 1, 55


class Press(NamedTuple):
    """One press of the button: when it was made, what the phone's clock showed, when it is handed in."""

    shift: Shift
    kind: str
    made: int
    clock: int
    sent: int
    unit: str
    post: str = ""

    @property
    def offline(self) -> bool:
        """Whether the phone kept it for a while."""
        return self.sent > self.made

    @property
    def on_site(self) -> bool:
        """Whether it was made at the place of work."""
        return self.shift.mode == ON_SITE


class Life(NamedTuple):
    """One person's duty as it was lived: came and went, and took over a post at a second; with every press."""

    shift: Shift
    came: int
    went: int
    presses: tuple[Press, ...] = ()
    taken: tuple[int, str] | None = None


def lives(duties: Iterable[Shift], seed: int) -> Iterator[Life]:
    """The lives of all who are on duty, each drawn from its own chance: who else is there changes nothing."""
    for duty in duties:
        if duty.works:
            yield _life(duty, random.Random(f"{seed}/{duty.employee}/{duty.start}"))  # noqa: S311 - synthetic


def _life(duty: Shift, chance: random.Random) -> Life:
    if chance.random() < NO_SHOW:
        return absent(duty)
    mean, deviation = LEADS.get(duty.mode, LEADS[ON_SITE])
    lead = min(max(chance.gauss(mean, deviation), LAST_LEAD), FIRST_LEAD)
    late = chance.random() < LATE
    came = duty.start * 60 + int(chance.uniform(2, 25) * 60 if late else -lead * 60)
    went = duty.end * 60 + int(abs(chance.gauss(6, 5)) * 60)
    life = present(duty, came, went, error=_clock_error(chance))
    if chance.random() < FORGETS_IN:
        return life._replace(presses=())
    if chance.random() < FORGETS_OUT:
        life = life._replace(presses=life.presses[:1])
    return handed_in_late(life, int(chance.uniform(15, 60) * 60)) if chance.random() < OFFLINE else life


def _clock_error(chance: random.Random) -> int:
    if chance.random() < WRONG_CLOCK:
        return chance.choice((-1, 1)) * chance.randint(120, 240)
    return int(chance.gauss(0, 4))


def absent(duty: Shift) -> Life:
    """Somebody who did not come."""
    return Life(duty, 0, 0)


def present(duty: Shift, came: int, went: int, *, error: int = 0) -> Life:
    """Somebody who came and went, and pressed at both; `error` is by how much their phone's clock is ahead."""
    presses = (
        Press(duty, CHECK_IN, came, came + error, came, duty.unit),
        Press(duty, CHECK_OUT, went, went + error, went, duty.unit),
    )
    return Life(duty, came, went, presses)


def handed_in_late(life: Life, seconds: int) -> Life:
    """The same life with a phone that had no signal at the first press."""
    first, *rest = life.presses
    return life._replace(presses=(first._replace(sent=first.made + seconds), *rest))


def taking(life: Life, second: int, unit: str, post: str) -> Life:
    """The same life, in which a colleague's post is taken over at a second."""
    press = Press(life.shift, TAKE, second, second, second, unit, post)
    presses = tuple(sorted((*life.presses, press), key=lambda each: each.made))
    return life._replace(presses=presses, taken=(second, post))


def cut_off(life: Life, start: int, end: int, chance: random.Random) -> Life:
    """The same life where no press reached anybody between two seconds: it is handed in soon after."""
    presses = tuple(
        p._replace(sent=end + chance.randint(5, 240)) if start <= p.made < end and p.sent < end else p
        for p in life.presses
    )
    return life._replace(presses=presses)
