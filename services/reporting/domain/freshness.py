"""Until when the view of a region has missed nothing: the relays' beats held against the workers' positions. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from shared.domain.facts.heartbeat import Beat, Positions

READ = ("policy", "roster", "attendance")
"""The services whose facts make coverage."""
KEPT = 64
"""Beats of a source that wait to be covered; of more, every other is left out, never the newest."""


class Standing(NamedTuple):
    """Nothing that was recorded before `at` is missing, as was said last at the wall time `wall`."""

    at: datetime
    wall: datetime


@dataclass(frozen=True)
class Pulse:
    """What a region's processes said last: the workers by partition, each source by what is covered and what is not.

    A beat is covered when, for every partition, a worker said later that it has applied what the beat names; one of the
    latest generation, for readers keep only its rows. What was covered once stays so, whatever comes late or again.
    """

    partitions: int
    positions: Mapping[int, Positions] = field(default_factory=dict)
    covered: Mapping[str, Beat] = field(default_factory=dict)
    waiting: Mapping[str, Sequence[Beat]] = field(default_factory=dict)

    def heard(self, words: Iterable[Beat | Positions]) -> "Pulse":
        """The pulse after some words, in any order. The rows that stand before them must have been applied."""
        positions, waiting = dict(self.positions), {service: list(self.waiting.get(service, ())) for service in READ}
        for word in words:
            if isinstance(word, Positions):
                positions[word.partition] = max(positions.get(word.partition, word), word, key=_rank)
            elif word.service in READ:
                waiting[word.service].append(word)
        pulse = Pulse(self.partitions, positions, self.covered)
        covered = {service: pulse._newest(beats, service) for service, beats in waiting.items()}
        left = {service: _left(beats, covered[service]) for service, beats in waiting.items()}
        return Pulse(self.partitions, positions, {s: beat for s, beat in covered.items() if beat}, left)

    def standing(self) -> Standing | None:
        """How far all sources are covered; None while one never was."""
        if len(self.covered) < len(READ):
            return None
        return Standing(min(b.at for b in self.covered.values()), min(b.wall for b in self.covered.values()))

    def _newest(self, beats: Iterable[Beat], service: str) -> Beat | None:
        known = [self.covered[service]] if service in self.covered else []
        return max([*known, *filter(self._covers, beats)], key=_wall, default=None)

    def _covers(self, beat: Beat) -> bool:
        return all(
            (word := self.positions.get(n))
            and word.wall >= beat.wall
            and word.positions.get(beat.service, 0) >= beat.offsets.get(n, 0)
            for n in range(self.partitions)
        )


def _wall(word: Beat | Positions) -> datetime:
    return word.wall


def _rank(word: Positions) -> tuple[int, datetime]:
    return word.generation, word.wall


def _left(beats: Iterable[Beat], covered: Beat | None) -> Sequence[Beat]:
    """The beats later than the one that is covered, in the order in which they were said."""
    later = sorted((b for b in beats if covered is None or b.wall > covered.wall), key=_wall)
    return later[:: min(-1, -len(later) // KEPT)][::-1]
