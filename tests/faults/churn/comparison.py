"""Compares events, rows and offsets with what the driver expects. Pure."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from tests.faults.office_days import CounterRow

MAX_ROWS_LISTED = 5


class SourceComparison(NamedTuple):
    """The events of a source in the store, and in its topic, byte for byte."""

    source: str
    stored: Collection[bytes]
    logged: Sequence[bytes]

    @property
    def repeats(self) -> int:
        """Return the number of repeated records. They are permitted, because readers ignore known event ids."""
        return len(self.logged) - len(set(self.logged))


def event_errors(comparison: SourceComparison) -> list[str]:
    """Return errors of a topic: lost events, and events that were never stored."""
    stored, logged = set(comparison.stored), set(comparison.logged)
    wrong = {"lost": len(stored - logged), "never stored": len(logged - stored)}
    return [f"{comparison.source}: {count} events {what}" for what, count in wrong.items() if count]


def row_errors(expected: Mapping[str, CounterRow], view: Mapping[str, CounterRow]) -> list[str]:
    """Return one line per wrong row for the first rows, and the number of further ones."""
    wrong = [
        f"row {key}: {_describe(view.get(key))}, not {_describe(expected.get(key))}"
        for key in sorted({*expected, *view})
        if view.get(key) != expected.get(key)
    ]
    more = [f"and {len(wrong) - MAX_ROWS_LISTED} more rows"] if len(wrong) > MAX_ROWS_LISTED else []
    return wrong[:MAX_ROWS_LISTED] + more


def fact_count_errors(expected: Mapping[str, CounterRow], view: Mapping[str, CounterRow]) -> tuple[int, int]:
    """Return how many facts all rows lack, and how many they have too many."""
    differences = [(view[key].facts if key in view else 0) - row.facts for key, row in expected.items()]
    return -sum(n for n in differences if n < 0), sum(n for n in differences if n > 0)


def offset_errors(topic: str, ends: Mapping[int, int], committed: Mapping[int, int]) -> list[str]:
    """Return one line per partition whose committed offset is not its end."""
    return [
        f"{topic}/{part}: committed up to {committed.get(part, 0)} of {end}"
        for part, end in sorted(ends.items())
        if committed.get(part, 0) != end
    ]


def _describe(row: CounterRow | None) -> str:
    return f"{list(row.heads)} heads of {row.facts} facts" if row else "absent"
