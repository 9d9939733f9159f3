"""How far a region's sources were read in one partition, by the instants at which their facts were recorded. Pure."""

from collections.abc import Collection, Iterable, Mapping

AHEAD_S = 86_400.0
"""How much later facts may be read than those of a source that lags behind: a replay keeps its days together."""
NEVER = 0.0


def complete_until(reached: Mapping[str, float], sources: Iterable[str], at_end: Collection[str]) -> float:
    """The instant before which no fact of any source is unread, in seconds since the epoch.

    A source that was read to its end is as far as the others.
    """
    latest = max(reached.values(), default=NEVER)
    return min((latest if source in at_end else reached.get(source, NEVER) for source in sources), default=NEVER)


def ahead(reached: Mapping[str, float], sources: Collection[str], at_end: Collection[str]) -> set[str]:
    """The sources that wait for one that lags behind."""
    slowest = complete_until(reached, sources, at_end)
    return {source for source in sources if reached.get(source, NEVER) > slowest + AHEAD_S}
