"""The lanes of coverage, as spans of heads: what is needed, who is rostered, who is there. Pure.

Time is whole minutes since the epoch.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple, TypeAlias

from rpds import HashTrieMap

from services.reporting.facts import DAY, Roster, Shift, Tap
from services.reporting.inforce import InForce
from services.reporting.presence import Duty, duty
from services.reporting.spans import Need
from shared.regions import midnight, zone

UnitDay = tuple[str, date]
Duties: TypeAlias = "HashTrieMap[bytes, tuple[Duty, ...]]"
"""Each person's duties, the roster recorded last at the end."""
REFUSED = "check-in-refused"
NO_DUTIES: tuple[Duty, ...] = ()


class Drawn(NamedTuple):
    """A roster on the clock, from its site's midnight on."""

    roster: Roster
    start: int
    duties: Mapping[Shift, Duty]

    def __iter__(self) -> Iterator[tuple[bytes, Duty]]:  # type: ignore[override]
        """Who has which duty, in the order of the roster."""
        return ((employee, self.duties[shift]) for employee, shift in self.roster.assignments())


def around(day: date) -> tuple[date, date, date]:
    """The work dates that matter to a service date: a night begun before, the day, shifts that touch the next."""
    return (day - DAY, day, day + DAY)


def required(holds: InForce, unit: str, day: date) -> Iterator[Need]:
    """The service standard of every post of a unit that opens on a work date."""
    if arrangement := holds.arrangement(unit, day):
        start = midnight(day, arrangement.site.timezone)
        for p in arrangement.posts:
            if holds.is_open(p, day):
                yield Need((unit, p.post), start + p.opens_minute, start + p.closes_minute, p.minimum)


class Roll:
    """An OPD's rosters on the clock, each drawn up once."""

    def __init__(self) -> None:
        self._drawn: dict[UnitDay, Drawn] = {}

    def draw(self, holds: InForce, days: Collection[date]) -> Mapping[UnitDay, Drawn]:
        """The rosters that hold on some work dates, the one recorded last at the end."""
        return {
            (unit, day): self._of(roster, midnight(day, timezone(holds, unit, day, roster.region)))
            for (unit, day), roster in holds.rosters.items()
            if day in days and roster.stands
        }

    def forget(self, before: date) -> None:
        """Drop the rosters of earlier work dates."""
        self._drawn = {place: drawn for place, drawn in self._drawn.items() if place[1] >= before}

    def _of(self, roster: Roster, start: int) -> Drawn:
        place = (roster.unit, roster.day)
        drawn = self._drawn.get(place)
        if drawn is None or drawn.roster is not roster or drawn.start != start:
            duties = {shift: duty(shift, roster.unit, roster.day, start) for shift in {*roster.shifts}}
            drawn = self._drawn[place] = Drawn(roster, start, duties)
        return drawn


def planned(drawn: Drawn) -> Iterator[Need]:
    """Heads rostered on site, breaks taken out."""
    return (Need((d.unit, d.post), start, end) for _, d in drawn if d.post for start, end in d.covers())


def accepted(taps: Iterable[Tap]) -> Sequence[Tap]:
    """One person's accepted taps, in the order of their ids whatever came first."""
    known = {tap.id: tap for tap in taps if tap.manner.kind != REFUSED}
    return [known[tap_id] for tap_id in sorted(known)]


def by_employee(
    rosters: Mapping[UnitDay, Drawn],
    before: Mapping[UnitDay, Drawn] | None = None,
    own: Duties = HashTrieMap(),  # noqa: B008 - it never changes
) -> Duties:
    """Each person's duties; those of `before` are `own`, and only what became another is drawn up anew."""
    before = before or {}
    kept = [place for place, drawn in before.items() if rosters.get(place) is drawn]
    if [*rosters][: len(kept)] != kept:
        return by_employee(rosters)
    for place in before.keys() - {*kept}:
        own = _without(before[place], own)
    alike: dict[tuple[Duty, ...], tuple[Duty, ...]] = {}
    for place in [*rosters][len(kept) :]:
        for employee, added in rosters[place]:
            duties = (*own.get(employee, NO_DUTIES), added)
            own = own.insert(employee, alike.setdefault(duties, duties))
    return own


def _without(drawn: Drawn, own: Duties) -> Duties:
    unit, day = drawn.roster.unit, drawn.roster.day
    for employee in {*drawn.roster.staff}:
        left = tuple(d for d in own[employee] if (d.unit, d.work_date) != (unit, day))
        own = own.insert(employee, left) if left else own.remove(employee)
    return own


def timezone(holds: InForce, unit: str, day: date, region: str) -> str:
    """The zone of a unit's site on a day; the region's where no arrangement names a site."""
    arrangement = holds.arrangement(unit, day)
    return arrangement.site.timezone if arrangement else zone(region).key
