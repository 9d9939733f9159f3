"""What policy tells: the rules in force, what an OPD must provide, which OPD exist."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from shared.domain.facts.base import Code, Day, Fact, Function, Region, Value, Zone
from shared.domain.facts.rules import Kinds, Pattern, Presence, Rules

__all__ = ["Pattern", "Presence", "Rules"]

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{2,63}$")]
"""The name of an instrument in Piket: `jabar-2025-se-150-stage-1`."""


GRANTED_DAY = "pattern/"
"""Before a weekday, in `won_by`: another instrument than the one that gave the pattern granted that day of it."""


class Winner(Value):
    """The instrument, and its layer, that gave a rule."""

    instrument: str
    layer: str
    article: str | None = None


class Pilot(Value):
    """The rules of a site at which an instrument begins before it does elsewhere, and who gave each."""

    rules: Rules
    won_by: Mapping[str, Winner] = {}


class Period(Value):
    """Rules in force from the first date to the last, both included; no `to` means until further notice.

    They hold at every site but those of `pilots`, which have their own.
    """

    from_: date = Field(alias="from")
    to: date | None = None
    rules: Rules
    won_by: Mapping[str, Winner] = {}
    pilots: Annotated[Mapping[str, Pilot], Field(exclude_if=lambda pilots: not pilots)] = {}

    def granted(self) -> Mapping[str, Winner]:
        """The weekdays of the pattern that another instrument granted than the one that gave it."""
        return {rule.removeprefix(GRANTED_DAY): won for rule, won in self.won_by.items() if GRANTED_DAY in rule}

    def at(self, site: str | None) -> "Period":
        """The same dates with the rules of one site."""
        pilot = self.pilots.get(site or "")
        return Period(from_=self.from_, to=self.to, rules=pilot.rules, won_by=pilot.won_by) if pilot else self


class Holiday(Value):
    """One day without duty, and who declared it. Kinds (open): public, cuti_bersama."""

    date: Day
    kind: str
    name: str
    source: str


class Conflict(Value):
    """Rules of several instruments that cannot both hold, how it was resolved, and what remains.

    `resolved_by` is `{why}:{instrument}`, `effect` is `{measure}:{value}`: short codes that a page says in words.
    """

    rule: str
    instruments: tuple[str, ...]
    resolved_by: str
    effect: str | None = None


class Change(Value):
    """Why the effective policy changed.

    Kinds (open): ENACTED, IN_FORCE, AMENDED, SUSPENDED, RESUMED, SUPERSEDED, REVOKED, EXPIRED, ADOPTED, APPROVED, and
    CALENDAR, of no instrument.
    """

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


_TURNED = r"\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069"
_ONE_LINE = rf"^[^\s{_TURNED}][^{_TURNED}]+$"
Title = Annotated[str, StringConstraints(min_length=3, max_length=200, pattern=_ONE_LINE)]
"""One line as it was written: no control characters, none that turn the direction of writing."""


class Said(Value):
    """One sentence in both languages."""

    id: str = Field(min_length=3, max_length=500)
    en: str = Field(min_length=3, max_length=500)


class Recommendation(Value):
    """An instrument of another government, as it stands in that one's source."""

    region: Region
    instrument: Id


class Instrument(Value):
    """A decree or circular: its dates, both included, and its rules.

    Without `effective_from` it binds nobody until one is decided. An `overlay` changes hours and leaves the pattern
    alone. `opds` are bound by an instrument of layer OPD; empty on every other layer: all of the region.
    """

    instrument: Id
    title: Title
    layer: str
    government: Region | None = None
    decided_on: Day
    published_on: Day
    effective_from: Day | None = None
    effective_to: Day | None = None
    supersedes: tuple[Id, ...] = ()
    overlay: bool = False
    opds: tuple[Code, ...] = ()
    adopts: Recommendation | None = None
    rules: Rules
    sources: tuple[Annotated[str, StringConstraints(min_length=3, max_length=300)], ...] = ()
    assumptions: tuple[Said, ...] = ()


class InstrumentDrafted(Fact):
    """An instrument is on the table and binds nobody. Stages (open): DRAFT, STUDY."""

    TYPE: ClassVar[str] = "id.piket.policy.instrument-drafted.v1"

    instrument: Instrument
    stage: str


