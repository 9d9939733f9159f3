"""Keeps the coverage row of one OPD and service date up to date, fact by fact. Pure: reads no clock."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from functools import partial

from services.reporting.domain.coverage.bitemporal import ConstantInterval, PersonState, RecordedHistory
from services.reporting.domain.coverage.deltas import Contribution, HeadcountDeltas
from services.reporting.domain.coverage.duties import (
    ScheduleCache,
    accepted_taps,
    planned_spans,
    required_spans,
    site_timezone,
    work_dates_around,
)
from services.reporting.domain.coverage.intervals import HeadcountSpan, PostKey, knowledge_intervals
from services.reporting.domain.coverage.presence import presence_intervals
from services.reporting.domain.efficiency.home_share import home_share
from services.reporting.domain.fact_store.compact import (
    MINUTES_PER_DAY,
    CompactFact,
    CompactPlacement,
    CompactRoster,
    CompactTap,
    ReferenceFact,
)
from services.reporting.domain.fact_store.index import FactIndex
from shared.domain.facts.coverage import Coverage, HomeShare, PostCoverage, UnitCoverage
from shared.domain.regions import midnight_minute, region_timezone

DEFINITION = 1
ZONE_SLACK_MINUTES = 180
"""At least the difference between a site's midnight and its region's: Indonesia's zones are up to two hours apart."""

STANDARD_LANES, PEOPLE_LANES = ("required", "unrostered", "planned"), ("known", "restated")
MODES = ("WFO", "WFH", "WFA", "AWAY")
NO_UNIT = ""
"""The heads in each mode are summed as if the modes were posts of a unit without a name."""


class IncrementalRow:
    """The sums behind one row; the facts themselves are in the index of the OPD.

    A new tap makes `row` count its employee again; a new reference fact, every employee whose state it changed.
    `_pending` holds the employees to count again, each with the taps by which they were counted last.
    """

    def __init__(self, region: str, opd: str, service_date: date, index: FactIndex, schedules: ScheduleCache) -> None:
        self._region, self._opd, self._date, self._index = region, opd, service_date, index
        self._work_dates = work_dates_around(service_date)
        start = midnight_minute(service_date, region_timezone(region)) - ZONE_SLACK_MINUTES
        self._span = (start, start + MINUTES_PER_DAY + 2 * ZONE_SLACK_MINUTES)
        self._schedule = partial(schedules.schedule, days=self._work_dates)
        self._history = RecordedHistory((), self._span, self._schedule)
        self._new_reference_facts: list[ReferenceFact] = [*index.reference_facts(self._work_dates)]
        self._pending: dict[bytes, Sequence[CompactTap]] = dict.fromkeys(
            index.employees_with_taps(self._work_dates), ()
        )
        self._standard, self._people = HeadcountDeltas(), HeadcountDeltas()
        self._units: dict[str, UnitCoverage] = {}
        self._changed_units: set[str] = set()
        self._home: HomeShare | None = None

    def note(self, fact: CompactFact) -> None:
        """Note which employee a fact concerns. Call it before the fact is added to the index."""
        if isinstance(fact, ReferenceFact):
            self._new_reference_facts.append(fact)
        elif fact.employee not in self._pending:
            self._pending[fact.employee] = self._index.taps(fact.employee, self._work_dates)

    def row(self, watermark: Mapping[str, int]) -> Coverage:
        """Return the row by all facts in the index. `watermark`: the last sequence read of each source."""
        before = self._history
        if self._new_reference_facts:
            self._apply_reference_facts(self._new_reference_facts)
            self._new_reference_facts = []
        for employee, taps in self._pending.items():
            self._recount(employee, before, taps)
        for unit in self._changed_units:
            self._refresh_unit(unit)
        self._pending.clear()
        self._changed_units.clear()
        origin, present = midnight_minute(self._date, region_timezone(self._region)), self._people.posts(NO_UNIT)
        return Coverage(
            region=self._region,
            opd=self._opd,
            name=self._history.latest.current.name,
            service_date=self._date,
            definition=DEFINITION,
            revision=self._index.size(self._work_dates),
            units=dict(sorted(self._units.items())),
            modes={m: self._people.steps("present", (NO_UNIT, m), origin) for m in MODES if m in present},
            home=self._home,
            watermark=watermark,
        )

    def _apply_reference_facts(self, facts: Collection[ReferenceFact]) -> None:
        """Rebuild the history and the standard lanes, and mark every employee whose state may have changed."""
        before = self._history
        self._history = RecordedHistory([*self._index.reference_facts(self._work_dates)], self._span, self._schedule)
        for employee in self._affected_employees(facts, before):
            self._pending.setdefault(employee, self._index.taps(employee, self._work_dates))
        self._standard = HeadcountDeltas()
        self._standard.add(_standard_contributions(self._history, self._work_dates))
        self._home = home_share(self._history.latest.current, self._date)
        self._changed_units |= {*self._units, *self._history.latest.current.arrangements, *self._standard.units()}

    def _affected_employees(self, facts: Collection[ReferenceFact], before: RecordedHistory) -> set[bytes]:
        """Return the employees in the given placements and in every roster, old or new, of the given unit-days.

        After a change of policy or arrangement: all employees.
        """
        if before.policy_intervals() != self._history.policy_intervals():
            tapped = self._index.employees_with_taps(self._work_dates)
            return {*before.employees(), *self._history.employees(), *tapped}
        placed = {fact.data.employee for fact in facts if isinstance(fact.data, CompactPlacement)}
        changed = {(fact.data.unit, fact.data.work_date) for fact in facts if isinstance(fact.data, CompactRoster)}
        rosters = [r for r in self._index.rosters(self._work_dates) if (r.unit, r.work_date) in changed]
        return placed | {employee for roster in rosters for employee in roster.staff}

    def _recount(self, employee: bytes, history: RecordedHistory, taps: Sequence[CompactTap]) -> None:
        """Replace what an employee contributed under `history` and `taps` by what they contribute now.

        The former contributions are computed again from `history` and `taps`; storing them would take memory for every
        employee.
        """
        before = [*_contributions(history.states_of(employee), taps)]
        after = [*_contributions(self._history.states_of(employee), self._index.taps(employee, self._work_dates))]
        if before != after:
            self._people.add(before, -1)
            self._people.add(after)
            self._changed_units |= {c.span.post[0] for c in (*before, *after)} - {NO_UNIT}

    def _refresh_unit(self, unit: str) -> None:
        """Compute the part of a unit; delete it if no arrangement, duty or tap on this date mentions the unit."""
        current = self._history.latest.current
        posts = {*self._standard.posts(unit), *self._people.posts(unit)}
        arrangement = current.arrangement(unit, self._date)
        timezone = site_timezone(current, unit, self._date, self._region)
        self._units.pop(unit, None)
        if arrangement or posts:
            self._units[unit] = UnitCoverage(
                name=arrangement.name if arrangement else unit,
                timezone=timezone,
                rostered=current.has_active_roster(unit, self._date),
                posts={post: self._post((unit, post), midnight_minute(self._date, timezone)) for post in sorted(posts)},
            )

    def _post(self, post_key: PostKey, origin: int) -> PostCoverage:
        standard = {lane: self._standard.steps(lane, post_key, origin) for lane in STANDARD_LANES}
        return PostCoverage(**standard, **{lane: self._people.steps(lane, post_key, origin) for lane in PEOPLE_LANES})


