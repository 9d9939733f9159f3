"""Enters the reference world through the HTTP APIs: calendar, instruments, OPD, units, people, absences, rosters."""

import asyncio
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from http import HTTPStatus
from typing import Any, NamedTuple

from deploy.http_client import HttpClient, raise_for_problem
from deploy.reference_world.opd_catalogue import ServicePost
from deploy.reference_world.synthetic_people import SyntheticPerson
from deploy.reference_world.world import Office, Unit
from services.policy.domain.commands import DraftInstrument, EnactInstrument
from services.policy.domain.presets.replay import preset_commands
from services.policy.domain.reference_data.holidays import default_holidays
from shared.domain.places import Government, governments
from shared.domain.regions import region_timezone

VALID_FROM = "2025-01-01"
# The demo accepts only dates of these years (`deploy/demo/options.py`).
HOLIDAY_YEARS = (2025, 2026, 2027)
ATTESTED_BY = "KEPALA_BKD"
BATCH_SIZE = 1_000
MAX_CONCURRENT_OFFICES = 10
"""Few offices are entered at the same time, so that the first are on the board while the last are being entered."""
RADIUS_M = 120
PATIENCE_S = 60.0
LEAVE_SHARE, TRAVEL_SHARE = 0.025, 0.01
"""Shares of people on leave and on duty travel on the simulated day."""


class SeededAbsence(NamedTuple):
    """Leave or duty travel of an employee on the simulated day."""

    region: str
    opd: str
    employee: str
    kind: str


@dataclass
class SeededWorld:
    """The data that the services created: rosters by (region, OPD), and absences."""

    rosters: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    absences: list[SeededAbsence] = field(default_factory=list)


async def seed_world(client: HttpClient, offices: Sequence[Office], day: date, dates: Sequence[date], seed: int,
                unrostered: frozenset[tuple[str, str, str]]) -> SeededWorld:  # fmt: skip
    """Enter the world and publish rosters for these dates, except for the `unrostered` (region, OPD, unit)."""
    regions = sorted({office.region for office in offices})
    await asyncio.gather(*(_seed_policy(client, governments()[region], day) for region in regions))
    seeded, slots = SeededWorld(), asyncio.Semaphore(MAX_CONCURRENT_OFFICES)

    async def seed_office(office: Office) -> None:
        async with slots:
            await _seed_opd(client, office)
            await _seed_people_and_rosters(client, office, day, dates, seed, unrostered, seeded)

    await asyncio.gather(*map(seed_office, offices))
    return seeded


async def _seed_policy(client: HttpClient, government: Government, day: date) -> None:
    """Record the calendar, and the instruments of a government that were published until `day`.

    This comes before the OPD, so that one policy change per OPD is recorded instead of one per instrument. The three
    cities have no instruments in November 2025; they have some from February and April 2026.
    """
    official, path = client.official_token("PERSONNEL", government.region, "BKD"), f"/policy/v1/{government.region}"
    holidays = [holiday.model_dump(mode="json") for holiday in default_holidays(HOLIDAY_YEARS)]
    await client.post_or_raise(f"{path}/holidays", official, {"holidays": holidays})
    for published, command in preset_commands(government.region):
        if published <= day and isinstance(command, EnactInstrument | DraftInstrument):
            await client.post_or_raise(*_instrument_request(path, official, command))


def _instrument_request(
    path: str, official: str, command: EnactInstrument | DraftInstrument
) -> tuple[str, str, Mapping[str, Any]]:
    """Return path, token and body of the request that records an instrument."""
    body = {"instrument": command.instrument.model_dump(mode="json", exclude_none=True, exclude_defaults=True)}
    if isinstance(command, DraftInstrument):
        return f"{path}/drafts", official, {**body, "stage": command.stage}
    return f"{path}/instruments", official, {**body, "published_attested_by": ATTESTED_BY}


async def _seed_opd(client: HttpClient, office: Office) -> None:
    official, path = client.official_token("PERSONNEL", office.region, "BKD"), f"/policy/v1/{office.region}/opd"
    # The API accepts a name of 120 characters.
    await client.post_or_raise(path, official, {"opd": office.opd, "name": office.name[:120], "on": VALID_FROM})
    for unit in office.units:
        await client.post_or_raise(f"{path}/{office.opd}/units", official, arrangement_body(office, unit))


