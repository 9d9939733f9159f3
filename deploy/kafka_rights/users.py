"""Derives the users of a deployment and their rights from the table."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from deploy.kafka_rights.table import ROLES, KafkaRole, Operation, ResourceKind, Right


class Grant(NamedTuple):
    """One operation that one user may do on one resource, or on all whose names begin with `name`."""

    user: str
    kind: ResourceKind
    name: str
    is_prefix: bool
    operation: Operation


def user_name(deployment: str, role: str, region: str = "") -> str:
    """Return the name of the user of a role; with the region if each region has its own."""
    return f"piket-{deployment}-{role}" + (f"-{region}" if region else "")


def users(deployment: str, regions: Sequence[str], roles: Iterable[str] = ROLES) -> Mapping[str, frozenset[Grant]]:
    """Return the rights of every user of a deployment by name. Raise KeyError for an unknown role."""
    return {
        user: frozenset(_grants(user, deployment, of_user, ROLES[role]))
        for role in roles
        for user, of_user in _users_of(deployment, regions, role)
    }


def _users_of(deployment: str, regions: Sequence[str], role: str) -> Iterator[tuple[str, Sequence[str]]]:
    if ROLES[role].by_region:
        yield from ((user_name(deployment, role, region), [region]) for region in regions)
    else:
        yield user_name(deployment, role), regions


def _grants(user: str, deployment: str, regions: Sequence[str], role: KafkaRole) -> Iterator[Grant]:
    for right in role.rights:
        for name in _names(right, user, deployment, regions):
            yield from (Grant(user, right.kind, name, right.is_prefix, operation) for operation in right.operations)


def _names(right: Right, user: str, deployment: str, regions: Sequence[str]) -> set[str]:
    return {right.name.format(region=region, deployment=deployment, user=user) for region in regions}
