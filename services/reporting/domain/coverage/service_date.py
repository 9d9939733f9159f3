"""One service date of one OPD: what everybody adds to its row, kept up fact by fact. Pure: no clock is asked."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from functools import partial

from services.reporting.domain.coverage.bitemporal import Own, Plan, Run
from services.reporting.domain.coverage.deltas import Share, Sums
from services.reporting.domain.coverage.duties import Roll, accepted, around, planned, required, timezone
from services.reporting.domain.coverage.intervals import Need, PostKey, epochs
from services.reporting.domain.coverage.presence import present
from services.reporting.domain.fact_store.compact import CompactTap, Fact, Placement, Roster, Settled
from services.reporting.domain.fact_store.index import Kept
from shared.domain.facts.coverage import Coverage, PostCoverage, UnitCoverage
from shared.domain.regions import midnight, zone

DEFINITION = 1
ZONE_SLACK = 180
"""Minutes by which a site's midnight may differ from its region's: Indonesia's zones are two hours apart."""

STANDARD, PEOPLE = ("required", "unrostered", "planned"), ("known", "restated")
MODES = ("WFO", "WFH", "WFA", "AWAY")
NO_UNIT = ""
"""People are summed by mode as if the modes were posts of a unit without a name."""


class Day:
    """What the facts that matter to a service date add up to; the facts themselves are kept by its OPD.

    At the next row a tap counts its employee anew; any other fact everybody for whom it changed what holds.
    `_due` are those to be counted anew, each with the taps by which they were counted last.
    """

    def __init__(self, region: str, opd: str, service_date: date, kept: Kept, roll: Roll) -> None:
        self._region, self._opd, self._date, self._kept = region, opd, service_date, kept
        self._days = around(service_date)
        start = midnight(service_date, zone(region)) - ZONE_SLACK
        self._span = (start, start + 1440 + 2 * ZONE_SLACK)
        self._draw = partial(roll.draw, days=self._days)
        self._plan = Plan((), self._span, self._draw)
        self._settled: list[Settled] = [*kept.settled(self._days)]
        self._due: dict[bytes, Sequence[CompactTap]] = dict.fromkeys(kept.tapped(self._days), ())
        self._standard, self._people = Sums(), Sums()
        self._units: dict[str, UnitCoverage] = {}
        self._touched: set[str] = set()

    def expect(self, fact: Fact) -> None:
        """Note whom a fact concerns that is about to be kept."""
        if isinstance(fact, Settled):
            self._settled.append(fact)
        elif fact.employee not in self._due:
            self._due[fact.employee] = self._kept.taps(fact.employee, self._days)

    def row(self, watermark: Mapping[str, int]) -> Coverage:
        """The row by the facts that were added."""
        before = self._plan
        if self._settled:
            self._settle(self._settled)
            self._settled = []
        for employee, taps in self._due.items():
            self._count(employee, before, taps)
        for unit in self._touched:
            self._show(unit)
        self._due.clear()
        self._touched.clear()
        origin, present = midnight(self._date, zone(self._region)), self._people.posts(NO_UNIT)
        return Coverage(
            region=self._region,
            opd=self._opd,
            name=self._plan.last.holds.name,
            service_date=self._date,
            definition=DEFINITION,
            revision=self._kept.size(self._days),
            units=dict(sorted(self._units.items())),
            modes={m: self._people.steps("present", (NO_UNIT, m), origin) for m in MODES if m in present},
            watermark=watermark,
        )

    def _settle(self, settled: Collection[Settled]) -> None:
        """After other facts than taps: what holds now, and for whom that may be another thing."""
        before, self._plan = self._plan, Plan([*self._kept.settled(self._days)], self._span, self._draw)
        for employee in self._concerned(settled, before):
            self._due.setdefault(employee, self._kept.taps(employee, self._days))
        self._standard = Sums()
        self._standard.add(_standard(self._plan, self._days))
        self._touched |= {*self._units, *self._plan.last.holds.arrangements, *self._standard.units()}

    def _concerned(self, settled: Collection[Settled], before: Plan) -> set[bytes]:
        """Whom facts name, or a roster in whose place one of them stands; everybody after a change of terms."""
        if before.terms() != self._plan.terms():
            return {*before.people(), *self._plan.people(), *self._kept.tapped(self._days)}
        placed = {fact.data.employee for fact in settled if isinstance(fact.data, Placement)}
        places = {(fact.data.unit, fact.data.day) for fact in settled if isinstance(fact.data, Roster)}
        rosters = [roster for roster in self._kept.rosters(self._days) if (roster.unit, roster.day) in places]
        return placed | {employee for roster in rosters for employee in roster.staff}

    def _count(self, employee: bytes, plan: Plan, taps: Sequence[CompactTap]) -> None:
        before = [*_shares(plan.of(employee), taps)]
        shares = [*_shares(self._plan.of(employee), self._kept.taps(employee, self._days))]
        if before != shares:
            self._people.add(before, -1)
            self._people.add(shares)
            self._touched |= {share.need.post[0] for share in (*before, *shares)} - {NO_UNIT}

    def _show(self, unit: str) -> None:
        """Tell of a unit that is arranged on this date, or of which somebody's duty or tap speaks."""
        holds, posts = self._plan.last.holds, {*self._standard.posts(unit), *self._people.posts(unit)}
        arrangement, place = holds.arrangement(unit, self._date), timezone(holds, unit, self._date, self._region)
        self._units.pop(unit, None)
        if arrangement or posts:
            self._units[unit] = UnitCoverage(
                name=arrangement.name if arrangement else unit,
                timezone=place,
                rostered=holds.rostered(unit, self._date),
                posts={post: self._post((unit, post), midnight(self._date, place)) for post in sorted(posts)},
            )

    def _post(self, place: PostKey, origin: int) -> PostCoverage:
        standard = {lane: self._standard.steps(lane, place, origin) for lane in STANDARD}
        return PostCoverage(**standard, **{lane: self._people.steps(lane, place, origin) for lane in PEOPLE})


def _standard(plan: Plan, days: Collection[date]) -> Iterator[Share]:
    """What the arrangements ask for, and what the rosters promise, each minute by what was recorded then."""
    for place in ((unit, day) for unit in plan.last.holds.arrangements for day in days):
        for run in plan.runs(lambda stretch, place=place: (stretch.terms, place in stretch.rota.rank)):  # type: ignore[misc]
            for need in (n.within(run.start, run.end) for n in required(run.holds, *place)):
                yield Share("required", need)
                if not run.value[1]:
                    yield Share("unrostered", need)
    for place in {place for stretch in plan.stretches for place in stretch.rota.rank}:
        for drawn in plan.runs(lambda stretch, place=place: stretch.rota.get(place)):  # type: ignore[misc]
            if drawn.value:
                yield from (Share("planned", n.within(drawn.start, drawn.end)) for n in planned(drawn.value))


def _shares(runs: Sequence[Run[Own]], taps: Collection[CompactTap]) -> Iterator[Share]:
    """What one person adds: each minute as it was known then, and as all is known at last."""
    *as_recorded, last = runs
    for run in as_recorded:
        for known, start, end in epochs(taps, run.start, run.end):
            for p in present(accepted(known), run.value.duties, run.holds):
                there = Need(p.post or (NO_UNIT, p.mode), p.start, p.end).within(start, end)
                yield Share("known" if p.post else "present", there)
    for p in present(accepted(taps), last.value.duties, last.holds):
        if p.post:
            yield Share("restated", Need(p.post, p.start, p.end))
