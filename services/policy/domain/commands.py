"""What somebody may want of policy: imperative and closed."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from shared.domain.facts.base import Code, Command, Day, Function, Region
from shared.domain.facts.policy import Id, Instrument, Post, Recommendation, Site
from shared.domain.facts.rules import Kinds

Words = Annotated[str, StringConstraints(min_length=3, max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")]
"""A title that is shown as it was written: one line, no control characters."""


class Enactment(Command):
    """A decree or circular. Published before today it binds from today, unless a function attests it."""

    instrument: Instrument
    published_attested_by: Function | None = None


class EnactInstrument(Enactment):
    """Enact an instrument in a region."""

    region: Region


class AmendInstrument(Enactment):
    """Give an enacted instrument other content from a date on; its dates are those of the amendment."""

    region: Region


class Drafting(Command):
    """An instrument that binds nobody yet, and how far it is."""

    instrument: Instrument
    stage: Literal["DRAFT", "STUDY"]


class DraftInstrument(Drafting):
    """Put an instrument on the table of a region."""

    region: Region


class Turn(Command):
    """A decision on an instrument that is enacted, and from when on it holds."""

    decided_on: Day
    published_on: Day
    effective_from: Day


class Schedule(Turn):
    """The date from which an instrument binds that was enacted without one."""

    published_attested_by: Function | None = None


class ScheduleInstrument(Schedule):
    """Bring an enacted instrument into force in a region."""

    region: Region
    instrument: Id


class SuspendInstrument(Turn):
    """Let an instrument bind nobody for a while."""

    region: Region
    instrument: Id


class ResumeInstrument(Turn):
    """Let a suspended instrument bind again."""

    region: Region
    instrument: Id


class RevokeInstrument(Turn):
    """End an instrument in a region."""

    region: Region
    instrument: Id


class DaysGranted(Turn):
    """Optional weekdays for which an OPD applied, and the office that approved them."""

    opd: Code
    weekdays: tuple[str, ...] = Field(min_length=1, max_length=7)
    effective_to: Day | None = None
    by: Function


class ApproveDays(DaysGranted):
    """Approve an OPD's application for the optional weekdays of an instrument."""

    region: Region
    instrument: Id


class Refusal(Command):
    """Another government's recommendation that is not followed."""

    recommendation: Recommendation
    decided_on: Day
    published_on: Day


class DeclineRecommendation(Refusal):
    """Decline another government's recommendation."""

    region: Region


class RecordDue(Command):
    """Record every change of state whose date has come."""

    region: Region


class Declared(Command):
    """One day without duty, and the decree it stands in."""

    date: Day
    kind: Literal["public", "cuti_bersama"]
    name: Words
    source: Words


class Declaration(Command):
    """Days of the calendar. Those of the past may be entered too: they seed it."""

    holidays: tuple[Declared, ...] = Field(max_length=200)


class DeclareHolidays(Declaration):
    """Declare days without duty in a region."""

    region: Region


class Opening(Command):
    """An agency of the register."""

    opd: Code
    name: str = Field(min_length=3, max_length=120)
    on: Day
    kinds: Kinds = Field((), max_length=20)


class OpenOpd(Opening):
    """Enter an agency into the register of a region."""

    region: Region


class Merging(Command):
    """The agency that goes on with the duties of another, which is no more from a date on."""

    into: Code
    on: Day


class MergeOpd(Merging):
    """End an agency that goes into another. Several that go into one are one command each."""

    region: Region
    opd: Code


class Splitting(Command):
    """The agencies that go on with the duties of one, which is no more from a date on."""

    into: tuple[Code, ...] = Field(min_length=2, max_length=20)
    on: Day


class SplitOpd(Splitting):
    """End an agency that is split into several."""

    region: Region
    opd: Code


class Arrangement(Command):
    """What one unit must provide."""

    unit: Code
    name: str = Field(min_length=1, max_length=120)
    class_: Literal["NON_SERVICE", "MIXED", "DIRECT", "EMERGENCY_24X7"] = Field(alias="class")
    site: Site
    posts: tuple[Post, ...] = Field((), max_length=200)
    valid_from: Day
    valid_to: Day | None = None
    kinds: Kinds = Field((), max_length=20)


class ArrangeUnit(Arrangement):
    """State what a unit of an OPD must provide."""

    region: Region
    opd: Code


InstrumentCommand = (
    DraftInstrument
    | EnactInstrument
    | AmendInstrument
    | ScheduleInstrument
    | SuspendInstrument
    | ResumeInstrument
    | RevokeInstrument
    | ApproveDays
    | DeclineRecommendation
    | RecordDue
)
"""What is decided on the instruments of a region."""

PolicyCommand = InstrumentCommand | DeclareHolidays | OpenOpd | MergeOpd | SplitOpd | ArrangeUnit
