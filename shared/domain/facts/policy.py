"""Defines what policy publishes beside instruments: effective rules, holidays, agencies (OPD), unit arrangements."""

from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import date
from typing import Annotated, ClassVar

from pydantic import Field

from shared.domain.facts import instruments
from shared.domain.facts.base import Code, Day, Fact, OfficeTitle, Value, Zone
from shared.domain.facts.instruments import Winner
from shared.domain.facts.rules import WEEKDAYS, Rules, UnitSelectors

GRANTED_DAY_PREFIX = "pattern/"
"""A key `pattern/THU` of `won_by` names the instrument that granted this weekday, if another one gave the pattern."""


class Pilot(Value):
    """The rules of a site at which an instrument begins earlier than elsewhere, and the source of each rule."""

    rules: Rules
    won_by: Mapping[str, Winner] = {}


class Period(Value):
    """Rules in force from the first date to the last, both included; without `to` until further notice.

    They hold at every site except those in `pilots`, which have their own rules.
    """

    from_: date = Field(alias="from")
    to: date | None = None
    rules: Rules
    won_by: Mapping[str, Winner] = {}
    pilots: Annotated[Mapping[str, Pilot], Field(exclude_if=lambda pilots: not pilots)] = {}

    def includes(self, day: date) -> bool:
        """Return whether the rules are in force on a day."""
        return self.from_ <= day and (self.to is None or day <= self.to)

    def granted_weekdays(self) -> Mapping[str, Winner]:
        """Return the weekdays of the pattern that another instrument granted than the one that gave the pattern."""
        granted = ((rule, winner) for rule, winner in self.won_by.items() if GRANTED_DAY_PREFIX in rule)
        return {rule.removeprefix(GRANTED_DAY_PREFIX): winner for rule, winner in granted}

    def at_site(self, site: str | None) -> "Period":
        """Return the same period with the rules of one site."""
        pilot = self.pilots.get(site or "")
        return Period(from_=self.from_, to=self.to, rules=pilot.rules, won_by=pilot.won_by) if pilot else self


def period_on(periods: Iterable[Period], day: date) -> Period | None:
    """Return the first period that includes a day, or None if no instrument binds on that day."""
    return next((period for period in periods if period.includes(day)), None)


class Holiday(Value):
    """One day off duty, and the decree that declared it. Kinds (open): public, cuti_bersama."""

    date: Day
    kind: str
    name: str
    source: str


class Conflict(Value):
    """Rules of several instruments that cannot all hold, how the conflict was resolved, and its effect.

    `resolved_by` is `{why}:{instrument}`, `effect` is `{measure}:{value}`: short codes that a page renders as text.
    """

    rule: str
    instruments: tuple[str, ...]
    resolved_by: str
    effect: str | None = None


class Change(Value):
    """Why the effective policy changed.

    Kinds (open): ENACTED, IN_FORCE, AMENDED, SUSPENDED, RESUMED, SUPERSEDED, REVOKED, EXPIRED, ADOPTED, APPROVED, and
    CALENDAR, which has no instrument.
    """

    kind: str
    instrument: str
    decided_on: Day
    published_on: Day
    effective_from: Day
    published_attested_by: OfficeTitle | None = None


class PolicyChanged(Fact):
    """The effective rules of one OPD changed: these hold now, by date."""

    TYPE: ClassVar[str] = "id.piket.policy.policy-changed.v1"

    opd: Code
    change: Change
    revision: int = Field(ge=1)
    periods: tuple[Period, ...]
    holidays: tuple[Holiday, ...] = ()
    conflicts: tuple[Conflict, ...] = ()


class HolidayDeclared(Fact):
    """A day was declared off duty in a region; a later declaration of the same date replaces an earlier one."""

    TYPE: ClassVar[str] = "id.piket.policy.holiday-declared.v1"

    holiday: Holiday


class OpdOpened(Fact):
    """An agency (OPD) exists from a date."""

    TYPE: ClassVar[str] = "id.piket.policy.opd-opened.v1"

    opd: Code
    name: str
    on: Day
    kinds: UnitSelectors = ()


class OpdMerged(Fact):
    """An agency ended on a date and another one took over its duties. Its history stays under its own code."""

    TYPE: ClassVar[str] = "id.piket.policy.opd-merged.v1"

    opd: Code
    into: Code
    on: Day


class OpdSplit(Fact):
    """An agency ended on a date and several others took over its duties. Its history stays under its own code."""

    TYPE: ClassVar[str] = "id.piket.policy.opd-split.v1"

    opd: Code
    into: tuple[Code, ...]
    on: Day


class Site(Value):
    """A place of work: the centre and radius of its geofence, and its time zone."""

    site: Code
    lat: float = Field(ge=-90, le=90)
    lng: float = Field(ge=-180, le=180)
    radius_m: int = Field(gt=0, le=5000)
    timezone: Zone


class Post(Value):
    """A counter that needs people: opening hours in minutes from the site's midnight, beyond 1440 for a night."""

    post: Code
    weekdays: tuple[str, ...]
    opens_minute: int = Field(ge=0, lt=1440)
    closes_minute: int = Field(gt=0, le=2880)
    minimum: int = Field(ge=0, le=1000)
    skills: tuple[Code, ...] = ()
    on_holidays: str = "CLOSED"

    def opens_on(self, day: date, holidays: Container[date]) -> bool:
        """Return whether the post opens on a work date; on a holiday only if it serves on holidays."""
        return WEEKDAYS[day.weekday()] in self.weekdays and (day not in holidays or self.on_holidays == "OPEN")


class ArrangementChanged(Fact):
    """What one unit must provide from a date. Classes (open): NON_SERVICE, MIXED, DIRECT, EMERGENCY_24X7."""

    TYPE: ClassVar[str] = "id.piket.policy.arrangement-changed.v1"

    opd: Code
    unit: Code
    name: str
    class_: str = Field(alias="class")
    site: Site
    posts: tuple[Post, ...] = ()
    valid_from: Day
    valid_to: Day | None = None
    kinds: UnitSelectors = ()

    def is_valid_on(self, day: date) -> bool:
        """Return whether the arrangement is valid on a day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


def arrangement_on(recorded: Sequence[ArrangementChanged], day: date) -> ArrangementChanged | None:
    """Return the arrangement of a unit on a day: of those that are valid, the one recorded last."""
    return next((arrangement for arrangement in reversed(recorded) if arrangement.is_valid_on(day)), None)


FACTS: tuple[type[Fact], ...] = (
    PolicyChanged, *instruments.FACTS, HolidayDeclared, OpdOpened, OpdMerged, OpdSplit, ArrangementChanged,
)  # fmt: skip
