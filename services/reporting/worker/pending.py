"""Collects what was folded since the last flush and must become durable."""

from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from services.reporting.domain.fact_store.compact import CompactFact, CompactTap
from services.reporting.domain.partitions.partition_state import ChangelogRecord, OpdPartition, RegionPartition
from services.reporting.view.latency import MAX_INSTANTS, TAPS_HEADER, encode_instants
from services.reporting.worker.publisher import Headers
from shared.kafka.dead_letters import DeadLetter
from shared.tracing.records import RecordSpans


@dataclass
class PendingBatch:
    """Folded batches, and what must be durable before they are acknowledged. `changelog` is by partition number.

    `tap_instants`: when the new taps of an OPD and tap date were recorded, in seconds.
    """

    record_count: int = 0
    region_partitions: set[RegionPartition] = field(default_factory=set)
    changelog: defaultdict[int, list[ChangelogRecord]] = field(default_factory=lambda: defaultdict(list))
    affected_dates: defaultdict[OpdPartition, set[date]] = field(default_factory=lambda: defaultdict(set))
    tap_instants: defaultdict[tuple[OpdPartition, date], list[float]] = field(default_factory=lambda: defaultdict(list))
    dead_letters: list[tuple[str, DeadLetter]] = field(default_factory=list)
    spans: RecordSpans = field(default_factory=RecordSpans)
    acknowledgements: list[Callable[[], object]] = field(default_factory=list)
    positions: dict[Any, int] = field(default_factory=dict)

    def add(
        self, opd: OpdPartition, fact: CompactFact, dates: Collection[date], body: bytes | None, *, is_new: bool
    ) -> None:
        """Add a folded fact and the dates whose rows it affects. `is_new`: the fact is not a repeat."""
        self.affected_dates[opd].update(dates)
        record = ChangelogRecord(b"%b|%b" % (fact.key, fact.id.hex().encode()), body)
        self.changelog[opd.region_partition.partition].append(record)
        if is_new and isinstance(fact, CompactTap):
            instants = self.tap_instants[opd, fact.tap_date]
            instants += [fact.recorded] if len(instants) < MAX_INSTANTS else []

    def headers(self, opd: OpdPartition, day: date) -> Headers:
        """Return the headers of a row."""
        instants = self.tap_instants.get((opd, day))
        return [(TAPS_HEADER, encode_instants(instants))] if instants else ()

    def has_work(self) -> bool:
        """Return whether anything must be written."""
        return bool(self.region_partitions or self.affected_dates or self.changelog)

    def acknowledge(self) -> None:
        """Acknowledge the batches, oldest first, and end the spans of their records: all is durable."""
        self.spans.end()
        for acknowledge in self.acknowledgements:
            acknowledge()
