"""What was folded since the last flush, and waits to be durable."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from services.reporting.domain.partitions.partition_state import Place, Row, Touched
from shared.kafka.dead_letters import DeadLetter


@dataclass
class Folded:
    """Batches folded, and what must be durable before they are acknowledged. Facts by partition."""

    records: int = 0
    places: set[Place] = field(default_factory=set)
    facts: defaultdict[int, list[Row]] = field(default_factory=lambda: defaultdict(list))
    touched: defaultdict[Touched, set[date]] = field(default_factory=lambda: defaultdict(set))
    unreadable: list[tuple[str, DeadLetter]] = field(default_factory=list)
    acknowledge: list[Callable[[], object]] = field(default_factory=list)
    positions: dict[Any, int] = field(default_factory=dict)
