"""What became of every event and every row, beside what the driver knows. Pure."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from tests.faults.office_days import Row

SHOWN = 5


class Kept(NamedTuple):
    """A source as it was stored, and as its topic holds it: whole events, byte for byte."""

    source: str
    stored: Collection[bytes]
    logged: Sequence[bytes]

    @property
    def repeats(self) -> int:
        """Records beyond the first of each event: permitted, since readers know an event by its id."""
        return len(self.logged) - len(set(self.logged))


def of_events(kept: Kept) -> list[str]:
    """What is wrong with a topic: an event that it lost, one that was never stored."""
    stored, logged = set(kept.stored), set(kept.logged)
    wrong = {"lost": len(stored - logged), "never stored": len(logged - stored)}
    return [f"{kept.source}: {count} events {what}" for what, count in wrong.items() if count]


def of_rows(expected: Mapping[str, Row], view: Mapping[str, Row]) -> list[str]:
    """Rows that are not what the driver knows, the first few in full."""
    wrong = [
        f"row {key}: {_say(view.get(key))}, not {_say(expected.get(key))}"
        for key in sorted({*expected, *view})
        if view.get(key) != expected.get(key)
    ]
    more = [f"and {len(wrong) - SHOWN} more rows"] if len(wrong) > SHOWN else []
    return wrong[:SHOWN] + more


def off(expected: Mapping[str, Row], view: Mapping[str, Row]) -> tuple[int, int]:
    """Facts that rows lack, and facts that they have too many, over all rows."""
    off_by = [(view[key].facts if key in view else 0) - row.facts for key, row in expected.items()]
    return -sum(n for n in off_by if n < 0), sum(n for n in off_by if n > 0)


def of_offsets(topic: str, ends: Mapping[int, int], committed: Mapping[int, int]) -> list[str]:
    """Partitions whose committed offset has not reached the end."""
    return [
        f"{topic}/{part}: committed up to {committed.get(part, 0)} of {end}"
        for part, end in sorted(ends.items())
        if committed.get(part, 0) != end
    ]


def _say(row: Row | None) -> str:
    return f"{list(row.heads)} heads of {row.facts} facts" if row else "absent"
