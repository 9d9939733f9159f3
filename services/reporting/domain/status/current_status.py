"""How an OPD, its units and its counters stand at an instant, and since when, from coverage rows. Pure."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from operator import itemgetter
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import Field, computed_field

from services.reporting.domain.status.status_timeline import (
    DAY,
    NO_POST,
    Course,
    Day,
    Run,
    Runs,
    State,
    forecast,
    runs,
    slots,
    worst,
)
from shared.domain.facts.coverage import Coverage, Steps, UnitCoverage, at
from shared.domain.regions import midnight, minute_of, zone

NO_UNIT = UnitCoverage()


@dataclass(frozen=True)
class PostNow:
    """One counter: its state and since when; heads needed, there and rostered; the day's 96 slots.

    `opens` is when it next needs somebody, if it does today; `minute` is now, of the service date at the site.
    """

    post: str
    state: State
    since: datetime
    required: int
    on_site: int
    planned: int
    opens: datetime | None
    minute: Annotated[int, Field(exclude=True)]
    course: Annotated[Course, Field(exclude=True)]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def slots(self) -> tuple[State, ...]:
        """The day as it was until now, and as expected after."""
        return slots([self.course], self.minute)

    @property
    def ahead(self) -> Course:
        """From now on: the state of this minute, and what is expected."""
        return self.course._replace(known=(Run(self.minute, self.minute + 1, self.state),))


@dataclass(frozen=True)
class UnitNow:
    """One unit and its counters."""

    unit: str
    name: str
    state: State
    posts: tuple[PostNow, ...]


@dataclass(frozen=True)
class OpdNow:
    """One OPD. `modes` counts people by where they work; `last_in` is when one was last seen to arrive.

    `behind` tells since when the view knows nothing new.
    """

    region: str
    opd: str
    at: datetime
    state: State
    units: tuple[UnitNow, ...]
    modes: Mapping[str, int]
    behind: datetime | None = None
    last_in: datetime | None = None

    @property
    def posts(self) -> tuple[PostNow, ...]:
        """Every counter of the OPD."""
        return tuple(post for unit in self.units for post in unit.posts)


class Rows(NamedTuple):
    """The rows of the service date and of the next one, which tells of the hour past midnight."""

    today: Coverage | None
    tomorrow: Coverage | None = None

    def following(self, unit: str) -> UnitCoverage | None:
        """The next day of a unit; None while nothing has been said of that day."""
        return None if self.tomorrow is None else self.tomorrow.units.get(unit, NO_UNIT)


def opd_now(region: str, opd: str, rows: Rows, now: datetime, behind: datetime | None = None) -> OpdNow:
    """How an OPD stands. Without a row, or with a view that is behind, it is unknown; that is never a guess."""
    if rows.today is None:
        return OpdNow(region, opd, now, State.TIDAK_DIKETAHUI, (), {}, behind)
    units = tuple(
        _unit_now(code, unit, rows.following(code), _moment(rows.today, ZoneInfo(unit.timezone), now, behind))
        for code, unit in sorted(rows.today.units.items())
    )
    state = worst(unit.state for unit in units) if units else State.TIDAK_DIKETAHUI
    here = _moment(rows.today, zone(region), now, behind)
    modes = {mode: at(steps, here.minute) for mode, steps in rows.today.modes.items()}
    arrived = max((_last_rise(steps, here.minute) for steps in rows.today.modes.values()), default=-1)
    return OpdNow(region, opd, now, state, units, modes, behind, here.when(arrived) if arrived >= 0 else None)


def _last_rise(steps: Steps, minute: int) -> int:
    """The last minute at which heads became more; -1 if never."""
    told = range(bisect_right(steps, minute, key=itemgetter(0)))
    return next((steps[n][0] for n in reversed(told) if steps[n][1] > (steps[n - 1][1] if n else 0)), -1)


def blank(stand: OpdNow) -> OpdNow:
    """The same OPD and its counters when nothing more is known of it from now on."""
    units = tuple(
        replace(unit, state=State.TIDAK_DIKETAHUI, posts=tuple(_blank(post, stand.at) for post in unit.posts))
        for unit in stand.units
    )
    return replace(stand, state=State.TIDAK_DIKETAHUI, units=units, modes={}, behind=stand.at)


def _blank(post: PostNow, at: datetime) -> PostNow:
    return replace(post, state=State.TIDAK_DIKETAHUI, since=at.astimezone(post.since.tzinfo))


class _Moment(NamedTuple):
    """A minute of the service date at a site."""

    minute: int
    midnight: datetime
    behind: datetime | None

    def when(self, minute: int) -> datetime:
        return self.midnight + timedelta(minutes=minute)


def _moment(row: Coverage, timezone: ZoneInfo, now: datetime, behind: datetime | None) -> _Moment:
    minute = minute_of(now) - midnight(row.service_date, timezone)
    start = datetime.combine(row.service_date, time(), timezone)
    return _Moment(min(max(minute, 0), DAY - 1), start, behind)


def _unit_now(code: str, unit: UnitCoverage, following: UnitCoverage | None, moment: _Moment) -> UnitNow:
    posts = tuple(
        _post_now(name, Day(post, None if following is None else following.posts.get(name, NO_POST)), moment)
        for name, post in sorted(unit.posts.items())
    )
    unknown = moment.behind or not (posts or unit.rostered)
    return UnitNow(code, unit.name, State.TIDAK_DIKETAHUI if unknown else worst(p.state for p in posts), posts)


def _post_now(name: str, day: Day, moment: _Moment) -> PostNow:
    minute, behind = moment.minute, moment.behind
    course = Course(runs(day), _unseen(forecast(day)) if behind else forecast(day))
    run = next(run for run in course.known if run.end > minute)
    opens = next((start for start, heads in day.post.required if start > minute and heads), None)
    return PostNow(
        post=name,
        state=State.TIDAK_DIKETAHUI if behind else run.state,
        since=behind.astimezone(moment.midnight.tzinfo) if behind else moment.when(run.start),
        required=at(day.post.required, minute),
        on_site=at(day.post.known, minute),
        planned=at(day.post.planned, minute),
        opens=None if opens is None else moment.when(opens),
        minute=minute,
        course=course,
    )


def _unseen(expected: Runs) -> Runs:
    """What a view that is behind expects: nothing, of the hours in which somebody is needed."""
    unknown = State.TIDAK_DIKETAHUI
    return tuple(run if run.state is State.TUTUP else run._replace(state=unknown) for run in expected)
