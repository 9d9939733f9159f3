"""The lanes of coverage, as spans of heads: what is needed, who is rostered, who is there. Pure.

Time is whole minutes since the epoch.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from uuid import UUID

from services.reporting.inforce import InForce
from services.reporting.presence import Duty, duty
from services.reporting.spans import Need
from shared.events import Event
from shared.facts.attendance import CheckInRefused, Tap
from shared.facts.roster import RosterAssigned
from shared.regions import midnight, zone

UnitDay = tuple[str, date]
DAY = timedelta(days=1)


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
    """The duties of an OPD's rosters, each drawn up once."""

    def __init__(self) -> None:
        self._drawn: dict[UnitDay, tuple[RosterAssigned, int, Sequence[Duty]]] = {}

    def draw(self, holds: InForce, days: Collection[date]) -> Mapping[UnitDay, Sequence[Duty]]:
        """The duties of the rosters that hold on some work dates, the one recorded last at the end."""
        return {
            (unit, day): self._of(roster, midnight(day, timezone(holds, unit, day, roster.region)))
            for (unit, day), roster in holds.rosters.items()
            if day in days and holds.rostered(unit, day)
        }

    def _of(self, roster: RosterAssigned, start: int) -> Sequence[Duty]:
        place = (roster.unit, roster.work_date)
        drawn = self._drawn.get(place)
        if drawn is None or drawn[0] is not roster or drawn[1] != start:
            duties = tuple(duty(a, roster.unit, roster.work_date, start) for a in roster.assignments)
            drawn = self._drawn[place] = (roster, start, duties)
        return drawn[2]


def planned(on_duty: Iterable[Duty]) -> Iterator[Need]:
    """Heads rostered on site, breaks taken out."""
    return (Need((d.unit, d.post), start, end) for d in on_duty if d.post for start, end in d.covers())


def accepted(taps: Iterable[Event]) -> Sequence[Tap]:
    """One person's accepted taps, in the order of their ids whatever came first."""
    known = {e.id: e.data for e in taps if isinstance(e.data, Tap) and not isinstance(e.data, CheckInRefused)}
    return [known[event_id] for event_id in sorted(known)]


def by_employee(on_duty: Iterable[Duty]) -> Mapping[UUID, Sequence[Duty]]:
    """Each person's duties, the roster recorded last at the end."""
    own: dict[UUID, list[Duty]] = defaultdict(list)
    for each in on_duty:
        own[each.employee].append(each)
    return own


def timezone(holds: InForce, unit: str, day: date, region: str) -> str:
    """The zone of a unit's site on a day; the region's where no arrangement names a site."""
    arrangement = holds.arrangement(unit, day)
    return arrangement.site.timezone if arrangement else zone(region).key
