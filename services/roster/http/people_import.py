# ruff: noqa: D103 - the docstring of an endpoint would become a part of the OpenAPI document; the summary is enough
"""Serves the import of people of several OPD at once: `/roster/v1/{region}/people/import`."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from fastapi import APIRouter, Response
from pydantic import Field

from services.roster.domain.decider import State
from services.roster.http.enrolment import Enrolment, reject_duplicate_nips
from services.roster.http.placing import place_people
from services.roster.storage.policy_projection import arranged_units
from shared.domain.errors import FieldError, raise_if_any
from shared.domain.facts.base import Code, Command, Region
from shared.domain.messages import Message
from shared.identity import Action, Scope
from shared.web import authorize
from shared.web.dependencies import DatabaseDep, StoreDep, SubmissionDep

router = APIRouter(prefix="/roster/v1/{region}")


class OpdEnrolment(Enrolment):
    """A person of one of several OPD."""

    opd: Code


class PeopleOfRegion(Command):
    """People of any OPD of a region, to be placed together, all or none."""

    people: tuple[OpdEnrolment, ...] = Field(min_length=1, max_length=10_000)


@router.post("/people/import", status_code=201, summary="Place up to 10,000 people of several OPD, all or none")
async def import_people(
    region: Region, body: PeopleOfRegion, submission: SubmissionDep, store: StoreDep[State], database: DatabaseDep
) -> Response:
    rows = {f"/people/{number}": person for number, person in enumerate(body.people)}
    for opd in {person.opd for person in body.people}:
        authorize(submission.principal, Action.PLACE, Scope(region, opd))
    reject_duplicate_nips(rows)
    units = await arranged_units(database, region)
    raise_if_any([*_nip_errors(rows), *_unit_errors(rows, units)])
    return await place_people(store, database, submission, region, _by_opd(rows))


def _nip_errors(rows: Mapping[str, OpdEnrolment]) -> Iterator[FieldError]:
    """Yield an error for every NIP without a birth date or a sex: digits 1 to 8, and 15. PPPK differ in the others."""
    for pointer, row in rows.items():
        if not (_is_date(row.nip[:8]) and row.nip[14] in "12"):
            message = Message("NIP dimulai dengan tanggal lahir (tahun, bulan, hari), dan angka ke-15 adalah 1 atau 2.")
            yield FieldError(f"{pointer}/nip", message)


def _is_date(digits: str) -> bool:
    try:
        date.fromisoformat(digits)
    except ValueError:
        return False
    return True


def _unit_errors(rows: Mapping[str, OpdEnrolment], units: frozenset[tuple[str, str]]) -> Iterator[FieldError]:
    """Yield an error for every row whose unit policy has not arranged, as far as roster knows."""
    for pointer, row in rows.items():
        if (row.opd, row.unit) not in units:
            yield FieldError(
                f"{pointer}/unit",
                Message(
                    "Roster belum mengenal unit {unit} di OPD {opd}; impor register dahulu, atau coba lagi sebentar.",
                    unit=row.unit,
                    opd=row.opd,
                ),
            )


def _by_opd(rows: Mapping[str, OpdEnrolment]) -> Mapping[str, Mapping[str, Enrolment]]:
    opds: Sequence[str] = sorted({row.opd for row in rows.values()})
    return {opd: {pointer: row for pointer, row in rows.items() if row.opd == opd} for opd in opds}
