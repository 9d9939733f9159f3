"""Computes on which dates instruments bind, and from which date one is superseded by another. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from services.policy.domain.instruments.lifecycle import (
    OPEN_END,
    InactivePeriod,
    InstrumentHistory,
    Instruments,
    expiry_date,
)
from services.policy.domain.resolution.binding import Binding


def bindings(instruments: Instruments) -> list[Binding]:
    """Return every instrument with the dates on which it binds. Supersession ends a binding."""
    ends = supersession_dates(instruments)
    return [b for name, history in instruments.items() for b in _bindings_of(history, ends.get(name, OPEN_END))]


def supersession_dates(instruments: Instruments) -> Mapping[str, date]:
    """Return, for each superseded instrument, the first date on which its successor binds at all sites.

    A successor that was revoked or superseded before it began supersedes nothing, and a suspended one does not yet.
    """
    ends: dict[str, date] = {}
    # in the order of dates: a successor that was superseded before is already in `ends`
    for first, successor, name in sorted((on, by, n) for by, h in instruments.items() for n, on in supersessions(h)):
        if first < ends.get(successor, OPEN_END):
            ends.setdefault(name, first)  # the earliest successor ends it; a later one changes nothing
    return ends


def supersessions(history: InstrumentHistory) -> list[tuple[str, date]]:
    """Return (id, date) of everything that an instrument supersedes, unless it is itself superseded before."""
    # OPEN_END: whether the successor is itself superseded is decided by the caller, in the order of dates.
    # A pilot that is suspended before the general start supersedes nothing: its binding ends before that date.
    active = [b for b in _bindings_of(history, OPEN_END) if b.general_start < b.until]
    return [(name, b.general_start) for b in active for name in b.instrument.supersedes]


def _bindings_of(history: InstrumentHistory, superseded: date) -> Iterator[Binding]:
    next_starts = (*(v.first for v in history.versions[1:]), OPEN_END)
    for version, next_start in zip(history.versions, next_starts, strict=True):
        until = min(next_start, expiry_date(version.instrument), superseded)
        for first, stop in _active_ranges(version.first, until, history.inactive_periods):
            # With `history.first`, a resumed or amended instrument does not count as newer (docs/decisions/0014).
            yield Binding(version.instrument, first, stop, version.attested_by, history.first)


def _active_ranges(first: date, until: date, inactive: Iterable[InactivePeriod]) -> Iterator[tuple[date, date]]:
    for period in sorted(inactive):
        if first < min(period.first, until):
            yield first, min(period.first, until)
        first = max(first, period.until)
    if first < until:
        yield first, until
