"""Measures a year of rules of all OPD of West Java, and one enactment for fifty OPD over HTTP (`make bench-policy`).

The baseline is the independent resolver of the tests, which evaluates all instruments on each day.
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
from services.policy.domain.instruments.effective_policy import EffectivePolicy
from services.policy.domain.presets import replay
from services.policy.domain.presets.catalogue import preset
from services.policy.domain.reference_data.holidays import default_holidays
from services.policy.domain.snapshot import PolicySnapshot
from shared.domain.places import governments
from shared.domain.work_location import StaffProfile, work_location
from shared.event_store.database import Database
from shared.identity import Identity
from tests.bench.report import table
from tests.support.example_facts import at
from tests.support.independent_resolver import resolve

OPDS, DAYS, FIRST = 1_350, 366, date(2025, 11, 1)
YEAR = tuple(FIRST + timedelta(days=number) for number in range(DAYS))
BASELINE_OPDS = 20
"""Number of OPD in a round of the baseline; results are per OPD-day."""
MANY_OPDS = 50
NAMES = ("nasional-2025-permenpanrb-4", "jabar-2025-se-150-stage-1")


def run(rounds: int) -> None:
    """Print both measurements."""
    snapshots = [replay.reference_snapshot(region) for region in governments()]
    days: dict[str, list[float]] = {"second reading (baseline)": [], "Piket, from scratch": []}
    for _ in range(rounds):
        days["second reading (baseline)"].append(opd_days_per_second(BASELINE_OPDS, resolve_with_baseline))
        days["Piket, from scratch"].append(opd_days_per_second(OPDS, lambda opds: resolve_with_piket(snapshots, opds)))
    print(table("Rules and answer of every OPD on every day", "OPD-days/s", days), flush=True)
    year = [OPDS * DAYS / rate_value for rate_value in days["Piket, from scratch"]]
    print(f"  {OPDS:,} OPD x {DAYS} days: {median(year):.2f} s ({min(year):.2f} to {max(year):.2f}; goal 2)")
    milliseconds: dict[str, list[float]] = {"1 OPD (baseline)": [], f"{MANY_OPDS} OPD": []}
    for _ in range(rounds):
        milliseconds["1 OPD (baseline)"].append(asyncio.run(enactment_ms(1)))
        milliseconds[f"{MANY_OPDS} OPD"].append(asyncio.run(enactment_ms(MANY_OPDS)))
    print(table("One instrument enacted over HTTP, one transaction, SQLite", "ms", milliseconds), flush=True)


def opd_days_per_second(opds: int, resolve_opds: Callable[[int], None]) -> float:
    started_at = time.perf_counter()
    resolve_opds(opds)
    return opds * DAYS / (time.perf_counter() - started_at)


def resolve_with_piket(snapshots: Sequence[PolicySnapshot], opds: int) -> None:
    """Resolve the rules from the beginning, and answer each day of each OPD."""
    opds_per_region = -(-opds // len(snapshots))
    for number, snapshot in enumerate(snapshots):
        effective, holidays = snapshot.effective(), {holiday.date for holiday in snapshot.holidays}
        for opd in range(min(opds_per_region, opds - number * opds_per_region)):
            answer_year(effective, f"OPD-{opd}", holidays)


def answer_year(effective: EffectivePolicy, opd: str, holidays: set[date]) -> None:
    periods = iter([period for period, _ in effective.periods_of(opd)])
    period = next(periods)
    for day in YEAR:
        while period.to and period.to < day:
            period = next(periods)
        work_location(period.rules, day, StaffProfile(), holiday=day in holidays)


def resolve_with_baseline(opds: int) -> None:
    for _ in range(opds):
        for day in YEAR:
            resolve("32", frozenset(), "NON_SERVICE", None, None, day)


async def enactment_ms(opds: int) -> float:
    """Return the milliseconds of one request that enacts stage II for so many OPD."""
    with tempfile.TemporaryDirectory() as folder:
        issuer = Issuer(Path(folder), "demo")
        database = Database(f"sqlite://{folder}/policy.db")
        app = assemble(
            database, Identity.from_jwks(issuer.jwks(), ISSUER, AUDIENCE), lambda: at("09:00", date(2025, 11, 1))
        )
        headers = {"authorization": f"Bearer {issuer.token('sri')}"}
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://piket", headers=headers, timeout=60
        )
        async with app.router.lifespan_context(app), client as http:
            holidays = [holiday.model_dump(mode="json") for holiday in default_holidays((2025, 2026, 2027))]
            await post(http, "holidays", {"holidays": holidays}, "calendar")
            for name in NAMES:
                await post(http, "instruments", {"instrument": instrument_body(name)}, name)
            for number in range(opds):
                body = {"opd": f"OPD-{number}", "name": f"Dinas {number}", "on": "2025-01-01"}
                await post(http, "opd", body, f"opd-{number:05d}")
            stage = {"instrument": instrument_body("jabar-2025-se-150-stage-2")}
            started_at = time.perf_counter()
            answer = await post(http, "instruments", stage, "stage-2-enacted")
            seconds = time.perf_counter() - started_at
        if len(answer["events"]) != opds + 1:
            raise RuntimeError(f"{len(answer['events'])} events for {opds} OPD")
    return seconds * 1000


def instrument_body(name: str) -> Mapping[str, Any]:
    return preset(name).model_dump(mode="json", exclude_none=True)


async def post(http: httpx.AsyncClient, path: str, body: Mapping[str, Any], key: str) -> dict[str, Any]:
    answer = await http.post(f"/policy/v1/32/{path}", json=body, headers={"idempotency-key": f"bench-{key}"})
    body_json: dict[str, Any] = answer.raise_for_status().json()
    return body_json
