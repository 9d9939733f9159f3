"""The registry of people: the one place with names and NIP. Erasable; every reading is recorded, none published."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from uuid import UUID

from shared.command import Transaction
from shared.database import Connection, Database, Unavailable
from shared.facts.fact import Value


class Person(Value):
    """A name behind a random id."""

    employee: UUID
    name: str
    nip: str


async def known(database: Database, region: str, nip: str) -> UUID | None:
    """The id of a person who was enrolled before in this region."""
    rows = await database.read(
        "SELECT employee FROM person WHERE region = :region AND nip = :nip", region=region, nip=nip
    )
    return UUID(rows[0][0]) if rows else None


def enrol(person: Person, region: str, opd: str, leaves: Callable[[str], None], transaction: Transaction) -> None:
    """Keep a person in an OPD, beside their placement. `leaves` raises unless they may be taken from where they are.

    Raises `Unavailable` when somebody else enrolled them under another id meanwhile.
    """
    for employee, now_in in transaction.execute(
        "SELECT employee, opd FROM person WHERE region = :region AND nip = :nip", region=region, nip=person.nip
    ):
        leaves(now_in)
        if employee != str(person.employee):
            raise Unavailable("The person was enrolled by somebody else at the same moment; nothing was acknowledged")
    transaction.execute(
        "INSERT INTO person VALUES (:employee, :region, :opd, :name, :nip)"
        " ON CONFLICT (employee) DO UPDATE SET opd = excluded.opd, name = excluded.name",
        employee=str(person.employee), region=region, opd=opd, name=person.name, nip=person.nip,
    )  # fmt: skip


async def people(database: Database, region: str, opd: str, principal: str, at: datetime) -> list[Person]:
    """The people of an OPD by name. Who reads them is recorded before they are read (UU 27/2022)."""
    await database.write(partial(_record_read, region=region, opd=opd, principal=principal, at=at))
    rows = await database.read(
        "SELECT employee, name, nip FROM person WHERE region = :region AND opd = :opd ORDER BY name, employee",
        region=region, opd=opd,
    )  # fmt: skip
    return [Person(employee=UUID(employee), name=name, nip=nip) for employee, name, nip in rows]


def _record_read(connection: Connection, region: str, opd: str, principal: str, at: datetime) -> None:
    connection.execute(
        "INSERT INTO person_read VALUES (:at, :principal, :region, :opd)",
        at=at.isoformat(), principal=principal, region=region, opd=opd,
    )  # fmt: skip
