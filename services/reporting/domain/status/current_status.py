"""Derives the status of an OPD, its units and its posts at an instant from coverage rows. Pure."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from operator import itemgetter
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import Field, computed_field

from services.reporting.domain.status.status_timeline import (
    MINUTES_PER_DAY,
    NO_POST,
    CoverageState,
    DayStates,
    PostDays,
    StateInterval,
    forecast,
    known_states,
    slot_states,
    worst_state,
)
from shared.domain.facts.coverage import Coverage, Steps, UnitCoverage, heads_at
from shared.domain.regions import epoch_minute, midnight_minute, region_timezone

NO_UNIT = UnitCoverage()


@dataclass(frozen=True)
class PostStatus:
    """The status of a post: its state, since when, and the heads required, on site and rostered in this minute.

    `opens` is the next instant of the service date at which the post needs staff, if any. `minute` is the current
    minute of the service date at the site.
    """

    post: str
    state: CoverageState
    since: datetime
    required: int
    on_site: int
    planned: int
    opens: datetime | None
    minute: Annotated[int, Field(exclude=True)]
    day_states: Annotated[DayStates, Field(exclude=True)]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def slots(self) -> tuple[CoverageState, ...]:
        """Return the 96 slots of the service date: as known until now, as expected after."""
        return slot_states([self.day_states], self.minute)

    @property
    def states_from_now(self) -> DayStates:
        """Return the current state and the expected ones, without the past."""
        return self.day_states._replace(known=(StateInterval(self.minute, self.minute + 1, self.state),))


@dataclass(frozen=True)
class UnitStatus:
    """The status of a unit and its posts."""

    unit: str
    name: str
    state: CoverageState
    posts: tuple[PostStatus, ...]


@dataclass(frozen=True)
class OpdStatus:
    """The status of an OPD. `modes` counts employees by work mode; `last_in` is the last instant at which one arrived.

    `behind` is the instant since which the view has received nothing new; None if it is current.
    """

    region: str
    opd: str
    at: datetime
    state: CoverageState
    units: tuple[UnitStatus, ...]
    modes: Mapping[str, int]
    behind: datetime | None = None
    last_in: datetime | None = None

    @property
    def posts(self) -> tuple[PostStatus, ...]:
        """Return the posts of all units."""
        return tuple(post for unit in self.units for post in unit.posts)


class StatusRows(NamedTuple):
    """The rows of the service date and of the next date, which is needed to look ahead beyond midnight."""

    today: Coverage | None
    tomorrow: Coverage | None = None

    def next_day_of(self, unit: str) -> UnitCoverage | None:
        """Return the coverage of a unit on the next date; None if that date has no row yet."""
        return None if self.tomorrow is None else self.tomorrow.units.get(unit, NO_UNIT)


def opd_status(region: str, opd: str, rows: StatusRows, now: datetime, behind: datetime | None = None) -> OpdStatus:
    """Return the status of an OPD. Without a row, or if the view is behind, its state is unknown and never guessed."""
    if rows.today is None:
        return OpdStatus(region, opd, now, CoverageState.TIDAK_DIKETAHUI, (), {}, behind)
    units = tuple(
        _unit_status(code, unit, rows.next_day_of(code), _site_minute(rows.today, ZoneInfo(unit.timezone), now, behind))
        for code, unit in sorted(rows.today.units.items())
    )
    state = worst_state(unit.state for unit in units) if units else CoverageState.TIDAK_DIKETAHUI
    region_minute = _site_minute(rows.today, region_timezone(region), now, behind)
    modes = {mode: heads_at(steps, region_minute.minute) for mode, steps in rows.today.modes.items()}
    arrival = max((_last_rise(steps, region_minute.minute) for steps in rows.today.modes.values()), default=-1)
    last_in = region_minute.instant_of(arrival) if arrival >= 0 else None
    return OpdStatus(region, opd, now, state, units, modes, behind, last_in)


def _last_rise(steps: Steps, minute: int) -> int:
    """Return the last minute up to `minute` at which the number of heads rose; -1 if it never did."""
    past = range(bisect_right(steps, minute, key=itemgetter(0)))
    return next((steps[n][0] for n in reversed(past) if steps[n][1] > (steps[n - 1][1] if n else 0)), -1)


def opd_as_unknown(status: OpdStatus) -> OpdStatus:
    """Return the status that a page shows if it receives nothing more after this one: all states are unknown."""
    units = tuple(
        replace(
            unit,
            state=CoverageState.TIDAK_DIKETAHUI,
            posts=tuple(_post_as_unknown(post, status.at) for post in unit.posts),
        )
        for unit in status.units
    )
    return replace(status, state=CoverageState.TIDAK_DIKETAHUI, units=units, modes={}, behind=status.at)


def _post_as_unknown(post: PostStatus, since: datetime) -> PostStatus:
    return replace(post, state=CoverageState.TIDAK_DIKETAHUI, since=since.astimezone(post.since.tzinfo))


class _SiteMinute(NamedTuple):
    """The current minute of the service date at a site, and the site's midnight."""

    minute: int
    midnight: datetime
    behind: datetime | None

    def instant_of(self, minute: int) -> datetime:
        return self.midnight + timedelta(minutes=minute)


def _site_minute(row: Coverage, timezone: ZoneInfo, now: datetime, behind: datetime | None) -> _SiteMinute:
    minute = epoch_minute(now) - midnight_minute(row.service_date, timezone)
    start = datetime.combine(row.service_date, time(), timezone)
    # A site in another zone than its region begins and ends the date up to two hours earlier or later.
    return _SiteMinute(min(max(minute, 0), MINUTES_PER_DAY - 1), start, behind)


def _unit_status(code: str, unit: UnitCoverage, next_day: UnitCoverage | None, now: _SiteMinute) -> UnitStatus:
    posts = tuple(
        _post_status(name, PostDays(post, None if next_day is None else next_day.posts.get(name, NO_POST)), now)
        for name, post in sorted(unit.posts.items())
    )
    is_unknown = now.behind or not (posts or unit.rostered)
    state = CoverageState.TIDAK_DIKETAHUI if is_unknown else worst_state(p.state for p in posts)
    return UnitStatus(code, unit.name, state, posts)


def _post_status(name: str, days: PostDays, now: _SiteMinute) -> PostStatus:
    minute, behind = now.minute, now.behind
    states = DayStates(known_states(days), _unknown_while_open(forecast(days)) if behind else forecast(days))
    current = next(interval for interval in states.known if interval.end > minute)
    opens = next((start for start, heads in days.post.required if start > minute and heads), None)
    return PostStatus(
        post=name,
        state=CoverageState.TIDAK_DIKETAHUI if behind else current.state,
        since=behind.astimezone(now.midnight.tzinfo) if behind else now.instant_of(current.start),
        required=heads_at(days.post.required, minute),
        on_site=heads_at(days.post.known, minute),
        planned=heads_at(days.post.planned, minute),
        opens=None if opens is None else now.instant_of(opens),
        minute=minute,
        day_states=states,
    )


def _unknown_while_open(expected: tuple[StateInterval, ...]) -> tuple[StateInterval, ...]:
    """Return the expectation of a view that is behind: unknown in all hours in which the post needs staff."""
    return tuple(
        interval if interval.state is CoverageState.TUTUP else interval._replace(state=CoverageState.TIDAK_DIKETAHUI)
        for interval in expected
    )
