"""What a morning will hold, from the rosters that were published: every life, and every planted situation. Pure."""

import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from deploy.reference_world.seeding import Absence
from deploy.reference_world.world import Office
from deploy.simulation.behaviour import lives
from deploy.simulation.scenario_builder import Plot, Sign, Stage, Told
from deploy.simulation.shifts import Counter, Shift, opened, posts
from deploy.simulation.situations import plant

DAY = timedelta(days=1)
WORKDAYS = 5
ABSENT = {"LEAVE": "OFF", "TRAVEL": "AWAY"}
"""The mode in a roster of who is absent."""
SEEN_FOR = 30
"""Minutes before the end of the play by which a counter without a roster must have opened."""


def work_dates(day: date, *, grouped: bool) -> list[date]:
    """The dates that are rostered: the day and those around it, and its whole week where groups take turns."""
    monday = day - day.weekday() * DAY
    week = [monday + n * DAY for n in range(WORKDAYS)] if grouped else []
    return sorted({day - DAY, day, day + DAY, *week})


def unplanned(offices: Iterable[Office], start: int, end: int, seed: int) -> Counter:
    """A counter whose unit gets no roster: of such a unit the board must say that it knows nothing."""
    every = list(posts(offices))
    visible = [each for each in every if start <= each[2].opens <= end - SEEN_FOR and each[1].class_ == "DIRECT"]
    office, unit, post = random.Random(seed).choice(visible or every)  # noqa: S311 - a choice, not a secret
    return Counter(office.region, office.opd, unit.unit, post.post)


def plotted(
    offices: Sequence[Office],
    duties: Iterable[Shift],
    absences: Sequence[Absence],
    without: Counter,
    day: date,
    play: tuple[int, int],
    seed: int,
) -> Plot:
    """Everybody's life on the day, and the planted situations with their signs. `play` is its first and last minute."""
    due = [duty for duty in duties if duty.end > 0 and duty.start < DAY.total_seconds() / 60]
    open_ = opened(offices, due, day)
    drawn = Plot({life.shift: life for life in lives(due, seed)})
    chance = random.Random(seed)  # noqa: S311 - a choice, not a secret
    plot = plant(Stage(*play, due, open_, drawn, chance))
    opens = [each.post.opens for each in open_ if each.counter == without]
    plot.signs["unrostered_unit"] = [Sign(without, max(minute, play[0]) + 5, "TIDAK_DIKETAHUI") for minute in opens]
    for kind in ABSENT:
        plot.signs[kind.lower()] = list(_away(kind, absences, due))
    return plot


def _away(kind: str, absences: Iterable[Absence], due: Iterable[Shift]) -> Iterator[Sign | Told]:
    """Somebody whose absence was declared, and whose roster says so."""
    given = {duty.employee: duty.mode for duty in due if duty.start >= 0}
    for absence in absences:
        if absence.kind == kind and given.get(absence.employee) == ABSENT[kind]:
            yield Told(absence.region, "roster", "absence-declared", {"employee": absence.employee, "kind": kind})
            return
