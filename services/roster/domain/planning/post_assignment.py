"""Who fills which post of one unit on one day, as one min-cost flow of people over posts. Pure.

Ranks, each of which beats all below it together: every minimum, worst post first; nobody too soon after a night;
relief for the breaks; in direct service, a post for everybody; the post that was published; and among equals, evenly
spread posts, people with more days at home, yesterday's post, a hash.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple
from uuid import UUID
from zlib import crc32

import numpy as np

from services.roster.domain.planning.unit_day import Turn, UnitDay
from services.roster.domain.solver.min_cost_flow import Arcs, circulate
from shared.domain.facts.policy import Post
from shared.domain.facts.roster import EmployeePlaced
from shared.domain.work_location import ON_SITE_CLASSES

HASH = 0xFF
YESTERDAY = HASH + 1
HOME_DAY = 2 * YESTERDAY
EVEN = 2 * YESTERDAY
DEPTH = 32
"""Up to how many heads posts are levelled: two posts at 1 of 2 are better than one at 2 and one at 0."""

HUB = 0


@dataclass(frozen=True, slots=True)
class Known:
    """What else counts, by employee.

    The post published before, the turns of the days around, the days at home in the week.
    """

    before: Mapping[UUID, str] = field(default_factory=dict)
    yesterday: Mapping[UUID, Turn] = field(default_factory=dict)
    tomorrow: Mapping[UUID, Turn] = field(default_factory=dict)
    home: Mapping[UUID, int] = field(default_factory=dict)

    def too_soon(self, employee: UUID, turn: Turn) -> bool:
        """Whether a turn begins before a night has been slept off, or is a night before an early turn."""
        earlier, later = self.yesterday.get(employee), self.tomorrow.get(employee)
        return bool(earlier and turn.from_minute < earlier.rested) or bool(later and later.from_minute < turn.rested)


class Ranks(NamedTuple):
    """What a unit of each rank weighs."""

    kept: int
    spread: int
    relief: int
    rest: int
    minimum: int


def ranks(people: int, posts: int) -> Ranks:
    """Weights that never trade: two flows differ by simple cycles, which pass each post, and the hub, at most once."""
    kept = EVEN * people + 7 * HOME_DAY + 2 * (posts + 2) * YESTERDAY
    spread = (posts + 3) * kept
    relief = 3 * spread
    rest = 2 * relief
    return Ranks(kept, spread, relief, rest, minimum=(posts + 3) * rest)


def fill(day: UnitDay, known: Known) -> dict[str, list[UUID]]:
    """The people of each post that opens, in the order of their ids."""
    at_post: dict[str, list[UUID]] = {post.post: [] for post in day.posts}
    posts, people = sorted(day.posts, key=lambda p: p.post), day.present
    if not posts or not people:
        return at_post
    weigh = ranks(len(people), len(posts))
    given = list(_given(day, posts, people, known, weigh))
    arcs = [*_taken(people, known), *given, *_wanted(day, posts, len(people), weigh)]
    flow = circulate(_arcs(arcs))
    for (person, post, *_), used in zip(given, flow[len(people) :], strict=False):
        if used:
            at_post[posts[post - 1 - len(people)].post].append(people[person - 1].employee)
    return at_post


Arc = tuple[int, int, int, int]
"""(tail, head, most, cost). Nodes: the hub, then people, then posts."""


def _taken(people: Sequence[EmployeePlaced], known: Known) -> Iterator[Arc]:
    for number, person in enumerate(people, 1):
        yield HUB, number, 1, -HOME_DAY * min(known.home.get(person.employee, 0), 7)


def _given(
    day: UnitDay, posts: Sequence[Post], people: Sequence[EmployeePlaced], known: Known, weigh: Ranks
) -> Iterator[Arc]:
    turns = [day.turn(post) for post in posts]

    @cache
    def open_to(skills: tuple[str, ...]) -> list[tuple[int, Turn]]:
        able = ((number, turn) for number, turn in enumerate(turns) if set(posts[number].skills) <= set(skills))
        return list(able)

    for number, person in enumerate(people, 1):
        employee = person.employee
        for post, turn in open_to(person.skills):
            cost = crc32(employee.bytes + turn.post.encode()) & HASH
            cost -= weigh.kept * (known.before.get(employee) == turn.post)
            cost -= YESTERDAY * (employee in known.yesterday and known.yesterday[employee].post == turn.post)
            cost += weigh.rest * known.too_soon(employee, turn)
            yield number, 1 + len(people) + post, 1, cost


def _wanted(day: UnitDay, posts: Sequence[Post], people: int, weigh: Ranks) -> Iterator[Arc]:
    spread = people if day.arrangement.class_ in ON_SITE_CLASSES else 0
    for node, post in enumerate(posts, 1 + people):
        for head in range(min(post.minimum, people)):
            yield node, HUB, 1, -weigh.minimum * (1 + DEPTH - min(head, DEPTH))
        for head in range(min(day.relief(post), people)):
            yield node, HUB, 1, EVEN * head - weigh.relief
        for head in range(spread):
            yield node, HUB, 1, EVEN * head - weigh.spread


def _arcs(arcs: Sequence[Arc]) -> Arcs:
    tail, head, most, cost = np.array(arcs, np.int64).T
    return Arcs(tail, head, np.zeros_like(tail), most, cost)
