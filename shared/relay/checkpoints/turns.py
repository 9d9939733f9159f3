"""Runs work whenever this process holds a lease, until it is cancelled."""

import asyncio
from collections.abc import Awaitable, Callable

from shared.event_store.database import Unavailable
from shared.relay.checkpoints.checkpoint import CheckpointStore, LeaseLost, RelayLease

PAUSE_S = 2.0


async def run_while_leased(checkpoints: CheckpointStore, work: Callable[[RelayLease], Awaitable[None]]) -> None:
    """Acquire the lease and run `work`; after the lease was lost, acquire it again. Raises what `work` raises."""
    while True:
        try:
            async with checkpoints.lease() as lease:
                checkpoints.outage.succeeded()
                await _run_until_lost(lease, work)
        except (LeaseLost, Unavailable) as lost:
            checkpoints.outage.failed(str(lost))
        await asyncio.sleep(PAUSE_S)


async def _run_until_lost(lease: RelayLease, work: Callable[[RelayLease], Awaitable[None]]) -> None:
    working, losing = asyncio.ensure_future(work(lease)), asyncio.create_task(lease.wait_until_lost())
    try:
        await asyncio.wait([working, losing], return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()  # raises the error that ended it
        raise LeaseLost("the connection that held it was lost")
    finally:
        working.cancel()
        losing.cancel()
        await asyncio.wait([working, losing])
