"""Computes until which instant the view of a region is complete, from heartbeats and worker positions. Pure.

A relay sends heartbeats: all events that its source recorded before an instant lie below these offsets. A worker sends
its positions: the rows of all facts below these offsets are published. The view is complete until the instant of a
heartbeat when the positions of all partitions have passed its offsets.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from shared.domain.facts.heartbeat import Heartbeat, WorkerPositions

SOURCE_SERVICES = ("policy", "roster", "attendance")
"""The services whose facts make coverage."""
MAX_PENDING_HEARTBEATS = 64
"""Heartbeats of a source to keep while they are not covered; beyond that they are thinned out, never the newest."""


class CompleteUntil(NamedTuple):
    """The view has every event recorded before `at` (domain clock); this was last confirmed at wall time `wall`."""

    at: datetime
    wall: datetime


@dataclass(frozen=True)
class Freshness:
    """The last positions by partition; the newest covered heartbeat and the pending ones by service.

    A heartbeat is covered when, in every partition, the positions were sent after it and have passed its offsets. Only
    positions of the latest generation count, because readers see only its rows. A covered heartbeat stays covered,
    whatever arrives late or twice.
    """

    partitions: int
    positions: Mapping[int, WorkerPositions] = field(default_factory=dict)
    covered: Mapping[str, Heartbeat] = field(default_factory=dict)
    pending: Mapping[str, Sequence[Heartbeat]] = field(default_factory=dict)

    def with_signals(self, signals: Iterable[Heartbeat | WorkerPositions]) -> "Freshness":
        """Return the freshness after some signals, in any order.

        The rows that precede these signals on the topic must be in the view already.
        """
        positions = dict(self.positions)
        pending = {service: list(self.pending.get(service, ())) for service in SOURCE_SERVICES}
        for signal in signals:
            if isinstance(signal, WorkerPositions):
                positions[signal.partition] = max(positions.get(signal.partition, signal), signal, key=_position_order)
            elif signal.service in SOURCE_SERVICES:
                pending[signal.service].append(signal)
        # Built with the new positions and the old covered heartbeats, so that `_covers` sees the former.
        updated = Freshness(self.partitions, positions, self.covered)
        covered = {service: updated._newest_covered(beats, service) for service, beats in pending.items()}
        remaining = {service: _remaining(beats, covered[service]) for service, beats in pending.items()}
        return Freshness(self.partitions, positions, {s: beat for s, beat in covered.items() if beat}, remaining)

    def complete_until(self) -> CompleteUntil | None:
        """Return until when all sources are covered; None if no heartbeat of a source has been covered."""
        if len(self.covered) < len(SOURCE_SERVICES):
            return None
        return CompleteUntil(min(b.at for b in self.covered.values()), min(b.wall for b in self.covered.values()))

    def _newest_covered(self, beats: Iterable[Heartbeat], service: str) -> Heartbeat | None:
        former = [self.covered[service]] if service in self.covered else []
        return max([*former, *filter(self._covers, beats)], key=_wall, default=None)

    def _covers(self, beat: Heartbeat) -> bool:
        return all(
            (sent := self.positions.get(n))
            # Positions sent before the heartbeat do not count, even if they pass its offsets: the worker may be dead.
            and sent.wall >= beat.wall
            and sent.positions.get(beat.service, 0) >= beat.offsets.get(n, 0)
            for n in range(self.partitions)
        )


def _wall(signal: Heartbeat | WorkerPositions) -> datetime:
    return signal.wall


def _position_order(positions: WorkerPositions) -> tuple[int, datetime]:
    return positions.generation, positions.wall


def _remaining(beats: Iterable[Heartbeat], covered: Heartbeat | None) -> Sequence[Heartbeat]:
    """Return the heartbeats after the covered one, oldest first; at most `MAX_PENDING_HEARTBEATS`."""
    later = sorted((b for b in beats if covered is None or b.wall > covered.wall), key=_wall)
    # Every n-th from the newest backwards, so that the newest one is always kept; then turned round again.
    return later[:: min(-1, -len(later) // MAX_PENDING_HEARTBEATS)][::-1]
