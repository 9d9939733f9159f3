"""Stores the registry of people, the only tables with names and NIP. Rows can be erased; every reading is recorded."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from shared.domain.decider import Transaction
from shared.domain.facts.base import Value
from shared.event_store.database import Connection, Database, Unavailable


class EnrolledPerson(Value):
    """The name and NIP of the person whom a random id stands for."""

    employee: UUID
    name: str
    nip: str


async def registered_ids(database: Database, region: str, nips: Sequence[str]) -> dict[str, UUID]:
    """Return the ids of people who are already enrolled in a region, by NIP."""
    rows = await database.read(
        "SELECT nip, employee FROM person WHERE region = :region AND nip IN :nips", region=region, nips=list(nips)
    )
    return {nip: UUID(employee) for nip, employee in rows}


def enrol(
    people: Sequence[EnrolledPerson],
    region: str,
    opd: str,
    check_may_leave: Callable[[str], None],
    transaction: Transaction,
) -> None:
    """Write people to the registry of an OPD, in the transaction that records their placement.

    `check_may_leave` gets the present OPD of a person who is already enrolled; it raises if they must not be moved.
    Raises `Unavailable` if a concurrent request enrolled one of them under another id.
    """
    ids = {person.nip: str(person.employee) for person in people}
    for nip, employee, present_opd in transaction.execute(
        "SELECT nip, employee, opd FROM person WHERE region = :region AND nip IN :nips", region=region, nips=list(ids)
    ):
        check_may_leave(present_opd)
        if employee != ids[nip]:
            # As unavailable, so that the client sends the request again; it then finds the id of the other request.
            raise Unavailable("A person was enrolled by another request at the same moment; nothing was acknowledged")
    transaction.execute_many(
        "INSERT INTO person VALUES (:employee, :region, :opd, :name, :nip)"
        " ON CONFLICT (employee) DO UPDATE SET opd = excluded.opd, name = excluded.name",
        ({"employee": ids[p.nip], "region": region, "opd": opd, "name": p.name, "nip": p.nip} for p in people),
    )


async def read_people(database: Database, region: str, opd: str, principal: str, at: datetime) -> list[EnrolledPerson]:
    """Return the people of an OPD by name.

    The reader is recorded before the rows are read, so no reading can escape the record (UU 27/2022).
    """
    await database.write(partial(_record_read, region=region, opd=opd, principal=principal, at=at))
    rows = await database.read(
        "SELECT employee, name, nip FROM person WHERE region = :region AND opd = :opd ORDER BY name, employee",
        region=region, opd=opd,
    )  # fmt: skip
    return [EnrolledPerson(employee=UUID(employee), name=name, nip=nip) for employee, name, nip in rows]


def _record_read(connection: Connection, region: str, opd: str, principal: str, at: datetime) -> None:
    connection.execute(
        "INSERT INTO person_read VALUES (:at, :principal, :region, :opd)",
        at=at.isoformat(), principal=principal, region=region, opd=opd,
    )  # fmt: skip
