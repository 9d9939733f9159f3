"""Computes the low watermark of a region's sources in one partition, and which sources are too far ahead. Pure.

A source is one service of a region. Its progress is the instant at which the last fact read from it was recorded, in
seconds since the epoch.
"""

from collections.abc import Collection, Iterable, Mapping

MAX_LEAD_S = 86_400.0
"""How far a source may be ahead of the slowest one: a replay then reads the facts of a day together."""
NEVER_READ = 0.0


def low_watermark(reached: Mapping[str, float], sources: Iterable[str], at_end: Collection[str]) -> float:
    """Return the instant before which the facts of all sources are read; 0 if a source has not been read.

    `at_end` are the sources that were read to their end: they count as far as the fastest source.
    """
    latest = max(reached.values(), default=NEVER_READ)
    return min(
        (latest if source in at_end else reached.get(source, NEVER_READ) for source in sources), default=NEVER_READ
    )


def sources_to_pause(reached: Mapping[str, float], sources: Collection[str], at_end: Collection[str]) -> set[str]:
    """Return the sources that are more than `MAX_LEAD_S` ahead of the low watermark."""
    slowest = low_watermark(reached, sources, at_end)
    return {source for source in sources if reached.get(source, NEVER_READ) > slowest + MAX_LEAD_S}
