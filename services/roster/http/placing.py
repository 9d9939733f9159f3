"""Places people of one or several OPD: ids from the registry, the command, and the registry's rows beside it."""

from collections.abc import Mapping, Sequence
from functools import partial
from uuid import UUID, uuid4

from fastapi import Response

from services.roster.domain import decider
from services.roster.domain.commands import PlaceInSeveralOpd, PlacePeople
from services.roster.domain.decider import State
from services.roster.http.enrolment import Enrolment
from services.roster.storage import people as registry
from services.roster.storage.people import EnrolledPerson
from shared.domain.decider import Transaction
from shared.event_store.database import Database
from shared.event_store.store import Store
from shared.identity import Action, Principal, Scope, is_allowed
from shared.web import Problem, Submission, submit

RowsByOpd = Mapping[str, Mapping[str, Enrolment]]
"""The people of each OPD, by the pointer of their row."""


async def place_people(
    store: Store[State], database: Database, submission: Submission, region: str, rows: RowsByOpd
) -> Response:
    """Place people, all or none; who submits must have been authorized for every OPD."""
    # Read before the transaction, because the command contains the ids; `enrol` checks them inside the transaction.
    nips = [row.nip for of_opd in rows.values() for row in of_opd.values()]
    existing = await registry.registered_ids(database, region, nips)
    # New ids are random, so that nobody can derive a NIP from a published id.
    ids = {nip: existing.get(nip) or uuid4() for nip in nips}
    opds = [
        PlacePeople(region=region, opd=opd, people={at: row.to_placement(ids[row.nip]) for at, row in of_opd.items()})
        for opd, of_opd in rows.items()
    ]
    command = PlaceInSeveralOpd(region=region, opds=tuple(opds))
    enrol = partial(_enrol, rows, ids, region, submission.principal)
    return await submit(submission, store, decider, command, also_write=enrol)


def _enrol(
    rows: RowsByOpd, ids: Mapping[str, UUID], region: str, principal: Principal, transaction: Transaction
) -> None:
    for opd, of_opd in rows.items():
        people: Sequence[EnrolledPerson] = [
            EnrolledPerson(employee=ids[row.nip], name=row.name, nip=row.nip) for row in of_opd.values()
        ]
        registry.enrol(people, region, opd, partial(_check_may_leave, principal, region), transaction)


def _check_may_leave(principal: Principal, region: str, opd: str) -> None:
    """Raise a 403 problem unless the principal may also place people in the OPD that a person leaves.

    The problem does not name that OPD, because the principal may not know where the person works.
    """
    if not is_allowed(principal, Action.PLACE, Scope(region, opd)):
        raise Problem("forbidden", action=Action.PLACE.value, region=region)
