"""Holds the facts of one region in one partition, by OPD, and how far each source was read. Pure."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import date

import msgspec

from services.reporting.domain.coverage.fact_set import FactSet
from services.reporting.domain.fact_store.compact import CompactFact
from services.reporting.domain.fact_store.decoder import Decoder
from shared.domain.envelope import Event, Undecodable
from shared.domain.facts.coverage import Coverage

NO_OPD_SUFFIX = b"/-"
"""The end of the record key `{region}/-` of facts about a whole region, and of the state in the changelog."""


class ChangelogState(msgspec.Struct, frozen=True):
    """The state of a region and partition that the changelog keeps beside the facts.

    `first` is the first date that has rows; `watermark` the last sequence, and `reached` the last recorded instant
    (seconds), that was read of each source; `staged`: the rows were written to a staged view that nobody reads yet.
    """

    first: date | None
    watermark: Mapping[str, int]
    reached: Mapping[str, float]
    staged: bool = False


def first_date_of_state(body: bytes) -> date | None:
    """Return the first date that has rows, from the bytes of a `ChangelogState`."""
    return msgspec.json.decode(body, type=ChangelogState).first


class RegionState:
    """The facts of a region in one partition, by record key `{region}/{opd}`.

    There are rows of the dates from `first` on; `first` never decreases. `outcomes` counts repeated facts ("repeat"),
    late ones ("late") and those of a later version ("left out"). `reached` is the last recorded instant read of each
    source, in seconds. `staged`: not every row is in the view that people read.
    """

    def __init__(self, first: date | None = None, *, staged: bool = False) -> None:
        self.first, self.staged = first, staged
        self.outcomes: Counter[str] = Counter()
        self.reached: dict[str, float] = {}
        self._fact_sets: dict[bytes, FactSet] = {}
        # Restored facts stay bytes until their OPD is needed, so that new facts do not wait until all are decoded.
        self._undecoded: defaultdict[bytes, list[bytes]] = defaultdict(list)
        self._watermark: dict[str, int] = {}
        self._decoder = Decoder()

    def decode(self, body: bytes, source: str, key: bytes | None) -> CompactFact:
        """Return the fact of a record. Raise `Undecodable` also if it belongs to another source or record key."""
        fact = self._decoder.decode(body)
        if fact.source == source and fact.key == key:
            return fact
        raise Undecodable(f"{fact.source} with the key {fact.key.decode()} does not belong on this topic")

    def add(self, fact: CompactFact) -> Collection[date] | None:
        """Store a new fact; return the service dates whose rows it affects, also if it is a repeat.

        Return None if it was dropped: no OPD, recorded after the live window, or its date is closed.
        """
        return None if fact.key.endswith(NO_OPD_SUFFIX) else self._fact_set(fact.key).add(fact)

    def is_replay(self, source: str, body: bytes, key: bytes | None) -> bool:
        """Return whether a record repeats a stored fact, or is read for a staged view."""
        try:
            fact = self.decode(body, source, key)
        except Undecodable:
            return self.staged
        return self.staged or (not fact.key.endswith(NO_OPD_SUFFIX) and self._fact_set(fact.key).contains(fact))

    def advance(self, event: Event) -> None:
        """Record that a source was read up to an event."""
        self._watermark[event.source] = max(event.sequence, self._watermark.get(event.source, 0))
        self.reached[event.source] = max(event.recordedtime.timestamp(), self.reached.get(event.source, 0.0))

    def encode_state(self) -> bytes:
        """Return the `ChangelogState` as JSON."""
        return msgspec.json.encode(ChangelogState(self.first, self._watermark, self.reached, self.staged))

    def restore(self, opd: bytes, body: bytes) -> None:
        """Store a value from the changelog: a fact of an OPD, or the state if `opd` is `{region}/-`."""
        if not opd.endswith(NO_OPD_SUFFIX):
            self._undecoded[opd].append(body)
            return
        state = msgspec.json.decode(body, type=ChangelogState)
        self.staged = state.staged
        self.first = max(filter(None, (self.first, state.first)), default=None)
        self._watermark |= state.watermark
        self.reached |= state.reached

    def opds(self) -> Collection[bytes]:
        """Return the record keys of all OPD with facts, added or restored."""
        return {*self._fact_sets, *self._undecoded}

    def dates(self, opd: bytes) -> Collection[date]:
        """Return the service dates for which an OPD has a row."""
        return self._fact_set(opd).dates()

    def row(self, opd: bytes, service_date: date) -> Coverage | None:
        """Return a row of an OPD; None if it has no facts or the date has no row."""
        if opd not in self._fact_sets or service_date not in self._fact_sets[opd].dates():
            return None
        return self._fact_sets[opd].row(service_date, self._watermark)

    def close_days(self, first: date) -> Iterator[tuple[bytes, bytes]]:
        """Delete the rows before `first` and the facts that only they need; yield OPD and id of each deleted fact."""
        self.first = first
        for opd in self.opds():
            for fact_id in self._fact_set(opd).close_days(first):
                yield opd, fact_id

    def _fact_set(self, opd: bytes) -> FactSet:
        facts = self._fact_sets.get(opd)
        if facts is None:
            region, code = opd.decode().split("/")
            facts = self._fact_sets[opd] = FactSet(region, code, self.outcomes, self.first)
        if opd in self._undecoded:
            for body in self._undecoded.pop(opd):
                self._restore_fact(facts, body)
        return facts

    def _restore_fact(self, facts: FactSet, body: bytes) -> None:
        try:
            facts.restore(self._decoder.decode(body))
        except Undecodable:  # a later version of the worker wrote it; its source topic still has it
            self.outcomes["left out"] += 1
