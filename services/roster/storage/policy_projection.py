"""Stores what roster has received from policy: the last policy of each OPD, the last arrangement of each unit."""

from collections.abc import Mapping
from typing import NamedTuple

from shared.domain.envelope import Event
from shared.domain.facts.policy import ArrangementChanged, PolicyChanged
from shared.event_store.database import Connection, Database


class PolicyView(NamedTuple):
    """The input of a plan: arrangements by unit, the policy, and the sequence of policy's event source they reflect."""

    arrangements: Mapping[str, ArrangementChanged]
    policy: PolicyChanged | None
    sequence: int


def apply(connection: Connection, event: Event) -> None:
    """Write one event of policy to roster's tables; events of other types change nothing."""
    # An event that could not be read when its turn came is applied late: it must not replace a later one.
    match event.data:
        case PolicyChanged() as fact:
            connection.execute(
                "INSERT INTO policy_seen VALUES (:region, :opd, :sequence, :body)"
                " ON CONFLICT (region, opd) DO UPDATE SET sequence = excluded.sequence, body = excluded.body"
                " WHERE policy_seen.sequence < excluded.sequence",
                region=fact.region, opd=fact.opd, sequence=event.sequence, body=fact.model_dump_json(),
            )  # fmt: skip
        case ArrangementChanged() as fact:
            connection.execute(
                "INSERT INTO arrangement_seen VALUES (:region, :opd, :unit, :sequence, :body)"
                " ON CONFLICT (region, opd, unit) DO UPDATE SET sequence = excluded.sequence, body = excluded.body"
                " WHERE arrangement_seen.sequence < excluded.sequence",
                region=fact.region, opd=fact.opd, unit=fact.unit, sequence=event.sequence, body=fact.model_dump_json(),
            )  # fmt: skip
        case _:
            pass


SELECT_POLICY_VIEW = (
    "SELECT '', sequence, body FROM policy_seen WHERE region = :region AND opd = :opd"
    " UNION ALL SELECT unit, sequence, body FROM arrangement_seen WHERE region = :region AND opd = :opd"
)
"""One statement for both tables: between two the projection could write, and a unit would be planned without policy."""


async def policy_view(database: Database, region: str, opd: str) -> PolicyView:
    """Return the policy and arrangements of an OPD that roster has received so far."""
    rows = await database.read(SELECT_POLICY_VIEW, region=region, opd=opd)
    bodies = {unit: body for unit, _, body in rows}
    policy = bodies.pop("", None)
    return PolicyView(
        {unit: ArrangementChanged.model_validate_json(body) for unit, body in bodies.items()},
        PolicyChanged.model_validate_json(policy) if policy else None,
        max((int(sequence) for _, sequence, _ in rows), default=0),
    )


async def arranged_units(database: Database, region: str) -> frozenset[tuple[str, str]]:
    """Return the OPD and code of every unit of a region whose arrangement roster has received."""
    rows = await database.read("SELECT opd, unit FROM arrangement_seen WHERE region = :region", region=region)
    return frozenset((opd, unit) for opd, unit in rows)
