"""Verifies bearer tokens and decides what a principal may do, by one pure function over one table of rights."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import jwt
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from shared.domain.facts.base import Code, Region
from shared.settings import Settings

LEEWAY_SECONDS = 10
"""By how much the clocks of issuer and verifier may differ."""


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


class TokenRefused(Exception):
    """The token is not valid. `slug` is the problem type; the message is for the log, not for the caller."""

    def __init__(self, slug: str, reason: str) -> None:
        super().__init__(reason)
        self.slug = slug


class UnusableKeySet(Exception):
    """The file of the key set cannot be read, or holds no JSON Web Key Set. The message is for the operator."""

    def __init__(self, file: Path, reason: object) -> None:
        super().__init__(
            f"The key set {file} (PIKET_JWKS) cannot be used: {reason}. Nothing was started."
            " Replace the file by the JSON Web Key Set of the issuer, then start again."
        )
        self.reason = str(reason)


class Identity:
    """Verifies bearer tokens: JWT signed with ES256 by a key of the key set, from one issuer, for one audience."""

    def __init__(self, keys: Mapping[str, jwt.PyJWK], issuer: str, audience: str) -> None:
        self._keys, self._issuer, self._audience = keys, issuer, audience

    @classmethod
    def from_jwks(cls, jwks: Mapping[str, Any], issuer: str, audience: str) -> "Identity":
        """Return the verifier for a JSON Web Key Set (RFC 7517); skip keys without an id or of another type."""
        keys = {key["kid"]: jwt.PyJWK(key, "ES256") for key in jwks["keys"] if key.get("kid") and key["kty"] == "EC"}
        return cls(keys, issuer, audience)

    @classmethod
    def from_settings(cls, settings: Settings) -> "Identity":
        """Return the verifier of a deployment's tokens. Raise `UnusableKeySet` if their key set is broken."""
        try:
            return cls.from_jwks(json.loads(settings.jwks.read_text()), settings.issuer, settings.audience)
        except (IsADirectoryError, PermissionError) as error:
            raise UnusableKeySet(settings.jwks, error.strerror) from error
        except UnicodeDecodeError as error:
            raise UnusableKeySet(settings.jwks, "it is not a text file") from error
        except json.JSONDecodeError as error:
            raise UnusableKeySet(settings.jwks, f"it is not JSON, line {error.lineno}") from error
        except jwt.PyJWTError as error:
            raise UnusableKeySet(settings.jwks, f"a key is invalid ({error})") from error
        except (LookupError, TypeError, AttributeError, ValueError) as error:
            raise UnusableKeySet(settings.jwks, "it is JSON, but no JSON Web Key Set") from error

    def principal(self, token: str) -> Principal:
        """Return the principal of a token. Raise `TokenRefused`: `token-expired`, else `token-invalid`."""
        try:
            return Principal.model_validate(self._claims(token))
        except jwt.ExpiredSignatureError as expired:
            raise TokenRefused("token-expired", str(expired)) from expired
        # TypeError: `roles` is not a list; pydantic does not turn a TypeError of a validator into a ValidationError.
        except (jwt.PyJWTError, ValidationError, TypeError) as invalid:
            raise TokenRefused("token-invalid", type(invalid).__name__) from invalid

    def _claims(self, token: str) -> Mapping[str, Any]:
        key = self._keys.get(jwt.get_unverified_header(token).get("kid", ""))
        if key is None:
            raise jwt.InvalidKeyError("signed with a key that is not in the key set")
        # The algorithm is fixed: the header of a forged token could name another one. The claims are required, because
        # PyJWT checks `exp` only if the token has it.
        return jwt.decode(
            token,
            key,
            algorithms=["ES256"],
            audience=self._audience,
            issuer=self._issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "iat", "sub", "iss", "aud"]},
        )
