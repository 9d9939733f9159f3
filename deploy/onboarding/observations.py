"""Observes what stores and board have of a region, without changing them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import httpx

from deploy.doctor.judgement.log import RightsObserved
from deploy.doctor.probes import log
from deploy.doctor.probes.signals import Examination
from deploy.onboarding.judgement.readiness import (
    BoardObserved,
    PolicyObserved,
    RostersObserved,
    ServedObserved,
    StaffObserved,
)
from deploy.onboarding.judgement.working_days import next_working_day
from services.policy.domain import decider as policy
from services.policy.domain.opd.arrangements import ArrangementState
from services.policy.snapshots import load_snapshot
from services.roster.domain import decider as roster
from services.roster.domain.commands import week_prefixes
from services.roster.domain.planning.staffing import placement_on
from shared.domain.decider import Decider
from shared.domain.facts.policy import arrangement_on
from shared.domain.regions import local_date
from shared.event_store.database import Database
from shared.event_store.store import Store
from shared.settings import Settings

TIMEOUT_S = 5.0


def region_of(settings: Settings) -> str:
    """Return the one region that is examined."""
    (region,) = settings.region_list()
    return region


def today_of(settings: Settings) -> date:
    """Return the date in the region."""
    return local_date(settings.domain_clock()(), region_of(settings))


@asynccontextmanager
async def open_store(settings: Settings, service: str, decider: Decider[Any]) -> AsyncIterator[Store[Any]]:
    """Yield the event store of a service, and close its database. Nothing is migrated."""
    database = Database(settings.store_url(service))
    try:
        yield Store(database, service=service, decider=decider, now=settings.domain_clock())
    finally:
        await database.close()


async def observe_served(examination: Examination) -> ServedObserved:
    """Return the regions of the environment's settings."""
    return ServedObserved(region_of(examination.settings), Settings().region_list())


async def observe_rights(examination: Examination) -> RightsObserved:
    """Compare the rights in Kafka of all regions that the environment serves: a user may have those of several."""
    del examination
    return await log.observe_rights(Examination(Settings()))


async def observe_policy(examination: Examination) -> PolicyObserved:
    """Read calendar, instruments, register and units."""
    region, today = region_of(examination.settings), today_of(examination.settings)
    async with open_store(examination.settings, "policy", policy) as store:
        snapshot = await load_snapshot(store, region)
        register = policy.register_of(await store.states(f"policy/{region}/"))
        units = await _units(store, region, today)
    existing = [opd for opd, entry in register.items() if entry.exists_on(today)]
    return PolicyObserved(
        region,
        today,
        frozenset(holiday.date.year for holiday in snapshot.holidays),
        frozenset(snapshot.instruments),
        {opd: frozenset(unit for of_opd, unit in units if of_opd == opd) for opd in existing},
    )


async def _units(store: Store[Any], region: str, day: date) -> Sequence[tuple[str, str]]:
    states = await store.states(f"arrangement/{region}/")
    arranged = (arrangement_on(s.arrangements, day) for s in states.values() if isinstance(s, ArrangementState))
    return [(unit.opd, unit.unit) for unit in arranged if unit]


async def working_day(settings: Settings) -> date:
    """Return the next working day of the region's calendar."""
    async with open_store(settings, "policy", policy) as store:
        snapshot = await load_snapshot(store, region_of(settings))
    return next_working_day(today_of(settings), {holiday.date for holiday in snapshot.holidays})


async def observe_staff(examination: Examination) -> StaffObserved:
    """Read which units of the register have people on the next working day."""
    settings = examination.settings
    region, day = region_of(settings), await working_day(settings)
    async with open_store(settings, "policy", policy) as store:
        units = await _units(store, region, day)
    async with open_store(settings, "roster", roster) as store:
        states: Mapping[str, roster.State] = await store.states(f"placement/{region}/")
    placed = (placement_on(facts, day) for state in states.values() for facts in state.people.values())
    return StaffObserved(region, frozenset(units), frozenset((p.opd, p.unit) for p in placed if p))


async def observe_rosters(examination: Examination) -> RostersObserved:
    """Read which OPD have published rosters for the next working day."""
    settings = examination.settings
    region, day = region_of(settings), await working_day(settings)
    async with open_store(settings, "policy", policy) as store:
        opds = {opd for opd, _ in await _units(store, region, day)}
    async with open_store(settings, "roster", roster) as store:
        return RostersObserved(region, day, opds, [opd for opd in opds if await _has_roster(store, region, opd, day)])


async def _has_roster(store: Store[roster.State], region: str, opd: str, day: date) -> bool:
    (prefix,) = week_prefixes(region, opd, day)
    return any(day in state.rosters for state in (await store.states(prefix)).values())


async def observe_board(examination: Examination) -> BoardObserved:
    """Ask reporting for the coverage of every OPD with a roster."""
    observed, address = await observe_rosters(examination), examination.settings.service_url("reporting")
    async with httpx.AsyncClient(base_url=address, timeout=TIMEOUT_S, trust_env=False) as http:
        visible = [opd for opd in observed.rostered if await _is_shown(http, observed.region, opd, observed.day)]
    return BoardObserved(observed.region, address, observed.rostered, visible)


async def _is_shown(http: httpx.AsyncClient, region: str, opd: str, day: date) -> bool:
    answer = await http.get(f"/reporting/v1/{region}/coverage/{opd}", params={"date": str(day)})
    return answer.is_success
