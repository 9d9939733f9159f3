"""Counts the employees of each OPD from their check-ins: the same small agent for all stream processors.

It decodes only what it needs, so that the transport of events is measured, not their processing.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec

from services.reporting.domain.partitions.partition_state import ChangelogRecord
from tests.bench.measurement import Meter


class TapData(msgspec.Struct):
    """The data of a check-in."""

    employee: str


class Tap(msgspec.Struct):
    """The fields of an event that the agent reads."""

    id: str
    partitionkey: str
    data: TapData


decode_tap = msgspec.json.Decoder(Tap).decode


class CountingAgent:
    """Keeps the last check-in of each employee, by OPD."""

    def __init__(self, meter: Meter) -> None:
        self.meter, self.events_read = meter, 0
        self._last: defaultdict[str, dict[str, str]] = defaultdict(dict)

    def count_records(self, records: Sequence[Any]) -> None:
        """Count records whose value is an event."""
        self.meter.start()
        last = self._last
        for record in records:
            tap = decode_tap(record.value)
            last[tap.partitionkey][tap.data.employee] = tap.id
        self.events_read += len(records)

    def count_with_rows(self, records: Sequence[Any]) -> list[ChangelogRecord]:
        """Count records, and return a changelog row for each."""
        self.meter.start()
        last, rows = self._last, []
        for record in records:
            tap = decode_tap(record.value)
            last[tap.partitionkey][tap.data.employee] = tap.id
            rows.append(ChangelogRecord(f"{tap.partitionkey}|{tap.data.employee}".encode(), tap.id.encode()))
        self.events_read += len(records)
        return rows

    def exit_if_complete(self) -> None:
        """Print the result and exit if all events were read."""
        if self.events_read >= self.meter.count:
            self.meter.print_result_and_exit({opd: len(last) for opd, last in self._last.items()})
