"""Records each change of state of an instrument on its date, exactly once, also after a time in which nothing ran.

The due changes are computed from the recorded events, so the scheduler keeps no state of its own: after a restart it
finds the same changes due, without those that were recorded.
"""

import asyncio
import hashlib
from functools import partial

import structlog

from services.policy.domain import decider
from services.policy.domain.commands import RecordDue
from services.policy.domain.decider import State
from services.policy.domain.instruments.transitions import due_changes
from shared.clock import Clock
from shared.domain.decider import StoreCommand
from shared.domain.errors import Invalid
from shared.domain.regions import local_date
from shared.event_store.database import Unavailable
from shared.event_store.store import Store

INTERVAL_S = 15.0

log = structlog.get_logger()


async def run_scheduler(store: Store[State], now: Clock, seconds: float = INTERVAL_S) -> None:
    """Record due changes in all regions every `seconds`, until cancelled."""
    while True:
        try:
            await record_due(store, now)
        # Any other error ends the process (`background_task`).
        except (Unavailable, ExceptionGroup) as error:
            log.exception("Due changes are not recorded yet and will be retried", reason=str(error))
        await asyncio.sleep(seconds)


async def record_due(store: Store[State], now: Clock) -> int:
    """Record the changes of state until today in every region and return the number of regions that had one.

    An error in one region does not stop the others: all errors are raised as one `ExceptionGroup` at the end.
    """
    recorded, errors = 0, list[Invalid]()
    for region in await store.regions():
        try:
            recorded += await _record(store, region, now)
        except Invalid as invalid:
            errors.append(invalid)
    if errors:
        raise ExceptionGroup("Due changes could not be recorded", errors)
    return recorded


async def _record(store: Store[State], region: str, now: Clock) -> bool:
    command = RecordDue(region=region)
    state, _ = await store.state(decider.stream(command))
    today = local_date(now(), region)
    # Only to see whether there is anything to do: `decide` computes the changes again under the lock.
    changes = due_changes(decider.instruments_state(state).instruments, today)
    if not changes:
        return False
    # Several replicas may run at once. The same changes have the same idempotency key, so they are recorded once.
    fingerprint = hashlib.sha256(repr((region, today, changes)).encode()).hexdigest()
    outcome = await store.execute(
        StoreCommand(
            region=region,
            stream=decider.stream(command),
            decide=partial(decider.decide, command),
            principal="service:policy",
            key=f"due:{fingerprint[:32]}",
            fingerprint=fingerprint,
            reads=decider.reads(command),
        )
    )
    if not outcome.replayed:
        lines = [f"{day} {name} {state}" for day, name, state in changes]
        log.info("Changes of state recorded", region=region, changes=lines)
    return not outcome.replayed