def arrangement_body(office: Office, unit: Unit) -> Mapping[str, Any]:
    """Return the body of the request that arranges a unit."""
    return {
        "unit": unit.unit,
        "name": unit.name,
        "class": unit.class_,
        "site": site_body(office, unit),
        "posts": [post_body(post) for post in unit.posts],
        "valid_from": VALID_FROM,
    }


def site_body(office: Office, unit: Unit) -> Mapping[str, Any]:
    """Return the site of a unit: a fixed random point within ten kilometres of its government's centre."""
    generator, government = random.Random(f"{office.region}/{office.opd}/{unit.site}"), governments()[office.region]  # noqa: S311
    return {
        "site": unit.site,
        "lat": round(government.lat + generator.uniform(-0.09, 0.09), 5),
        "lng": round(government.lng + generator.uniform(-0.09, 0.09), 5),
        "radius_m": RADIUS_M,
        "timezone": region_timezone(office.region).key,
    }


def post_body(post: ServicePost) -> Mapping[str, Any]:
    """Return a post as part of an arrangement."""
    every_day = len(post.weekdays) == 7
    return {
        "post": post.post,
        "weekdays": post.weekdays,
        "opens_minute": post.opens,
        "closes_minute": post.closes,
        "minimum": post.minimum,
        "skills": [post.skill] if post.skill else [],
        "on_holidays": "OPEN" if every_day else "CLOSED",
    }


async def _seed_people_and_rosters(client: HttpClient, office: Office, day: date, dates: Sequence[date], seed: int,
                 unrostered: frozenset[tuple[str, str, str]], seeded: SeededWorld) -> None:  # fmt: skip
    scheduler = client.official_token("SCHEDULER", office.region, office.opd)
    path = f"/roster/v1/{office.region}/opd/{office.opd}"
    rows = [_person_body(unit, person) for unit in office.units for person in unit.people]
    for first in range(0, len(rows), BATCH_SIZE):
        await client.post_or_raise(f"{path}/people/batch", scheduler, {"people": rows[first : first + BATCH_SIZE]})
    people = await client.get_json(f"{path}/people", scheduler)
    absences = list(_absences(office, people, seed))
    for absence in absences:
        body = {"employee": absence.employee, "kind": absence.kind, "from": str(day), "to": str(day)}
        await client.post_or_raise(f"{path}/absences", scheduler, body)
    seeded.absences += absences
    units = [unit.unit for unit in office.units if (office.region, office.opd, unit.unit) not in unrostered]
    await _plan_rosters(client, path, scheduler, {"dates": [str(work_date) for work_date in dates], "units": units})
    seeded.rosters[office.region, office.opd] = [
        roster for work_date in dates for roster in await client.get_json(f"{path}/days/{work_date}", scheduler)
    ]


def _person_body(unit: Unit, person: SyntheticPerson) -> Mapping[str, Any]:
    return {**person._asdict(), "unit": unit.unit, "from": VALID_FROM}


def _absences(office: Office, people: Iterable[Mapping[str, str]], seed: int) -> Iterable[SeededAbsence]:
    # Seeded by office and sorted by NIP: the result depends neither on the order of offices nor on random ids.
    generator = random.Random(f"{seed}/{office.region}/{office.opd}/away")  # noqa: S311 - a synthetic world
    for person in sorted(people, key=lambda row: row["nip"]):
        number = generator.random()
        if number < LEAVE_SHARE + TRAVEL_SHARE:
            yield SeededAbsence(
                office.region, office.opd, person["employee"], "LEAVE" if number < LEAVE_SHARE else "TRAVEL"
            )


async def _plan_rosters(client: HttpClient, path: str, scheduler: str, body: Mapping[str, Any]) -> None:
    """Plan the rosters as soon as the roster service has received all units from policy."""
    # 422 means that roster has not yet received the units from policy by Kafka.
    answer = await client.post(f"{path}/plans", scheduler, body)
    for _ in range(int(PATIENCE_S / 0.2)):
        if answer.status != HTTPStatus.UNPROCESSABLE_ENTITY:
            break
        await asyncio.sleep(0.2)
        answer = await client.post(f"{path}/plans", scheduler, body)
    raise_for_problem(answer)
