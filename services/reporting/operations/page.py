"""Gathers what the operators' page shows: everything at once, and what does not answer is said to be unknown."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from secrets import token_urlsafe
from typing import Any

from services.reporting.dead_letters.records import KAFKA_ERRORS
from services.reporting.dead_letters.replay import DeadLetters
from services.reporting.domain import decider
from services.reporting.domain.dead_letters import DeadLetterEntries, DeadLetterEntry, stream_prefix, unreadable_text
from services.reporting.domain.decider import State
from services.reporting.domain.operations.flow_status import region_flow
from services.reporting.domain.operations.health import Health, ScrapedProcess
from services.reporting.domain.operations.process_status import process_status
from services.reporting.operations.decision_form import DecisionError
from services.reporting.operations.neighbours import Neighbours
from services.reporting.operations.scraping import Scraper, UnusableTargets
from shared.domain.messages import Message
from shared.domain.places import region_name
from shared.domain.regions import region_timezone
from shared.event_store.database import Unavailable
from shared.event_store.store import Store
from shared.web.sign_in import SignedIn, form_token

MAX_LETTERS = 20
TIMEOUT_S = 3.0
"""How long the page waits for Kafka, and for its store: it is read most when these do not answer."""
DISCARD_REASONS: Mapping[str, Message] = {
    "BROKEN_BYTES": Message("isinya rusak"),
    "FOREIGN_RECORD": Message("rekaman asing"),
    "TEST_RECORD": Message("rekaman uji"),
    "REPUBLISHED": Message("sumbernya sudah dikirim ulang"),
}


@dataclass(frozen=True)
class Operations:
    """What the page reads besides the event store. `sign_in_by_link`: a link with a token signs in (demo only)."""

    scraper: Scraper
    neighbours: Neighbours
    letters: DeadLetters
    sign_in_by_link: bool = False


async def page_context(
    operations: Operations, store: Store[State], signed_in: SignedIn, now: datetime, error: DecisionError | None = None
) -> Mapping[str, Any]:
    """Return the variables of the template `operasi.html`."""
    region = signed_in.region
    processes, letters, outages, alerts = await asyncio.gather(
        _processes(operations.scraper, region),
        _letters(operations.letters, store, region),
        operations.neighbours.outages(region, signed_in.token),
        operations.neighbours.alerts(region),
    )
    return {
        **_health_context(region, processes),
        **letters,
        "region": region,
        "place": region_name(region),
        "at": now.astimezone(region_timezone(region)),
        "zone": region_timezone(region),
        "outages": outages,
        "alerts": alerts,
        "has_alertmanager": operations.neighbours.has_alertmanager,
        "discard_reasons": DISCARD_REASONS,
        "new_key": token_urlsafe,
        "csrf": form_token(signed_in.token),
        "decision_error": error,
    }


async def _processes(scraper: Scraper, region: str) -> Sequence[ScrapedProcess] | UnusableTargets:
    try:
        return await scraper.scrape(region)
    except UnusableTargets as error:
        return error


def _health_context(region: str, processes: Sequence[ScrapedProcess] | UnusableTargets) -> Mapping[str, Any]:
    scraped = () if isinstance(processes, UnusableTargets) else processes
    statuses, flow = [process_status(process) for process in scraped], region_flow(region, scraped)
    healths = [*(s.health for s in statuses), *(source.health for source in flow.sources), flow.view_health]
    return {
        "targets_error": str(processes) if isinstance(processes, UnusableTargets) else "",
        "processes": statuses,
        "flow": flow,
        "silent": [status.process for status in statuses if status.silent_since],
        "counts": {health.value: healths.count(health) for health in Health},
    }


async def _letters(letters: DeadLetters, store: Store[State], region: str) -> Mapping[str, Any]:
    """Return the letters by their decision. Without the store nobody knows which are decided: then none is open."""
    (entries, kafka_answers), states = await asyncio.gather(_entries(letters, region), _decision_states(store, region))
    newest_first = sorted(entries.values(), key=lambda entry: entry.last, reverse=True)
    rows = [
        (entry, (states or {}).get(entry.position.stream, decider.initial).decision_about(entry.sha256))
        for entry in newest_first
    ]
    undecided = [_described(entry) for entry, decision in rows if decision is None]
    decided = [(entry, decision) for entry, decision in rows if decision is not None]
    return {
        "letters": undecided[:MAX_LETTERS],
        "undecided_count": len(undecided),
        "decided_letters": decided[:MAX_LETTERS],
        "kafka_answers": kafka_answers,
        "store_answers": states is not None,
    }


async def _decision_states(store: Store[State], region: str) -> Mapping[str, State] | None:
    """Return the decisions by stream, None if the store does not answer."""
    try:
        async with asyncio.timeout(TIMEOUT_S):
            return await store.states(stream_prefix(region))
    except (Unavailable, TimeoutError):
        return None


async def _entries(letters: DeadLetters, region: str) -> tuple[DeadLetterEntries, bool]:
    """Return the entries, and whether they are current: without Kafka they are those that were read last."""
    try:
        async with asyncio.timeout(TIMEOUT_S):
            return await letters.entries(region), True
    except KAFKA_ERRORS:
        return letters.last_entries(region), False


def _described(entry: DeadLetterEntry) -> tuple[DeadLetterEntry, Message]:
    return entry, unreadable_text(entry.code)
