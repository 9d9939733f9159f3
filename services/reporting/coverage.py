"""Coverage of the posts of one OPD: required, planned, known, restated. Pure: the reader brings the clock.

Inside, time is whole minutes since the epoch; a row speaks of minutes of the service date at each unit's site.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from services.reporting.day import Day
from services.reporting.inforce import in_force
from services.reporting.lanes import Roll, accepted, around, by_employee, planned, required
from services.reporting.presence import present
from services.reporting.spans import Need, PostKey, heads_at
from shared.events import Event
from shared.facts.attendance import Tap
from shared.facts.coverage import Coverage
from shared.regions import local_date, minute_of


class Heads(NamedTuple):
    """Heads at one post at one minute."""

    required: int = 0
    planned: int = 0
    on_site: int = 0


def coverage(facts: Iterable[Event], at: datetime, known_by: datetime) -> Mapping[PostKey, Heads]:
    """Heads at every post at the minute of `at`, by what had been recorded up to and including `known_by`.

    `facts` is a set of facts of one OPD: order and repeats do not matter.
    """
    known = list({e.id: e for e in facts if e.recordedtime <= known_by}.values())
    if not known:
        return {}
    days, holds = around(local_date(at, known[0].data.region)), in_force(known)
    on_duty = [duty for drawn in Roll().draw(holds, days).values() for duty in drawn]
    needed = (n for unit in holds.arrangements for day in days for n in required(holds, unit, day))
    own, taps = by_employee(on_duty), _taps(known)
    there = (p for e in own.keys() | taps.keys() for p in present(accepted(taps.get(e, ())), own.get(e, ()), holds))
    on_site = (Need(p.post, p.start, p.end) for p in there if p.post)
    counts = [heads_at(lane, minute_of(at)) for lane in (needed, planned(on_duty), on_site)]
    return {post: Heads(*(count[post] for count in counts)) for post in sorted(set().union(*counts))}


def row(facts: Collection[Event], region: str, opd: str, service_date: date, watermark: Mapping[str, int]) -> Coverage:
    """The coverage row of one service date, from every fact that can matter to it (`FactSet.of`)."""
    day = Day(region, opd, service_date, Roll())
    for event in facts:
        day.add(event)
    return day.row(watermark)


def _taps(facts: Iterable[Event]) -> Mapping[UUID, Collection[Event]]:
    taps: defaultdict[UUID, list[Event]] = defaultdict(list)
    for event in facts:
        if isinstance(event.data, Tap):
            taps[event.data.employee].append(event)
    return taps
