"""`make bench-policy`: a year of every OPD of West Java from scratch, and one instrument for fifty OPD over HTTP.

The baseline is the second reading of the tests: it tries every instrument anew on each day.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from deploy.local.token_issuer import AUDIENCE, ISSUER, Issuer
from services.policy.app import assemble
from services.policy.domain.instruments.effective_policy import Effective
from services.policy.domain.presets import replay
from services.policy.domain.presets.catalogue import preset
from services.policy.domain.reference_data.holidays import seeded
from services.policy.domain.snapshot import PolicySnapshot
from shared.domain.places import places
from shared.domain.work_location import Who, verdict
from shared.event_store.database import Database
from shared.identity import Identity
from tests.bench.report import table
from tests.support.example_facts import at
from tests.support.independent_resolver import resolve

OPDS, DAYS, FIRST = 1_350, 366, date(2025, 11, 1)
YEAR = tuple(FIRST + timedelta(days=number) for number in range(DAYS))
SAMPLE = 20
"""OPD of the baseline's round: it is told by the OPD-day."""
FIFTY = 50
NAMES = ("nasional-2025-permenpanrb-4", "jabar-2025-se-150-stage-1")


def run(rounds: int) -> None:
    """Both, and print them."""
    books = [replay.books(region) for region in places()]
    days: dict[str, list[float]] = {"second reading (baseline)": [], "Piket, from scratch": []}
    for _ in range(rounds):
        days["second reading (baseline)"].append(rate(SAMPLE, second))
        days["Piket, from scratch"].append(rate(OPDS, lambda opds: whole(books, opds)))
    print(table("Rules and answer of every OPD on every day", "OPD-days/s", days), flush=True)
    year = [OPDS * DAYS / each for each in days["Piket, from scratch"]]
    print(f"  {OPDS:,} OPD x {DAYS} days: {median(year):.2f} s ({min(year):.2f} to {max(year):.2f}; goal 2)")
    took: dict[str, list[float]] = {"1 OPD (baseline)": [], f"{FIFTY} OPD": []}
    for _ in range(rounds):
        took["1 OPD (baseline)"].append(asyncio.run(enacted(1)))
        took[f"{FIFTY} OPD"].append(asyncio.run(enacted(FIFTY)))
    print(table("One instrument enacted over HTTP, one transaction, SQLite", "ms", took), flush=True)


def rate(opds: int, resolving: Callable[[int], None]) -> float:
    began = time.perf_counter()
    resolving(opds)
    return opds * DAYS / (time.perf_counter() - began)


def whole(books: Sequence[PolicySnapshot], opds: int) -> None:
    """Nothing is kept from the round before: the rules are resolved, then every day of every OPD is answered."""
    each = -(-opds // len(books))
    for number, book in enumerate(books):
        effective, holidays = book.effective(), {holiday.date for holiday in book.holidays}
        for opd in range(min(each, opds - number * each)):
            answer(effective, f"OPD-{opd}", holidays)


def answer(effective: Effective, opd: str, holidays: set[date]) -> None:
    periods = iter([period for period, _ in effective.stretches(opd)])
    period = next(periods)
    for day in YEAR:
        while period.to and period.to < day:
            period = next(periods)
        verdict(period.rules, day, Who(), holiday=day in holidays)


def second(opds: int) -> None:
    for _ in range(opds):
        for day in YEAR:
            resolve("32", frozenset(), "NON_SERVICE", None, None, day)


async def enacted(opds: int) -> float:
    """Milliseconds of one request that enacts stage II where so many OPD are told of it."""
    with tempfile.TemporaryDirectory() as folder:
        issuer = Issuer(Path(folder), "demo")
        database = Database(f"sqlite://{folder}/policy.db")
        app = assemble(database, Identity.of(issuer.jwks(), ISSUER, AUDIENCE), lambda: at("09:00", date(2025, 11, 1)))
        headers = {"authorization": f"Bearer {issuer.token('sri')}"}
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://piket", headers=headers, timeout=60
        )
        async with app.router.lifespan_context(app), client as http:
            holidays = [holiday.model_dump(mode="json") for holiday in seeded((2025, 2026, 2027))]
            await post(http, "holidays", {"holidays": holidays}, "calendar")
            for name in NAMES:
                await post(http, "instruments", {"instrument": written(name)}, name)
            for number in range(opds):
                body = {"opd": f"OPD-{number}", "name": f"Dinas {number}", "on": "2025-01-01"}
                await post(http, "opd", body, f"opd-{number:05d}")
            stage = {"instrument": written("jabar-2025-se-150-stage-2")}
            began = time.perf_counter()
            answered = await post(http, "instruments", stage, "stage-2-enacted")
            seconds = time.perf_counter() - began
        if len(answered["events"]) != opds + 1:
            raise RuntimeError(f"{len(answered['events'])} events for {opds} OPD")
    return seconds * 1000


def written(name: str) -> Mapping[str, Any]:
    return preset(name).model_dump(mode="json", exclude_none=True)


async def post(http: httpx.AsyncClient, path: str, body: Mapping[str, Any], key: str) -> dict[str, Any]:
    answer = await http.post(f"/policy/v1/32/{path}", json=body, headers={"idempotency-key": f"bench-{key}"})
    found: dict[str, Any] = answer.raise_for_status().json()
    return found
