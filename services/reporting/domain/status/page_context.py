"""What the templates read, from how things stand. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from services.reporting.domain.status.board import (
    SHOWN,
    RegionNow,
    Tally,
    last_check_in,
    lines,
    shortages,
    tally,
    unknowns,
)
from services.reporting.domain.status.current_status import OpdNow, PostNow, UnitNow
from services.reporting.domain.status.status_timeline import State
from services.reporting.domain.status.strip_chart import HOUR, Strip, hours, strip, window
from shared.domain.places import Place, places
from shared.domain.regions import zone

Names = Mapping[tuple[str, str], str]
"""What an OPD is called, by region and code; the code stands where there is none."""


class Card(NamedTuple):
    """One counter as it is drawn; `since` is None where the state began before today."""

    post: PostNow
    strip: Strip
    since: datetime | None


class Tile(NamedTuple):
    """One region on the map; without a tally it is not connected."""

    place: Place
    tally: Tally | None
    opds: int


def of_board(regions: Sequence[RegionNow], shown: str, now: datetime, names: Names) -> Mapping[str, Any]:
    """The board; `shown` is the region whose OPD are listed."""
    by_code = {region.region: region for region in regions}
    listed = by_code.get(shown)
    drawn = lines(listed) if listed else []
    tiles = [_tile(place, by_code.get(code)) for code, place in places().items()]
    short, unknown = shortages(regions), list(unknowns(regions, now))
    return {
        "at": _clock(regions, now).astimezone(zone(shown)),
        "lag": int((now - _clock(regions, now)).total_seconds()),
        "shown": shown,
        "place": listed.place.name if listed else places()[shown].name,
        "tally": tally(regions),
        "still": _standstill(regions, shown),
        "without": sum(region.behind is not None for region in regions),
        "last_in": _there(last_check_in(regions), shown),
        "opens": _there(min(_openings(regions), default=None), shown),
        "short": short[:SHOWN],
        "unknown": unknown[: max(SHOWN - len(short), 0)],
        "more": max(len(short) + len(unknown) - SHOWN, 0),
        "tiles": tiles,
        "legend": Counter(tile.tally and tile.tally.state for tile in tiles),
        "lines": drawn,
        "axis": next((hours(line.strip) for line in drawn if line.strip), []),
        "lead": next((-line.strip.first % HOUR for line in drawn if line.strip), 0),
        "names": names,
    }


def _clock(regions: Iterable[RegionNow], now: datetime) -> datetime:
    """The instant that every current region has reached, else the last that any has."""
    current = [region.at for region in regions if not region.behind]
    return min(current, default=None) or max((region.at for region in regions), default=now)


def _standstill(regions: Sequence[RegionNow], shown: str) -> datetime | None:
    """Since when nothing at all is known: all regions are behind."""
    since = [region.behind for region in regions if region.behind]
    return _there(max(since), shown) if since and len(since) == len(regions) else None


def _openings(regions: Iterable[RegionNow]) -> Iterable[datetime]:
    return (post.opens for region in regions for opd in region.opds for post in opd.posts if post.opens)


def _there(at: datetime | None, region: str) -> datetime | None:
    return at and at.astimezone(zone(region))


def _tile(place: Place, region: RegionNow | None) -> Tile:
    return Tile(place, tally([region]), len(region.opds)) if region else Tile(place, None, 0)


def of_opd(stand: OpdNow, names: Names) -> Mapping[str, Any]:
    """One OPD and its counters."""
    at = stand.at.astimezone(zone(stand.region))
    return {
        "stand": stand,
        "name": names.get((stand.region, stand.opd), stand.opd),
        "place": places().get(stand.region),
        "at": at,
        "behind": _there(stand.behind, stand.region),
        "short": sum(post.state is State.KRITIS for post in stand.posts),
        "risky": sum(post.state is State.RAWAN for post in stand.posts),
        "open": sum(post.required > 0 for post in stand.posts),
        "units": [(unit, _cards(unit, at)) for unit in stand.units],
        "others": [unit.name for unit in stand.units if not unit.posts],
    }


def _cards(unit: UnitNow, at: datetime) -> list[Card]:
    days = [post.slots for post in unit.posts]
    first, last = window(days)
    return [
        Card(post, strip(day[first:last], first, post.minute), _began_today(post, at))
        for post, day in zip(unit.posts, days, strict=True)
    ]


def _began_today(post: PostNow, at: datetime) -> datetime | None:
    midnight = at.astimezone(post.since.tzinfo).replace(hour=0, minute=0, second=0, microsecond=0)
    return post.since if post.since > midnight else None
