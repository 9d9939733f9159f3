"""Summarizes all regions for the board: the tally of states, the shortages, the unknown parts, a line per OPD. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple

from services.reporting.domain.status.current_status import OpdStatus, PostStatus, UnitStatus
from services.reporting.domain.status.status_timeline import (
    SEVERITY_RANK,
    SLOT_MINUTES,
    CoverageState,
    slot_states,
    worst_state,
)
from services.reporting.domain.status.strip_chart import SLOTS_PER_HOUR, Strip, draw_strip
from shared.domain.places import Government, government_of
from shared.domain.regions import region_timezone

FORECAST_HOURS = 8
MAX_LINES = 12
"""Lines in the list of shortages and unknown parts; the map shows the rest."""


@dataclass(frozen=True)
class RegionStatus:
    """A connected region and its OPD. `behind`: since when the view has nothing new of it; None if it is current."""

    region: str
    at: datetime
    opds: tuple[OpdStatus, ...]
    behind: datetime | None = None

    @property
    def place(self) -> Government:
        """Return the government of the region."""
        return government_of(self.region)

    @cached_property
    def counts(self) -> Counter[CoverageState]:
        """Return the number of posts in each state."""
        return Counter(post.state for opd in self.opds for post in opd.posts)

    @property
    def state(self) -> CoverageState:
        """Return the most severe state of its OPD."""
        return worst_state(opd.state for opd in self.opds)


class StateTally(NamedTuple):
    """The most severe state, how many posts have it, how many posts are open, how many there are."""

    state: CoverageState
    number: int
    open: int
    all: int


def tally(regions: Iterable[RegionStatus]) -> StateTally:
    """Return the tally of all posts of some regions."""
    state, counts = CoverageState.TUTUP, Counter[CoverageState]()
    for region in regions:
        state = worst_state((state, region.state))
        counts.update(region.counts)
    return StateTally(state, counts[state], counts.total() - counts[CoverageState.TUTUP], counts.total())


class Shortage(NamedTuple):
    """A post that is short of staff now; `minutes` is for how long, None if since before midnight."""

    place: Government
    opd: OpdStatus
    unit: UnitStatus
    post: PostStatus
    minutes: int | None


class UnknownCoverage(NamedTuple):
    """A region (`opd` is empty) or an OPD whose state is unknown, and the number of its posts.

    `since` and `minutes`: since when, and for how long; None for an OPD, whose state was never known that day.
    """

    place: Government
    opd: str
    posts: int
    since: datetime | None
    minutes: int | None


def shortages(regions: Iterable[RegionStatus]) -> list[Shortage]:
    """Return every post below its requirement, the longest shortage first."""
    short = [
        Shortage(region.place, opd, unit, post, _minutes_since(post.since, opd.at))
        for region in regions
        for opd in region.opds
        if opd.state is CoverageState.KRITIS
        for unit in opd.units
        for post in unit.posts
        if post.state is CoverageState.KRITIS
    ]
    return sorted(short, key=lambda shortage: shortage.post.since)


def unknown_coverage(regions: Iterable[RegionStatus], now: datetime) -> Iterator[UnknownCoverage]:
    """Yield the regions that are behind, and of the other regions each OPD without a roster or an arrangement."""
    for region in regions:
        if region.behind:
            minutes = int((now - region.behind) / timedelta(minutes=1))
            since = region.behind.astimezone(region_timezone(region.region))
            yield UnknownCoverage(region.place, "", region.counts.total(), since, minutes)
            continue
        for opd in region.opds:
            posts = sum(post.state is CoverageState.TIDAK_DIKETAHUI for post in opd.posts)
            if posts or opd.state is CoverageState.TIDAK_DIKETAHUI:
                yield UnknownCoverage(region.place, opd.opd, posts, None, None)


def _minutes_since(since: datetime, at: datetime) -> int | None:
    local = at.astimezone(since.tzinfo)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    # A row begins at midnight: a shortage that "began" then may be older.
    return int((local - since) / timedelta(minutes=1)) if since > midnight else None


class BoardLine(NamedTuple):
    """A line of an OPD: its weakest post, when it opens if all posts are closed, the strip of the next hours."""

    opd: OpdStatus
    weakest: PostStatus | None
    opens: datetime | None
    strip: Strip | None


def board_lines(region: RegionStatus) -> list[BoardLine]:
    """Return the lines of a region's OPD: the most severe state first, then the longest."""
    return sorted(map(_line, region.opds), key=_severity_order)


def _line(opd: OpdStatus) -> BoardLine:
    posts, is_closed = opd.posts, opd.state is CoverageState.TUTUP
    opens = min((post.opens for post in posts if post.opens), default=None) if is_closed else None
    strip = None if opd.behind or not posts else forecast_strip(posts)
    return BoardLine(opd, min(posts, key=weakness_order, default=None), opens, strip)


def weakness_order(post: PostStatus) -> tuple[int, int, str]:
    """Return a sort key, weakest post first: by state, then by the number of missing heads."""
    return SEVERITY_RANK[post.state], post.on_site - post.required, post.post


def _severity_order(line: BoardLine) -> tuple[int, float, str]:
    since = line.weakest.since.timestamp() if line.opd.state is CoverageState.KRITIS and line.weakest else 0
    return SEVERITY_RANK[line.opd.state], since, line.opd.opd


def forecast_strip(posts: Sequence[PostStatus]) -> Strip:
    """Draw the next eight hours of an OPD; each slot has the most severe state of its posts."""
    first = posts[0].minute // SLOT_MINUTES
    last = first + FORECAST_HOURS * SLOTS_PER_HOUR
    return draw_strip(slot_states([post.states_from_now for post in posts], posts[0].minute, first, last), first)


def region_as_unknown(region: RegionStatus) -> RegionStatus:
    """Return the status that a page shows if it receives nothing more after this one: all states are unknown."""
    unknown = CoverageState.TIDAK_DIKETAHUI
    opds = (OpdStatus(region.region, opd.opd, region.at, unknown, (), {}, region.at) for opd in region.opds)
    return RegionStatus(region.region, region.at, tuple(opds), region.at)


def last_check_in(regions: Iterable[RegionStatus]) -> datetime | None:
    """Return the last instant at which an employee arrived; None if nobody has."""
    return max((opd.last_in for region in regions for opd in region.opds if opd.last_in), default=None)
