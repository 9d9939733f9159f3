"""Converts published rosters into shifts, in minutes from the midnight of the simulated day."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from deploy.reference_world.opd_catalogue import WEEK, ServicePost
from deploy.reference_world.world import Office, Unit

NON_WORKING_MODES = frozenset({"AWAY", "OFF"})


class PostId(NamedTuple):
    """The full identifier of a post."""

    region: str
    opd: str
    unit: str
    post: str


class SimulatedShift(NamedTuple):
    """The shift of a person, also of the night before. `post` is empty for a person without a post."""

    region: str
    opd: str
    unit: str
    site: str
    employee: str
    mode: str
    post: str
    start: int
    end: int
    breaks: tuple[tuple[int, int], ...]

    @property
    def post_id(self) -> PostId:
        """Return the post of this shift."""
        return PostId(self.region, self.opd, self.unit, self.post)

    @property
    def is_working(self) -> bool:
        """Return whether the person is expected to tap."""
        return self.mode not in NON_WORKING_MODES


class OpenPost(NamedTuple):
    """A post that opens on the day, and the shifts that are assigned to it."""

    post_id: PostId
    post: ServicePost
    class_: str
    shifts: tuple[SimulatedShift, ...]


def shifts_of(
    offices: Iterable[Office],
    rosters: Mapping[tuple[str, str], Sequence[Mapping[str, Any]]],
    day: date,
    dates: Iterable[date],
) -> list[SimulatedShift]:
    """Return all shifts of these work dates."""
    midnights = {str(work_date): (work_date - day).days * 1440 for work_date in dates}
    return [
        _shift(office, sites[roster["unit"]], roster["unit"], midnights[roster["work_date"]], assignment)
        for office in offices
        for sites in [{unit.unit: unit.site for unit in office.units}]  # one element: names a value of the office
        for roster in rosters[office.region, office.opd]
        if roster["work_date"] in midnights
        for assignment in roster["assignments"]
    ]


def _shift(office: Office, site: str, unit: str, midnight: int, assignment: Mapping[str, Any]) -> SimulatedShift:
    breaks = tuple((midnight + b["from_minute"], midnight + b["to_minute"]) for b in assignment["breaks"])
    return SimulatedShift(
        office.region, office.opd, unit, site, assignment["employee"], assignment["mode"], assignment.get("post") or "",
        midnight + assignment["from_minute"], midnight + assignment["to_minute"], breaks,
    )  # fmt: skip


def open_posts(offices: Iterable[Office], duties: Iterable[SimulatedShift], day: date) -> list[OpenPost]:
    """Return the posts that open on a day, with their shifts."""
    at_post: dict[PostId, list[SimulatedShift]] = defaultdict(list)
    for duty in duties:
        if duty.post and duty.start >= 0:
            at_post[duty.post_id].append(duty)
    return [
        OpenPost(post_id, post, unit.class_, tuple(at_post[post_id]))
        for office, unit, post in all_posts(offices)
        if WEEK[day.weekday()] in post.weekdays
        for post_id in [PostId(office.region, office.opd, unit.unit, post.post)]
    ]


def all_posts(offices: Iterable[Office]) -> Iterator[tuple[Office, Unit, ServicePost]]:
    """Return all posts of a world, with their office and unit."""
    return ((office, unit, post) for office in offices for unit in office.units for post in unit.posts)