class InstrumentEnacted(Fact):
    """An instrument was enacted in a region. It binds from `binds_from`: never before its publication was on record.

    Without that date it binds nobody until it is scheduled.
    """

    TYPE: ClassVar[str] = "id.piket.policy.instrument-enacted.v1"

    instrument: Instrument
    binds_from: Day | None = None
    published_attested_by: Function | None = None


class InstrumentAmended(Fact):
    """An instrument says this from `binds_from` on, and what it said before until then."""

    TYPE: ClassVar[str] = "id.piket.policy.instrument-amended.v1"

    instrument: Instrument
    binds_from: Day
    published_attested_by: Function | None = None


class InstrumentScheduled(Fact):
    """The date was decided from which an enacted instrument binds."""

    TYPE: ClassVar[str] = "id.piket.policy.instrument-scheduled.v1"

    instrument: Id
    decided_on: Day
    published_on: Day
    effective_from: Day
    binds_from: Day
    published_attested_by: Function | None = None


class InstrumentSuspended(Fact):
    """An instrument binds nobody from `binds_until` on, until it is resumed."""

    TYPE: ClassVar[str] = "id.piket.policy.instrument-suspended.v1"

    instrument: Id
    decided_on: Day
    published_on: Day
    effective_from: Day
    binds_until: Day


class InstrumentResumed(Fact):
    """A suspended instrument binds again from `binds_from` on."""

    TYPE: ClassVar[str] = "id.piket.policy.instrument-resumed.v1"

    instrument: Id
    decided_on: Day
    published_on: Day
    effective_from: Day
    binds_from: Day


class InstrumentRevoked(Fact):
    """An instrument binds nobody from `binds_until` on."""

    TYPE: ClassVar[str] = "id.piket.policy.instrument-revoked.v1"

    instrument: Id
    effective_from: Day
    binds_until: Day
    decided_on: Day
    published_on: Day


class InstrumentReached(Fact):
    """The date came on which an instrument changed its state. States (open): IN_FORCE, SUPERSEDED, EXPIRED."""

    TYPE: ClassVar[str] = "id.piket.policy.instrument-reached.v1"

    instrument: Id
    state: str
    on: Day


class InstrumentDaysApproved(Fact):
    """An OPD's application for the optional weekdays of an instrument was approved."""

    TYPE: ClassVar[str] = "id.piket.policy.instrument-days-approved.v1"

    instrument: Id
    applicant: Code
    weekdays: tuple[str, ...]
    decided_on: Day
    published_on: Day
    effective_from: Day
    effective_to: Day | None = None
    binds_from: Day
    by: Function


class InstrumentDeclined(Fact):
    """A region does not follow the recommendation of another government."""

    TYPE: ClassVar[str] = "id.piket.policy.instrument-declined.v1"

    recommendation: Recommendation
    decided_on: Day
    published_on: Day


class HolidayDeclared(Fact):
    """A day is without duty in a region; declared again, the later content of its date holds."""

    TYPE: ClassVar[str] = "id.piket.policy.holiday-declared.v1"

    holiday: Holiday


class OpdOpened(Fact):
    """An agency exists from a date on."""

    TYPE: ClassVar[str] = "id.piket.policy.opd-opened.v1"

    opd: Code
    name: str
    on: Day
    kinds: Kinds = ()


class OpdMerged(Fact):
    """An agency is no more from a date on; another goes on with its duties. Its history stays under its own code."""

    TYPE: ClassVar[str] = "id.piket.policy.opd-merged.v1"

    opd: Code
    into: Code
    on: Day


class OpdSplit(Fact):
    """An agency is no more from a date on; several go on with its duties. Its history stays under its own code."""

    TYPE: ClassVar[str] = "id.piket.policy.opd-split.v1"

    opd: Code
    into: tuple[Code, ...]
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
    kinds: Kinds = ()


FACTS: tuple[type[Fact], ...] = (
    PolicyChanged,
    InstrumentDrafted,
    InstrumentEnacted,
    InstrumentAmended,
    InstrumentScheduled,
    InstrumentSuspended,
    InstrumentResumed,
    InstrumentRevoked,
    InstrumentReached,
    InstrumentDaysApproved,
    InstrumentDeclined,
    HolidayDeclared,
    OpdOpened,
    OpdMerged,
    OpdSplit,
    ArrangementChanged,
)
