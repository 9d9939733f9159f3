"""Who stood at which post, minute by minute, as the driver of a test knows it: by what it did, without product code."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass
class Duty:
    """One person's day as the roster's answer told it, in minutes of the day."""

    post: str
    start: int
    end: int
    breaks: Sequence[tuple[int, int]]
    skilled_for: frozenset[str]

    def works(self, minute: int) -> bool:
        return not any(begin <= minute < end for begin, end in self.breaks)


@dataclass
class Truth:
    """Every acknowledged press of a button, by person: (second of the day, what, post, event)."""

    duties: Mapping[str, Duty]
    presses: dict[str, list[tuple[int, str, str, str]]] = field(default_factory=lambda: defaultdict(list))

    def pressed(self, person: str, second: int, what: str, post: str, event: str) -> None:
        self.presses[person].append((second, what, post, event))

    def heads(self, recorded: Mapping[str, int] | None = None) -> Mapping[str, list[int]]:
        """Heads at each post at each of the 1440 minutes; by what was recorded until then, where that is given."""
        counted = {minute: Counter(self._posts_at(minute, recorded)) for minute in range(1440)}
        posts = {duty.post for duty in self.duties.values()}
        return {post: [counted[minute][post] for minute in range(1440)] for post in sorted(posts)}

    def _posts_at(self, minute: int, recorded: Mapping[str, int] | None) -> list[str]:
        found = (self._post_of(person, minute, recorded) for person in self.duties)
        return [post for post in found if post]

    def _post_of(self, person: str, minute: int, recorded: Mapping[str, int] | None) -> str:
        duty, presses = self.duties[person], sorted(self.presses[person])
        before = [p for p in presses if p[0] // 60 <= minute and (not recorded or recorded[p[3]] <= minute)]
        if not before or not duty.works(minute) or minute >= duty.end:
            return ""
        _, what, post, _ = before[-1]
        if what == "take":
            return post if post in duty.skilled_for else ""
        return duty.post if what == "in" and minute >= duty.start else ""


def minutes(steps: Sequence[tuple[int, int]]) -> list[int]:
    """Steps written out, minute by minute."""
    heads, out, following = 0, [], dict(steps)
    for minute in range(1440):
        heads = following.get(minute, heads)
        out.append(heads)
    return out
