"""Folds streams into the decider's state and caches the result between transactions."""

from collections.abc import Iterable, Mapping
from typing import Generic, TypeVar

from shared.domain import envelope
from shared.domain.decider import Decider
from shared.event_store.database import Connection, DatabaseRow

S = TypeVar("S")
FoldedStreams = dict[str, tuple[S, int]]

SELECT_STREAMS = "SELECT stream, version, body FROM event WHERE stream IN :streams ORDER BY stream, version"
SELECT_LATER = "SELECT stream, version, body FROM event WHERE stream = :stream AND version > :version ORDER BY version"
# '0' follows '/' in byte order: every name that begins with a prefix ending in '/' is between the two.
SELECT_BELOW = (
    "SELECT stream, version, body FROM event WHERE stream >= :low AND stream < :high ORDER BY stream, version"
)

MIN_CACHED_LENGTH = 32
"""A stream that is read by name is cached from this number of events; one that is read by prefix always is."""
MAX_CACHED_STREAMS = 2_000
"""Maximum number of cached streams; the least recently used one is removed first."""
SELECT_VERSIONS_BELOW = "SELECT stream, max(version) FROM event WHERE stream >= :low AND stream < :high GROUP BY stream"


def prefix_range(prefix: str) -> dict[str, str]:
    """Return the bounds of `SELECT_BELOW` and `SELECT_VERSIONS_BELOW` for a prefix that ends in `/`."""
    return {"low": prefix, "high": prefix[:-1] + "0"}


def fold(
    rows: Iterable[DatabaseRow], decider: Decider[S], base: Mapping[str, tuple[S, int]] | None = None
) -> FoldedStreams[S]:
    """Return state and version of every stream in rows of (stream, version, body), ordered by version.

    `base` holds streams that were folded before; rows up to their version are skipped.
    """
    streams: FoldedStreams[S] = dict(base or {})
    for stream, version, body in rows:
        state, last_version = streams.get(stream, (decider.initial, 0))
        if version > last_version:
            streams[stream] = (decider.evolve(state, envelope.decode(body.encode()).data), version)
    return streams


class StreamCache(Generic[S]):
    """Reads streams under the write lock; of a cached stream it reads only the later events.

    That is correct because committed events never change.
    """

    def __init__(self, decider: Decider[S]) -> None:
        self._decider = decider
        self._cache: FoldedStreams[S] = {}

    def load(self, connection: Connection, streams: Iterable[str], prefixes: Iterable[str]) -> FoldedStreams[S]:
        """Return state and version of these streams, and of all that exist below these prefixes."""
        versions = {
            name: version
            for prefix in sorted(prefixes)
            for name, version in connection.execute(SELECT_VERSIONS_BELOW, **prefix_range(prefix))
        }
        names = {*streams, *versions}
        cached = {name: self._cache[name] for name in names if self._is_prefix(name, versions)}
        rows = connection.execute(SELECT_STREAMS, streams=sorted(names - cached.keys()))
        for name, (_, version) in cached.items():
            # Of a stream that is read by name the stored version is unknown, so its later events are always requested.
            if versions.get(name) != version:
                rows += connection.execute(SELECT_LATER, stream=name, version=version)
        loaded = fold(rows, self._decider, cached)
        self._put(
            {name: folded for name, folded in loaded.items() if name in versions or folded[1] >= MIN_CACHED_LENGTH}
        )
        return loaded

    def _is_prefix(self, name: str, versions: Mapping[str, int]) -> bool:
        """Return whether a cached stream is a beginning of the stored one.

        It is not if the database was replaced by an older copy while this process was running.
        """
        return name in self._cache and self._cache[name][1] <= versions.get(name, self._cache[name][1])

    def _put(self, streams: FoldedStreams[S]) -> None:
        # Only what was read is cached, never what this transaction appends: it can still fail.
        # A dict keeps the order of insertion: removed and inserted again, a stream is the most recently used one.
        for name, folded in streams.items():
            self._cache.pop(name, None)
            self._cache[name] = folded
        for name in list(self._cache)[:-MAX_CACHED_STREAMS]:
            del self._cache[name]
