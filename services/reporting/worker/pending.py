"""Collects what was folded since the last flush and must become durable."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from services.reporting.domain.partitions.partition_state import ChangelogRecord, OpdPartition, RegionPartition
from shared.kafka.dead_letters import DeadLetter


@dataclass
class PendingBatch:
    """Folded batches, and what must be durable before they are acknowledged. `changelog` is by partition number."""

    record_count: int = 0
    region_partitions: set[RegionPartition] = field(default_factory=set)
    changelog: defaultdict[int, list[ChangelogRecord]] = field(default_factory=lambda: defaultdict(list))
    affected_dates: defaultdict[OpdPartition, set[date]] = field(default_factory=lambda: defaultdict(set))
    dead_letters: list[tuple[str, DeadLetter]] = field(default_factory=list)
    acknowledgements: list[Callable[[], object]] = field(default_factory=list)
    positions: dict[Any, int] = field(default_factory=dict)
