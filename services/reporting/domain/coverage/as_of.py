"""Answers the as-of query: heads at every post at any minute, as known by any instant. Pure: reads no clock.

Production code does not use it. It computes a row from its definition, in one pass over all facts; tests compare it
with the rows that the worker keeps up to date fact by fact.

Time is whole minutes since the epoch; the steps of a row count minutes of the service date at each unit's site.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import NamedTuple

from services.reporting.domain.coverage.duties import (
    ScheduleCache,
    accepted_taps,
    planned_spans,
    required_spans,
    work_dates_around,
)
from services.reporting.domain.coverage.fact_set import FactSet
from services.reporting.domain.coverage.intervals import HeadcountSpan, PostKey, heads_at
from services.reporting.domain.coverage.presence import presence_intervals
from services.reporting.domain.fact_store.compact import CompactFact, CompactTap, ReferenceFact, compact
from services.reporting.domain.fact_store.current import reduce_facts
from shared.domain.envelope import Event
from shared.domain.facts.coverage import Coverage
from shared.domain.regions import epoch_minute, local_date


class PostHeads(NamedTuple):
    """The heads at one post at one minute."""

    required: int = 0
    planned: int = 0
    on_site: int = 0


def coverage_at(facts: Iterable[Event], at: datetime, known_by: datetime) -> Mapping[PostKey, PostHeads]:
    """Return the heads at every post in the minute of `at`, by the facts recorded up to and including `known_by`.

    `facts` are the facts of one OPD, in any order; repeats are ignored.
    """
    recorded = {e.id: e for e in facts if e.recordedtime <= known_by}
    if not recorded:
        return {}
    days = work_dates_around(local_date(at, next(iter(recorded.values())).data.region))
    reference_facts, taps = _split_facts(map(compact, recorded.values()))
    current = reduce_facts(reference_facts)
    schedule = ScheduleCache().schedule(current, days)
    required = (span for unit in current.arrangements for day in days for span in required_spans(current, unit, day))
    planned = (span for roster in schedule.rosters for span in planned_spans(roster))
    present = (
        interval
        for employee in {*schedule.employees(), *taps}
        for interval in presence_intervals(accepted_taps(taps.get(employee, ())), schedule.duties_of(employee), current)
    )
    on_site = (HeadcountSpan(p.post, p.start, p.end) for p in present if p.post)
    counts = [heads_at(spans, epoch_minute(at)) for spans in (required, planned, on_site)]
    return {post: PostHeads(*(count[post] for count in counts)) for post in sorted(set().union(*counts))}


def row(
    facts: Collection[CompactFact], region: str, opd: str, service_date: date, watermark: Mapping[str, int]
) -> Coverage:
    """Return the coverage row of a service date, computed at once from the facts that affect it.

    `facts`: see `FactSet.facts_for`.
    """
    fact_set = FactSet(region, opd)
    for fact in facts:
        fact_set.add(fact)
    return fact_set.row(service_date, watermark)


def _split_facts(facts: Iterable[CompactFact]) -> tuple[list[ReferenceFact], dict[bytes, list[CompactTap]]]:
    """Separate reference facts from taps, and group the taps by employee."""
    reference_facts, taps = list[ReferenceFact](), dict[bytes, list[CompactTap]]()
    for fact in facts:
        if isinstance(fact, CompactTap):
            taps.setdefault(fact.employee, []).append(fact)
            continue
        reference_facts.append(fact)
    return reference_facts, taps
