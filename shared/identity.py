"""Who is asking, and what they may do: a bearer token becomes a principal, one pure function over one table decides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import jwt
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from shared.domain.facts.base import Code, Region

LEEWAY_SECONDS = 10
"""By how much the clocks of issuer and verifier may differ."""


class Role(StrEnum):
    """What somebody is to Piket."""

    EMPLOYEE = "EMPLOYEE"
    SCHEDULER = "SCHEDULER"
    PERSONNEL = "PERSONNEL"
    SUBSCRIBER = "SUBSCRIBER"
    OPS = "OPS"


class Action(StrEnum):
    """What can be asked of Piket by somebody with a token. Counters are public: they need none."""

    TAP = "TAP"
    READ_ROSTER = "READ_ROSTER"
    PLACE = "PLACE"
    PLAN = "PLAN"
    READ_POLICY = "READ_POLICY"
    ARRANGE = "ARRANGE"
    ENACT = "ENACT"
    READ_FEED = "READ_FEED"
    APPLY_OUTAGE = "APPLY_OUTAGE"


class Reach(StrEnum):
    """How far a role's right goes: its own person, its OPD, its region."""

    SELF = "SELF"
    OPD = "OPD"
    REGION = "REGION"


MAY: Mapping[Role, Mapping[Action, Reach]] = {
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
    Role.OPS: {Action.READ_FEED: Reach.REGION},
}


@dataclass(frozen=True)
class Scope:
    """What an action touches: a region, and where one is meant an OPD, a unit, a person."""

    region: str
    opd: str | None = None
    unit: str | None = None
    employee: UUID | None = None


def _known_roles(names: Sequence[str]) -> frozenset[Role]:
    return frozenset(role for role in Role if role in names)


class Principal(BaseModel):
    """Somebody whose token was verified. Roles that this release does not know give nothing."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    subject: str = Field(alias="sub", min_length=1, max_length=200)
    roles: Annotated[frozenset[Role], BeforeValidator(_known_roles)] = frozenset()
    region: Region
    opd: Code | None = None
    unit: Code | None = None
    employee: UUID | None = None

    def own(self) -> Scope:
        """The scope of the person behind the token, which `Reach.SELF` asks for."""
        return Scope(self.region, self.opd, self.unit, self.employee)


def may(principal: Principal, action: Action, scope: Scope) -> bool:
    """Whether any role of this principal reaches this scope with this action. Pure."""
    return any(_covers(reach, principal, scope) for role in principal.roles if (reach := MAY[role].get(action)))


def _covers(reach: Reach, principal: Principal, scope: Scope) -> bool:
    same_region = scope.region == principal.region
    same_opd = same_region and scope.opd is not None and scope.opd == principal.opd
    same_person = same_opd and scope.employee is not None and scope.employee == principal.employee
    return {Reach.REGION: same_region, Reach.OPD: same_opd, Reach.SELF: same_person}[reach]


class TokenRefused(Exception):
    """A token that proves nothing. `slug` names the problem; the reason is for the log, never for the caller."""

    def __init__(self, slug: str, reason: str) -> None:
        super().__init__(reason)
        self.slug = slug


class Identity:
    """Verifies bearer tokens: JWT signed with ES256 by a known key, from one issuer, for one audience."""

    def __init__(self, keys: Mapping[str, jwt.PyJWK], issuer: str, audience: str) -> None:
        self._keys, self._issuer, self._audience = keys, issuer, audience

    @classmethod
    def of(cls, jwks: Mapping[str, Any], issuer: str, audience: str) -> "Identity":
        """From a JSON Web Key Set (RFC 7517). Keys without an id, or for another algorithm, are left out."""
        keys = {key["kid"]: jwt.PyJWK(key, "ES256") for key in jwks["keys"] if key.get("kid") and key["kty"] == "EC"}
        return cls(keys, issuer, audience)

    def principal(self, token: str) -> Principal:
        """The principal a token proves. Raises `TokenRefused`: `token-expired`, or `token-invalid` for all else."""
        try:
            return Principal.model_validate(self._claims(token))
        except jwt.ExpiredSignatureError as late:
            raise TokenRefused("token-expired", str(late)) from late
        except (jwt.PyJWTError, ValidationError, TypeError) as broken:
            raise TokenRefused("token-invalid", type(broken).__name__) from broken

    def _claims(self, token: str) -> Mapping[str, Any]:
        key = self._keys.get(jwt.get_unverified_header(token).get("kid", ""))
        if key is None:
            raise jwt.InvalidKeyError("signed with a key that is not known here")
        return jwt.decode(
            token,
            key,
            algorithms=["ES256"],
            audience=self._audience,
            issuer=self._issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "iat", "sub", "iss", "aud"]},
        )
