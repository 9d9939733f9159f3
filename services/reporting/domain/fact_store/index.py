"""Indexes the facts of one OPD by date and employee; each fact is stored once. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from services.reporting.domain.fact_store.compact import CompactFact, CompactRoster, CompactTap, ReferenceFact, date_of

NO_TAPS: tuple[CompactTap, ...] = ()


class FactsOfDate:
    """The facts about one date: rosters by id, and the taps of each employee in the order of arrival."""

    __slots__ = ("rosters", "size", "taps")

    def __init__(self) -> None:
        self.rosters: dict[bytes, ReferenceFact] = {}
        self.taps: dict[bytes, tuple[CompactTap, ...]] = {}
        self.size = 0

    def contains(self, fact: CompactFact) -> bool:
        """Return whether a fact is stored."""
        if isinstance(fact, CompactTap):
            # An employee has a few taps a date: comparing their ids needs no set of ids in memory.
            return any(tap.id == fact.id for tap in self.taps.get(fact.employee, NO_TAPS))
        return fact.id in self.rosters

    def add(self, fact: CompactFact) -> None:
        """Store a fact that is not stored yet."""
        self.size += 1
        if isinstance(fact, CompactTap):
            self.taps[fact.employee] = (*self.taps.get(fact.employee, NO_TAPS), fact)
            return
        self.rosters[fact.id] = fact

    def ids(self) -> Iterator[bytes]:
        """Yield the id of every stored fact."""
        yield from self.rosters
        yield from (tap.id for taps in self.taps.values() for tap in taps)


NO_FACTS = FactsOfDate()


class FactIndex:
    """All facts of one OPD: those about a date by date, the lasting ones (policy, arrangement, placement) by id."""

    def __init__(self) -> None:
        self._lasting: dict[bytes, ReferenceFact] = {}
        self._by_date: dict[date, FactsOfDate] = {}

    def contains(self, fact: CompactFact) -> bool:
        """Return whether a fact is stored."""
        day = date_of(fact)
        return fact.id in self._lasting if day is None else self._by_date.get(day, NO_FACTS).contains(fact)

    def add(self, fact: CompactFact) -> None:
        """Store a fact that is not stored yet."""
        day = date_of(fact)
        if day is None:
            self._lasting[fact.id] = fact  # type: ignore[assignment]  # a tap has a date
        else:
            self._by_date.setdefault(day, FactsOfDate()).add(fact)

    def reference_facts(self, days: Iterable[date]) -> Iterator[ReferenceFact]:
        """Yield all lasting facts, and the rosters of some work dates."""
        yield from self._lasting.values()
        for day in days:
            yield from self._by_date.get(day, NO_FACTS).rosters.values()

    def rosters(self, days: Iterable[date]) -> Iterator[CompactRoster]:
        """Return every roster of some work dates, including replaced ones."""
        data = (fact.data for day in days for fact in self._by_date.get(day, NO_FACTS).rosters.values())
        return (roster for roster in data if isinstance(roster, CompactRoster))

    def taps(self, employee: bytes, days: Iterable[date]) -> Sequence[CompactTap]:
        """Return the taps of an employee on some dates, including refused ones."""
        return [tap for day in days for tap in self._by_date.get(day, NO_FACTS).taps.get(employee, NO_TAPS)]

    def employees_with_taps(self, days: Iterable[date]) -> set[bytes]:
        """Return all employees who tapped on some dates."""
        return {employee for day in days for employee in self._by_date.get(day, NO_FACTS).taps}

    def size(self, days: Iterable[date]) -> int:
        """Return the number of facts that can affect some dates."""
        return len(self._lasting) + sum(self._by_date.get(day, NO_FACTS).size for day in days)

    def close_days(self, first: date) -> list[bytes]:
        """Delete the facts about dates before `first`; return their ids."""
        closed = [day for day in self._by_date if day < first]
        return [fact_id for day in closed for fact_id in self._by_date.pop(day).ids()]

    def __len__(self) -> int:
        return self.size(self._by_date)
