"""Selects posts and people for the situations of a scenario, and sets their behaviour. Pure."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from deploy.simulation.behaviour import ON_SITE, PersonDay, absent_day, present_day
from deploy.simulation.shifts import OpenPost, PostId, SimulatedShift

MIN_MINUTES_AFTER_START, MIN_MINUTES_BEFORE_END = 10, 28
"""Minimum minutes from the start of the play to the opening of a post, and from the opening to the end."""
SMALL_CREW_SIZE = 6
PREFERRED_MINUTES_AFTER_START = 90
"""Preferred opening of a post in minutes after the start: most posts open at 08:00, and a play starts at 06:30."""


class ExpectedStatus(NamedTuple):
    """Expected value of a lane of a post at a minute (`short`, `met`, `some`), or its expected state."""

    post_id: PostId
    minute: int
    status: str
    lane: str = "known"


class ExpectedEvent(NamedTuple):
    """An event that the source must contain, with these fields."""

    region: str
    service: str
    event: str
    fields: Mapping[str, object]


class PlannedOutage(NamedTuple):
    """An outage of a government between two minutes: its phones cannot send taps."""

    region: str
    opds: tuple[str, ...]
    start: int
    end: int


@dataclass
class Scenario:
    """The behaviour in each shift of the morning, and the expectations by name of the situation."""

    days: dict[SimulatedShift, PersonDay]
    expectations: dict[str, list[ExpectedStatus | ExpectedEvent]] = field(default_factory=dict)
    outage: PlannedOutage | None = None
    reader_shift: SimulatedShift | None = None


@dataclass
class ScenarioBuilder:
    """Builds a scenario from the open posts and shifts of a morning; a post or person is used only once."""

    start: int
    end: int
    duties: Sequence[SimulatedShift]
    posts: Sequence[OpenPost]
    scenario: Scenario
    generator: random.Random
    used_posts: set[PostId] = field(default_factory=set)
    used_people: set[str] = field(default_factory=set)

    @cached_property
    def outage_region(self) -> str:
        """Return the government that has the outage: the last one."""
        return max((duty.region for duty in self.duties), default="")

    @cached_property
    def has_single_region(self) -> bool:
        """Return whether there is only one government, which then has all situations."""
        return self.outage_region == min((duty.region for duty in self.duties), default="")

    def free_posts(self, *, colleagues: bool = False) -> Iterator[OpenPost]:
        """Yield unused posts that open in time, small crews first. `colleagues`: only if a colleague is free."""
        for open_post in sorted(self.posts, key=self._preference):
            in_time = self.start + MIN_MINUTES_AFTER_START <= open_post.post.opens <= self.end - MIN_MINUTES_BEFORE_END
            outside_outage = self.has_single_region or open_post.post_id.region != self.outage_region
            usable = outside_outage and in_time and open_post.shifts and open_post.post_id not in self.used_posts
            if usable and (not colleagues or self.spare_colleague(open_post)):
                yield open_post

    def _preference(self, open_post: OpenPost) -> tuple[bool, int, int]:
        crew = len(open_post.shifts)
        return crew > SMALL_CREW_SIZE, abs(open_post.post.opens - self.start - PREFERRED_MINUTES_AFTER_START), crew

    def spare_colleague(self, open_post: OpenPost) -> SimulatedShift | None:
        """Return a colleague of the same unit who works on site, not at this post, and has the required skill."""
        post_id, post = open_post.post_id, open_post.post
        skilled = {
            duty.employee
            for candidate in self.posts
            if is_same_unit(candidate.post_id, post_id) and candidate.post.skill == post.skill
            for duty in candidate.shifts
        }
        colleagues = (d for d in self.duties if d.mode == ON_SITE and is_same_unit(d.post_id, post_id) and d.start >= 0)
        available = (d for d in colleagues if d.start <= post.opens and d.post_id != post_id)
        return next((d for d in available if not post.skill or d.employee in skilled), None)

    def take_post(self, *, colleagues: bool = False) -> OpenPost | None:
        """Return the next unused post, and mark all posts of its unit as used."""
        selected = next(self.free_posts(colleagues=colleagues), None)
        if selected:
            self.used_posts |= {post.post_id for post in self.posts if is_same_unit(post.post_id, selected.post_id)}
        return selected

    def set_attendance(self, open_post: OpenPost, arrival: int, departure: int | None = None) -> None:
        """Let the crew of a post arrive at a minute, and leave at another one or at the end of the shift."""
        # One second apart, so that the taps of a crew have different times.
        for n, duty in enumerate(open_post.shifts):
            self.scenario.days[duty] = present_day(duty, arrival * 60 + n, (departure or duty.end + 5) * 60 + n)

    def set_all_absent(self, open_post: OpenPost) -> None:
        """Let the whole crew of a post be absent."""
        for duty in open_post.shifts:
            self.scenario.days[duty] = absent_day(duty)

    def pick_person(self) -> SimulatedShift | None:
        """Choose a working person without a post who is not used yet, None if there is none."""
        without_post = (d for d in self.duties if d.is_working and not d.post and d.start >= 0)
        outside_outage = (d for d in without_post if self.has_single_region or d.region != self.outage_region)
        candidates = [duty for duty in outside_outage if duty.employee not in self.used_people]
        if not candidates:
            return None
        chosen = self.generator.choice(candidates)
        self.used_people.add(chosen.employee)
        return chosen


def is_same_unit(first: PostId, second: PostId) -> bool:
    """Return whether two posts belong to the same unit."""
    return first[:3] == second[:3]
