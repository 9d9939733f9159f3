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
    lists = [_at(claims, path) for path in paths.roles]
    scope = {name: _single(_at(claims, getattr(paths, name))) for name in ("region", "opd", "unit", "employee")}
    return Principal.model_validate({"sub": claims["sub"], "roles": _joined(lists), **scope})


def _at(claims: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401 - JSON
    """Return the value at a path, None if it is absent. A claim whose name contains the dots itself comes first."""
    if path in claims:
        return claims[path]
    value: Any = claims
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _joined(lists: Sequence[Any]) -> Sequence[str]:
    """Return the members of all lists; an absent one has none. Raise TypeError for anything else."""
    if not all(isinstance(names, list | None) for names in lists):
        raise TypeError("roles are no list")
    return [name for names in lists for name in names or ()]


def _single(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return the only member of a list: directories give an attribute as a list. Several members are left as they are.

    A principal has one region, so a token with several is refused.
    """
    return value[0] if isinstance(value, list) and len(value) == 1 else value
