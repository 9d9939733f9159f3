"""What policy tells: the rules in force, what an OPD must provide, which OPD exist."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from shared.facts.fact import Code, Day, Fact, Value, Zone

Function = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{2,39}$")]
"""The title of an office, such as `KEPALA_BKD`: published, so never the name of a person."""


class Pattern(Value):
    """On which days the location is flexible: fixed weekdays (MON..SUN), or so many groups in turn."""

    weekdays: tuple[str, ...] = ()
    groups: int | None = None


class Presence(Value):
    """How a presence is proved and for how long an offline tap may be handed in."""

    accept_claimed: bool = True
    offline_limit_hours: int = Field(72, ge=0)


class Rules(Value):
    """The resolved rules of a period; a rule that no instrument sets is absent."""

    pattern: Pattern | None = None
    max_share: float | None = Field(None, ge=0, le=1)
    share_of: str | None = None
    excluded_classes: tuple[str, ...] = ()
    weekly_cap_days: int | None = Field(None, ge=0, le=7)
    presence: Presence | None = None


class Winner(Value):
    """The instrument, and its layer, that gave a rule."""

    instrument: str
    layer: str
    article: str | None = None


class Period(Value):
    """Rules in force from the first date to the last, both included; no `to` means until further notice."""

    from_: date = Field(alias="from")
    to: date | None = None
    rules: Rules
    won_by: Mapping[str, Winner] = {}


class Holiday(Value):
    """One day without duty, and who declared it."""

    date: Day
    kind: str
    name: str
    source: str


class Conflict(Value):
    """Rules of several instruments that cannot both hold, and how it was resolved."""

    rule: str
    instruments: tuple[str, ...]
    resolved_by: str
    effect: str | None = None


class Change(Value):
    """Why the effective policy changed. An open enumeration: ENACTED, REVOKED, ..."""

    kind: str
    instrument: str
    decided_on: Day
    published_on: Day
    effective_from: Day
    published_attested_by: Function | None = None


class PolicyChanged(Fact):
    """The effective rules of one OPD after a change."""

    TYPE: ClassVar[str] = "id.piket.policy.policy-changed.v1"

    opd: Code
    change: Change
    revision: int = Field(ge=1)
    periods: tuple[Period, ...]
    holidays: tuple[Holiday, ...] = ()
    conflicts: tuple[Conflict, ...] = ()


class Instrument(Value):
    """A decree or circular: its number, its dates, its rules. Dates both included."""

    instrument: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{2,63}$")
    title: str = Field(min_length=3, max_length=200)
    layer: str
    decided_on: Day
    published_on: Day
    effective_from: Day
    effective_to: Day | None = None
    rules: Rules


class InstrumentEnacted(Fact):
    """An instrument was enacted in a region. It binds from `binds_from`: never before its publication was on record."""

    TYPE: ClassVar[str] = "id.piket.policy.instrument-enacted.v1"

    instrument: Instrument
    binds_from: Day
    published_attested_by: Function | None = None


class InstrumentRevoked(Fact):
    """An instrument binds nobody from `binds_until` on."""

    TYPE: ClassVar[str] = "id.piket.policy.instrument-revoked.v1"

    instrument: str
    effective_from: Day
    binds_until: Day
    decided_on: Day
    published_on: Day


class OpdOpened(Fact):
    """An agency exists from a date on."""

    TYPE: ClassVar[str] = "id.piket.policy.opd-opened.v1"

    opd: Code
    name: str
    on: Day


class Site(Value):
    """A place of work with its geofence and its own time zone."""

    site: Code
    lat: float = Field(ge=-90, le=90)
    lng: float = Field(ge=-180, le=180)
    radius_m: int = Field(gt=0, le=5000)
    timezone: Zone


class Post(Value):
    """A counter that needs people: minutes from the site's midnight, beyond 1440 for a night."""

    post: Code
    weekdays: tuple[str, ...]
    opens_minute: int = Field(ge=0, lt=1440)
    closes_minute: int = Field(gt=0, le=2880)
    minimum: int = Field(ge=0, le=1000)
    skills: tuple[Code, ...] = ()
    on_holidays: str = "CLOSED"


class ArrangementChanged(Fact):
    """What one unit must provide from a date on. Classes (open): NON_SERVICE, MIXED, DIRECT, EMERGENCY_24X7."""

    TYPE: ClassVar[str] = "id.piket.policy.arrangement-changed.v1"

    opd: Code
    unit: Code
    name: str
    class_: str = Field(alias="class")
    site: Site
    posts: tuple[Post, ...] = ()
    valid_from: Day
    valid_to: Day | None = None


FACTS: tuple[type[Fact], ...] = (PolicyChanged, InstrumentEnacted, InstrumentRevoked, OpdOpened, ArrangementChanged)
