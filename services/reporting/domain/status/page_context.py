"""Builds the variables of the page templates from region and OPD status. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from services.reporting.domain.status.board import (
    MAX_LINES,
    RegionStatus,
    StateTally,
    board_lines,
    last_check_in,
    shortages,
    tally,
    unknown_coverage,
)
from services.reporting.domain.status.current_status import OpdStatus, PostStatus, UnitStatus
from services.reporting.domain.status.status_timeline import CoverageState
from services.reporting.domain.status.strip_chart import SLOTS_PER_HOUR, Strip, draw_strip, hour_labels, visible_slots
from shared.domain.places import Government, government_of, governments, region_name
from shared.domain.regions import region_timezone

OpdNames = Mapping[tuple[str, str], str]
"""The name of an OPD by region and code; pages show the code of an OPD without a name."""


class PostCard(NamedTuple):
    """The card of a post; `since` is None if its state began before the date."""

    post: PostStatus
    strip: Strip
    since: datetime | None


class RegionTile(NamedTuple):
    """A region on the map; `tally` is None if the region is not connected."""

    place: Government
    tally: StateTally | None
    opds: int


def board_context(
    regions: Sequence[RegionStatus], listed_region: str, now: datetime, names: OpdNames
) -> Mapping[str, Any]:
    """Return the variables of the board; `listed_region` is the region whose OPD are listed."""
    by_code = {region.region: region for region in regions}
    listed = by_code.get(listed_region)
    lines = board_lines(listed) if listed else []
    tiles = [_tile(place, by_code.get(place.region)) for place in _places(regions)]
    short, unknown = shortages(regions), list(unknown_coverage(regions, now))
    at = _displayed_instant(regions, now)
    return {
        "at": at.astimezone(region_timezone(listed_region)),
        "lag": int((now - at).total_seconds()),
        "listed_region": listed_region,
        "place": region_name(listed_region),
        "tally": tally(regions),
        "all_behind_since": _all_behind_since(regions, listed_region),
        "regions_behind": sum(region.behind is not None for region in regions),
        "last_in": _local_time(last_check_in(regions), listed_region),
        "opens": _local_time(min(_openings(regions), default=None), listed_region),
        "short": short[:MAX_LINES],
        "unknown": unknown[: max(MAX_LINES - len(short), 0)],
        "more": max(len(short) + len(unknown) - MAX_LINES, 0),
        "tiles": tiles,
        "legend": Counter(tile.tally and tile.tally.state for tile in tiles),
        "lines": lines,
        "axis": next((hour_labels(line.strip) for line in lines if line.strip), []),
        "lead": next((-line.strip.first % SLOTS_PER_HOUR for line in lines if line.strip), 0),  # slots before an hour
        "names": names,
    }


def _displayed_instant(regions: Iterable[RegionStatus], now: datetime) -> datetime:
    """Return the instant that every current region has reached; if none is current, the latest of any region."""
    current = [region.at for region in regions if not region.behind]
    return min(current, default=None) or max((region.at for region in regions), default=now)


def _all_behind_since(regions: Sequence[RegionStatus], listed_region: str) -> datetime | None:
    """Return the last instant known of any region if all are behind; otherwise None."""
    since = [region.behind for region in regions if region.behind]
    return _local_time(max(since), listed_region) if since and len(since) == len(regions) else None


def _openings(regions: Iterable[RegionStatus]) -> Iterable[datetime]:
    return (post.opens for region in regions for opd in region.opds for post in opd.posts if post.opens)


def _local_time(at: datetime | None, region: str) -> datetime | None:
    return at and at.astimezone(region_timezone(region))


def _places(regions: Sequence[RegionStatus]) -> Iterable[Government]:
    """Return the map of West Java, unless only regions outside it are connected; then those outside it, by code."""
    outside = sorted(region.region for region in regions if not region.place.is_located)
    is_elsewhere = outside and len(outside) == len(regions)
    return (*(() if is_elsewhere else governments().values()), *map(government_of, outside))


def _tile(place: Government, region: RegionStatus | None) -> RegionTile:
    return RegionTile(place, tally([region]), len(region.opds)) if region else RegionTile(place, None, 0)


def opd_context(status: OpdStatus, names: OpdNames) -> Mapping[str, Any]:
    """Return the variables of the page of one OPD."""
    at = status.at.astimezone(region_timezone(status.region))
    return {
        "status": status,
        "name": names.get((status.region, status.opd), status.opd),
        "place": government_of(status.region),
        "at": at,
        "behind": _local_time(status.behind, status.region),
        "short": sum(post.state is CoverageState.KRITIS for post in status.posts),
        "risky": sum(post.state is CoverageState.RAWAN for post in status.posts),
        "open": sum(post.required > 0 for post in status.posts),
        "units": [(unit, _cards(unit, at)) for unit in status.units],
        "units_without_posts": [unit.name for unit in status.units if not unit.posts],
    }


def _cards(unit: UnitStatus, at: datetime) -> list[PostCard]:
    days = [post.slots for post in unit.posts]
    first, last = visible_slots(days)
    return [
        PostCard(post, draw_strip(day[first:last], first, post.minute), _since_today(post, at))
        for post, day in zip(unit.posts, days, strict=True)
    ]


def _since_today(post: PostStatus, at: datetime) -> datetime | None:
    midnight = at.astimezone(post.since.tzinfo).replace(hour=0, minute=0, second=0, microsecond=0)
    return post.since if post.since > midnight else None
