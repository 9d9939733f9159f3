"""Computes the coverage row by its definition: all employees, over the whole day, at every change of what was known.

Slow and simple on purpose. Tests compare it with the rows that the worker keeps up to date fact by fact, so it shares
with them only presence, the reduction of facts and the splitting of time.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta

from services.reporting.domain.coverage.intervals import HeadcountSpan, knowledge_intervals
from services.reporting.domain.coverage.presence import Duty, PresenceInterval, duty_of, presence_intervals
from services.reporting.domain.efficiency.home_share import home_share
from services.reporting.domain.fact_store.compact import CompactFact, CompactTap, ReferenceFact
from services.reporting.domain.fact_store.current import CurrentFacts, reduce_facts
from shared.domain.facts.coverage import Coverage, PostCoverage, Steps, UnitCoverage
from shared.domain.regions import midnight_minute, region_timezone

Lanes = dict[str, list[HeadcountSpan]]
DAY = timedelta(days=1)


def row(facts: Collection[CompactFact], region: str, opd: str, day: date) -> Coverage:
    begin = midnight_minute(day, region_timezone(region)) - 180
    lanes, modes = lanes_as_known(facts, day, begin, begin + 1800)
    current = reduce_facts(reference_facts(facts))
    presence = all_presence_intervals(duties(current, day), facts, current)
    restated = [span_of(interval) for interval in presence if interval.post]
    return Coverage(
        region=region,
        opd=opd,
        service_date=day,
        definition=1,
        revision=len({e.id for e in facts}),
        units=unit_coverages(lanes | {"restated": restated}, current, region, day),
        home=home_share(current, day),
        modes={m: steps(modes[m], begin + 180) for m in ("WFO", "WFH", "WFA", "AWAY") if modes[m]},
    )


def lanes_as_known(facts: Collection[CompactFact], day: date, begin: int, finish: int) -> tuple[Lanes, Lanes]:
    """Return the lanes of posts, and of modes; each minute by what had been recorded by its end."""
    lanes: Lanes = {"required": [], "unrostered": [], "planned": [], "known": []}
    modes: Lanes = defaultdict(list)
    for facts_then, start, end in knowledge_intervals(facts, begin, finish):
        current = reduce_facts(reference_facts(facts_then))
        employee_duties = duties(current, day)
        for work_date in (day - DAY, day, day + DAY):
            for standard in required_spans(current, work_date):
                lanes["required"].append(standard.clip(start, end))
                if not current.has_active_roster(standard.post[0], work_date):
                    lanes["unrostered"].append(standard.clip(start, end))
        lanes["planned"] += (
            HeadcountSpan((d.unit, d.post), *span).clip(start, end)
            for _, d in employee_duties
            if d.post
            for span in d.cover_spans()
        )
        for interval in all_presence_intervals(employee_duties, facts_then, current):
            lane = lanes["known"] if interval.post else modes[interval.mode]
            lane.append(span_of(interval).clip(start, end))
    return lanes, modes


def reference_facts(facts: Iterable[CompactFact]) -> list[ReferenceFact]:
    return [fact for fact in facts if isinstance(fact, ReferenceFact)]


def span_of(interval: PresenceInterval) -> HeadcountSpan:
    return HeadcountSpan(interval.post or ("", ""), interval.start, interval.end)


def required_spans(current: CurrentFacts, day: date) -> Iterator[HeadcountSpan]:
    for unit in current.arrangements:
        if arrangement := current.arrangement(unit, day):
            start = midnight_minute(day, arrangement.site.timezone)
            for post in arrangement.posts:
                if post.opens_on(day, current.holidays):
                    span = (start + post.opens_minute, start + post.closes_minute)
                    yield HeadcountSpan((unit, post.post), *span, post.minimum)


def duties(current: CurrentFacts, around: date) -> Sequence[tuple[bytes, Duty]]:
    return [
        (employee, duty_of(shift, unit, day, midnight_minute(day, site_timezone(current, unit, day, roster.region))))
        for (unit, day), roster in current.rosters.items()
        if abs(day - around) <= DAY and current.has_active_roster(unit, day)
        for employee, shift in roster.assignments()
    ]


def all_presence_intervals(
    employee_duties: Iterable[tuple[bytes, Duty]], facts: Iterable[CompactFact], current: CurrentFacts
) -> Iterator[PresenceInterval]:
    duties_of: dict[bytes, list[Duty]] = defaultdict(list)
    taps_of: dict[bytes, dict[bytes, CompactTap]] = defaultdict(dict)
    for employee, duty in employee_duties:
        duties_of[employee].append(duty)
    for fact in facts:
        if isinstance(fact, CompactTap) and fact.context.kind != "check-in-refused":
            taps_of[fact.employee][fact.id] = fact
    for employee in duties_of.keys() | taps_of.keys():
        taps = [tap for _, tap in sorted(taps_of.get(employee, {}).items())]
        yield from presence_intervals(taps, duties_of.get(employee, ()), current)


def unit_coverages(
    lanes: Mapping[str, list[HeadcountSpan]], current: CurrentFacts, region: str, day: date
) -> Mapping[str, UnitCoverage]:
    posts: dict[str, set[str]] = {unit: set() for unit in current.arrangements if current.arrangement(unit, day)}
    for unit, post in {span.post for spans in lanes.values() for span in spans}:
        posts.setdefault(unit, set()).add(post)
    return {unit: unit_coverage(unit, sorted(posts[unit]), lanes, current, region, day) for unit in sorted(posts)}


def unit_coverage(
    unit: str,
    posts: Iterable[str],
    lanes: Mapping[str, list[HeadcountSpan]],
    current: CurrentFacts,
    region: str,
    day: date,
) -> UnitCoverage:
    arrangement, timezone = current.arrangement(unit, day), site_timezone(current, unit, day, region)

    def steps_of(spans: Iterable[HeadcountSpan], post: str) -> Steps:
        return steps([span for span in spans if span.post == (unit, post)], midnight_minute(day, timezone))

    return UnitCoverage(
        name=arrangement.name if arrangement else unit,
        timezone=timezone,
        rostered=current.has_active_roster(unit, day),
        posts={post: PostCoverage(**{name: steps_of(spans, post) for name, spans in lanes.items()}) for post in posts},
    )


def site_timezone(current: CurrentFacts, unit: str, day: date, region: str) -> str:
    arrangement = current.arrangement(unit, day)
    return arrangement.site.timezone if arrangement else region_timezone(region).key


def steps(spans: Iterable[HeadcountSpan], origin: int) -> Steps:
    change: Counter[int] = Counter()
    for span in (s.clip(origin, origin + 1440) for s in spans):
        if span.start < span.end:
            change[span.start - origin] += span.heads
            change[span.end - origin] -= span.heads
    heads, result = 0, []
    for minute in sorted(m for m in change if m < 1440 and change[m]):
        heads += change[minute]
        result.append((minute, heads))
    return tuple(result)
