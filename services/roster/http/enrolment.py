"""Defines the request bodies that enrol people. Names and NIP exist here and in the registry, never in the domain."""

from collections.abc import Mapping
from uuid import UUID

from pydantic import Field

from services.roster.domain.commands import EmployeePlacement, PlacementDetails
from shared.domain.errors import FieldError, raise_if_any
from shared.domain.facts.base import Command
from shared.domain.messages import Message


class Enrolment(PlacementDetails):
    """A person: name and NIP for the registry, and a placement, which is published."""

    name: str = Field(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")
    nip: str = Field(pattern=r"^[0-9]{18}$")

    def to_placement(self, employee: UUID) -> EmployeePlacement:
        """Return the placement without name and NIP."""
        return EmployeePlacement(
            employee=employee,
            unit=self.unit,
            position_class=self.position_class,
            job_type=self.job_type,
            status=self.status,
            skills=self.skills,
            from_=self.from_,
            to=self.to,
        )


class Enrolments(Command):
    """People to place together, all or none."""

    people: tuple[Enrolment, ...] = Field(min_length=1, max_length=2000)


def reject_duplicate_nips(rows: Mapping[str, Enrolment]) -> None:
    """Raise `Invalid` with an error for every row whose NIP is also in an earlier row."""
    first: dict[str, str] = {}
    raise_if_any(
        FieldError(f"{at}/nip", Message("NIP ini sudah ada di {first}.", first=first[row.nip]))
        for at, row in rows.items()
        if first.setdefault(row.nip, at) != at
    )
