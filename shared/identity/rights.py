"""Decides what a principal may do, by one pure function over one table of rights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from shared.domain.facts.base import Code, Region


class Role(StrEnum):
    """A role that a token can carry."""

    EMPLOYEE = "EMPLOYEE"
    SCHEDULER = "SCHEDULER"
    PERSONNEL = "PERSONNEL"
    SUBSCRIBER = "SUBSCRIBER"
    OPS = "OPS"


class Action(StrEnum):
    """An action that needs a token. The public pages need none."""

    TAP = "TAP"
    READ_ROSTER = "READ_ROSTER"
    PLACE = "PLACE"
    PLAN = "PLAN"
    READ_POLICY = "READ_POLICY"
    ARRANGE = "ARRANGE"
    ENACT = "ENACT"
    READ_FEED = "READ_FEED"
    APPLY_OUTAGE = "APPLY_OUTAGE"
    OPERATE = "OPERATE"


class Reach(StrEnum):
    """How far a right goes: the person of the token, their OPD, or their region."""

    SELF = "SELF"
    OPD = "OPD"
    REGION = "REGION"


RIGHTS: Mapping[Role, Mapping[Action, Reach]] = {
    Role.EMPLOYEE: {Action.TAP: Reach.SELF, Action.READ_POLICY: Reach.REGION},
    Role.SCHEDULER: {
        Action.READ_ROSTER: Reach.OPD,
        Action.PLACE: Reach.OPD,
        Action.PLAN: Reach.OPD,
        Action.ARRANGE: Reach.OPD,
        Action.READ_POLICY: Reach.REGION,
    },
    Role.PERSONNEL: {
        Action.READ_ROSTER: Reach.REGION,
        Action.PLACE: Reach.REGION,
        Action.ARRANGE: Reach.REGION,
        Action.ENACT: Reach.REGION,
        Action.APPLY_OUTAGE: Reach.REGION,
        Action.READ_POLICY: Reach.REGION,
    },
    Role.SUBSCRIBER: {Action.READ_FEED: Reach.REGION, Action.READ_POLICY: Reach.REGION},
    Role.OPS: {Action.READ_FEED: Reach.REGION, Action.OPERATE: Reach.REGION},
}


@dataclass(frozen=True)
class Scope:
    """What an action concerns: a region and, if it is narrower, an OPD, a unit, a person."""

    region: str
    opd: str | None = None
    unit: str | None = None
    employee: UUID | None = None


def _supported_roles(names: Sequence[str]) -> frozenset[Role]:
    return frozenset(role for role in Role if role in names)


class Principal(BaseModel):
    """The person or system of a verified token. Roles that this release does not support are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    subject: str = Field(alias="sub", min_length=1, max_length=200)
    roles: Annotated[frozenset[Role], BeforeValidator(_supported_roles)] = frozenset()
    region: Region
    opd: Code | None = None
    unit: Code | None = None
    employee: UUID | None = None

    def self_scope(self) -> Scope:
        """Return the scope of the person of the token, which `Reach.SELF` requires."""
        return Scope(self.region, self.opd, self.unit, self.employee)


def is_allowed(principal: Principal, action: Action, scope: Scope) -> bool:
    """Return whether any role of this principal has the right to this action in this scope. Pure."""
    return any(_covers(reach, principal, scope) for role in principal.roles if (reach := RIGHTS[role].get(action)))


def _covers(reach: Reach, principal: Principal, scope: Scope) -> bool:
    same_region = scope.region == principal.region
    same_opd = same_region and scope.opd is not None and scope.opd == principal.opd
    same_person = same_opd and scope.employee is not None and scope.employee == principal.employee
    return {Reach.REGION: same_region, Reach.OPD: same_opd, Reach.SELF: same_person}[reach]
