"""Defines the commands of policy on instruments and on the calendar, and the union of all its commands."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from services.policy.domain.opd_commands import OpdCommand
from shared.domain.facts.base import Code, Command, Day, OfficeTitle, Region
from shared.domain.facts.instruments import Instrument, InstrumentId, Recommendation

SingleLineText = Annotated[str, StringConstraints(min_length=3, max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")]
"""A text that is displayed as it was written: one line, without control characters."""


class Enactment(Command):
    """Body of `EnactInstrument` and `AmendInstrument`.

    An instrument that was published before today binds from today, unless an office attests the publication.
    """

    instrument: Instrument
    published_attested_by: OfficeTitle | None = None


class EnactInstrument(Enactment):
    """Enact an instrument in a region."""

    region: Region


class AmendInstrument(Enactment):
    """Change the content of an enacted instrument from a date on. The dates in it are those of the amendment."""

    region: Region


class Drafting(Command):
    """Body of `DraftInstrument`: an instrument that does not bind yet, and its stage."""

    instrument: Instrument
    stage: Literal["DRAFT", "STUDY"]


class DraftInstrument(Drafting):
    """Record a draft or a study of an instrument in a region."""

    region: Region


class Transition(Command):
    """A later decision on an enacted instrument, and its dates. Body of suspension, resumption and revocation."""

    decided_on: Day
    published_on: Day
    effective_from: Day


class Scheduling(Transition):
    """Body of `ScheduleInstrument`: the date from which an undated instrument binds."""

    published_attested_by: OfficeTitle | None = None


class ScheduleInstrument(Scheduling):
    """Set the date from which an enacted, undated instrument binds in a region."""

    region: Region
    instrument: InstrumentId


class SuspendInstrument(Transition):
    """Suspend an instrument from a date on, until it is resumed."""

    region: Region
    instrument: InstrumentId


class ResumeInstrument(Transition):
    """Resume a suspended instrument from a date on."""

    region: Region
    instrument: InstrumentId


class RevokeInstrument(Transition):
    """Revoke an instrument in a region from a date on."""

    region: Region
    instrument: InstrumentId


class DayGrant(Transition):
    """Body of `ApproveDays`: the optional weekdays that an OPD applied for, their dates, and the approving office."""

    opd: Code
    weekdays: tuple[str, ...] = Field(min_length=1, max_length=7)
    effective_to: Day | None = None
    by: OfficeTitle


class ApproveDays(DayGrant):
    """Approve an OPD's application for the optional weekdays of an instrument."""

    region: Region
    instrument: InstrumentId


class Decline(Command):
    """Body of `DeclineRecommendation`: the recommendation of another government, and the dates of the decision."""

    recommendation: Recommendation
    decided_on: Day
    published_on: Day


class DeclineRecommendation(Decline):
    """Decline the recommendation of another government."""

    region: Region


class RecordDue(Command):
    """Record every change of state of an instrument whose date is reached."""

    region: Region


class DeclaredHoliday(Command):
    """One day without duty, and its source, for example a joint ministerial decree."""

    date: Day
    kind: Literal["public", "cuti_bersama"]
    name: SingleLineText
    source: SingleLineText


class HolidayDeclaration(Command):
    """Body of `DeclareHolidays`. Past days are accepted for years without any recorded day."""

    holidays: tuple[DeclaredHoliday, ...] = Field(max_length=200)


class DeclareHolidays(HolidayDeclaration):
    """Add days without duty to the calendar of a region."""

    region: Region


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
"""The commands on the instruments of a region."""

PolicyCommand = InstrumentCommand | DeclareHolidays | OpdCommand
"""All commands of policy."""
