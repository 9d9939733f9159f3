"""Dates that come: each change of state of an instrument is recorded on its day, once, whoever was asleep meanwhile.

What is due follows from what is on record, so there is nothing to keep beside it: after a restart the same is due, and
what was recorded is not.
"""

import asyncio
import hashlib
from functools import partial

import structlog

from services.policy.domain import decider
from services.policy.domain.commands import RecordDue
from services.policy.domain.decider import State
from services.policy.domain.instruments.transitions import due
from shared.clock import Clock
from shared.domain.decider import Command
from shared.domain.facts.base import Invalid
from shared.domain.regions import local_date
from shared.event_store.store import Store, Unavailable

LOOK_S = 15.0

log = structlog.get_logger()


async def keep_up(store: Store[State], now: Clock, seconds: float = LOOK_S) -> None:
    """Record what is due, for ever."""
    while True:
        try:
            await record_due(store, now)
        except (Unavailable, ExceptionGroup) as failed:
            log.exception("What is due today is recorded later", reason=str(failed))
        await asyncio.sleep(seconds)


async def record_due(store: Store[State], now: Clock) -> int:
    """Record every change of state until today in every region; how many regions had one.

    What one region's record does not allow hinders no other: it is raised with the rest at the end.
    """
    recorded, failed = 0, list[Invalid]()
    for region in await store.regions():
        try:
            recorded += await _record(store, region, now)
        except Invalid as refused:
            failed.append(refused)
    if failed:
        raise ExceptionGroup("What is due could not be recorded", failed)
    return recorded


async def _record(store: Store[State], region: str, now: Clock) -> bool:
    """Several replicas may look at once: the key of the same changes is the same."""
    wanted = RecordDue(region=region)
    state, _ = await store.state(decider.stream(wanted))
    today = local_date(now(), region)
    changes = due(state.courses, today)
    if not changes:
        return False
    meant = hashlib.sha256(repr((region, today, changes)).encode()).hexdigest()
    outcome = await store.execute(
        Command(
            region=region,
            stream=decider.stream(wanted),
            decide=partial(decider.decide, wanted),
            principal="service:policy",
            key=f"due:{meant[:32]}",
            fingerprint=meant,
            reads=decider.reads(wanted),
        )
    )
    if not outcome.replayed:
        told = [f"{on} {name} {became}" for on, name, became in changes]
        log.info("Changes of state recorded", region=region, changes=told)
    return not outcome.replayed
