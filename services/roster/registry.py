"""The registry of people: the one place with names and NIP. Erasable; every reading is recorded, none published."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from uuid import UUID

from shared.database import Connection, Database
from shared.facts.fact import Value


class Person(Value):
    """A name behind a random id."""

    employee: UUID
    name: str
    nip: str


async def enrol(database: Database, region: str, opd: str, name: str, nip: str, new_id: Callable[[], UUID]) -> UUID:
    """The id of a person, the same whenever they are enrolled again in this region."""
    return await database.write(partial(_enrol, region=region, opd=opd, name=name, nip=nip, new_id=new_id))


async def people(database: Database, region: str, opd: str, principal: str, at: datetime) -> list[Person]:
    """The people of an OPD by name. Who reads them is recorded before they are read (UU 27/2022)."""
    await database.write(partial(_record_read, region=region, opd=opd, principal=principal, at=at))
    rows = await database.read(
        "SELECT employee, name, nip FROM person WHERE region = :region AND opd = :opd ORDER BY name, employee",
        region=region, opd=opd,
    )  # fmt: skip
    return [Person(employee=UUID(employee), name=name, nip=nip) for employee, name, nip in rows]


def _enrol(connection: Connection, region: str, opd: str, name: str, nip: str, new_id: Callable[[], UUID]) -> UUID:
    known = connection.execute(
        "SELECT employee FROM person WHERE region = :region AND nip = :nip", region=region, nip=nip
    )
    employee = UUID(known[0][0]) if known else new_id()
    connection.execute(
        "INSERT INTO person VALUES (:employee, :region, :opd, :name, :nip)"
        " ON CONFLICT (employee) DO UPDATE SET opd = excluded.opd, name = excluded.name",
        employee=str(employee), region=region, opd=opd, name=name, nip=nip,
    )  # fmt: skip
    return employee


def _record_read(connection: Connection, region: str, opd: str, principal: str, at: datetime) -> None:
    connection.execute(
        "INSERT INTO person_read VALUES (:at, :principal, :region, :opd)",
        at=at.isoformat(), principal=principal, region=region, opd=opd,
    )  # fmt: skip
