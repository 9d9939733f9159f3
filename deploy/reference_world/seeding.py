"""The reference world is entered by the front doors: calendar, instruments, OPD, units, people, absences, rosters."""

import asyncio
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from http import HTTPStatus
from typing import Any, NamedTuple

from deploy.http_client import Caller, succeeded
from deploy.reference_world.opd_catalogue import Post
from deploy.reference_world.world import Office, Unit
from services.policy.domain.commands import DraftInstrument, EnactInstrument
from services.policy.domain.presets.replay import commands
from services.policy.domain.reference_data.holidays import seeded
from shared.domain.places import Place, places
from shared.domain.regions import zone

FROM = "2025-01-01"
YEARS = (2025, 2026, 2027)
ATTESTED_BY = "KEPALA_BKD"
IN_A_BATCH = 1_000
OFFICES_AT_ONCE = 10
"""An office is entered whole before the next begins, so that the first is on the board while the last are entered."""
RADIUS_M = 120
PATIENCE_S = 60.0
LEAVE, TRAVEL = 0.025, 0.01
"""Shares of the people who are on leave, or on duty travel, on the day that is shown."""


class Absence(NamedTuple):
    """Somebody's leave or duty travel on the day that is shown."""

    region: str
    opd: str
    employee: str
    kind: str


@dataclass
class Enrolled:
    """What the driver knows after it entered everything: rosters by (region, OPD), and who is absent."""

    rosters: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    absences: list[Absence] = field(default_factory=list)


async def enrol(caller: Caller, offices: Sequence[Office], day: date, dates: Sequence[date], seed: int,
                unplanned: frozenset[tuple[str, str, str]]) -> Enrolled:  # fmt: skip
    """Enter the world and publish its rosters of these dates, but for the `unplanned` (region, OPD, unit)."""
    regions = sorted({office.region for office in offices})
    await asyncio.gather(*(_rules(caller, places()[region], day) for region in regions))
    entered, few = Enrolled(), asyncio.Semaphore(OFFICES_AT_ONCE)

    async def whole(office: Office) -> None:
        async with few:
            await _open(caller, office)
            await _staff(caller, office, day, dates, seed, unplanned, entered)

    await asyncio.gather(*map(whole, offices))
    return entered


async def _rules(caller: Caller, place: Place, day: date) -> None:
    """The calendar and what a government has on record until a day, before it has any OPD: each then hears of it once.

    The three cities have no instrument of their own in November 2025; in February and April 2026 they do.
    """
    official, home = caller.official("PERSONNEL", place.region, "BKD"), f"/policy/v1/{place.region}"
    holidays = [holiday.model_dump(mode="json") for holiday in seeded(YEARS)]
    await caller.done(f"{home}/holidays", official, {"holidays": holidays})
    for published, command in commands(place.region):
        if published <= day and isinstance(command, EnactInstrument | DraftInstrument):
            await caller.done(*_recorded(home, official, command))


def _recorded(
    home: str, official: str, command: EnactInstrument | DraftInstrument
) -> tuple[str, str, Mapping[str, Any]]:
    """Where an instrument is recorded, by whom, and what is sent."""
    body = {"instrument": command.instrument.model_dump(mode="json", exclude_none=True, exclude_defaults=True)}
    if isinstance(command, DraftInstrument):
        return f"{home}/drafts", official, {**body, "stage": command.stage}
    return f"{home}/instruments", official, {**body, "published_attested_by": ATTESTED_BY}


async def _open(caller: Caller, office: Office) -> None:
    official, home = caller.official("PERSONNEL", office.region, "BKD"), f"/policy/v1/{office.region}/opd"
    await caller.done(home, official, {"opd": office.opd, "name": office.name[:120], "on": FROM})
    for unit in office.units:
        await caller.done(f"{home}/{office.opd}/units", official, arranged(office, unit))


def arranged(office: Office, unit: Unit) -> Mapping[str, Any]:
    """The body that arranges a unit."""
    return {
        "unit": unit.unit,
        "name": unit.name,
        "class": unit.class_,
        "site": site(office, unit),
        "posts": [posted(post) for post in unit.posts],
        "valid_from": FROM,
    }


def site(office: Office, unit: Unit) -> Mapping[str, Any]:
    """Where a unit works: somewhere within ten kilometres of its government's centre, the same at every start."""
    near, place = random.Random(f"{office.region}/{office.opd}/{unit.site}"), places()[office.region]  # noqa: S311
    return {
        "site": unit.site,
        "lat": round(place.lat + near.uniform(-0.09, 0.09), 5),
        "lng": round(place.lng + near.uniform(-0.09, 0.09), 5),
        "radius_m": RADIUS_M,
        "timezone": zone(office.region).key,
    }


def posted(post: Post) -> Mapping[str, Any]:
    """A counter as an arrangement states it."""
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


async def _staff(caller: Caller, office: Office, day: date, dates: Sequence[date], seed: int,
                 unplanned: frozenset[tuple[str, str, str]], entered: Enrolled) -> None:  # fmt: skip
    scheduler = caller.official("SCHEDULER", office.region, office.opd)
    home = f"/roster/v1/{office.region}/opd/{office.opd}"
    rows = [_enrolment(unit, person) for unit in office.units for person in unit.people]
    for first in range(0, len(rows), IN_A_BATCH):
        await caller.done(f"{home}/people/batch", scheduler, {"people": rows[first : first + IN_A_BATCH]})
    known = await caller.read(f"{home}/people", scheduler)
    absences = list(_absences(office, known, seed))
    for absence in absences:
        body = {"employee": absence.employee, "kind": absence.kind, "from": str(day), "to": str(day)}
        await caller.done(f"{home}/absences", scheduler, body)
    entered.absences += absences
    units = [unit.unit for unit in office.units if (office.region, office.opd, unit.unit) not in unplanned]
    await _plan(caller, home, scheduler, {"dates": [str(each) for each in dates], "units": units})
    entered.rosters[office.region, office.opd] = [
        roster for each in dates for roster in await caller.read(f"{home}/days/{each}", scheduler)
    ]


def _enrolment(unit: Unit, person: Any) -> Mapping[str, Any]:  # noqa: ANN401 - a Person
    return {**person._asdict(), "unit": unit.unit, "from": FROM}


def _absences(office: Office, known: Iterable[Mapping[str, str]], seed: int) -> Iterable[Absence]:
    chance = random.Random(f"{seed}/{office.region}/{office.opd}/away")  # noqa: S311 - a synthetic world
    for person in sorted(known, key=lambda each: each["nip"]):
        drawn = chance.random()
        if drawn < LEAVE + TRAVEL:
            yield Absence(office.region, office.opd, person["employee"], "LEAVE" if drawn < LEAVE else "TRAVEL")


async def _plan(caller: Caller, home: str, scheduler: str, body: Mapping[str, Any]) -> None:
    """Plan as soon as roster has heard of every unit."""
    answer = await caller.tell(f"{home}/plans", scheduler, body)
    for _ in range(int(PATIENCE_S / 0.2)):
        if answer.status != HTTPStatus.UNPROCESSABLE_ENTITY:
            break
        await asyncio.sleep(0.2)
        answer = await caller.tell(f"{home}/plans", scheduler, body)
    succeeded(answer)
