"""Finds the answer to a policy question, from a store or from the reference world, which needs no server."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import NamedTuple

from deploy.reference_world.opd_catalogue import CatalogueOpd, register
from services.policy import snapshots
from services.policy.domain import decider
from services.policy.domain.decider import State
from services.policy.domain.explanation.answer import Answer, answer
from services.policy.domain.presets import replay
from services.policy.domain.reference_data.positions import position_code
from services.policy.domain.reference_data.unit_types import default_unit_type, unit_types_of
from services.policy.domain.snapshot import PolicyQuery, PolicySnapshot
from shared.domain.places import governments
from shared.domain.regions import region_timezone
from shared.domain.work_location import StaffProfile
from shared.event_store.database import Database
from shared.event_store.store import Store
from shared.settings import Settings

# Units of the reference world are SEKRETARIAT, BIDANG-2, and PUSKESMAS-2 for the second unit of a service type.
BACK_OFFICE = re.compile(r"^(SEKRETARIAT|BIDANG)\b")
GOVERNMENT_SUFFIX = re.compile(r"-(PROVINSI|PROV|KOTA|KABUPATEN|KAB)-.*$")
NUMBER_SUFFIX = re.compile(r"-[0-9]+$")


class ReferenceSubject(NamedTuple):
    """Code of an OPD; class and types of the OPD or of one of its units; weekdays on which its posts open."""

    opd: str
    class_: str
    unit_types: frozenset[str]
    opens: frozenset[str]


@asynccontextmanager
async def policy_store(settings: Settings) -> AsyncIterator[Store[State]]:
    """Yield the event store of policy, and close its database. Nothing is migrated."""
    database = Database(settings.store_url("policy"))
    try:
        yield Store(database, service="policy", decider=decider, now=settings.domain_clock())
    finally:
        await database.close()


def code(text: str) -> str:
    """Return a name as a code, as facts write it: `Gedung Sate` becomes `GEDUNG-SATE`."""
    return re.sub(r"[^A-Z0-9_]+", "-", text.upper()).strip("-")


def reference_subject(region: str, opd: str, unit: str | None = None) -> ReferenceSubject:
    """Return an OPD of the reference world by code or name, or a typical OPD of that name. `unit` is a code."""
    entry = _find_opd(region, opd)
    name = entry.opd if entry else code(opd)
    class_, opd_types = (entry.class_, unit_types_of(entry.opd, entry.name)) if entry else default_unit_type(opd)
    unit_class, unit_types = _unit_class_and_types(entry, unit) if unit else (None, ())
    codes = frozenset({name, *opd_types, *unit_types, *([unit] if unit else [])})
    return ReferenceSubject(name, unit_class or class_, codes, _opening_weekdays(entry, unit))


def _opening_weekdays(entry: CatalogueOpd | None, unit: str | None) -> frozenset[str]:
    """Return the weekdays on which posts open: the posts of a unit, or of all units of the OPD without `unit`."""
    services = [
        k for k in (entry.service_types if entry else ()) if unit is None or k.unit == NUMBER_SUFFIX.sub("", unit)
    ]
    return frozenset(day for service in services for post in service.posts for day in post.weekdays)


def _find_opd(region: str, opd: str) -> CatalogueOpd | None:
    """Return an OPD of the region's register by code or name, also with the government's name as a suffix."""
    opds = dict(_opd_names(region))
    # `Dinas Kesehatan Kota Depok` is registered as `Dinas Kesehatan`.
    return opds.get(code(opd)) or opds.get(GOVERNMENT_SUFFIX.sub("", code(opd)))


def _opd_names(region: str) -> Iterator[tuple[str, CatalogueOpd]]:
    for opd in register(governments()[region]) if region in governments() else ():
        yield from ((code(opd.opd), opd), (code(opd.name), opd))


def _unit_class_and_types(entry: CatalogueOpd | None, unit: str) -> tuple[str | None, tuple[str, ...]]:
    """Return class and types of a unit. The class is None for an unknown unit: it then has the class of its OPD."""
    if BACK_OFFICE.match(unit):
        return "NON_SERVICE", ()
    service = next((k for k in (entry.service_types if entry else ()) if k.unit == NUMBER_SUFFIX.sub("", unit)), None)
    if service:
        return service.class_, unit_types_of(service.unit, service.name)
    class_, unit_types = default_unit_type(unit)
    return (class_ if unit_types else None), unit_types


class Question(NamedTuple):
    """A question about one employee on one date, as the operator wrote it."""

    region: str
    opd: str
    day: date
    unit: str | None
    class_: str | None
    position: str | None
    job_type: str | None
    site: str | None
    known_by: datetime | None
    approved: bool


def find_answer(question: Question, in_force: Mapping[str, date], *, from_reference: bool) -> Answer:
    """Return the answer to a question. Raise `Invalid` or `UnknownOpd` if there is none.

    `in_force` holds instruments that are assumed in force from a date; only the reference world uses it.
    """
    known_by = with_zone(question.known_by, question.region)
    if from_reference:
        snapshot = replay.reference_snapshot(question.region, known_by, in_force)
        return answer(snapshot, _reference_query(question, snapshot))
    return asyncio.run(_answer_from_store(question, known_by))


def with_zone(instant: datetime | None, region: str) -> datetime | None:
    """Return the instant with the time zone of the region if it has none."""
    return instant if instant is None or instant.tzinfo else instant.replace(tzinfo=region_timezone(region))


def _reference_query(question: Question, snapshot: PolicySnapshot) -> PolicyQuery:
    opd, class_, unit_types, opens = reference_subject(question.region, question.opd, question.unit)
    unit = StaffProfile(question.class_ or class_, unit_types, open_weekdays=opens)
    return PolicyQuery(opd, question.day, _employee(question, unit, snapshot), question.approved)


def _employee(question: Question, unit: StaffProfile, snapshot: PolicySnapshot) -> StaffProfile:
    """Return an employee of a unit. Raise `Invalid` for an unknown position."""
    position = question.position and position_code(question.position, question.region, snapshot.positions())
    site = question.site and snapshot.canonical_site(question.site)
    return unit._replace(site=site or unit.site, position=position, job_type=question.job_type)


async def _answer_from_store(question: Question, known_by: datetime | None) -> Answer:
    subject = snapshots.SubjectQuery(question.day, question.unit, question.class_)
    async with policy_store(Settings()) as store:
        snapshot = await snapshots.load_snapshot(store, question.region, known_by)
        unit = await snapshots.load_subject(store, question.region, code(question.opd), subject, known_by)
    return answer(
        snapshot, PolicyQuery(code(question.opd), question.day, _employee(question, unit, snapshot), question.approved)
    )
