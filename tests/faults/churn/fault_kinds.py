"""Defines how each kind of fault is injected and healed. An injection restarts what it stopped."""

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic

from deploy.local.kafka import Kafka
from services.reporting.worker.changelog import app_id
from tests.faults.churn.plan import KILLS, Fault
from tests.faults.churn.processes import READY_WITHIN_S, SESSION_S, Processes
from tests.faults.injected_faults import RECORD_SKIPPED
from tests.faults.kafka_readback import committed_offsets
from tests.support.waiting import read_until

DEPLOYMENT = "churn"
GAP_MESSAGE = re.compile(r"(piket\.[0-9]+\.[a-z]+\.v1)/([0-9]+) goes on at offset [0-9]+, not ([0-9]+|None)")
PROCESS_NAMES = {"worker": "worker-{}", "relay": "relay"}
GUEST_WORKER = "worker-9"
SESSION_EXPIRY_S = SESSION_S + 2
ZOMBIE_RUN_S = 5.0


@dataclass
class FaultTarget:
    """The processes and brokers of a run, and the errors found by faults. `killed` counts kills by victim."""

    cluster: Kafka
    processes: Processes
    workers: int
    killed: Counter[str] = field(default_factory=Counter)
    skips_caught: int = 0
    last_kill: float = 0.0
    errors: list[str] = field(default_factory=list)

    async def inject(self, fault: Fault) -> None:
        """Inject a fault, and return when everything that it stopped was started again."""
        if fault.kind in KILLS:
            await self._kill(fault, KILLS[fault.kind])
            return
        await INJECTIONS[fault.kind](self, f"worker-{fault.worker}", fault)

    async def _kill(self, fault: Fault, victims: tuple[str, ...]) -> None:
        children = [PROCESS_NAMES[victim].format(fault.worker) for victim in victims if victim in PROCESS_NAMES]
        for name in children:
            self.processes.kill(name)
        if "broker" in victims:
            self.cluster.kill(fault.broker)
        self.killed.update(victims)
        self.last_kill = monotonic()
        await asyncio.sleep(fault.hold)  # here and below: the time for which the fault lasts
        for name in children:
            self.processes.start(name)
        if "broker" in victims:
            await asyncio.to_thread(self.cluster.restart, fault.broker)


async def pause_broker(target: FaultTarget, _: str, fault: Fault) -> None:
    """Pause a broker: its connections stay open, but it does not answer."""
    target.cluster.pause(fault.broker)
    await asyncio.sleep(fault.hold)
    target.cluster.resume(fault.broker)


async def zombie(target: FaultTarget, worker: str, fault: Fault) -> None:
    """Pause a worker until the group has removed it, then resume it."""
    target.processes.pause(worker)
    await asyncio.sleep(SESSION_EXPIRY_S + fault.hold / 2)
    target.processes.resume(worker)


async def zombie_with_successor(target: FaultTarget, worker: str, fault: Fault) -> None:
    """Pause a worker until another one with its name has replaced it; then resume it for a few seconds and kill it."""
    frozen = target.processes.release(worker)
    frozen.pause()
    target.processes.start(worker)
    await asyncio.sleep(SESSION_EXPIRY_S + fault.hold / 2)
    frozen.resume()
    await asyncio.sleep(ZOMBIE_RUN_S)
    frozen.kill()


async def leave_and_join(target: FaultTarget, worker: str, fault: Fault) -> None:
    """Stop a worker gracefully, and start it again."""
    await target.processes.stop_gracefully(worker)
    await asyncio.sleep(fault.hold)
    target.processes.start(worker)


async def guest_worker(target: FaultTarget, _: str, fault: Fault) -> None:
    """Add a worker to the group for a while."""
    target.processes.start(GUEST_WORKER)
    await target.processes.wait_until_assigned(GUEST_WORKER)
    await asyncio.sleep(fault.hold)
    await target.processes.stop_gracefully(GUEST_WORKER)


async def rolling_restart(target: FaultTarget, _: str, __: Fault) -> None:
    """Restart all workers one after another, with the same names."""
    for number in range(1, target.workers + 1):
        await target.processes.stop_gracefully(f"worker-{number}")
        target.processes.start(f"worker-{number}")
        await target.processes.wait_until_assigned(f"worker-{number}")


async def skip_record(target: FaultTarget, worker: str, _: Fault) -> None:
    """Make a worker's client drop a record: the worker must end at the gap, and commit no offset after it."""
    target.processes.kill(worker)
    target.processes.start(worker, RECORD_SKIPPED)
    child = target.processes.release(worker)

    async def is_running() -> bool:
        return child.running

    await read_until(is_running, lambda running: not running, READY_WITHIN_S, every=0.1)
    process_end = target.processes.process_end(worker, child)
    gap = GAP_MESSAGE.search(process_end.log_line)
    if gap is None:
        target.errors.append(
            f"an injected skip was not detected: {worker} ended with {process_end.status}: {process_end.log_line}"
        )
    elif (
        target.workers == 1 and gap[3] != "None"
    ):  # with several workers, another one may have read and committed it since
        await _check_not_committed_past(target, gap[1], int(gap[2]), int(gap[3]))
    target.skips_caught += gap is not None
    child.kill()
    target.processes.start(worker)


async def _check_not_committed_past(target: FaultTarget, topic: str, partition: int, skipped: int) -> None:
    offset = (await committed_offsets(target.cluster.bootstrap, app_id(DEPLOYMENT), topic)).get(partition, 0)
    if offset > skipped:
        target.errors.append(f"{topic}/{partition} was committed to {offset}, after the skipped offset {skipped}")


FaultInjection = Callable[[FaultTarget, str, Fault], Awaitable[None]]
INJECTIONS: Mapping[str, FaultInjection] = {
    "broker paused": pause_broker,
    "zombie": zombie,
    "zombie with a successor": zombie_with_successor,
    "worker leaves and joins": leave_and_join,
    "guest joins and leaves": guest_worker,
    "rolling restart": rolling_restart,
    "record skipped": skip_record,
}
