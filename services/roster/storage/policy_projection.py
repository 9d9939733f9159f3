"""What roster knows of policy: the last effective policy of each OPD and the last arrangement of each unit."""

from collections.abc import Mapping
from typing import NamedTuple

from shared.domain.envelope import Event
from shared.domain.facts.policy import ArrangementChanged, PolicyChanged
from shared.event_store.database import Connection, Database


class Seen(NamedTuple):
    """What a planner may go by, and the position of policy's source that it reflects."""

    arrangements: Mapping[str, ArrangementChanged]
    policy: PolicyChanged | None
    sequence: int


def apply(connection: Connection, event: Event) -> None:
    """Take one event of policy into roster's tables; events of other kinds change nothing."""
    match event.data:
        case PolicyChanged() as fact:
            connection.execute(
                "INSERT INTO policy_seen VALUES (:region, :opd, :sequence, :body)"
                " ON CONFLICT (region, opd) DO UPDATE SET sequence = excluded.sequence, body = excluded.body",
                region=fact.region, opd=fact.opd, sequence=event.sequence, body=fact.model_dump_json(),
            )  # fmt: skip
        case ArrangementChanged() as fact:
            connection.execute(
                "INSERT INTO arrangement_seen VALUES (:region, :opd, :unit, :sequence, :body)"
                " ON CONFLICT (region, opd, unit) DO UPDATE SET sequence = excluded.sequence, body = excluded.body",
                region=fact.region, opd=fact.opd, unit=fact.unit, sequence=event.sequence, body=fact.model_dump_json(),
            )  # fmt: skip
        case _:
            pass


SEEN = (
    "SELECT '', sequence, body FROM policy_seen WHERE region = :region AND opd = :opd"
    " UNION ALL SELECT unit, sequence, body FROM arrangement_seen WHERE region = :region AND opd = :opd"
)
"""Both in one statement: between two, the projection may go on, and a unit would be planned without its policy."""


async def seen(database: Database, region: str, opd: str) -> Seen:
    """What is known of an OPD, arrangements by unit; a projection that lags answers with what it has."""
    rows = await database.read(SEEN, region=region, opd=opd)
    told = {unit: body for unit, _, body in rows}
    policy = told.pop("", None)
    return Seen(
        {unit: ArrangementChanged.model_validate_json(body) for unit, body in told.items()},
        PolicyChanged.model_validate_json(policy) if policy else None,
        max((int(sequence) for _, sequence, _ in rows), default=0),
    )
