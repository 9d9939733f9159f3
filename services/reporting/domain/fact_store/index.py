"""What is kept of one OPD: its lasting facts, and those about dates, each once. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from services.reporting.domain.fact_store.compact import CompactTap, Fact, Roster, Settled, day_of

NO_TAPS: tuple[CompactTap, ...] = ()


class Dated:
    """The facts about one date: rosters by id, and each employee's taps in the order of their arrival."""

    __slots__ = ("rosters", "size", "taps")

    def __init__(self) -> None:
        self.rosters: dict[bytes, Settled] = {}
        self.taps: dict[bytes, tuple[CompactTap, ...]] = {}
        self.size = 0

    def knows(self, fact: Fact) -> bool:
        """Whether a fact was added before."""
        if isinstance(fact, CompactTap):
            return any(tap.id == fact.id for tap in self.taps.get(fact.employee, NO_TAPS))
        return fact.id in self.rosters

    def add(self, fact: Fact) -> None:
        """Keep a fact that is not known."""
        self.size += 1
        if isinstance(fact, CompactTap):
            self.taps[fact.employee] = (*self.taps.get(fact.employee, NO_TAPS), fact)
            return
        self.rosters[fact.id] = fact

    def ids(self) -> Iterator[bytes]:
        """The id of every fact."""
        yield from self.rosters
        yield from (tap.id for own in self.taps.values() for tap in own)


NOTHING = Dated()


class Kept:
    """Facts by what they are about."""

    def __init__(self) -> None:
        self._lasting: dict[bytes, Settled] = {}
        self._dated: dict[date, Dated] = {}

    def knows(self, fact: Fact) -> bool:
        """Whether a fact was added before."""
        day = day_of(fact)
        return fact.id in self._lasting if day is None else self._dated.get(day, NOTHING).knows(fact)

    def add(self, fact: Fact) -> None:
        """Keep a fact that is not known."""
        day = day_of(fact)
        if day is None:
            self._lasting[fact.id] = fact  # type: ignore[assignment]  # a tap has a date
        else:
            self._dated.setdefault(day, Dated()).add(fact)

    def settled(self, days: Iterable[date]) -> Iterator[Settled]:
        """Everything but taps that can matter to some dates."""
        yield from self._lasting.values()
        for day in days:
            yield from self._dated.get(day, NOTHING).rosters.values()

    def rosters(self, days: Iterable[date]) -> Iterator[Roster]:
        """Every roster of some work dates, those that were replaced too."""
        told = (fact.data for day in days for fact in self._dated.get(day, NOTHING).rosters.values())
        return (roster for roster in told if isinstance(roster, Roster))

    def taps(self, employee: bytes, days: Iterable[date]) -> Sequence[CompactTap]:
        """Somebody's taps of some dates, refused ones too."""
        return [tap for day in days for tap in self._dated.get(day, NOTHING).taps.get(employee, NO_TAPS)]

    def tapped(self, days: Iterable[date]) -> set[bytes]:
        """Everybody with a tap of some dates."""
        return {employee for day in days for employee in self._dated.get(day, NOTHING).taps}

    def size(self, days: Iterable[date]) -> int:
        """How many facts can matter to some dates."""
        return len(self._lasting) + sum(self._dated.get(day, NOTHING).size for day in days)

    def forget(self, before: date) -> list[bytes]:
        """Drop what is about earlier dates; answers the ids."""
        gone = [day for day in self._dated if day < before]
        return [fact_id for day in gone for fact_id in self._dated.pop(day).ids()]

    def __len__(self) -> int:
        return self.size(self._dated)
