"""Records random taps in several offices of a region, and counts the expected rows independently."""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from shared.domain.facts.base import Fact
from tests.support import example_facts as ex

THURSDAY = ex.THURSDAY
FRIDAY = THURSDAY + timedelta(days=1)
STAFF = tuple(ex.person(f"staff {n}") for n in range(25))
COMPARED_MINUTES = (470, 480, 500, 530, 720)
"""Minutes at which head counts are compared: taps start at 07:45 and end long before noon."""

FactRecorder = Callable[[Sequence[Fact], datetime], Awaitable[object]]
"""Records facts at an instant; they are counted after it has returned."""


class CounterRow(NamedTuple):
    """The row of one OPD on one date: heads at its post at `COMPARED_MINUTES`, and the number of distinct facts."""

    heads: tuple[int, ...]
    facts: int


class Offices:
    """Offices with one post, in whose roster all people are every day; people check in and out at random."""

    def __init__(self, region: str, record_facts: FactRecorder, seed: int, opds: int = 8) -> None:
        self.region = region
        self.opds = [f"OPD-{n}" for n in range(opds)]
        self.random = random.Random(seed)  # noqa: S311 - a game of chance
        self.days: list[date] = []
        self._record_facts = record_facts
        self._taps: dict[tuple[str, date], list[tuple[int, UUID]]] = defaultdict(list)
        self._present: dict[tuple[str, date], set[UUID]] = defaultdict(set)
        self._dated: Counter[tuple[str, date]] = Counter()
        self._clock = 0

    async def open(self, *days: date) -> None:
        """Publish the rosters of these days; the first call also arranges the posts."""
        if not self.days:
            await self._record([self._for_opd(opd, ex.arrangement()) for opd in self.opds])
        shifts = [ex.shift(person, at_post="LOKET-1") for person in STAFF]
        self.days += days
        for day in days:
            await self._record([self._for_opd(opd, ex.roster(*shifts, day=day)) for opd in self.opds])
            self._dated.update((opd, day) for opd in self.opds)

    async def record_taps(self, taps: int) -> None:
        """Record taps on the last two days. The taps of the earlier day were sent late, from offline phones."""
        taps_drawn = list(self._draw(taps))
        await self._record([fact for _, _, fact in taps_drawn])
        for opd_and_day, tap, _ in taps_drawn:
            self._taps[opd_and_day].append(tap)
            self._dated[opd_and_day] += 1

    async def record_taps_for(self, seconds: float, taps: int = 20) -> None:
        """Record taps every tenth of a second."""
        for _ in range(int(seconds / 0.1)):
            await self.record_taps(taps)
            await asyncio.sleep(0.1)  # the pause between two rounds of taps

    def _draw(self, taps: int) -> Iterator[tuple[tuple[str, date], tuple[int, UUID], Fact]]:
        for _ in range(taps):
            opd, day, person = (
                self.random.choice(self.opds),
                self.random.choice(self.days[-2:]),
                self.random.choice(STAFF),
            )
            present, when = self._present[opd, day], self._next_instant(day)
            fact = ex.tap("out" if person in present else "in", person, when)
            present ^= {person}
            yield (
                (opd, day),
                (465 + (when - ex.at("07:45", day)) // timedelta(minutes=1), person),
                self._for_opd(opd, fact),
            )

    def _next_instant(self, day: date) -> datetime:
        """Return an instant 100 ms after the last tap, starting at 07:45."""
        self._clock += 1
        return ex.at("07:45", day) + timedelta(milliseconds=100 * self._clock)

    def _for_opd(self, opd: str, fact: Fact) -> Fact:
        return fact.model_copy(update={"region": self.region, "opd": opd})

    async def _record(self, facts: Sequence[Fact]) -> None:
        today = self._next_instant(self.days[-1]) if self.days else ex.at("06:00")
        await self._record_facts(facts, today)

    def expected(self) -> Mapping[str, CounterRow]:
        """Return all rows that the view must have, by key, without product code."""
        return self._rows_of(self.days)

    def latest_final_rows(self) -> Mapping[str, CounterRow]:
        """Return the rows of the latest day that no further tap changes; none before the fourth day."""
        return self._rows_of(self.days[-4:-3])

    def _rows_of(self, days: Sequence[date]) -> Mapping[str, CounterRow]:
        return {
            f"{self.region}/{opd}/{day}": CounterRow(
                tuple(self._heads(opd, day, minute) for minute in COMPARED_MINUTES), facts
            )
            for opd in self.opds
            for day in days
            for facts in [1 + sum(self._dated[opd, day + timedelta(days=n)] for n in (-1, 0, 1))]
        }

    def _heads(self, opd: str, day: date, minute: int) -> int:
        """Return how many people are present: those with an odd number of taps."""
        taps = Counter(person for at, person in self._taps[opd, day] if at <= minute)
        return sum(count % 2 for count in taps.values())
