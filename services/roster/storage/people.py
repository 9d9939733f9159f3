"""The registry of people: the one place with names and NIP. Erasable; every reading is recorded, none published."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from shared.domain.decider import Transaction
from shared.domain.facts.base import Value
from shared.event_store.database import Connection, Database, Unavailable


class Person(Value):
    """A name behind a random id."""

    employee: UUID
    name: str
    nip: str


async def known(database: Database, region: str, nips: Sequence[str]) -> dict[str, UUID]:
    """The ids, by NIP, of those who were enrolled before in this region."""
    rows = await database.read(
        "SELECT nip, employee FROM person WHERE region = :region AND nip IN :nips", region=region, nips=list(nips)
    )
    return {nip: UUID(employee) for nip, employee in rows}


def enrol(
    people: Sequence[Person], region: str, opd: str, leaves: Callable[[str], None], transaction: Transaction
) -> None:
    """Keep people in an OPD, beside their placement. `leaves` raises unless they may be taken from where they are.

    Raises `Unavailable` when somebody else enrolled one of them under another id meanwhile.
    """
    ids = {person.nip: str(person.employee) for person in people}
    for nip, employee, now_in in transaction.execute(
        "SELECT nip, employee, opd FROM person WHERE region = :region AND nip IN :nips", region=region, nips=list(ids)
    ):
        leaves(now_in)
        if employee != ids[nip]:
            raise Unavailable("A person was enrolled by somebody else at the same moment; nothing was acknowledged")
    transaction.many(
        "INSERT INTO person VALUES (:employee, :region, :opd, :name, :nip)"
        " ON CONFLICT (employee) DO UPDATE SET opd = excluded.opd, name = excluded.name",
        ({"employee": ids[p.nip], "region": region, "opd": opd, "name": p.name, "nip": p.nip} for p in people),
    )


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
