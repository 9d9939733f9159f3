"""Streams folded: the state that a decider makes of each, and its version."""

from collections.abc import Iterable, Mapping
from typing import Generic, TypeVar

from shared.domain import envelope
from shared.domain.decider import Decider
from shared.event_store.database import Connection, Row

S = TypeVar("S")
Folded = dict[str, tuple[S, int]]

STREAMS = "SELECT stream, version, body FROM event WHERE stream IN :streams ORDER BY stream, version"
LATER = "SELECT stream, version, body FROM event WHERE stream = :stream AND version > :version ORDER BY version"
# '0' follows '/': all that begins with a prefix ending in '/' lies between the two.
BELOW = "SELECT stream, version, body FROM event WHERE stream >= :low AND stream < :high ORDER BY stream, version"

LONG = 32
"""Events from which on a stream that is read by its name is worth remembering; one below a prefix always is."""
REMEMBERED = 2_000
"""Streams that are remembered at once; the one not read for longest is forgotten first."""
HEADS = "SELECT stream, max(version) FROM event WHERE stream >= :low AND stream < :high GROUP BY stream"


def below(prefix: str) -> dict[str, str]:
    """The bounds of `BELOW` and `HEADS` for a prefix that ends in `/`."""
    return {"low": prefix, "high": prefix[:-1] + "0"}


def fold(rows: Iterable[Row], decider: Decider[S], onto: Mapping[str, tuple[S, int]] | None = None) -> Folded[S]:
    """State and version of every stream in rows of (stream, version, body), each stream's in order.

    `onto` are streams as they stood: what they hold already is passed over.
    """
    streams: Folded[S] = dict(onto or {})
    for stream, version, body in rows:
        state, reached = streams.get(stream, (decider.initial, 0))
        if version > reached:
            streams[stream] = (decider.evolve(state, envelope.decode(body.encode()).data), version)
    return streams


class Streams(Generic[S]):
    """Reads streams under the lock. Committed events never change: of a known stream only what came after is read."""

    def __init__(self, decider: Decider[S]) -> None:
        self._decider = decider
        self._known: Folded[S] = {}

    def load(self, connection: Connection, named: Iterable[str], folders: Iterable[str]) -> Folded[S]:
        """These streams, and all that exist below these prefixes."""
        heads = {
            name: version for folder in sorted(folders) for name, version in connection.execute(HEADS, **below(folder))
        }
        wanted = {*named, *heads}
        known = {name: self._known[name] for name in wanted if self._holds(name, heads)}
        rows = connection.execute(STREAMS, streams=sorted(wanted - known.keys()))
        for name, (_, version) in known.items():
            if heads.get(name) != version:
                rows += connection.execute(LATER, stream=name, version=version)
        streams = fold(rows, self._decider, known)
        self._remember({name: folded for name, folded in streams.items() if name in heads or folded[1] >= LONG})
        return streams

    def _holds(self, name: str, heads: Mapping[str, int]) -> bool:
        """Whether what is remembered of a stream is a beginning of it: an older copy may have been put in its place."""
        return name in self._known and self._known[name][1] <= heads.get(name, self._known[name][1])

    def _remember(self, streams: Folded[S]) -> None:
        for name, folded in streams.items():
            self._known.pop(name, None)
            self._known[name] = folded
        for name in list(self._known)[:-REMEMBERED]:
            del self._known[name]
