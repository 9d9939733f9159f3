"""Days in several offices of a region, told by a driver that keeps its own count."""

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
MINUTES = (470, 480, 500, 530, 720)
"""When heads are compared: people come and go from 07:45 on, the last long before noon."""

Tell = Callable[[Sequence[Fact], datetime], Awaitable[object]]
"""Records facts at an instant; they count once it has answered."""


class Row(NamedTuple):
    """What a reader must see of one OPD on one date: heads at its counter at `MINUTES`, and distinct facts folded."""

    heads: tuple[int, ...]
    facts: int


class Offices:
    """One counter each, for which everybody is rostered on every day; people come and go at random."""

    def __init__(self, region: str, tell: Tell, seed: int, opds: int = 8) -> None:
        self.region = region
        self.opds = [f"OPD-{n}" for n in range(opds)]
        self.random = random.Random(seed)  # noqa: S311 - a game of chance
        self.days: list[date] = []
        self._tell = tell
        self._taps: dict[tuple[str, date], list[tuple[int, UUID]]] = defaultdict(list)
        self._present: dict[tuple[str, date], set[UUID]] = defaultdict(set)
        self._dated: Counter[tuple[str, date]] = Counter()
        self._clock = 0

    async def open(self, *days: date) -> None:
        """Arrange every counter, the first time, and publish the rosters of these days."""
        if not self.days:
            await self._record([self._of(opd, ex.arrangement()) for opd in self.opds])
        everybody = [ex.shift(one, at_post="LOKET-1") for one in STAFF]
        self.days += days
        for day in days:
            await self._record([self._of(opd, ex.roster(*everybody, day=day)) for opd in self.opds])
            self._dated.update((opd, day) for opd in self.opds)

    async def morning(self, taps: int) -> None:
        """Let people come and go on the last two days: on the one of them, phones were offline until the other."""
        drawn = list(self._draw(taps))
        await self._record([fact for _, _, fact in drawn])
        for place, tap, _ in drawn:
            self._taps[place].append(tap)
            self._dated[place] += 1

    async def come_and_go(self, seconds: float, taps: int = 20) -> None:
        """So many taps every tenth of a second."""
        for _ in range(int(seconds / 0.1)):
            await self.morning(taps)
            await asyncio.sleep(0.1)

    def _draw(self, taps: int) -> Iterator[tuple[tuple[str, date], tuple[int, UUID], Fact]]:
        for _ in range(taps):
            opd, day, one = self.random.choice(self.opds), self.random.choice(self.days[-2:]), self.random.choice(STAFF)
            present, when = self._present[opd, day], self._later(day)
            fact = ex.tap("out" if one in present else "in", one, when)
            present ^= {one}
            yield (opd, day), (465 + (when - ex.at("07:45", day)) // timedelta(minutes=1), one), self._of(opd, fact)

    def _later(self, day: date) -> datetime:
        """A few milliseconds after the last tap, from 07:45 on."""
        self._clock += 1
        return ex.at("07:45", day) + timedelta(milliseconds=100 * self._clock)

    def _of(self, opd: str, fact: Fact) -> Fact:
        return fact.model_copy(update={"region": self.region, "opd": opd})

    async def _record(self, facts: Sequence[Fact]) -> None:
        today = self._later(self.days[-1]) if self.days else ex.at("06:00")
        await self._tell(facts, today)

    def expected(self) -> Mapping[str, Row]:
        """Every row that must be in the view, by key: counted here, not by the product."""
        return {
            f"{self.region}/{opd}/{day}": Row(tuple(self._heads(opd, day, minute) for minute in MINUTES), facts)
            for opd in self.opds
            for day in self.days
            for facts in [1 + sum(self._dated[opd, day + timedelta(days=n)] for n in (-1, 0, 1))]
        }

    def _heads(self, opd: str, day: date, minute: int) -> int:
        """Who has tapped an odd number of times is there."""
        taps = Counter(one for at, one in self._taps[opd, day] if at <= minute)
        return sum(count % 2 for count in taps.values())
