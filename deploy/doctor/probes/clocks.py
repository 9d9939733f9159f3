"""Compares the clocks of other machines with the clock of this one, by signals, HTTP and PostgreSQL.

The instant at which another machine read its clock is known only within bounds, and so is the difference.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx
import psycopg

from deploy.doctor.judgement.machines import ClockObserved
from deploy.doctor.probes.signals import Examination, Signals
from deploy.operations.sources import SERVICES_WITH_STORE
from shared.clock import wall_time
from shared.settings import Settings

TIMEOUT_S = 3
MAX_DELAY = timedelta(seconds=5)
"""Between the reading of a clock and the publication of the signal that holds it."""
DATE_AGE = timedelta(seconds=2)
"""The header `Date` has no fractions, and uvicorn renews it once a second."""


async def observe_clocks(examination: Examination) -> Sequence[ClockObserved]:
    """Return the bounds of the clock of every machine that answers; another check reports one that does not."""
    of_signals = list(_signal_clocks(await examination.signals()))
    return [*of_signals, *[clock async for clock in _answered_clocks(examination.settings)]]


def _signal_clocks(signals: Signals) -> Iterator[ClockObserved]:
    yield from _clock_of("the relay", [beat.wall for beat in signals.heartbeats.values()], signals)
    yield from _clock_of("the worker", [positions.wall for positions in signals.positions.values()], signals)


def _clock_of(machine: str, times: Sequence[datetime], signals: Signals) -> Iterator[ClockObserved]:
    """Yield the bounds of the clock of processes that published signals while this one listened."""
    if times:
        # On a loaded machine a single signal may be published late; the latest of all shows the clock better.
        earliest = min(max(times), min(times) + MAX_DELAY)
        yield bounds(machine, max(times), earliest, (signals.began, signals.received))


def bounds(machine: str, latest: datetime, earliest: datetime, window: tuple[datetime, datetime]) -> ClockObserved:
    """Return the bounds of a clock whose readings, `earliest` to `latest`, were taken within a window of this clock."""
    return ClockObserved(machine, (latest - window[1]).total_seconds(), (earliest - window[0]).total_seconds())


async def _answered_clocks(settings: Settings) -> AsyncIterator[ClockObserved]:
    with suppress(httpx.HTTPError, KeyError, ValueError):  # also an answer without a date
        yield await _application_clock(settings.service_url("reporting"))
    if settings.store.startswith("postgresql"):
        for service in SERVICES_WITH_STORE:
            with suppress(psycopg.Error):
                yield await _database_clock(service, settings.store_url(service))


async def _application_clock(gateway: str) -> ClockObserved:
    async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as http:
        began = wall_time()
        answer = await http.get(f"{gateway}/healthz")
    date = parsedate_to_datetime(answer.headers["date"])
    return bounds("the application", date, date + DATE_AGE, (began, wall_time()))


async def _database_clock(service: str, url: str) -> ClockObserved:
    async with await psycopg.AsyncConnection.connect(url, connect_timeout=TIMEOUT_S) as connection:
        began = wall_time()
        cursor = await connection.execute("SELECT clock_timestamp()")
        (time,) = await cursor.fetchone() or (began,)
    return bounds(f"the database of {service}", time, time, (began, wall_time()))