def _standard_contributions(history: RecordedHistory, days: Collection[date]) -> Iterator[Contribution]:
    """Yield required and planned heads, each minute by the arrangements and rosters recorded until then."""
    for unit in history.latest.current.arrangements:
        for day in days:
            values = [(i.policy_version, (unit, day) in i.schedule.position) for i in history.intervals]
            for constant in history.constant_intervals(values):
                _, rostered = constant.value
                for span in required_spans(constant.current, unit, day):
                    clipped = span.clip(constant.start, constant.end)
                    yield Contribution("required", clipped)
                    if not rostered:
                        yield Contribution("unrostered", clipped)
    for key in {key for interval in history.intervals for key in interval.schedule.position}:
        rosters = [interval.schedule.roster_of(key) for interval in history.intervals]
        for constant_roster in history.constant_intervals(rosters):
            if constant_roster.value:
                for span in planned_spans(constant_roster.value):
                    yield Contribution("planned", span.clip(constant_roster.start, constant_roster.end))


def _contributions(
    states: Sequence[ConstantInterval[PersonState]], taps: Collection[CompactTap]
) -> Iterator[Contribution]:
    """Yield what one employee adds: each minute as known then, and, in the lane "restated", as known now."""
    *as_recorded, latest = states
    for state in as_recorded:
        for known_taps, start, end in knowledge_intervals(taps, state.start, state.end):
            for p in presence_intervals(accepted_taps(known_taps), state.value.duties, state.current):
                span = HeadcountSpan(p.post or (NO_UNIT, p.mode), p.start, p.end).clip(start, end)
                yield Contribution("known" if p.post else "present", span)
    for p in presence_intervals(accepted_taps(taps), latest.value.duties, latest.current):
        if p.post:
            yield Contribution("restated", HeadcountSpan(p.post, p.start, p.end))
