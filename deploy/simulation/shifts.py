"""The rosters of a day as the people in them read theirs: in minutes from the midnight of the day that is played."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from deploy.reference_world.opd_catalogue import WEEK, Post
from deploy.reference_world.world import Office, Unit

NO_DUTY = frozenset({"AWAY", "OFF"})


class Counter(NamedTuple):
    """A post by its full name."""

    region: str
    opd: str
    unit: str
    post: str


class Shift(NamedTuple):
    """One person's duty, of this work date or of the night before. `post` is empty for who has none."""

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
    def counter(self) -> Counter:
        """The post of this duty."""
        return Counter(self.region, self.opd, self.unit, self.post)

    @property
    def works(self) -> bool:
        """Whether anybody expects this person to tap."""
        return self.mode not in NO_DUTY


class Open(NamedTuple):
    """A post that opens on the day, and who was given to it."""

    counter: Counter
    post: Post
    class_: str
    shifts: tuple[Shift, ...]


def shifts(offices: Iterable[Office], rosters: Mapping[tuple[str, str], Sequence[Mapping[str, Any]]], day: date,
           dates: Iterable[date]) -> list[Shift]:  # fmt: skip
    """Every duty of these work dates."""
    wanted = {str(each): (each - day).days * 1440 for each in dates}
    return [
        _shift(office, sites[roster["unit"]], roster["unit"], wanted[roster["work_date"]], assigned)
        for office in offices
        for sites in [{unit.unit: unit.site for unit in office.units}]
        for roster in rosters[office.region, office.opd]
        if roster["work_date"] in wanted
        for assigned in roster["assignments"]
    ]


def _shift(office: Office, site: str, unit: str, midnight: int, assigned: Mapping[str, Any]) -> Shift:
    breaks = tuple((midnight + b["from_minute"], midnight + b["to_minute"]) for b in assigned["breaks"])
    return Shift(
        office.region, office.opd, unit, site, assigned["employee"], assigned["mode"], assigned.get("post") or "",
        midnight + assigned["from_minute"], midnight + assigned["to_minute"], breaks,
    )  # fmt: skip


def opened(offices: Iterable[Office], duties: Iterable[Shift], day: date) -> list[Open]:
    """The posts that open on a working day."""
    at_post: dict[Counter, list[Shift]] = defaultdict(list)
    for duty in duties:
        if duty.post and duty.start >= 0:
            at_post[duty.counter].append(duty)
    return [
        Open(counter, post, unit.class_, tuple(at_post[counter]))
        for office, unit, post in posts(offices)
        if WEEK[day.weekday()] in post.weekdays
        for counter in [Counter(office.region, office.opd, unit.unit, post.post)]
    ]


def posts(offices: Iterable[Office]) -> Iterator[tuple[Office, Unit, Post]]:
    """Every post of a world."""
    return ((office, unit, post) for office in offices for unit in office.units for post in unit.posts)
