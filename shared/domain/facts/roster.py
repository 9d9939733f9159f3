"""What roster tells: who belongs to which unit, and who is expected where. People are random ids, never names."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.domain.facts.base import Code, Day, Fact, Value


class EmployeePlaced(Fact):
    """An employee belongs to a unit from a date on."""

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
    """An employee is away from a date to a date, both included; or is not, after all. Kinds (open): LEAVE, TRAVEL."""

    TYPE: ClassVar[str] = "id.piket.roster.absence-declared.v1"

    opd: Code
    employee: UUID
    kind: str
    from_: Day = Field(alias="from")
    to: Day
    withdrawn: bool = False


class Required(Value):
    """What the planner saw as needed; recorded, never counted."""

    post: Code
    from_minute: int
    to_minute: int
    minimum: int


class Reason(Value):
    """The rule that put a person there, so that "why?" has an answer. Codes are an open enumeration.

    On site: SERVICE_STANDARD (a post's minimum, relief or spread), SHORT_REST (the same, too soon after a night, for
    want of anybody else), DIRECT_SERVICE (the class is excluded), EXCLUDED_UNIT, POSITION and JOB_TYPE (these are),
    UNIT_HEAD (the head has not let go), OFFICE_DAY (no home day), WFO_SHARE and WFO_GROUP (the share, or the turn of
    another group, is full), WEEKLY_CAP (the home days of the week are used up).
    At home: WFH_WEEKDAY, WFH_GROUP. Neither: ABSENCE, AFTER_NIGHT, HOLIDAY, WEEKEND.
    """

    rule: str
    code: str
    instrument: str | None = None


class Break(Value):
    """Minutes of the work date in which nobody counts on this person."""

    from_minute: int
    to_minute: int


class Assignment(Value):
    """One person's shift: minutes from the site's midnight of the work date, beyond 1440 for a night."""

    employee: UUID
    mode: str
    place: str | None = None
    post: Code | None = None
    from_minute: int = Field(ge=0, le=2880)
    to_minute: int = Field(ge=0, le=2880)
    breaks: tuple[Break, ...] = ()
    reason: Reason


class PolicySeen(Value):
    """The state of policy that the planner knew."""

    revision: int
    sequence: int


class Plan(Value):
    """How the roster was made, and what was proved about it.

    `objective` is the heads short of the minima, breaks included; no plan is short of fewer than `bound`.
    """

    solver: str
    version: str
    objective: float | None = None
    bound: float | None = None
    proved_optimal: bool = False
    seed: int = 0


class RosterAssigned(Fact):
    """Who works where in one unit on one work date, whole: a later revision replaces it."""

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
    cause: str


FACTS: tuple[type[Fact], ...] = (EmployeePlaced, AbsenceDeclared, RosterAssigned)
