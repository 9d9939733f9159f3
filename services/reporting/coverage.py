"""Coverage of the posts of one OPD: required, planned, known, restated. Pure: the reader brings the clock.

Inside, time is whole minutes since the epoch; a row speaks of minutes of the service date at each unit's site.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from services.reporting.inforce import InForce, in_force
from services.reporting.presence import Duty, Present, duty, present
from services.reporting.spans import Need, PostKey, by_post, epochs, heads_at, steps
from shared.events import Event
from shared.facts.attendance import CheckInRefused, Tap
from shared.facts.coverage import Coverage, PostCoverage, UnitCoverage
from shared.regions import local_date, midnight, minute_of, zone

DEFINITION = 1
DAY = timedelta(days=1)
ZONE_SLACK = 180
"""Minutes by which a site's midnight may differ from its region's: Indonesia's zones are two hours apart."""

MODES = ("WFO", "WFH", "WFA", "AWAY")


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
    days, holds = _around(local_date(at, known[0].data.region)), in_force(known)
    on_duty = list(duties(holds, days))
    lanes = [required(holds, days), planned(on_duty), on_site(presences(on_duty, taps_of(known), holds))]
    counts = [heads_at(lane, minute_of(at)) for lane in lanes]
    return {post: Heads(*(count[post] for count in counts)) for post in sorted(set().union(*counts))}


def row(facts: Collection[Event], region: str, opd: str, service_date: date, watermark: Mapping[str, int]) -> Coverage:
    """The coverage row of one service date, from every fact that can matter to it (`FactSet.of`)."""
    start = midnight(service_date, zone(region)) - ZONE_SLACK
    span = (start, start + 1440 + 2 * ZONE_SLACK)
    known, modes = _as_known(facts, service_date, span)
    holds = in_force(facts)
    on_duty = list(duties(holds, _around(service_date)))
    lanes = known | {"restated": list(on_site(presences(on_duty, taps_of(facts), holds)))}
    return Coverage(
        region=region,
        opd=opd,
        service_date=service_date,
        definition=DEFINITION,
        revision=len({e.id for e in facts}),
        units=_units(lanes, holds, region, service_date),
        modes={m: steps(modes[m], midnight(service_date, zone(region))) for m in MODES if modes[m]},
        watermark=watermark,
    )


def required(holds: InForce, days: Iterable[date]) -> Iterator[Need]:
    """The service standard of every post that opens on these work dates."""
    for day in days:
        for unit in holds.arrangements:
            if arrangement := holds.arrangement(unit, day):
                start = midnight(day, arrangement.site.timezone)
                for p in arrangement.posts:
                    if holds.is_open(p, day):
                        yield Need((unit, p.post), start + p.opens_minute, start + p.closes_minute, p.minimum)


def unrostered(holds: InForce, days: Iterable[date]) -> Iterator[Need]:
    """The part of the service standard that no roster speaks of."""
    return (n for day in days for n in required(holds, [day]) if not holds.rostered(n.post[0], day))


def duties(holds: InForce, days: Collection[date]) -> Iterator[Duty]:
    """Every assignment of the rosters in force on these work dates."""
    for (unit, day), roster in holds.rosters.items():
        if day in days and holds.rostered(unit, day):
            start = midnight(day, _timezone(holds, unit, day, roster.region))
            yield from (duty(assignment, unit, day, start) for assignment in roster.assignments)


def planned(on_duty: Iterable[Duty]) -> Iterator[Need]:
    """Heads rostered on site, breaks taken out."""
    return (Need((d.unit, d.post), start, end) for d in on_duty if d.post for start, end in d.covers())


def on_site(there: Iterable[Present]) -> Iterator[Need]:
    """Heads that fill a post."""
    return (Need(p.post, p.start, p.end) for p in there if p.post)


def presences(on_duty: Iterable[Duty], taps: Mapping[UUID, Sequence[Tap]], holds: InForce) -> Iterator[Present]:
    """The presence of everybody who is on duty or has tapped."""
    own = _by_employee(on_duty)
    for employee in own.keys() | taps.keys():
        yield from present(taps.get(employee, ()), own.get(employee, ()), holds)


