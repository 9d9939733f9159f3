"""How each kind of fault strikes, holds and heals. Whoever strikes brings back what it took away."""

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
from tests.faults.kafka_readback import committed

DEPLOYMENT = "churn"
GAP = re.compile(r"(piket\.[0-9]+\.[a-z]+\.v1)/([0-9]+) goes on at offset [0-9]+, not ([0-9]+|None)")
VICTIMS = {"worker": "worker-{}", "relay": "relay"}
GUEST = "worker-9"
PAST_SESSION_S = SESSION_S + 2
LAST_ACT_S = 5.0


@dataclass
class Scene:
    """What faults strike, and what they found wrong. `killed` counts kills by what was killed."""

    cluster: Kafka
    processes: Processes
    workers: int
    killed: Counter[str] = field(default_factory=Counter)
    skips_caught: int = 0
    last_kill: float = 0.0
    wrong: list[str] = field(default_factory=list)

    async def strike(self, fault: Fault) -> None:
        """Let a fault happen; when it answers, all that it took away was started again."""
        if fault.kind in KILLS:
            await self._kill(fault, KILLS[fault.kind])
            return
        await OTHERS[fault.kind](self, f"worker-{fault.worker}", fault)

    async def _kill(self, fault: Fault, victims: tuple[str, ...]) -> None:
        children = [VICTIMS[victim].format(fault.worker) for victim in victims if victim in VICTIMS]
        for name in children:
            self.processes.kill(name)
        if "broker" in victims:
            self.cluster.kill(fault.broker)
        self.killed.update(victims)
        self.last_kill = monotonic()
        await asyncio.sleep(fault.hold)
        for name in children:
            self.processes.start(name)
        if "broker" in victims:
            await asyncio.to_thread(self.cluster.restart, fault.broker)


async def broker_paused(scene: Scene, _: str, fault: Fault) -> None:
    """A broker is frozen: its connections stay open and nothing answers."""
    scene.cluster.pause(fault.broker)
    await asyncio.sleep(fault.hold)
    scene.cluster.resume(fault.broker)


async def zombie(scene: Scene, worker: str, fault: Fault) -> None:
    """A worker is frozen until the group has put it out, and then goes on as if nothing had been."""
    scene.processes.pause(worker)
    await asyncio.sleep(PAST_SESSION_S + fault.hold / 2)
    scene.processes.resume(worker)


async def zombie_with_successor(scene: Scene, worker: str, fault: Fault) -> None:
    """The same, but meanwhile another took its place and name. It has a few seconds for its last acts."""
    frozen = scene.processes.hand_over(worker)
    frozen.pause()
    scene.processes.start(worker)
    await asyncio.sleep(PAST_SESSION_S + fault.hold / 2)
    frozen.resume()
    await asyncio.sleep(LAST_ACT_S)
    frozen.kill()


async def leaves_and_joins(scene: Scene, worker: str, fault: Fault) -> None:
    """A worker ends when it is asked to, and comes back."""
    await scene.processes.leave(worker)
    await asyncio.sleep(fault.hold)
    scene.processes.start(worker)


async def guest(scene: Scene, _: str, fault: Fault) -> None:
    """One more worker takes its share of the partitions for a while."""
    scene.processes.start(GUEST)
    await scene.processes.assigned(GUEST)
    await asyncio.sleep(fault.hold)
    await scene.processes.leave(GUEST)


async def rolling_restart(scene: Scene, _: str, __: Fault) -> None:
    """Every worker in turn is stopped and started again under its own name."""
    for number in range(1, scene.workers + 1):
        await scene.processes.leave(f"worker-{number}")
        scene.processes.start(f"worker-{number}")
        await scene.processes.assigned(f"worker-{number}")


async def record_skipped(scene: Scene, worker: str, _: Fault) -> None:
    """A worker's client drops a record: it must end at the gap, with nothing committed over it."""
    scene.processes.kill(worker)
    scene.processes.start(worker, RECORD_SKIPPED)
    child, deadline = scene.processes.hand_over(worker), monotonic() + READY_WITHIN_S
    while child.running and monotonic() < deadline:  # noqa: ASYNC110 - nobody is told when a process ends
        await asyncio.sleep(0.1)
    ended = scene.processes.last(worker, child)
    gap = GAP.search(ended.said)
    if gap is None:
        scene.wrong.append(f"a planted skip was not noticed: {worker} ended with {ended.status}: {ended.said}")
    elif scene.workers == 1 and gap[3] != "None":  # others would rightly have read and committed it since
        await _not_committed_over(scene, gap[1], int(gap[2]), int(gap[3]))
    scene.skips_caught += gap is not None
    child.kill()
    scene.processes.start(worker)


async def _not_committed_over(scene: Scene, topic: str, partition: int, skipped: int) -> None:
    at = (await committed(scene.cluster.bootstrap, app_id(DEPLOYMENT), topic)).get(partition, 0)
    if at > skipped:
        scene.wrong.append(f"{topic}/{partition} was committed to {at}, over a skip of {skipped}")


Strike = Callable[[Scene, str, Fault], Awaitable[None]]
OTHERS: Mapping[str, Strike] = {
    "broker paused": broker_paused,
    "zombie": zombie,
    "zombie with a successor": zombie_with_successor,
    "worker leaves and joins": leaves_and_joins,
    "guest joins and leaves": guest,
    "rolling restart": rolling_restart,
    "record skipped": record_skipped,
}
