"""What is known of one region in one partition: the facts of each OPD, and how far each source was read. Pure."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import date

import msgspec

from services.reporting.domain.coverage.fact_set import FactSet
from services.reporting.domain.fact_store.compact import Fact
from services.reporting.domain.fact_store.decoder import Reader
from shared.domain.envelope import Event, Undecodable
from shared.domain.facts.coverage import Coverage

NO_OPD = b"/-"


class State(msgspec.Struct, frozen=True):
    """What stands in the changelog beside the facts: the first date that has rows, and how far each source was read.

    That is, up to which sequence and until which instant. `staged`: its rows were written beside the view so far.
    """

    first: date | None
    watermark: Mapping[str, int]
    reached: Mapping[str, float]
    staged: bool = False


def first_of(body: bytes) -> date | None:
    """The first date that has rows by a state."""
    return msgspec.json.decode(body, type=State).first


class Known:
    """Facts by `{region}/{opd}`; there are rows of the dates from `first` on, and it only grows.

    What is recalled from the changelog stays in bytes until its OPD is asked for. `outcomes` counts facts that were
    known already or came too late; `reached` tells until which instant each source was read; `staged`, that readers
    do not see every row yet.
    """

    def __init__(self, first: date | None = None, *, staged: bool = False) -> None:
        self.first, self.staged = first, staged
        self.outcomes: Counter[str] = Counter()
        self.reached: dict[str, float] = {}
        self._facts: dict[bytes, FactSet] = {}
        self._recalled: defaultdict[bytes, list[bytes]] = defaultdict(list)
        self._watermark: dict[str, int] = {}
        self._reader = Reader()

    def read(self, body: bytes, source: str, key: bytes | None) -> Fact:
        """The fact that an event tells. Raises `Undecodable`, also for one of another source or under another key."""
        fact = self._reader.read(body)
        if fact.source == source and fact.key == key:
            return fact
        raise Undecodable(f"{fact.source} with the key {fact.key.decode()} does not belong on this topic")

    def add(self, fact: Fact) -> Collection[date] | None:
        """Keep a fact; answers the service dates of every row that it touches, also when it is a repeat.

        None for one that is not kept: it is of no OPD, came too late, or its day is closed.
        """
        return None if fact.key.endswith(NO_OPD) else self._of(fact.key).add(fact)

    def reach(self, event: Event) -> None:
        """Note that a source was read up to an event."""
        self._watermark[event.source] = max(event.sequence, self._watermark.get(event.source, 0))
        self.reached[event.source] = max(event.recordedtime.timestamp(), self.reached.get(event.source, 0.0))

    def state(self) -> bytes:
        """What is to stand in the changelog beside the facts."""
        return msgspec.json.encode(State(self.first, self._watermark, self.reached, self.staged))

    def recall(self, opd: bytes, body: bytes) -> None:
        """Take what stands in the changelog under an OPD: a fact, or under none the state."""
        if not opd.endswith(NO_OPD):
            self._recalled[opd].append(body)
            return
        state = msgspec.json.decode(body, type=State)
        self.staged = state.staged
        self.first = max(filter(None, (self.first, state.first)), default=None)
        self._watermark |= state.watermark
        self.reached |= state.reached

    def opds(self) -> Collection[bytes]:
        """Every OPD of which a fact is known or was recalled."""
        return {*self._facts, *self._recalled}

    def dates(self, opd: bytes) -> Collection[date]:
        """The dates of which an OPD has a row."""
        return self._of(opd).dates()

    def row(self, opd: bytes, service_date: date) -> Coverage | None:
        """The row of an OPD; None where no fact of it is known, or the day was closed."""
        if opd not in self._facts or service_date not in self._facts[opd].dates():
            return None
        return self._facts[opd].row(service_date, self._watermark)

    def close(self, first: date) -> Iterator[tuple[bytes, bytes]]:
        """Forget the rows before a date; answers OPD and id of the facts that only they needed."""
        self.first = first
        for opd in self.opds():
            for fact_id in self._of(opd).close(first):
                yield opd, fact_id

    def _of(self, opd: bytes) -> FactSet:
        facts = self._facts.get(opd)
        if facts is None:
            region, code = opd.decode().split("/")
            facts = self._facts[opd] = FactSet(region, code, self.outcomes, self.first)
        if opd in self._recalled:
            for body in self._recalled.pop(opd):
                self._remember(facts, body)
        return facts

    def _remember(self, facts: FactSet, body: bytes) -> None:
        try:
            facts.recall(self._reader.read(body))
        except Undecodable:  # a later version wrote it; its source topic keeps it
            self.outcomes["left out"] += 1
