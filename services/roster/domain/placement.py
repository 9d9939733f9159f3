"""Decides the placements of people: which facts are new, and which rows are wrong. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from uuid import UUID

from services.roster.domain.commands import PlacePeople
from shared.domain.errors import FieldError
from shared.domain.facts.roster import EmployeePlaced
from shared.domain.messages import Message


def placement_errors(command: PlacePeople) -> Iterator[FieldError]:
    """Yield an error for every placement that ends before it begins."""
    return (error for at, p in command.people.items() for error in date_order_errors(at, p.from_, p.to))


def date_order_errors(pointer: str, first: date, last: date | None) -> Iterator[FieldError]:
    """Yield an error if the last date precedes the first."""
    if last and last < first:
        yield FieldError(f"{pointer}/to", Message("{last} mendahului {first}.", last=last, first=first))


def new_placements(command: PlacePeople, recorded: Mapping[UUID, Sequence[EmployeePlaced]]) -> list[EmployeePlaced]:
    """Return the placements that differ from the last recorded one of the same employee."""
    scope = {"region": command.region, "opd": command.opd}
    # Compared with the last placement only: somebody who returns to an earlier one must be placed again.
    facts = (EmployeePlaced.model_validate(p.model_dump(by_alias=True) | scope) for p in command.people.values())
    return [fact for fact in facts if [*recorded.get(fact.employee, ())][-1:] != [fact]]
