"""One service date of one OPD: what everybody adds to its row, kept up fact by fact. Pure: no clock is asked."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from uuid import UUID

from services.reporting.lanes import Roll, accepted, around, planned, required, timezone
from services.reporting.plan import Own, Plan, Run
from services.reporting.presence import present
from services.reporting.spans import Need, PostKey, epochs
from services.reporting.sums import Share, Sums
from shared.events import Event
from shared.facts.attendance import Tap
from shared.facts.coverage import Coverage, PostCoverage, UnitCoverage
from shared.regions import midnight, zone

DEFINITION = 1
ZONE_SLACK = 180
"""Minutes by which a site's midnight may differ from its region's: Indonesia's zones are two hours apart."""

STANDARD, PEOPLE = ("required", "unrostered", "planned"), ("known", "restated")
MODES = ("WFO", "WFH", "WFA", "AWAY")
NO_UNIT = ""
"""People are summed by mode as if the modes were posts of a unit without a name."""
NOBODY: tuple[Sequence[Run[Own]], Sequence[Share]] = ((), ())


class Day:
    """The facts that matter to a service date, and their sums.

    At the next row a tap counts its employee anew; any other fact everybody for whom it changed what holds.
    """

    def __init__(self, region: str, opd: str, service_date: date, roll: Roll) -> None:
        self._region, self._opd, self._date = region, opd, service_date
        start = midnight(service_date, zone(region)) - ZONE_SLACK
        self._span = (start, start + 1440 + 2 * ZONE_SLACK)
        self._settled: dict[UUID, Event] = {}
        self._taps: defaultdict[UUID, dict[UUID, Event]] = defaultdict(dict)
        self._revision = 0
        self._draw = partial(roll.draw, days=around(service_date))
        self._plan = Plan((), self._span, self._draw)
        self._unplanned, self._due = False, set[UUID]()
        self._standard, self._people = Sums(), Sums()
        self._own: dict[UUID, tuple[Sequence[Run[Own]], Sequence[Share]]] = {}
        self._units: dict[str, UnitCoverage] = {}
        self._touched: set[str] = set()

    def add(self, event: Event) -> None:
        """Keep a fact; one that is known already changes nothing."""
        employee = event.data.employee if isinstance(event.data, Tap) else None
        kept = self._taps[employee] if employee else self._settled
        if event.id in kept:
            return
        kept[event.id] = event
        self._revision += 1
        if employee:
            self._due.add(employee)
        self._unplanned |= employee is None

    def row(self, watermark: Mapping[str, int]) -> Coverage:
        """The row by the facts that were added."""
        self._settle()
        for employee in self._due:
            self._count(employee)
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
            revision=self._revision,
            units=dict(sorted(self._units.items())),
            modes={m: self._people.steps("present", (NO_UNIT, m), origin) for m in MODES if m in present},
            watermark=watermark,
        )

    def _settle(self) -> None:
        """After another fact than a tap: what holds now, and for whom that is another thing."""
        if not self._unplanned:
            return
        before, self._plan = self._plan, Plan(self._settled.values(), self._span, self._draw)
        same = before.terms() == self._plan.terms()
        everybody = {*before.people(), *self._plan.people(), *self._taps}
        self._due |= {e for e in everybody if not same or self._plan.of(e) != self._own.get(e, NOBODY)[0]}
        self._standard = Sums()
        self._standard.add(_standard(self._plan, around(self._date)))
        self._touched |= {*self._units, *self._plan.last.holds.arrangements, *self._standard.units()}
        self._unplanned = False

    def _count(self, employee: UUID) -> None:
        runs, (_, before) = self._plan.of(employee), self._own.get(employee, NOBODY)
        shares = [*_shares(runs, self._taps[employee].values() if employee in self._taps else ())]
        self._people.add(before, -1)
        self._people.add(shares)
        self._own[employee] = (runs, shares)
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
        for run in plan.runs(lambda stretch, place=place: (stretch.terms, place in stretch.rosters)):  # type: ignore[misc]
            for need in (n.within(run.start, run.end) for n in required(run.holds, *place)):
                yield Share("required", need)
                if not run.value[1]:
                    yield Share("unrostered", need)
    for place in {place for stretch in plan.stretches for place in stretch.rosters}:
        for drawn in plan.runs(lambda stretch, place=place: stretch.rosters.get(place, ())):  # type: ignore[misc]
            yield from (Share("planned", n.within(drawn.start, drawn.end)) for n in planned(drawn.value))


def _shares(runs: Sequence[Run[Own]], taps: Collection[Event]) -> Iterator[Share]:
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
