"""Maps the claims of an issuer's tokens to a principal: where each claim is comes from the settings."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from shared.identity.rights import Principal
from shared.settings.identity import IdentitySettings


class ClaimPaths(NamedTuple):
    """Where the claims of a principal are: names, joined by dots where one claim is inside another."""

    roles: Sequence[str] = ("roles",)
    region: str = "region"
    opd: str = "opd"
    unit: str = "unit"
    employee: str = "employee"

    @classmethod
    def from_settings(cls, settings: IdentitySettings) -> "ClaimPaths":
        """Return the paths that the settings name."""
        roles = [path.strip() for path in settings.roles_claim.split(",")]
        return cls(roles, settings.region_claim, settings.opd_claim, settings.unit_claim, settings.employee_claim)


def principal_of(claims: Mapping[str, Any], paths: ClaimPaths) -> Principal:
    """Return the principal of verified claims. Raise TypeError or `pydantic.ValidationError` if they describe none."""
    return Principal.model_validate(
        {
            "sub": claims["sub"],
            "roles": _roles(claims, paths.roles),
            "region": _single(_at(claims, paths.region)),
            "opd": _single(_at(claims, paths.opd)),
            "unit": _single(_at(claims, paths.unit)),
            "employee": _single(_at(claims, paths.employee)),
        }
    )


def _at(claims: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401 - JSON
    """Return the value at a path, None if it is absent. A claim whose name contains the dots itself comes first."""
    value: Any = claims.get(path)
    if value is not None or "." not in path:
        return value
    value = claims
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _roles(claims: Mapping[str, Any], paths: Sequence[str]) -> Sequence[str]:
    """Return the names of all lists; an absent list has none. Raise TypeError for anything else than a list."""
    names: list[str] = []
    for path in paths:
        listed = _at(claims, path)
        if not isinstance(listed, list | None):
            raise TypeError("roles are no list")
        names += listed or ()
    return names


def _single(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return the only member of a list: directories give an attribute as a list. Several members are left as they are.

    A principal has one region, so a token with several is refused.
    """
    return value[0] if isinstance(value, list) and len(value) == 1 else value
