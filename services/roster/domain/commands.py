"""Defines the commands of roster, the request bodies that become commands, and the names of event streams."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from shared.domain.facts.base import Code, Command, Day, Region
from shared.domain.facts.policy import ArrangementChanged, PolicyChanged


class PlacementDetails(Command):
    """The unit of an employee, the dates of the placement, and the employee's position and skills."""

    unit: Code
    position_class: str = Field("PELAKSANA", pattern=r"^[A-Z_]{2,40}$")
    job_type: str = Field("UMUM", pattern=r"^[A-Z0-9_]{2,40}$")
    status: Literal["PNS", "PPPK"] = "PNS"
    skills: tuple[Code, ...] = Field((), max_length=20)
    from_: Day = Field(alias="from")
    to: Day | None = None


class EmployeePlacement(PlacementDetails):
    """The placement of one employee, who is identified by a random id."""

    employee: UUID


class PlacePeople(Command):
    """Place employees in units, all or none. The keys are JSON pointers to the rows of the request body."""

    region: Region
    opd: Code
    people: Mapping[str, EmployeePlacement]


class PlaceInSeveralOpd(Command):
    """Place employees in units of several OPD, all or none; one command for each OPD."""

    region: Region
    opds: tuple[PlacePeople, ...] = Field(min_length=1)


class AbsenceRequest(Command):
    """Leave or travel of an employee, both dates included. `withdrawn` cancels an earlier declaration."""

    employee: UUID
    kind: Literal["LEAVE", "TRAVEL", "OTHER"]
    from_: Day = Field(alias="from")
    to: Day
    withdrawn: bool = False

    def to_command(self, region: str, opd: str) -> "DeclareAbsence":
        """Return the command that declares this absence in an OPD."""
        return DeclareAbsence(
            region=region,
            opd=opd,
            employee=self.employee,
            kind=self.kind,
            from_=self.from_,
            to=self.to,
            withdrawn=self.withdrawn,
        )


class DeclareAbsence(AbsenceRequest):
    """Declare an absence in an OPD."""

    region: Region
    opd: Code


class PlanRequest(Command):
    """The work dates to plan, and the units; by default all units whose arrangement roster has received."""

    dates: tuple[Day, ...] = Field(min_length=1, max_length=14)
    units: Annotated[tuple[Code, ...], Field(min_length=1, max_length=500)] | None = None


class PlanDays(PlanRequest):
    """Plan and publish work dates of several units together, by the arrangements and the policy received so far.

    `sequence` is the position in policy's event source that arrangements and policy reflect.
    """

    region: Region
    opd: Code
    arrangements: Mapping[str, ArrangementChanged]
    policy: PolicyChanged | None
    sequence: int

    def planned_units(self) -> tuple[str, ...]:
        """Return the codes of the units to plan."""
        return self.units if self.units is not None else tuple(sorted(self.arrangements))


RosterCommand = PlacePeople | PlaceInSeveralOpd | DeclareAbsence | PlanDays


def placement_stream(region: str, opd: str) -> str:
    """Return the stream that holds the placements and absences of an OPD."""
    return f"placement/{region}/{opd}"


def week_prefixes(region: str, opd: str, *days: date) -> Iterator[str]:
    """Yield the common prefix of all units' roster streams, for each ISO week that contains one of the days."""
    for year, number in sorted({day.isocalendar()[:2] for day in days}):
        yield f"roster/{region}/{opd}/{year}-W{number:02d}/"


def week_stream(region: str, opd: str, unit: str, day: date) -> str:
    """Return the stream that holds a unit's rosters of the ISO week of a day."""
    (prefix,) = week_prefixes(region, opd, day)
    return prefix + unit
