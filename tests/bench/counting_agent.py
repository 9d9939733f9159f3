"""One small agent for every machinery: the last check-in of each employee, counted by OPD; a row of a table for each.

It decodes no more than it needs, so that what carries the events is measured, not what is done with them.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec

from services.reporting.domain.partitions.partition_state import Row
from tests.bench.measurement import Meter


class Data(msgspec.Struct):
    """Whose check-in it is."""

    employee: str


class Tap(msgspec.Struct):
    """What the agent reads of an event."""

    id: str
    partitionkey: str
    data: Data


read = msgspec.json.Decoder(Tap).decode


class Agent:
    """The last check-in of every employee, by OPD."""

    def __init__(self, meter: Meter) -> None:
        self.meter, self.read = meter, 0
        self._last: defaultdict[str, dict[str, str]] = defaultdict(dict)

    def take(self, records: Sequence[Any]) -> None:
        """Fold what has an event's bytes as its value."""
        self.meter.start()
        last = self._last
        for record in records:
            tap = read(record.value)
            last[tap.partitionkey][tap.data.employee] = tap.id
        self.read += len(records)

    def rows(self, records: Sequence[Any]) -> list[Row]:
        """Fold the same; answers a row for each."""
        self.meter.start()
        last, rows = self._last, []
        for record in records:
            tap = read(record.value)
            last[tap.partitionkey][tap.data.employee] = tap.id
            rows.append(Row(f"{tap.partitionkey}|{tap.data.employee}".encode(), tap.id.encode()))
        self.read += len(records)
        return rows

    def done(self) -> None:
        """End when everything is read."""
        if self.read >= self.meter.count:
            self.meter.tell({opd: len(last) for opd, last in self._last.items()})
