"""What somebody may want of policy: imperative and closed."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from shared.facts.fact import Code, Command, Day, Function, Region
from shared.facts.policy import Instrument, Post, Site

Words = Annotated[str, StringConstraints(min_length=3, max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")]
"""A title that is shown as it was written: one line, no control characters."""


class Enactment(Command):
    """A decree or circular. Published before today it binds from today, unless a function attests it."""

    instrument: Instrument
    published_attested_by: Function | None = None


class EnactInstrument(Enactment):
    """Enact an instrument in a region."""

    region: Region


class Revocation(Command):
    """The end of an instrument."""

    decided_on: Day
    published_on: Day
    effective_from: Day


class RevokeInstrument(Revocation):
    """End an instrument in a region."""

    region: Region
    instrument: str


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


class OpenOpd(Opening):
    """Enter an agency into the register of a region."""

    region: Region


class Arrangement(Command):
    """What one unit must provide."""

    unit: Code
    name: str = Field(min_length=1, max_length=120)
    class_: Literal["NON_SERVICE", "MIXED", "DIRECT", "EMERGENCY_24X7"] = Field(alias="class")
    site: Site
    posts: tuple[Post, ...] = Field((), max_length=200)
    valid_from: Day
    valid_to: Day | None = None


class ArrangeUnit(Arrangement):
    """State what a unit of an OPD must provide."""

    region: Region
    opd: Code


PolicyCommand = EnactInstrument | RevokeInstrument | DeclareHolidays | OpenOpd | ArrangeUnit
