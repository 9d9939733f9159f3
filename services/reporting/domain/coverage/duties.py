"""The lanes of coverage, as spans of heads: what is needed, who is rostered, who is there. Pure.

Time is whole minutes since the epoch.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from services.reporting.domain.coverage.intervals import Need
from services.reporting.domain.coverage.presence import Duty, duty
from services.reporting.domain.fact_store.compact import DAY, CompactTap, Roster, shared
from services.reporting.domain.fact_store.current import InForce
from shared.domain.regions import midnight, zone

UnitDay = tuple[str, date]
REFUSED = "check-in-refused"
NO_UNITS: frozenset[str] = frozenset()


class Drawn(NamedTuple):
    """A roster on the clock, from its site's midnight on: who has which duties."""

    roster: Roster
    start: int
    duties: Mapping[bytes, tuple[Duty, ...]]


class Rota(NamedTuple):
    """The rosters that hold on some work dates, the one recorded last at the end.

    `rank` is the place in that order; `units` those in which somebody was ever rostered.
    """

    days: Collection[date]
    drawn: Sequence[Drawn]
    rank: Mapping[UnitDay, int]
    units: Mapping[bytes, frozenset[str]]

    def get(self, place: UnitDay) -> Drawn | None:
        """The roster of a unit and work date."""
        return self.drawn[self.rank[place]] if place in self.rank else None

    def duties(self, employee: bytes) -> tuple[Duty, ...]:
        """Somebody's duties, in the order of their rosters."""
        places = ((unit, day) for unit in self.units.get(employee, ()) for day in self.days)
        ranks = sorted(self.rank[place] for place in places if place in self.rank)
        return tuple(own for rank in ranks for own in self.drawn[rank].duties.get(employee, ()))

    def people(self) -> set[bytes]:
        """Everybody who has a duty."""
        return {employee for drawn in self.drawn for employee in drawn.duties}


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
        self._units: dict[bytes, frozenset[str]] = {}

    def draw(self, holds: InForce, days: Collection[date]) -> Rota:
        """The rosters that hold on some work dates."""
        standing = [r for (_, day), r in holds.rosters.items() if day in days and r.stands]
        drawn = [self._of(r, midnight(r.day, timezone(holds, r.unit, r.day, r.region))) for r in standing]
        return Rota(days, drawn, {(r.unit, r.day): rank for rank, r in enumerate(standing)}, self._units)

    def forget(self, before: date) -> None:
        """Drop the rosters of earlier work dates."""
        self._drawn = {place: drawn for place, drawn in self._drawn.items() if place[1] >= before}

    def _of(self, roster: Roster, start: int) -> Drawn:
        place = (roster.unit, roster.day)
        drawn = self._drawn.get(place)
        if drawn is None or drawn.roster is not roster or drawn.start != start:
            drawn = self._drawn[place] = Drawn(roster, start, _duties(roster, start))
            for employee in drawn.duties:
                self._units[employee] = shared(self._units.get(employee, NO_UNITS) | {roster.unit})
        return drawn


def _duties(roster: Roster, start: int) -> Mapping[bytes, tuple[Duty, ...]]:
    alike = {shift: (duty(shift, roster.unit, roster.day, start),) for shift in {*roster.shifts}}
    own: dict[bytes, tuple[Duty, ...]] = {}
    for employee, shift in roster.assignments():
        own[employee] = own[employee] + alike[shift] if employee in own else alike[shift]
    return own


def planned(drawn: Drawn) -> Iterator[Need]:
    """Heads rostered on site, breaks taken out."""
    duties = (own for each in drawn.duties.values() for own in each)
    return (Need((d.unit, d.post), start, end) for d in duties if d.post for start, end in d.covers())


def accepted(taps: Iterable[CompactTap]) -> Sequence[CompactTap]:
    """One person's accepted taps, in the order of their ids whatever came first."""
    known = {tap.id: tap for tap in taps if tap.manner.kind != REFUSED}
    return [known[tap_id] for tap_id in sorted(known)]


def timezone(holds: InForce, unit: str, day: date, region: str) -> str:
    """The zone of a unit's site on a day; the region's where no arrangement names a site."""
    arrangement = holds.arrangement(unit, day)
    return arrangement.site.timezone if arrangement else zone(region).key