def taps_of(facts: Iterable[Event]) -> Mapping[UUID, Sequence[Tap]]:
    """Each employee's accepted taps, in the order of their ids whatever came first."""
    taps: dict[UUID, dict[UUID, Tap]] = defaultdict(dict)
    for event in facts:
        if isinstance(event.data, Tap) and not isinstance(event.data, CheckInRefused):
            taps[event.data.employee][event.id] = event.data
    return {employee: [own[event_id] for event_id in sorted(own)] for employee, own in taps.items()}


def _around(day: date) -> tuple[date, date, date]:
    """The work dates that matter to a service date: a night begun before, the day, shifts that touch the next."""
    return (day - DAY, day, day + DAY)


def _as_known(
    facts: Collection[Event], service_date: date, span: tuple[int, int]
) -> tuple[dict[str, list[Need]], dict[str, list[Need]]]:
    """Required, planned, known and modes, each minute by what had been recorded by the end of that minute."""
    lanes: dict[str, list[Need]] = {"required": [], "unrostered": [], "planned": [], "known": []}
    modes: dict[str, list[Need]] = defaultdict(list)
    days, taps = _around(service_date), [(e, e.data) for e in facts if isinstance(e.data, Tap)]
    for settled, start, end in epochs([e for e in facts if not isinstance(e.data, Tap)], *span):
        holds = in_force(settled)
        on_duty = list(duties(holds, days))
        lanes["required"] += (n.within(start, end) for n in required(holds, days))
        lanes["unrostered"] += (n.within(start, end) for n in unrostered(holds, days))
        lanes["planned"] += (n.within(start, end) for n in planned(on_duty))
        own = _by_employee(on_duty)
        for employee, mine in _events_by_employee(taps, own).items():
            for known, begin, finish in epochs(mine, start, end):
                there = list(presences(own.get(employee, ()), taps_of(known), holds))
                lanes["known"] += (n.within(begin, finish) for n in on_site(there))
                for p in there:
                    if not p.post:
                        modes[p.mode].append(Need(("", ""), p.start, p.end).within(begin, finish))
    return lanes, modes


def _units(
    lanes: Mapping[str, list[Need]], holds: InForce, region: str, service_date: date
) -> Mapping[str, UnitCoverage]:
    grouped = {lane: by_post(needs) for lane, needs in lanes.items()}
    posts: dict[str, set[str]] = {unit: set() for unit in holds.arrangements if holds.arrangement(unit, service_date)}
    for unit, post in set().union(*grouped.values()):
        posts.setdefault(unit, set()).add(post)
    return {unit: _unit(unit, posts[unit], grouped, holds, region, service_date) for unit in sorted(posts)}


def _unit(
    unit: str,
    posts: Iterable[str],
    lanes: Mapping[str, Mapping[PostKey, list[Need]]],
    holds: InForce,
    region: str,
    day: date,
) -> UnitCoverage:
    arrangement, timezone = holds.arrangement(unit, day), _timezone(holds, unit, day, region)
    origin = midnight(day, timezone)
    return UnitCoverage(
        name=arrangement.name if arrangement else unit,
        timezone=timezone,
        rostered=holds.rostered(unit, day),
        posts={
            post: PostCoverage(**{lane: steps(needs.get((unit, post), ()), origin) for lane, needs in lanes.items()})
            for post in sorted(posts)
        },
    )


def _timezone(holds: InForce, unit: str, day: date, region: str) -> str:
    arrangement = holds.arrangement(unit, day)
    return arrangement.site.timezone if arrangement else zone(region).key


def _by_employee(on_duty: Iterable[Duty]) -> Mapping[UUID, list[Duty]]:
    own: dict[UUID, list[Duty]] = defaultdict(list)
    for each in on_duty:
        own[each.employee].append(each)
    return own


def _events_by_employee(
    taps: Iterable[tuple[Event, Tap]], own: Mapping[UUID, list[Duty]]
) -> Mapping[UUID, list[Event]]:
    events: dict[UUID, list[Event]] = {employee: [] for employee in own}
    for event, tap in taps:
        events.setdefault(tap.employee, []).append(event)
    return events
