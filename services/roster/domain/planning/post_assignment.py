"""Assigns people to the posts of one unit on one day, as one min-cost flow. Pure.

Priorities; each outweighs all below it together: minimums of posts, the emptiest post first; rest after a night shift;
relief for breaks; in direct service, a post for everybody; the post that was published; and, where all that is equal,
people spread evenly over posts, people with more home days this week, yesterday's post, a hash.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple
from uuid import UUID
from zlib import crc32

import numpy as np

from services.roster.domain.planning.unit_day import PostShift, UnitDay
from services.roster.domain.solver.min_cost_flow import Arcs, min_cost_circulation
from shared.domain.facts.policy import Post
from shared.domain.facts.roster import EmployeePlaced
from shared.domain.work_location import ON_SITE_CLASSES

# A hash of employee and post breaks ties: the plan is the same whatever the order of people, and favours nobody.
HASH_MASK = 0xFF
SAME_POST_WEIGHT = HASH_MASK + 1
HOME_DAY_WEIGHT = 2 * SAME_POST_WEIGHT
EVEN_SPREAD_WEIGHT = 2 * SAME_POST_WEIGHT
LEVELLED_HEADS = 32
"""Minimums are filled evenly up to this many heads: two posts with 1 of 2 are better than one with 2 and one with 0."""

HUB = 0


@dataclass(frozen=True, slots=True)
class Continuity:
    """What else decides between employees, by employee.

    The post published before for this date, the post shifts of the adjacent days, the home days of the week.
    """

    published_post: Mapping[UUID, str] = field(default_factory=dict)
    shifts_yesterday: Mapping[UUID, PostShift] = field(default_factory=dict)
    shifts_tomorrow: Mapping[UUID, PostShift] = field(default_factory=dict)
    home_days: Mapping[UUID, int] = field(default_factory=dict)

    def breaks_rest(self, employee: UUID, shift: PostShift) -> bool:
        """Return whether a shift begins too soon after a night shift, or is one and ends too soon before the next."""
        earlier, later = self.shifts_yesterday.get(employee), self.shifts_tomorrow.get(employee)
        too_soon_after = earlier is not None and shift.from_minute < earlier.rested_from
        too_soon_before = later is not None and later.from_minute < shift.rested_from
        return too_soon_after or too_soon_before


class PriorityWeights(NamedTuple):
    """The weight in the cost function of one unit of each priority."""

    published: int
    spread: int
    relief: int
    rest: int
    minimum: int


def priority_weights(people: int, posts: int) -> PriorityWeights:
    """Return weights such that no amount of a lower priority outweighs one unit of a higher one.

    Two flows differ by simple cycles, and a simple cycle passes each post, and the hub, at most once. That bounds how
    much the lower priorities can add up to.
    """
    # A cycle passes the hub once: the spread differs by up to `people` heads, and one person replaces another (up to 7
    # home days). It passes each post once: two assignments, whose costs differ by less than 2 * SAME_POST_WEIGHT.
    published = EVEN_SPREAD_WEIGHT * people + 7 * HOME_DAY_WEIGHT + 2 * (posts + 2) * SAME_POST_WEIGHT
    spread = (posts + 3) * published
    relief = 3 * spread
    rest = 2 * relief
    return PriorityWeights(published, spread, relief, rest, minimum=(posts + 3) * rest)


def assign_posts(day: UnitDay, continuity: Continuity) -> dict[str, list[UUID]]:
    """Return the employees of each open post, in the order of their ids."""
    staff_by_post: dict[str, list[UUID]] = {post.post: [] for post in day.open_posts}
    posts, people = sorted(day.open_posts, key=lambda p: p.post), day.present
    if not posts or not people:
        return staff_by_post
    weights = priority_weights(len(people), len(posts))
    assignments = list(_assignment_arcs(day, posts, people, continuity, weights))
    arcs = [*_person_arcs(people, continuity), *assignments, *_demand_arcs(day, posts, len(people), weights)]
    flow = min_cost_circulation(_to_arrays(arcs))
    # The flow is in the order of the arcs: one for each person, then the possible assignments, then the demand.
    for (person, post, *_), is_used in zip(assignments, flow[len(people) :], strict=False):
        if is_used:
            staff_by_post[posts[post - 1 - len(people)].post].append(people[person - 1].employee)
    return staff_by_post


Arc = tuple[int, int, int, int]
"""(tail, head, capacity, cost). Node numbers: the hub, then people, then posts."""


def _person_arcs(people: Sequence[EmployeePlaced], continuity: Continuity) -> Iterator[Arc]:
    for number, person in enumerate(people, 1):
        yield HUB, number, 1, -HOME_DAY_WEIGHT * min(continuity.home_days.get(person.employee, 0), 7)


def _assignment_arcs(
    day: UnitDay,
    posts: Sequence[Post],
    people: Sequence[EmployeePlaced],
    continuity: Continuity,
    weights: PriorityWeights,
) -> Iterator[Arc]:
    shifts = [day.shift_at(post) for post in posts]

    @cache  # most people have one of a few sets of skills
    def shifts_for(skills: tuple[str, ...]) -> list[tuple[int, PostShift]]:
        return [(number, shift) for number, shift in enumerate(shifts) if set(posts[number].skills) <= set(skills)]

    for number, person in enumerate(people, 1):
        employee = person.employee
        published, yesterday = continuity.published_post.get(employee), continuity.shifts_yesterday.get(employee)
        for post, shift in shifts_for(person.skills):
            cost = crc32(employee.bytes + shift.post.encode()) & HASH_MASK
            cost -= weights.published * (published == shift.post)
            cost -= SAME_POST_WEIGHT * (yesterday is not None and yesterday.post == shift.post)
            cost += weights.rest * continuity.breaks_rest(employee, shift)
            yield number, 1 + len(people) + post, 1, cost


def _demand_arcs(day: UnitDay, posts: Sequence[Post], people: int, weights: PriorityWeights) -> Iterator[Arc]:
    spread = people if day.arrangement.class_ in ON_SITE_CLASSES else 0
    for node, post in enumerate(posts, 1 + people):
        for head in range(min(post.minimum, people)):
            yield node, HUB, 1, -weights.minimum * (1 + LEVELLED_HEADS - min(head, LEVELLED_HEADS))
        for head in range(min(day.relief_heads(post), people)):
            yield node, HUB, 1, EVEN_SPREAD_WEIGHT * head - weights.relief
        for head in range(spread):
            yield node, HUB, 1, EVEN_SPREAD_WEIGHT * head - weights.spread


def _to_arrays(arcs: Sequence[Arc]) -> Arcs:
    tail, head, capacity, cost = np.array(arcs, np.int64).T
    return Arcs(tail, head, np.zeros_like(tail), capacity, cost)
