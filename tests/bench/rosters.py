"""`python -m tests.bench.rosters`: seconds to place the 12,000 people of one OPD and to plan them all for two days.

Through HTTP in one process on SQLite (WAL, synchronous FULL), stage II in force: half of the OPD at home in turn, two
days a head and week. The planner alone, on the same people, is the baseline.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from deploy.local.token_issuer import AUDIENCE, ISSUER, Issuer
from services.roster.app import MIGRATIONS, assemble
from services.roster.domain import decider
from services.roster.domain.commands import PlanDays, placement
from services.roster.domain.planning import planner
from services.roster.domain.planning.staffing import unit_days
from services.roster.storage.policy_projection import apply, seen
from shared.domain.facts.base import Fact
from shared.domain.facts.policy import Pattern, Rules
from shared.event_store.database import Connection, Database
from shared.identity import Identity
from tests.bench.report import machine
from tests.support import example_facts as ex

PEOPLE, TOGETHER = 12_000, 2_000
DAYS = (date(2025, 12, 1), date(2025, 12, 2))
CLASSES = {"NON_SERVICE": 40, "MIXED": 12, "DIRECT": 6, "EMERGENCY_24X7": 2}
"""Units by class: 200 people each."""

STAGE_2 = Rules(
    pattern=Pattern(groups=2), max_share=0.5, weekly_cap_days=2, excluded_classes=("DIRECT", "EMERGENCY_24X7")
)
PLACE, PLAN = "/roster/v1/32/opd/DPMPTSP/people/batch", "/roster/v1/32/opd/DPMPTSP/plans"


def arranged() -> Iterator[Fact]:
    """Stage II, and units of every class: four counters each, around the clock in emergency units."""
    period = ex.policy().periods[0].model_copy(update={"rules": STAGE_2, "to": None})
    yield ex.policy().model_copy(update={"periods": (period,)})
    counters = [ex.post(f"LOKET-{number}", minimum=3, skills=(f"S{number}",)) for number in range(4)]
    night = ex.post("MALAM", 1320, 1800, minimum=4, weekdays=ex.EVERY_DAY, on_holidays="OPEN")
    posts = {"NON_SERVICE": (), "MIXED": counters, "DIRECT": counters, "EMERGENCY_24X7": [*counters, night]}
    for number, kind in enumerate(kind for kind, units in CLASSES.items() for _ in range(units)):
        plain = ex.arrangement(*posts[kind], unit=f"U{number:02d}", **{"class": kind})
        yield plain if posts[kind] else plain.model_copy(update={"posts": ()})


def enrolment(number: int) -> dict[str, Any]:
    """A synthetic person with two of four skills."""
    units = sum(CLASSES.values())
    skills = [f"S{number % 4}", f"S{number // units % 4}"]
    name = {"name": f"Pegawai {number}", "nip": f"{199001012015000000 + number}"}
    return name | {"unit": f"U{number % units:02d}", "from": "2025-01-01", "skills": skills}


@asynccontextmanager
async def office(folder: Path, database: Database) -> AsyncIterator[tuple[httpx.AsyncClient, FastAPI]]:
    """Roster as it is served, with policy's facts in its projection."""
    issuer = Issuer(folder, "demo")

    @asynccontextmanager
    async def tables(_: FastAPI) -> AsyncIterator[None]:
        await database.migrate(MIGRATIONS)
        await database.write(known)
        yield

    def known(connection: Connection) -> None:
        ledger = ex.Ledger()
        for fact in arranged():
            apply(connection, ledger.record(fact, ex.at("07:00")))

    app = assemble(database, Identity.of(issuer.jwks(), ISSUER, AUDIENCE), lambda: ex.at("09:00"), tables)
    token = issuer.sign("rahmat", roles=["SCHEDULER"], region="32", opd="DPMPTSP")
    async with app.router.lifespan_context(app):
        headers = {"authorization": f"Bearer {token}"}
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://piket", headers=headers, timeout=60) as http:
            yield http, app


async def once() -> dict[str, float]:
    """Seconds of each step."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite://{folder}/roster.db")
        async with office(Path(folder), database) as (http, app):
            began = time.perf_counter()
            for first in range(0, PEOPLE, TOGETHER):
                people = [enrolment(number) for number in range(first, first + TOGETHER)]
                await ask(http, PLACE, {"people": people}, f"place-{first:06d}")
            placed = time.perf_counter()
            await ask(http, PLAN, {"dates": list(map(str, DAYS))}, "plan-together")
            planned = time.perf_counter()
            alone = await bare(app, database)
    return {"place, batches of 2,000": placed - began, "plan two days": planned - placed, "the planner alone": alone}


async def ask(http: httpx.AsyncClient, path: str, body: dict[str, Any], key: str) -> None:
    answer = await http.post(path, json=body, headers={"idempotency-key": key})
    assert answer.status_code == 201, answer.text[:500]


async def bare(app: FastAPI, database: Database) -> float:
    """The same plan without HTTP and store."""
    state, _ = await app.state.store.state(placement("32", "DPMPTSP"))
    assert isinstance(state, decider.State)
    known = await seen(database, "32", "DPMPTSP")
    days, staff = unit_days(
        PlanDays(region="32", opd="DPMPTSP", dates=DAYS, **known._asdict()), state.people, state.absences
    )
    began = time.perf_counter()
    planner.plan(days, (), staff)
    return time.perf_counter() - began


def run(rounds: int) -> None:
    """Print the seconds of every step, round by round."""
    runs = [asyncio.run(once()) for _ in range(rounds)]
    print(f"\nAn OPD of {PEOPLE:,} people in {sum(CLASSES.values())} units (s, {rounds} runs)")
    for step in runs[0]:
        print(f"  {step:<44} {'  '.join(f'{figures[step]:.2f}' for figures in runs)}")


if __name__ == "__main__":
    print(machine())
    run(1)
