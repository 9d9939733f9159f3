"""What somebody may want of roster: imperative and closed."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from shared.domain.facts.base import Code, Command, Day, Region
from shared.domain.facts.policy import ArrangementChanged, PolicyChanged


class Placement(Command):
    """Where an employee belongs, and what they can do."""

    unit: Code
    position_class: str = Field("PELAKSANA", pattern=r"^[A-Z_]{2,40}$")
    job_type: str = Field("UMUM", pattern=r"^[A-Z0-9_]{2,40}$")
    status: Literal["PNS", "PPPK"] = "PNS"
    skills: tuple[Code, ...] = Field((), max_length=20)
    from_: Day = Field(alias="from")
    to: Day | None = None


class Placed(Placement):
    """A placement of an employee, known here by a random id."""

    employee: UUID


class PlacePeople(Command):
    """Place employees in units, all or none. The keys say where each stands in the request's body."""

    region: Region
    opd: Code
    people: Mapping[str, Placed]


class Absence(Command):
    """Leave or travel of an employee, both dates included; or, withdrawn, none after all."""

    employee: UUID
    kind: Literal["LEAVE", "TRAVEL", "OTHER"]
    from_: Day = Field(alias="from")
    to: Day
    withdrawn: bool = False


class DeclareAbsence(Absence):
    """Declare an absence in an OPD."""

    region: Region
    opd: Code


class Days(Command):
    """Which work dates are planned, of which units: by default of every unit that roster has seen arranged."""

    dates: tuple[Day, ...] = Field(min_length=1, max_length=14)
    units: Annotated[tuple[Code, ...], Field(min_length=1, max_length=500)] | None = None


class PlanDays(Days):
    """Plan and publish units' work dates together, by the arrangements and the policy that roster has seen."""

    region: Region
    opd: Code
    arrangements: Mapping[str, ArrangementChanged]
    policy: PolicyChanged | None
    sequence: int

    def asked(self) -> tuple[str, ...]:
        """The units that are planned."""
        return self.units if self.units is not None else tuple(sorted(self.arrangements))


RosterCommand = PlacePeople | DeclareAbsence | PlanDays


def placement(region: str, opd: str) -> str:
    """The stream of an OPD's people."""
    return f"placement/{region}/{opd}"


def weeks(region: str, opd: str, *days: date) -> Iterator[str]:
    """The prefixes of the rosters of all units in the ISO weeks of some days."""
    for year, number in sorted({day.isocalendar()[:2] for day in days}):
        yield f"roster/{region}/{opd}/{year}-W{number:02d}/"


def week(region: str, opd: str, unit: str, day: date) -> str:
    """The stream of a unit's rosters in the ISO week of a day."""
    (prefix,) = weeks(region, opd, day)
    return prefix + unit
