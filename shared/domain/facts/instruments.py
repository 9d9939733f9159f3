"""Defines legal instruments, such as decrees and circulars, and the events of their life cycle. Published by policy."""

from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from shared.domain.facts.base import Code, Day, Fact, OfficeTitle, Region, Value
from shared.domain.facts.rules import Rules

InstrumentId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{2,63}$")]
"""The name of an instrument in Piket, for example `jabar-2025-se-150-stage-1`."""

_CONTROL_CHARACTERS = r"\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069"
_SINGLE_LINE = rf"^[^\s{_CONTROL_CHARACTERS}][^{_CONTROL_CHARACTERS}]+$"
Title = Annotated[str, StringConstraints(min_length=3, max_length=200, pattern=_SINGLE_LINE)]
"""One line of text, without control characters and without characters that change the direction of writing."""


class BilingualText(Value):
    """One sentence in Indonesian and in English."""

    id: str = Field(min_length=3, max_length=500)
    en: str = Field(min_length=3, max_length=500)


class Recommendation(Value):
    """Identifies an instrument that another government published, in the event source of that government."""

    region: Region
    instrument: InstrumentId


class Instrument(Value):
    """A decree or circular: its dates, both included, and its rules.

    Without `effective_from` it binds nobody until a date is decided. An `overlay` changes working hours but not the
    pattern. `opds` lists the OPD that an instrument of layer OPD binds; on other layers it is empty: all of the region.
    """

    instrument: InstrumentId
    title: Title
    layer: str
    government: Region | None = None
    decided_on: Day
    published_on: Day
    effective_from: Day | None = None
    effective_to: Day | None = None
    supersedes: tuple[InstrumentId, ...] = ()
    overlay: bool = False
    opds: tuple[Code, ...] = ()
    adopts: Recommendation | None = None
    rules: Rules
    sources: tuple[Annotated[str, StringConstraints(min_length=3, max_length=300)], ...] = ()
    assumptions: tuple[BilingualText, ...] = ()


class Winner(Value):
    """The instrument that decided a rule, and its layer."""

    instrument: str
    layer: str
    article: str | None = None


class InstrumentDrafted(Fact):
    """An instrument was recorded as a proposal, which binds nobody. Stages (open): DRAFT, STUDY."""

    TYPE: ClassVar[str] = "id.piket.policy.instrument-drafted.v1"

    instrument: Instrument
    stage: str


class InstrumentEnacted(Fact):
    """An instrument was enacted in a region. It binds from `binds_from`, never before its publication was recorded.

    Without that date it binds nobody until it is scheduled.
    """

    TYPE: ClassVar[str] = "id.piket.policy.instrument-enacted.v1"

    instrument: Instrument
    binds_from: Day | None = None
    published_attested_by: OfficeTitle | None = None


class InstrumentAmended(Fact):
    """An instrument was amended: this content holds from `binds_from`, the earlier content until the day before."""

    TYPE: ClassVar[str] = "id.piket.policy.instrument-amended.v1"

    instrument: Instrument
    binds_from: Day
    published_attested_by: OfficeTitle | None = None


class InstrumentScheduled(Fact):
    """The date from which an enacted instrument binds was decided."""

    TYPE: ClassVar[str] = "id.piket.policy.instrument-scheduled.v1"

    instrument: InstrumentId
    decided_on: Day
    published_on: Day
    effective_from: Day
    binds_from: Day
    published_attested_by: OfficeTitle | None = None


class InstrumentSuspended(Fact):
    """An instrument was suspended: from `binds_until` it binds nobody, until it is resumed."""

    TYPE: ClassVar[str] = "id.piket.policy.instrument-suspended.v1"

    instrument: InstrumentId
    decided_on: Day
    published_on: Day
    effective_from: Day
    binds_until: Day


class InstrumentResumed(Fact):
    """A suspended instrument was resumed: it binds again from `binds_from`."""

    TYPE: ClassVar[str] = "id.piket.policy.instrument-resumed.v1"

    instrument: InstrumentId
    decided_on: Day
    published_on: Day
    effective_from: Day
    binds_from: Day


class InstrumentRevoked(Fact):
    """An instrument was revoked: from `binds_until` it binds nobody."""

    TYPE: ClassVar[str] = "id.piket.policy.instrument-revoked.v1"

    instrument: InstrumentId
    effective_from: Day
    binds_until: Day
    decided_on: Day
    published_on: Day


class InstrumentReached(Fact):
    """The date came on which an instrument changed its state. States (open): IN_FORCE, SUPERSEDED, EXPIRED."""

    TYPE: ClassVar[str] = "id.piket.policy.instrument-reached.v1"

    instrument: InstrumentId
    state: str
    on: Day


class InstrumentDaysApproved(Fact):
    """The application of an OPD for the optional weekdays of an instrument was approved."""

    TYPE: ClassVar[str] = "id.piket.policy.instrument-days-approved.v1"

    instrument: InstrumentId
    applicant: Code
    weekdays: tuple[str, ...]
    decided_on: Day
    published_on: Day
    effective_from: Day
    effective_to: Day | None = None
    binds_from: Day
    by: OfficeTitle


class InstrumentDeclined(Fact):
    """A region decided not to follow the recommendation of another government."""

    TYPE: ClassVar[str] = "id.piket.policy.instrument-declined.v1"

    recommendation: Recommendation
    decided_on: Day
    published_on: Day


FACTS: tuple[type[Fact], ...] = (
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
)
"""A part of `shared.domain.facts.policy.FACTS`."""
