"""Measures the seconds to enrol the 12,000 people of one OPD, and to plan them for two days.

`python -m tests.bench.rosters` uses HTTP in one process on SQLite (WAL, synchronous FULL). Stage II is in force: half
of the OPD works at home in rotation, at most two days per person and week. The planner alone, with the same people, is
the baseline.
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
from services.roster.domain.commands import PlanDays, placement_stream
from services.roster.domain.planning import planner
from services.roster.domain.planning.staffing import unit_days
from services.roster.storage.policy_projection import apply, policy_view
from shared.domain.facts.base import Fact
from shared.domain.facts.rules import Pattern, Rules
from shared.event_store.database import Connection, Database
from shared.identity import Identity
from tests.bench.report import machine
from tests.support import example_facts as ex

PEOPLE, BATCH_SIZE = 12_000, 2_000
DAYS = (date(2025, 12, 1), date(2025, 12, 2))
UNITS_BY_CLASS = {"NON_SERVICE": 40, "MIXED": 12, "DIRECT": 6, "EMERGENCY_24X7": 2}
"""Number of units by class; a unit has 200 people."""

STAGE_2 = Rules(
    pattern=Pattern(groups=2), max_share=0.5, weekly_cap_days=2, excluded_classes=("DIRECT", "EMERGENCY_24X7")
)
PLACE, PLAN = "/roster/v1/32/opd/DPMPTSP/people/batch", "/roster/v1/32/opd/DPMPTSP/plans"


def policy_facts() -> Iterator[Fact]:
    """Yield the facts of stage II, and of units of all classes: four posts, in emergency units also a night post."""
    period = ex.policy().periods[0].model_copy(update={"rules": STAGE_2, "to": None})
    yield ex.policy().model_copy(update={"periods": (period,)})
    counters = [ex.post(f"LOKET-{number}", minimum=3, skills=(f"S{number}",)) for number in range(4)]
    night = ex.post("MALAM", 1320, 1800, minimum=4, weekdays=ex.EVERY_DAY, on_holidays="OPEN")
    posts = {"NON_SERVICE": (), "MIXED": counters, "DIRECT": counters, "EMERGENCY_24X7": [*counters, night]}
    for number, kind in enumerate(kind for kind, units in UNITS_BY_CLASS.items() for _ in range(units)):
        plain = ex.arrangement(*posts[kind], unit=f"U{number:02d}", **{"class": kind})
        yield plain if posts[kind] else plain.model_copy(update={"posts": ()})


def person_body(number: int) -> dict[str, Any]:
    """Return the body of a synthetic person with two of four skills."""
    units = sum(UNITS_BY_CLASS.values())
    skills = [f"S{number % 4}", f"S{number // units % 4}"]
    name = {"name": f"Pegawai {number}", "nip": f"{199001012015000000 + number}"}
    return name | {"unit": f"U{number % units:02d}", "from": "2025-01-01", "skills": skills}


@asynccontextmanager
async def roster_service(folder: Path, database: Database) -> AsyncIterator[tuple[httpx.AsyncClient, FastAPI]]:
    """Run the roster service with the facts of policy in its projection."""
    issuer = Issuer(folder, "demo")

    @asynccontextmanager
    async def tables(_: FastAPI) -> AsyncIterator[None]:
        await database.migrate(MIGRATIONS)
        await database.write(apply_policy_facts)
        yield

    def apply_policy_facts(connection: Connection) -> None:
        ledger = ex.Ledger()
        for fact in policy_facts():
            apply(connection, ledger.record(fact, ex.at("07:00")))

    app = assemble(database, Identity.from_jwks(issuer.jwks(), ISSUER, AUDIENCE), lambda: ex.at("09:00"), tables)
    token = issuer.sign("rahmat", roles=["SCHEDULER"], region="32", opd="DPMPTSP")
    async with app.router.lifespan_context(app):
        headers = {"authorization": f"Bearer {token}"}
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://piket", headers=headers, timeout=60) as http:
            yield http, app


async def step_seconds() -> dict[str, float]:
    """Return the seconds of each step."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite://{folder}/roster.db")
        async with roster_service(Path(folder), database) as (http, app):
            started_at = time.perf_counter()
            for first in range(0, PEOPLE, BATCH_SIZE):
                people = [person_body(number) for number in range(first, first + BATCH_SIZE)]
                await post(http, PLACE, {"people": people}, f"place-{first:06d}")
            placed_at = time.perf_counter()
            await post(http, PLAN, {"dates": list(map(str, DAYS))}, "plan-together")
            planned_at = time.perf_counter()
            planner_seconds = await plan_without_service(app, database)
    return {
        "place, batches of 2,000": placed_at - started_at,
        "plan two days": planned_at - placed_at,
        "the planner alone": planner_seconds,
    }


async def post(http: httpx.AsyncClient, path: str, body: dict[str, Any], key: str) -> None:
    answer = await http.post(path, json=body, headers={"idempotency-key": key})
    assert answer.status_code == 201, answer.text[:500]


async def plan_without_service(app: FastAPI, database: Database) -> float:
    """Return the seconds of the same plan without HTTP and store."""
    state, _ = await app.state.store.state(placement_stream("32", "DPMPTSP"))
    assert isinstance(state, decider.State)
    view = await policy_view(database, "32", "DPMPTSP")
    days, staff = unit_days(
        PlanDays(region="32", opd="DPMPTSP", dates=DAYS, **view._asdict()), state.people, state.absences
    )
    started_at = time.perf_counter()
    planner.plan(days, (), staff)
    return time.perf_counter() - started_at


def run(rounds: int) -> None:
    """Print the seconds of each step, round by round."""
    runs = [asyncio.run(step_seconds()) for _ in range(rounds)]
    print(f"\nAn OPD of {PEOPLE:,} people in {sum(UNITS_BY_CLASS.values())} units (s, {rounds} runs)")
    for step in runs[0]:
        print(f"  {step:<44} {'  '.join(f'{figures[step]:.2f}' for figures in runs)}")


if __name__ == "__main__":
    print(machine())
    run(1)
