"""The coverage row as its definition reads: the whole day counted anew, everybody at every change of what was known.

Slow and plain: the product's row, kept up fact by fact, is held against it.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta

from services.reporting.domain.coverage.intervals import Need, epochs
from services.reporting.domain.coverage.presence import Duty, Present, duty, present
from services.reporting.domain.fact_store.compact import CompactTap, Fact, Settled
from services.reporting.domain.fact_store.current import InForce, in_force
from shared.domain.facts.coverage import Coverage, PostCoverage, Steps, UnitCoverage
from shared.domain.regions import midnight, zone

Lanes = dict[str, list[Need]]
DAY = timedelta(days=1)


def row(facts: Collection[Fact], region: str, opd: str, day: date) -> Coverage:
    begin = midnight(day, zone(region)) - 180
    known, modes = as_known(facts, day, begin, begin + 1800)
    holds = in_force(settled(facts))
    lanes = known | {"restated": [need(p) for p in presences(duties(holds, day), facts, holds) if p.post]}
    return Coverage(
        region=region,
        opd=opd,
        service_date=day,
        definition=1,
        revision=len({e.id for e in facts}),
        units=units(lanes, holds, region, day),
        modes={m: steps(modes[m], begin + 180) for m in ("WFO", "WFH", "WFA", "AWAY") if modes[m]},
    )


def as_known(facts: Collection[Fact], day: date, begin: int, finish: int) -> tuple[Lanes, Lanes]:
    """Each minute by what had been recorded by its end."""
    lanes: Lanes = {"required": [], "unrostered": [], "planned": [], "known": []}
    modes: Lanes = defaultdict(list)
    for facts_then, start, end in epochs(facts, begin, finish):
        holds = in_force(settled(facts_then))
        on_duty = duties(holds, day)
        for work_date in (day - DAY, day, day + DAY):
            for each in required(holds, work_date):
                lanes["required"].append(each.within(start, end))
                if not holds.rostered(each.post[0], work_date):
                    lanes["unrostered"].append(each.within(start, end))
        lanes["planned"] += (
            Need((d.unit, d.post), *span).within(start, end) for _, d in on_duty if d.post for span in d.covers()
        )
        for p in presences(on_duty, facts_then, holds):
            (lanes["known"] if p.post else modes[p.mode]).append(need(p).within(start, end))
    return lanes, modes


def settled(facts: Iterable[Fact]) -> list[Settled]:
    return [fact for fact in facts if isinstance(fact, Settled)]


def need(there: Present) -> Need:
    return Need(there.post or ("", ""), there.start, there.end)


def required(holds: InForce, day: date) -> Iterator[Need]:
    for unit in holds.arrangements:
        if arrangement := holds.arrangement(unit, day):
            start = midnight(day, arrangement.site.timezone)
            for post in arrangement.posts:
                if holds.is_open(post, day):
                    yield Need((unit, post.post), start + post.opens_minute, start + post.closes_minute, post.minimum)


def duties(holds: InForce, around: date) -> Sequence[tuple[bytes, Duty]]:
    return [
        (employee, duty(shift, unit, day, midnight(day, timezone(holds, unit, day, roster.region))))
        for (unit, day), roster in holds.rosters.items()
        if abs(day - around) <= DAY and holds.rostered(unit, day)
        for employee, shift in roster.assignments()
    ]


def presences(on_duty: Iterable[tuple[bytes, Duty]], facts: Iterable[Fact], holds: InForce) -> Iterator[Present]:
    own: dict[bytes, list[Duty]] = defaultdict(list)
    taps: dict[bytes, dict[bytes, CompactTap]] = defaultdict(dict)
    for employee, each in on_duty:
        own[employee].append(each)
    for fact in facts:
        if isinstance(fact, CompactTap) and fact.manner.kind != "check-in-refused":
            taps[fact.employee][fact.id] = fact
    for employee in own.keys() | taps.keys():
        ordered = [tap for _, tap in sorted(taps.get(employee, {}).items())]
        yield from present(ordered, own.get(employee, ()), holds)


def units(lanes: Mapping[str, list[Need]], holds: InForce, region: str, day: date) -> Mapping[str, UnitCoverage]:
    posts: dict[str, set[str]] = {unit: set() for unit in holds.arrangements if holds.arrangement(unit, day)}
    for unit, post in {need.post for needs in lanes.values() for need in needs}:
        posts.setdefault(unit, set()).add(post)
    return {unit: one(unit, sorted(posts[unit]), lanes, holds, region, day) for unit in sorted(posts)}


def one(
    unit: str, posts: Iterable[str], lanes: Mapping[str, list[Need]], holds: InForce, region: str, day: date
) -> UnitCoverage:
    arrangement, place = holds.arrangement(unit, day), timezone(holds, unit, day, region)

    def lane(needs: Iterable[Need], post: str) -> Steps:
        return steps([n for n in needs if n.post == (unit, post)], midnight(day, place))

    return UnitCoverage(
        name=arrangement.name if arrangement else unit,
        timezone=place,
        rostered=holds.rostered(unit, day),
        posts={post: PostCoverage(**{name: lane(needs, post) for name, needs in lanes.items()}) for post in posts},
    )


def timezone(holds: InForce, unit: str, day: date, region: str) -> str:
    arrangement = holds.arrangement(unit, day)
    return arrangement.site.timezone if arrangement else zone(region).key


def steps(needs: Iterable[Need], origin: int) -> Steps:
    change: Counter[int] = Counter()
    for each in (n.within(origin, origin + 1440) for n in needs):
        if each.start < each.end:
            change[each.start - origin] += each.heads
            change[each.end - origin] -= each.heads
    heads, out = 0, []
    for minute in sorted(m for m in change if m < 1440 and change[m]):
        heads += change[minute]
        out.append((minute, heads))
    return tuple(out)
