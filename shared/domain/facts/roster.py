"""Defines what roster publishes: placements, absences and rosters. People are random ids, never names."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.domain.facts.base import Code, Day, Fact, Value


class EmployeePlaced(Fact):
    """An employee belongs to a unit from a date."""

    TYPE: ClassVar[str] = "id.piket.roster.employee-placed.v1"

    opd: Code
    employee: UUID
    unit: Code
    position_class: str
    job_type: str
    status: str
    skills: tuple[Code, ...] = ()
    from_: Day = Field(alias="from")
    to: Day | None = None


class AbsenceDeclared(Fact):
    """An employee is absent between two dates, both included, or this was withdrawn. Kinds (open): LEAVE, TRAVEL."""

    TYPE: ClassVar[str] = "id.piket.roster.absence-declared.v1"

    opd: Code
    employee: UUID
    kind: str
    from_: Day = Field(alias="from")
    to: Day
    withdrawn: bool = False


class Required(Value):
    """The head count that the planner was asked to provide at a post. For information: readers do not count with it."""

    post: Code
    from_minute: int
    to_minute: int
    minimum: int


class Reason(Value):
    """The rule that explains an assignment. Codes are an open enumeration.

    On site: SERVICE_STANDARD (needed for the minimum of a post, its relief or its spread), SHORT_REST (the same, too
    soon after a night shift, because nobody else was available), DIRECT_SERVICE (the class is excluded),
    EXCLUDED_UNIT, POSITION and JOB_TYPE (the unit, position or job type is excluded), UNIT_HEAD (the head decides and
    did not allow it), OFFICE_DAY (not a home day), WFO_SHARE (the share is reached), WFO_GROUP (another group has its
    turn), WEEKLY_CAP (the home days of the week are used up).
    At home: WFH_WEEKDAY, WFH_GROUP. Neither: ABSENCE, AFTER_NIGHT, HOLIDAY, WEEKEND.
    """

    rule: str
    code: str
    instrument: str | None = None


class Break(Value):
    """Minutes of the work date in which this person does not count as present."""

    from_minute: int
    to_minute: int


class Assignment(Value):
    """One person's shift, in minutes from midnight of the work date at the site; above 1440 after the next midnight."""

    employee: UUID
    mode: str
    place: str | None = None
    post: Code | None = None
    from_minute: int = Field(ge=0, le=2880)
    to_minute: int = Field(ge=0, le=2880)
    breaks: tuple[Break, ...] = ()
    reason: Reason


class PolicySeen(Value):
    """The state of policy that the planner used."""

    revision: int
    sequence: int


class PresentStaff(Value):
    """How many people were not absent on the date, in the unit and in the whole OPD; shares are fractions of these."""

    unit: int = Field(ge=0)
    opd: int = Field(ge=0)


class Plan(Value):
    """How the roster was computed, and what was proved about it.

    `objective`: heads missing from the minimums, breaks included. `bound`: no plan can miss fewer heads than this.
    """

    solver: str
    version: str
    objective: float | None = None
    bound: float | None = None
    proved_optimal: bool = False
    seed: int = 0


class RosterAssigned(Fact):
    """The roster of one unit on one work date was published. It is complete: a later revision replaces it.

    Rosters of earlier releases have no `present`.
    """

    TYPE: ClassVar[str] = "id.piket.roster.roster-assigned.v1"

    opd: Code
    unit: Code
    work_date: Day
    roster_revision: int = Field(ge=1)
    status: str
    required: tuple[Required, ...] = ()
    assignments: tuple[Assignment, ...]
    policy: PolicySeen
    plan: Plan
    present: PresentStaff | None = None
    cause: str


FACTS: tuple[type[Fact], ...] = (EmployeePlaced, AbsenceDeclared, RosterAssigned)
