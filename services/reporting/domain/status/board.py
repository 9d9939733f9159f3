"""The board: how all regions stand, and what needs somebody first. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple

from services.reporting.domain.status.current_status import OpdNow, PostNow, UnitNow
from services.reporting.domain.status.status_timeline import PRESSING, SLOT, State, slots, worst
from services.reporting.domain.status.strip_chart import HOUR, Strip, strip
from shared.domain.places import Place, places
from shared.domain.regions import zone

HOURS_AHEAD = 8
SHOWN = 12
"""As many lines say what needs somebody; the map has the rest."""


@dataclass(frozen=True)
class RegionNow:
    """A region that is connected, and its OPD. `behind` tells since when nothing new is known of it."""

    region: str
    at: datetime
    opds: tuple[OpdNow, ...]
    behind: datetime | None = None

    @property
    def place(self) -> Place:
        """Its name and where it lies."""
        return places().get(self.region) or Place(self.region, self.region, self.region, 0, 0, 0, 0)

    @cached_property
    def counts(self) -> Counter[State]:
        """Its counters by state."""
        return Counter(post.state for opd in self.opds for post in opd.posts)

    @property
    def state(self) -> State:
        """As covered as its worst OPD."""
        return worst(opd.state for opd in self.opds)


class Tally(NamedTuple):
    """The worst state, how many counters are in it, how many are open, how many there are."""

    state: State
    number: int
    open: int
    all: int


def tally(regions: Iterable[RegionNow]) -> Tally:
    """The answer in one line: the worst state of some regions, and its number."""
    state, counts = State.TUTUP, Counter[State]()
    for region in regions:
        state = worst((state, region.state))
        counts.update(region.counts)
    return Tally(state, counts[state], counts.total() - counts[State.TUTUP], counts.total())


class Shortage(NamedTuple):
    """A counter that lacks somebody now. `minutes` is for how long, None if since before midnight."""

    place: Place
    opd: OpdNow
    unit: UnitNow
    post: PostNow
    minutes: int | None


class Unknown(NamedTuple):
    """A region (`opd` is empty) or an OPD of which nothing is known: how many counters, since when if it ever was."""

    place: Place
    opd: str
    posts: int
    since: datetime | None
    minutes: int | None


def shortages(regions: Iterable[RegionNow]) -> list[Shortage]:
    """Every counter below its requirement, the longest first."""
    found = [
        Shortage(region.place, opd, unit, post, _minutes(post.since, opd.at))
        for region in regions
        for opd in region.opds
        if opd.state is State.KRITIS
        for unit in opd.units
        for post in unit.posts
        if post.state is State.KRITIS
    ]
    return sorted(found, key=lambda short: short.post.since)


def unknowns(regions: Iterable[RegionNow], now: datetime) -> Iterator[Unknown]:
    """The regions that are behind, and in the others the OPD without a roster or an arrangement."""
    for region in regions:
        if region.behind:
            minutes = int((now - region.behind) / timedelta(minutes=1))
            since = region.behind.astimezone(zone(region.region))
            yield Unknown(region.place, "", region.counts.total(), since, minutes)
            continue
        for opd in region.opds:
            posts = sum(post.state is State.TIDAK_DIKETAHUI for post in opd.posts)
            if posts or opd.state is State.TIDAK_DIKETAHUI:
                yield Unknown(region.place, opd.opd, posts, None, None)


def _minutes(since: datetime, at: datetime) -> int | None:
    here = at.astimezone(since.tzinfo)
    midnight = here.replace(hour=0, minute=0, second=0, microsecond=0)
    return int((here - since) / timedelta(minutes=1)) if since > midnight else None


class Line(NamedTuple):
    """An OPD in the list: its weakest counter, when it opens if all is closed, the hours to come."""

    opd: OpdNow
    weakest: PostNow | None
    opens: datetime | None
    strip: Strip | None


def lines(region: RegionNow) -> list[Line]:
    """The OPD of a region, the worst first, the longest first among equals."""
    return sorted(map(_line, region.opds), key=_pressing)


def _line(opd: OpdNow) -> Line:
    posts = opd.posts
    opens = min((post.opens for post in posts if post.opens), default=None) if opd.state is State.TUTUP else None
    drawn = None if opd.behind or not posts else ahead(posts)
    return Line(opd, min(posts, key=weakness, default=None), opens, drawn)


def weakness(post: PostNow) -> tuple[int, int, str]:
    """The lower, the weaker: by state, then by how many are missing."""
    return PRESSING[post.state], post.on_site - post.required, post.post


def _pressing(line: Line) -> tuple[int, float, str]:
    since = line.weakest.since.timestamp() if line.opd.state is State.KRITIS and line.weakest else 0
    return PRESSING[line.opd.state], since, line.opd.opd


def ahead(posts: Sequence[PostNow]) -> Strip:
    """The next eight hours of an OPD: each slot as covered as its worst counter."""
    first = posts[0].minute // SLOT
    last = first + HOURS_AHEAD * HOUR
    return strip(slots([post.ahead for post in posts], posts[0].minute, first, last), first)


def unseen(region: RegionNow) -> RegionNow:
    """The same region when nothing more is known of it: what a page shows whose stream broke off."""
    opds = (OpdNow(region.region, opd.opd, region.at, State.TIDAK_DIKETAHUI, (), {}, region.at) for opd in region.opds)
    return RegionNow(region.region, region.at, tuple(opds), region.at)


def last_check_in(regions: Iterable[RegionNow]) -> datetime | None:
    """When somebody was last seen to arrive, in any region that is current."""
    return max((opd.last_in for region in regions for opd in region.opds if opd.last_in), default=None)
