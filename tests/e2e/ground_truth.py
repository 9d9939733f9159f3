"""Computes who was present at which post by the minute, from the taps of the test, without product code."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass
class Duty:
    """The duty of a person according to the roster, in minutes of the day."""

    post: str
    start: int
    end: int
    breaks: Sequence[tuple[int, int]]
    skilled_for: frozenset[str]

    def is_working_at(self, minute: int) -> bool:
        return not any(begin <= minute < end for begin, end in self.breaks)


@dataclass
class GroundTruth:
    """All acknowledged taps by person: (second of the day, kind, post, event)."""

    duties: Mapping[str, Duty]
    taps: dict[str, list[tuple[int, str, str, str]]] = field(default_factory=lambda: defaultdict(list))

    def record_tap(self, person: str, second: int, kind: str, post: str, event: str) -> None:
        self.taps[person].append((second, kind, post, event))

    def head_counts(self, recorded: Mapping[str, int] | None = None) -> Mapping[str, list[int]]:
        """Return the number of people at each post for the 1440 minutes.

        `recorded` holds the minute at which each event was recorded: then a minute counts only events recorded by it.
        """
        counted = {minute: Counter(self._posts_at(minute, recorded)) for minute in range(1440)}
        posts = {duty.post for duty in self.duties.values()}
        return {post: [counted[minute][post] for minute in range(1440)] for post in sorted(posts)}

    def _posts_at(self, minute: int, recorded: Mapping[str, int] | None) -> list[str]:
        posts = (self._post_of(person, minute, recorded) for person in self.duties)
        return [post for post in posts if post]

    def _post_of(self, person: str, minute: int, recorded: Mapping[str, int] | None) -> str:
        duty, presses = self.duties[person], sorted(self.taps[person])
        before = [p for p in presses if p[0] // 60 <= minute and (not recorded or recorded[p[3]] <= minute)]
        if not before or not duty.is_working_at(minute) or minute >= duty.end:
            return ""
        _, kind, post, _ = before[-1]
        if kind == "take":
            return post if post in duty.skilled_for else ""
        return duty.post if kind == "in" and minute >= duty.start else ""


def counts_by_minute(steps: Sequence[tuple[int, int]]) -> list[int]:
    """Return the value of steps for each of the 1440 minutes."""
    heads, counts, changes = 0, [], dict(steps)
    for minute in range(1440):
        heads = changes.get(minute, heads)
        counts.append(heads)
    return counts
